"""The Jobs API, one method per endpoint: records in and out, every failure one of our errors."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import EllipsisType, TracebackType
from typing import Any, Self

import httpx

from hfplanner.api.account import WhoAmI
from hfplanner.api.auth import Token, find_token
from hfplanner.api.billing import Billing
from hfplanner.api.connection import HubConnection, Params
from hfplanner.api.hardware import JobHardwareInfo
from hfplanner.api.launch import Launched, parse_launched
from hfplanner.api.limits import Limits
from hfplanner.api.models import JobInfo
from hfplanner.api.origin import join_path
from hfplanner.api.paging import JobPage, next_cursor, next_link, pages
from hfplanner.api.parse import parse_count, parse_items, parse_job, parse_model
from hfplanner.api.retry import RetryPolicy
from hfplanner.api.scheduled import ScheduledJobs
from hfplanner.api.secrets import secrets_of
from hfplanner.api.settings import read_hub_settings
from hfplanner.api.streams import JobMetrics, LogLine, Stream, follow

__all__ = ["JobsClient"]


class JobsClient:
    """Talks to the Jobs API of one Hub. A context manager; without one, call :meth:`close`.

    Questions are asked again after failures that may pass. What changes something is sent exactly once, follows no
    redirect, and its error says in ``outcome`` whether it was not sent, was rejected, or is unknown.
    Every method raises :class:`~hfplanner.errors.HubError`, and :class:`~hfplanner.errors.UsageError` for a namespace
    or an id that cannot be one.

    Args:
        endpoint: the Hub, without a trailing slash; https, or http on loopback. ``None`` is that of ``HF_ENDPOINT``.
        token: sent to this endpoint's origin only; ``None`` for questions anybody may ask. Where it is not given, it is
            the one ``huggingface_hub`` would send, see :func:`~hfplanner.api.auth.find_token`.
        transport: what carries requests; by default the network, see :mod:`hfplanner.api.transport`.
        limits: time-outs and sizes.
        retry: how questions are asked again.

    Attributes:
        scheduled: the endpoints of scheduled jobs.
        billing: the endpoints of bills.

    Raises:
        UsageError: the endpoint is not one to talk to.
        TokenError: the token cannot be read or sent.

    >>> answer = httpx.MockTransport(lambda request: httpx.Response(200, json={"count": 3}))
    >>> with JobsClient("https://huggingface.co", token=Token("hf_example"), transport=answer) as client:
    ...     client.count_jobs("acme", stages=["RUNNING"])
    3
    """

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        token: Token | str | EllipsisType | None = ...,
        transport: httpx.BaseTransport | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        hub = endpoint or read_hub_settings(os.environ).endpoint
        sent = _as_token(token)
        self._connection = HubConnection(hub, token=sent, transport=transport, limits=limits, retry=retry)
        self.scheduled = ScheduledJobs(self._connection)
        self.billing = Billing(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"JobsClient({self.endpoint!r})"

    @property
    def endpoint(self) -> str:
        """The Hub this client talks to."""
        return self._connection.endpoint

    def close(self) -> None:
        """Close every connection."""
        self._connection.close()

    def within(self, secs: float) -> AbstractContextManager[None]:
        """Return a context in which all questions together take at most this long [s].

        What is asked later than that fails with :class:`~hfplanner.errors.HubError`. What changes something is sent as
        ever.
        """
        return self._connection.within(secs)

    def whoami(self) -> WhoAmI:
        """Return the account of the token; its name is the default namespace."""
        return parse_model(WhoAmI, self._connection.get(join_path("api", "whoami-v2")))

    def hardware(self) -> tuple[JobHardwareInfo, ...]:
        """Return the hardware listing, priced."""
        return tuple(parse_items(JobHardwareInfo, self._connection.get(join_path("api", "jobs", "hardware"))))

    def create_job(self, namespace: str, spec: Mapping[str, Any]) -> Launched:
        """Start a job, which costs money. Sent at most once; see :class:`~hfplanner.errors.Outcome`.

        Args:
            namespace: user or organization that pays.
            spec: from :func:`~hfplanner.api.spec.create_job_spec`.

        Returns:
            The job, with the raw answer: it exists.

        Raises:
            HubError: ``outcome`` is ``NOT_SENT`` or ``REJECTED`` where that is proven; otherwise the job may exist. So
                it may after any other exception, an interruption for example.
        """
        answer = self._connection.change("POST", _jobs(namespace), dict(spec), secrets=secrets_of(spec))
        return parse_launched(answer, self.endpoint)

    def job_pages(
        self, namespace: str, *, stages: Iterable[str] = (), labels: Mapping[str, str] | None = None
    ) -> Iterator[bytes]:
        """Yield the listing of jobs page by page, newest first, as the bytes of JSON arrays, not decoded.

        Args:
            namespace: user or organization.
            stages: any of them; none means all.
            labels: all of them.
        """
        for answer in pages(self._connection, _jobs(namespace), _filters(stages, labels)):
            yield answer.body

    def walk_jobs(self, namespace: str, *, cursor: str | None = None) -> Iterator[JobPage]:
        """Yield what :meth:`job_pages` does, with where to go on after each page.

        Args:
            namespace: user or organization.
            cursor: of an earlier page; ``None`` begins with the newest job.
        """
        for answer in pages(self._connection, _jobs(namespace), [] if cursor is None else [("cursor", cursor)]):
            link = answer.headers.get("link", "")
            yield JobPage(answer.body, next_link(link) is not None, next_cursor(answer.url, link))

    def list_jobs(
        self, namespace: str, *, stages: Iterable[str] = (), labels: Mapping[str, str] | None = None
    ) -> Iterator[JobInfo]:
        """Yield jobs, newest first, each id once; arguments as for :meth:`job_pages`."""
        seen: set[str] = set()
        for answer in pages(self._connection, _jobs(namespace), _filters(stages, labels)):
            for job in parse_items(JobInfo, answer, endpoint=self.endpoint):
                if job.id not in seen:
                    seen.add(job.id)
                    yield job

    def count_jobs(self, namespace: str, *, stages: Iterable[str] = ()) -> int:
        """Return how many jobs there are, in any of the stages or in all."""
        answer = self._connection.get(join_path("api", "jobs", namespace, "count"), _filters(stages, None))
        return parse_count(answer)

    def get_job(self, namespace: str, job_id: str) -> JobInfo:
        """Return one job."""
        return parse_job(self._connection.get(_jobs(namespace, job_id)), self.endpoint)

    def job_bytes(self, namespace: str, job_id: str) -> bytes:
        """Return one job as the bytes of a JSON object, not decoded."""
        return self._connection.get(_jobs(namespace, job_id)).body

    def logs(self, namespace: str, job_id: str, *, tail: int | None = None) -> Iterator[LogLine]:
        """Yield the lines of a job's log, each once, until the job has ended.

        Args:
            namespace: user or organization.
            job_id: of the job.
            tail: begin with this many of the last lines.
        """
        stream = Stream(path=_jobs(namespace, job_id, "logs"), is_over=self._is_over(namespace, job_id), tail=tail)
        for event in follow(self._connection, stream):
            timestamp = event.get("timestamp")
            yield LogLine(timestamp if isinstance(timestamp, str) else None, _text(event.get("data")))

    def metrics(self, namespace: str, job_id: str) -> Iterator[JobMetrics]:
        """Yield what a job uses, about once a second from now until it has ended; the Hub keeps no history of it."""
        is_over = self._is_over(namespace, job_id)
        stream = Stream(path=_jobs(namespace, job_id, "metrics"), is_over=is_over, replays=False)
        for event in follow(self._connection, stream):
            yield JobMetrics.model_validate(event)

    def events(self, namespace: str, job_id: str) -> Iterator[dict[str, Any]]:
        """Yield what happens to a job, each event once, until it has ended; the Hub documents no shape for it."""
        stream = Stream(path=_jobs(namespace, job_id, "events"), is_over=self._is_over(namespace, job_id))
        yield from follow(self._connection, stream)

    def cancel_job(self, namespace: str, job_id: str) -> JobInfo:
        """Stop a job."""
        return parse_job(self._connection.change("POST", _jobs(namespace, job_id, "cancel")), self.endpoint)

    def duplicate_job(self, namespace: str, job_id: str) -> Launched:
        """Start a job with the specification of another one, which costs money. Sent once, as :meth:`create_job`."""
        answer = self._connection.change("POST", _jobs(namespace, job_id, "duplicate"))
        return parse_launched(answer, self.endpoint)

    def set_labels(self, namespace: str, job_id: str, labels: Mapping[str, str]) -> JobInfo:
        """Replace all labels of a job."""
        path = _jobs(namespace, job_id, "labels")
        return parse_job(self._connection.change("PUT", path, {"labels": dict(labels)}), self.endpoint)

    def expose_ports(self, namespace: str, job_id: str, ports: Sequence[int], *, public: Sequence[int] = ()) -> JobInfo:
        """Replace the exposed ports of a running job; those in ``public`` need no token to be reached."""
        body = {"ports": list(ports), "portsPublic": list(public)}
        return parse_job(self._connection.change("PUT", _jobs(namespace, job_id, "expose"), body), self.endpoint)

    def _is_over(self, namespace: str, job_id: str) -> Callable[[], bool]:
        return lambda: self.get_job(namespace, job_id).is_terminal


def _as_token(token: Token | str | EllipsisType | None) -> Token | None:
    if isinstance(token, EllipsisType):
        return find_token()
    return Token(token) if isinstance(token, str) else token


def _jobs(namespace: str, *rest: str) -> str:
    return join_path("api", "jobs", namespace, *rest)


def _filters(stages: Iterable[str], labels: Mapping[str, str] | None) -> Params:
    wanted = [("stage", str(stage)) for stage in stages]
    return [*wanted, *(("label", f"{key}={value}") for key, value in (labels or {}).items())]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
