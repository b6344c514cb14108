"""Faults on demand: which request they hit, and what they do to it."""

import base64
import itertools
import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tests.hub.wire import Reply, Request

__all__ = ["Armed", "Fault", "Faults", "alter"]


_ERROR = '{"error":"A fault, on demand"}'


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Positions count bytes from 0 of the request or of the whole answer, head included.

    Args:
        method: the method it hits; every one by default.
        path: a regular expression searched in the path with its query.
        nth: the first matching request that it hits, from 1.
        times: how many requests it hits from there on; 0 for all.
        before: whether it strikes before the request has an effect; it has its effect otherwise.
        drop: no answer at all, the connection closes.
        cut_request_at: only so many bytes of the request are read; no effect, no answer. Beyond its end: it waits.
        status, body, headers: take the place of the answer's own (``headers`` are added, a None removes). Without a
            body of its own a status of 300 or more has the service's JSON error.
        raw: these bytes are sent instead of an answer.
        length_delta: added to the true Content-Length.
        framing: ``close`` (the body says no length and ends with the connection) or ``chunked``.
        repeat: how many times the body is sent, with the length to match.
        cut_at: the answer ends after so many bytes.
        cut_body_at: the same, counted from the body's first byte.
        reset: a cut or a drop is a TCP reset and not an end.
        stall_at: so many bytes are sent, then nothing until the client leaves or ``stall_secs`` have passed.
        stall_body_at: the same, counted from the body's first byte.
        stall_secs: real seconds.
        delay_secs: real seconds before the first byte.
        drip: bytes at a time, with ``drip_secs`` between them.
        put: changes of the JSON answer, from a dotted path (``*`` is every item, a number one item) to a value.
        remove: dotted paths that are removed from it.
        next_link: the Link header's address: ``self`` for the page itself (once: a page is repeated; with
            ``times=0``: a loop), an empty text for none.
        page: ``reverse`` or ``shrink`` (every second job is missing).
        arrive: so many jobs are created in the namespace right after the answer was made.
    """

    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1
    before: bool = False
    drop: bool = False
    cut_request_at: int | None = None
    status: int | None = None
    body: str | bytes | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    raw: bytes | None = None
    length_delta: int = 0
    framing: str | None = None
    repeat: int = 1
    cut_at: int | None = None
    cut_body_at: int | None = None
    reset: bool = False
    stall_at: int | None = None
    stall_body_at: int | None = None
    stall_secs: float = 60.0
    delay_secs: float = 0.0
    drip: int | None = None
    drip_secs: float = 0.01
    put: dict[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    next_link: str | None = None
    page: str | None = None
    arrive: int = 0

    @property
    def spoils_connection(self) -> bool:
        """Tell whether the client cannot read another answer after this one."""
        return self.raw is not None or bool(self.length_delta) or self.framing == "close"

    def to_json(self) -> dict[str, Any]:
        """Return it for the control plane; bytes travel as base64."""
        return {
            name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Fault":
        """Return the fault that ``to_json`` described."""
        known = {entry.name for entry in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(f"unknown fault fields {sorted(unknown)}")
        packed = {name for name in ("raw", "body") if isinstance(values.get(name), dict)}
        return cls(**(values | {name: base64.b64decode(values[name]["base64"]) for name in packed}))


@dataclass(slots=True)
class Armed:
    """A fault that waits, and how often it has been passed by and has struck."""

    fault: Fault
    seen: int = 0
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        """Count a request, and tell whether the fault hits it."""
        fault = self.fault
        if fault.method not in {"", request.method} or not re.search(fault.path, request.target):
            return False
        self.seen += 1
        if self.seen < fault.nth or (fault.times and self.struck >= fault.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The faults that wait; the first that hits a request is the only one."""

    def __init__(self) -> None:
        self.armed: list[Armed] = []

    def pick(self, request: Request) -> Fault | None:
        """Return the fault for a request."""
        struck = [armed for armed in self.armed if armed.strikes(request)]
        for spare in struck[1:]:
            spare.struck -= 1
        return struck[0].fault if struck else None


def alter(reply: Reply, fault: Fault, request: Request) -> Reply:
    """Return the answer with the fault's changes that are not about bytes and time."""
    if fault.put or fault.remove or fault.page:
        reply.body = _changed(reply.body, fault)
    if fault.status is not None:
        reply.status = fault.status
    body = _ERROR if fault.body is None and (fault.status or 0) >= 300 else fault.body
    if body is not None:
        reply.body = body.encode() if isinstance(body, str) else body
        reply.stream = None
    changed = {name.lower() for name in fault.headers}
    reply.headers = [(name, value) for name, value in reply.headers if name.lower() not in changed]
    reply.headers += [(name, value) for name, value in fault.headers.items() if value is not None]
    if fault.next_link is not None:
        reply.headers = [(name, value) for name, value in reply.headers if name != "Link"]
        own = f"http://{request.header('Host')}{request.target}"
        target = own if fault.next_link == "self" else fault.next_link
        reply.headers += [("Link", f'<{target}>; rel="next"')] if target else []
    reply.repeat = fault.repeat
    reply.until_close = fault.framing == "close"
    if fault.framing == "chunked" and reply.stream is None:
        reply.stream = itertools.repeat(reply.body, fault.repeat if reply.body else 0)
    if fault.length_delta:
        reply.length = len(reply.body) * reply.repeat + fault.length_delta
    return reply


def _changed(body: bytes, fault: Fault) -> bytes:
    value = json.loads(body)
    if isinstance(value, list) and fault.page == "reverse":
        value.reverse()
    if isinstance(value, list) and fault.page == "shrink":
        value = value[::2]
    for path in fault.remove:
        _edit(value, path.split("."), None, remove=True)
    for path, new in fault.put.items():
        _edit(value, path.split("."), new, remove=False)
    return json.dumps(value, separators=(",", ":")).encode()


def _edit(value: Any, path: list[str], new: object, *, remove: bool) -> None:  # noqa: ANN401 - any JSON
    first, *rest = path
    places = list(_places(value, first))
    for place in places:
        if rest:
            if isinstance(value, dict):
                value.setdefault(place, {})
            _edit(value[place], rest, new, remove=remove)
        elif not remove:
            value[place] = new
        elif isinstance(value, list) or place in value:
            del value[place]


def _places(value: Any, step: str) -> list[Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return list(range(len(value))) if step == "*" else [int(step)] if int(step) < len(value) else []
    return list(value) if step == "*" else [step]
