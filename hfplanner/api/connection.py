"""One conversation with the Hub: a request, its capped answer, or an error that says what the request has done."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from typing import Any, TypeVar

import httpx

from hfplanner import __version__
from hfplanner.api.auth import BearerAuth, Token
from hfplanner.api.failures import outcome_of, status_error, transport_error
from hfplanner.api.limits import Limits
from hfplanner.api.origin import check_endpoint, resolve, same_origin
from hfplanner.api.rate_limit import parse_rate_limit, retry_after_secs
from hfplanner.api.retry import RetryPolicy, asked_again
from hfplanner.api.secrets import hide
from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.api.transport import BODY_DEADLINE, HEAD_DEADLINE, Wire, environment_proxy
from hfplanner.errors import HubAnswer, HubError, HubRedirect, HubUnreadable, Outcome, UsageError
from hfplanner.sanitize import sanitize

__all__ = ["Answer", "HubConnection", "Params", "Secrets"]

R = TypeVar("R")
Params = Sequence[tuple[str, str]]
Secrets = Sequence[str]

_TRANSPORT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
_JSON = "application/json"
_EVENTS = "text/event-stream"
_LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: status, head and the whole body, not yet decoded."""

    request: str
    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    clean: Callable[[str], str] = field(default=sanitize, repr=False, compare=False)

    def json(self) -> Any:  # noqa: ANN401 - a JSON document is any of its types
        """Return the body as strict JSON.

        Raises:
            HubUnreadable: it is none.
        """
        problem: str | None = None
        document: Any = None
        try:
            document = loads(self.body, max_bytes=len(self.body))
        except StrictJsonError as error:
            problem = str(error)
        if problem is not None:
            raise self.unreadable(problem)
        return document

    def unreadable(self, problem: str) -> HubUnreadable:
        """Return the error that says why this answer is not what the API promises."""
        request_id = _request_id(self.headers, self.clean)
        return HubUnreadable(
            f"The answer to {self.request} is not what the API promises: {self.clean(problem)}.",
            hint="Is HF_ENDPOINT a Hub? If so, a newer hfplanner may read it.",
            answer=HubAnswer(request=self.request, status=self.status, request_id=request_id),
        )


class _NoCookies(CookieJar):
    """Keeps nothing: the API needs no cookies, and a jar would grow and carry state from answer to answer."""

    def extract_cookies(self, response: Any, request: Any) -> None:  # noqa: ANN401 - the interface of http.cookiejar
        """Take no cookie."""


