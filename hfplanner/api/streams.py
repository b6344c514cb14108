"""Logs, metrics and events of a job while it runs: taken up again when the stream breaks, ended when the job has."""

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from hfplanner.api.base import ApiModel
from hfplanner.api.job_parts import Number, UtcTime
from hfplanner.api.sse import Event, EventParser, EventTooLong, KeepAlive
from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.errors import HubAnswer, HubError, HubNotAcceptable, HubTimeout, HubUnreadable

if TYPE_CHECKING:
    from hfplanner.api.connection import HubConnection

__all__ = ["GpuMetrics", "JobMetrics", "LogLine", "Stream", "follow"]

# How many lines are remembered to know them again after a reconnect: some 30 MB. Older ones are known by their time.
_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log, as the job wrote it: pass it through :func:`~hfplanner.sanitize.sanitize` to show it.

    Args:
        timestamp: ISO 8601, as the Hub wrote it; ``None`` where it did not.
        data: the line.
    """

    timestamp: str | None
    data: str


class GpuMetrics(ApiModel):
    """One accelerator: ``utilization`` in percent, memory in bytes as the Hub counts them."""

    utilization: Number | None = None
    memory_used_bytes: Number | None = None
    memory_total_bytes: Number | None = None


class JobMetrics(ApiModel):
    """What a job used in one second; nothing of it is kept by the Hub.

    Args:
        cpu_usage_pct: of the CPUs, percent.
        cpu_millicores: thousandths of a CPU.
        memory_used_bytes: as the Hub counts them.
        memory_total_bytes: as the Hub counts them.
        rx_bps: received per second.
        tx_bps: sent per second.
        gpus: by their id.
        replica: of the job.
    """

    model_config = ConfigDict(alias_generator=None)

    cpu_usage_pct: Number | None = None
    cpu_millicores: Number | None = None
    memory_used_bytes: Number | None = None
    memory_total_bytes: Number | None = None
    rx_bps: Number | None = None
    tx_bps: Number | None = None
    gpus: dict[str, GpuMetrics] = Field(default_factory=dict)
    replica: str | None = None
    timestamp: UtcTime = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What to follow.

    Args:
        path: of the stream.
        is_over: asks the Hub whether the job has ended.
        tail: begin with this many of the last lines; ``None`` begins with the first.
        replays: whether a new connection begins with what was sent before; then nothing is given twice, and the
            stream is read to its own end. Otherwise it ends as soon as the job has.
    """

    path: str
    is_over: Callable[[], bool]
    tail: int | None = None
    replays: bool = True


class _Seen:
    """Which events were given, so that a stream that starts anew gives none of them again."""

    def __init__(self, *, partial: bool) -> None:
        self._partial = partial
        self._order: deque[tuple[int, datetime | None]] = deque()
        self._given: Counter[int] = Counter()
        self._owed: Counter[int] = Counter()
        self._horizon: datetime | None = None

    def restart(self) -> None:
        self._owed = self._given.copy()
        self._horizon = self._order[0][1] if self._order and self._partial else None

    def is_new(self, data: str, moment: datetime | None) -> bool:
        key = hash(data)
        if self._owed[key] > 0:
            self._owed[key] -= 1
            return False
        if self._horizon is not None and moment is not None and moment < self._horizon:
            return False
        self._given[key] += 1
        self._order.append((key, moment))
        if len(self._order) > _REMEMBERED:
            self._forget()
        return True

    def _forget(self) -> None:
        key, _ = self._order.popleft()
        self._partial = True
        self._given[key] -= 1
        if not self._given[key]:
            del self._given[key]


@dataclass(slots=True)
class _State:
    """What one connection after another has come to."""

    over: bool
    checked: float
    failures: int = 0


def follow(connection: "HubConnection", stream: Stream) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream as JSON objects, each once, until the job has ended and all of it was read.

    A connection that breaks or falls silent is opened again; so is one that ends while the job runs.

    Raises:
        HubUnreadable: an event is too long or no JSON object.
        HubError: the stream cannot be opened, or breaks off several times in a row without a new event.
    """
    seen = _Seen(partial=stream.tail is not None)
    state = _State(over=stream.is_over(), checked=time.monotonic())
    while not (state.over and not stream.replays):
        # Only a connection opened after the end of the job is sure to carry the last of its lines.
        was_over, failure = state.over, None
        try:
            if (yield from _connected(connection, stream, seen, state)):
                return
        except HubError as error:
            failure = error
        if was_over and (failure is None or _fell_silent(failure)):
            return
        if failure is not None:
            _tolerate(failure, state, connection)
        time.sleep(_pause(connection, state, failure))
        state.over, state.checked = stream.is_over(), time.monotonic()
        seen.restart()


def _connected(
    connection: "HubConnection", stream: Stream, seen: _Seen, state: _State
) -> Generator[dict[str, Any], None, bool]:
    """Yield the new events of one connection; return whether nothing can come any more, though it is still open."""
    params = [] if stream.tail is None else [("tail", str(stream.tail))]
    quiet = 0
    with connection.stream(stream.path, params) as pieces:
        for event in _events(connection, stream, pieces):
            if isinstance(event, KeepAlive):
                quiet += 1
            else:
                quiet = 0
                document = _object(event, stream)
                if not stream.replays or seen.is_new(event.data, _moment(document)):
                    state.failures = 0
                    yield document
            if state.over and (quiet > 1 or not stream.replays):
                return True
            if time.monotonic() - state.checked >= connection.limits.check_secs:
                state.over, state.checked = stream.is_over(), time.monotonic()
    return False


def _events(connection: "HubConnection", stream: Stream, pieces: Iterator[bytes]) -> Iterator[Event | KeepAlive]:
    parser = EventParser(max_bytes=connection.limits.event_bytes)
    for piece in pieces:
        try:
            found = list(parser.feed(piece))
        except EventTooLong as error:
            problem = str(error)
        else:
            yield from found
            continue
        raise _unreadable(stream, problem)


def _object(event: Event, stream: Stream) -> dict[str, Any]:
    try:
        raw = event.data.encode()
        document = loads(raw, max_bytes=len(raw))
    except StrictJsonError:
        document = None
    if not isinstance(document, dict):
        raise _unreadable(stream, "an event is no JSON object")
    return document


def _unreadable(stream: Stream, problem: str) -> HubUnreadable:
    request = f"GET {stream.path}"
    return HubUnreadable(
        f"The stream {request} is not what the API promises: {problem}.",
        hint="A newer hfplanner may read it.",
        answer=HubAnswer(request=request, status=200),
    )


def _moment(document: dict[str, Any]) -> datetime | None:
    """Return the time of an event, UTC, or ``None`` where it names none."""
    text = document.get("timestamp")
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _fell_silent(failure: HubError) -> bool:
    return isinstance(failure, HubTimeout) and failure.answer.status is not None


def _tolerate(failure: HubError, state: _State, connection: "HubConnection") -> None:
    """Count a failure that may pass; raise any other, and one too many."""
    if isinstance(failure, HubNotAcceptable) or _fell_silent(failure):
        # Metrics of a job that does not run yet, or a quiet job: whether it has ended is asked next.
        return
    state.failures += 1
    if not failure.transient or state.failures > connection.limits.reconnects:
        raise failure


def _pause(connection: "HubConnection", state: _State, failure: HubError | None) -> float:
    policy = connection.retry
    asked = failure.answer.retry_after_secs if failure is not None else None
    grown = min(policy.wait_max_secs, policy.wait_initial_secs * 2**state.failures)
    return grown if asked is None else min(asked, connection.limits.idle_secs)