class HubConnection:
    """Sends requests to one endpoint and to no other.

    Args:
        endpoint: the Hub, without a trailing slash; https, or http on loopback.
        token: sent to the endpoint's origin only; ``None`` for questions anybody may ask.
        transport: what carries requests; by default :class:`~hfplanner.api.transport.Wire`.
        limits: time-outs and sizes.
        retry: how questions are asked again.

    Raises:
        UsageError: the endpoint is not one to talk to.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        token: Token | None = None,
        transport: httpx.BaseTransport | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.endpoint = _checked(endpoint)
        self.limits = limits or Limits()
        self.retry = retry or RetryPolicy()
        self._token = token
        self._questions_end = math.inf
        self._client = httpx.Client(
            auth=BearerAuth(token, endpoint),
            cookies=_NoCookies(),
            # Uncompressed: what is not compressed cannot unfold into gigabytes.
            headers={"Accept-Encoding": "identity", "User-Agent": f"hfplanner/{__version__}"},
            transport=transport or Wire(proxy=environment_proxy(endpoint)),
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"HubConnection({self.endpoint!r})"

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    @contextmanager
    def within(self, secs: float) -> Iterator[None]:
        """Let all questions that are asked here, from any thread, take no longer together [s]."""
        before = self._questions_end
        self._questions_end = min(before, time.monotonic() + secs)
        try:
            yield
        finally:
            self._questions_end = before

    def get(self, path: str, params: Params = (), *, max_bytes: int | None = None) -> Answer:
        """Ask a question, again after a transient failure, and return the answer with status 200.

        Args:
            path: from :func:`~hfplanner.api.origin.join_path`.
            params: the query; names may repeat.
            max_bytes: cap of the answer, by default that of the limits.

        Raises:
            HubError: no such answer.
        """
        return self.get_url(self._url(path, params), self.retry, max_bytes=max_bytes)

    def get_url(self, url: str, retry: RetryPolicy, *, max_bytes: int | None = None) -> Answer:
        """Do as :meth:`get` with a URL of the endpoint's origin, for example one that a listing names."""
        cap = self.limits.answer_bytes if max_bytes is None else max_bytes
        left = self._questions_end - time.monotonic()
        if left <= 0:
            # It fails at once, with the error of a question that took too long.
            return self._follow(url, cap)
        retry = replace(retry, patience_secs=min(retry.patience_secs, left))
        return asked_again(lambda: self._follow(url, cap), retry)

    def change(self, method: str, path: str, body: object = None, *, secrets: Secrets = ()) -> Answer:
        """Send a request that changes something: once, on a connection of its own, following nothing.

        Args:
            method: ``"POST"``, ``"PUT"`` or ``"DELETE"``.
            path: from :func:`~hfplanner.api.origin.join_path`.
            body: sent as JSON; ``None`` sends none.
            secrets: texts of the body that no error may repeat.

        Returns:
            The answer, with a status from 200 to 299.

        Raises:
            HubError: its ``outcome`` says what the request has done. Anything else that is raised while this runs, an
                interruption for example, leaves it unknown.
        """
        content = b"" if body is None else json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
        head = {} if body is None else {"Content-Type": _JSON}
        request = self._request(method, self._url(path, ()), content=content, headers=head)
        with self._opened(request, secrets) as response:
            if not response.is_success:
                raise self._refusal(request, response, secrets)
            return self._whole(request, response, self.limits.answer_bytes, secrets)

    @contextmanager
    def stream(self, path: str, params: Params = ()) -> Iterator[Iterator[bytes]]:
        """Open a stream of events and give its pieces as they come; only silence ends it.

        Raises:
            HubError: it could not be opened, or breaks off.
        """
        headers = {"Accept": _EVENTS, "Cache-Control": "no-store"}
        request = self._request("GET", self._url(path, params), headers=headers, streamed=True)
        with self._opened(request, ()) as response:
            if response.status_code != httpx.codes.OK:
                raise self._refusal(request, response, ())
            if response.headers.get("content-type", "").partition(";")[0].strip().lower() != _EVENTS:
                raise self._unreadable(request, response, "it is not a stream of events", ())
            yield self._pieces(request, response, ())

    def _url(self, path: str, params: Params) -> str:
        url = f"{self.endpoint}{path}"
        return str(httpx.URL(url, params=list(params))) if params else url

    def _request(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        streamed: bool = False,
    ) -> httpx.Request:
        limits = self.limits
        ends = time.monotonic() + limits.total_secs
        if method == "GET" and not streamed:
            ends = min(ends, self._questions_end)
        read = limits.idle_secs if streamed else limits.read_secs
        waits = {"connect": limits.connect_secs, "read": read, "write": limits.read_secs, "pool": limits.connect_secs}
        return self._client.build_request(
            method,
            url,
            content=content or None,
            headers={"Accept": _JSON, **(headers or {})},
            extensions={"timeout": waits, HEAD_DEADLINE: ends, BODY_DEADLINE: None if streamed else ends},
        )

    def _follow(self, url: str, max_bytes: int) -> Answer:
        request = self._request("GET", url)
        for _ in range(self.limits.redirects + 1):
            with self._opened(request, ()) as response:
                if response.status_code == httpx.codes.OK:
                    return self._whole(request, response, max_bytes, ())
                if not response.has_redirect_location:
                    raise self._refusal(request, response, ())
                request = self._request("GET", self._redirect(request, response))
        raise HubRedirect(f"The Hub redirects {_name(request)} in circles.", answer=HubAnswer(request=_name(request)))

    def _redirect(self, request: httpx.Request, response: httpx.Response) -> str:
        target = resolve(str(request.url), response.headers["location"])
        if target is None or not same_origin(target, self.endpoint):
            raise self._refusal(request, response, ())
        return target

    @contextmanager
    def _opened(self, request: httpx.Request, secrets: Secrets) -> Iterator[httpx.Response]:
        response = self._guarded(request, lambda: self._client.send(request, stream=True), None, secrets)
        try:
            yield response
        finally:
            self._closed(response)

    def _closed(self, response: httpx.Response) -> None:
        try:
            response.close()
        except _TRANSPORT_ERRORS:
            # What was wanted of the answer has been read, or an error already says why not.
            return

    def _guarded(
        self, request: httpx.Request, act: Callable[[], R], response: httpx.Response | None, secrets: Secrets
    ) -> R:
        """Return what ``act`` returns; raise our error for httpx's, outside of its handler so that none holds it."""
        failure: HubError
        try:
            return act()
        except _TRANSPORT_ERRORS as error:
            failure = transport_error(error, self._facts(request, response, secrets))
        raise failure

    def _pieces(self, request: httpx.Request, response: httpx.Response, secrets: Secrets) -> Iterator[bytes]:
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise self._unreadable(request, response, "it is compressed, which was not asked for", secrets)
        # Nothing is decoded here, because nothing compressed comes this far.
        pieces = response.iter_bytes()
        while True:
            piece = self._guarded(request, lambda: next(pieces, None), response, secrets)
            if piece is None:
                return
            yield piece

    def _whole(self, request: httpx.Request, response: httpx.Response, max_bytes: int, secrets: Secrets) -> Answer:
        announced = response.headers.get("content-length", "")
        too_long = f"it is longer than {max_bytes} bytes"
        if announced.isdecimal() and int(announced[:20]) > max_bytes:
            raise self._unreadable(request, response, too_long, secrets)
        ends = time.monotonic() + self.limits.total_secs
        pieces: list[bytes] = []
        size = 0
        for piece in self._pieces(request, response, secrets):
            pieces.append(piece)
            size += len(piece)
            if size > max_bytes:
                raise self._unreadable(request, response, too_long, secrets)
            if time.monotonic() > ends:
                raise transport_error(httpx.ReadTimeout(""), self._facts(request, response, secrets))
        return Answer(
            _name(request),
            str(request.url),
            response.status_code,
            dict(response.headers),
            b"".join(pieces),
            lambda text: self._clean(text, secrets),
        )

    def _refusal(self, request: httpx.Request, response: httpx.Response, secrets: Secrets) -> HubError:
        """Return the error of a status that is no success, with what could be read of its explanation."""
        explanation: str | None = None
        try:
            explanation = _explanation(self._whole(request, response, self.limits.error_bytes, secrets).body)
        except HubError:
            # Cut, too long or too late: the status stands, and proves less.
            explanation = None
        limit = parse_rate_limit(response.headers.get("ratelimit", ""))
        explained = explanation is not None
        outcome = outcome_of(response.status_code, explained=explained, remaining=limit.remaining)
        return status_error(self._facts(request, response, secrets, explanation), outcome)

    def _unreadable(
        self, request: httpx.Request, response: httpx.Response, problem: str, secrets: Secrets
    ) -> HubUnreadable:
        return HubUnreadable(
            f"The answer to {_name(request)} is not what the API promises: {problem}.",
            hint="Is HF_ENDPOINT a Hub?",
            outcome=Outcome.UNKNOWN,
            answer=self._facts(request, response, secrets),
        )

    def _facts(
        self, request: httpx.Request, response: httpx.Response | None, secrets: Secrets, explanation: str | None = None
    ) -> HubAnswer:
        if response is None:
            return HubAnswer(request=_name(request))
        headers = response.headers
        message = explanation or headers.get("x-error-message")
        code = headers.get("x-error-code")
        return HubAnswer(
            request=_name(request),
            status=response.status_code,
            server_message=self._clean(message, secrets) if message else None,
            error_code=self._clean(code, secrets) if code else None,
            request_id=_request_id(headers, lambda text: self._clean(text, secrets)),
            retry_after_secs=retry_after_secs(headers, now=datetime.now(UTC)),
        )

    def _clean(self, text: str, secrets: Secrets) -> str:
        """Make a text of the server safe to show: the Hub, or who poses as it, may repeat what it was sent."""
        if self._token is not None:
            text = self._token.hide_in(text)
        return sanitize(hide(text, secrets))


def _checked(endpoint: str) -> str:
    """Return the endpoint if httpx can name its host too: a broken international name fails late and oddly."""
    try:
        known = bool(httpx.URL(check_endpoint(endpoint)).host)
    except (httpx.InvalidURL, UnicodeError):
        known = False
    if not known:
        raise UsageError(f"The Hub's endpoint {endpoint!r} names no host.", hint="Set HF_ENDPOINT to https://HOST.")
    return endpoint


def _name(request: httpx.Request) -> str:
    return sanitize(f"{request.method} {request.url.path}")


def _request_id(headers: Mapping[str, str], clean: Callable[[str], str]) -> str | None:
    found = headers.get("x-request-id")
    return sanitize(clean(found), limit=_LONGEST_ID) if found else None


def _explanation(body: bytes) -> str | None:
    """Return the text of the Hub's JSON error, ``{"error": str}`` or ``{"error": [str]}``, or ``None``."""
    try:
        document = loads(body, max_bytes=len(body))
    except StrictJsonError:
        return None
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return error
    if isinstance(error, list) and error and all(isinstance(line, str) for line in error):
        return "; ".join(error)
    return None
