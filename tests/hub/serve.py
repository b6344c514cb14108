"""One connection of the API: read a request, log it, let a fault strike, answer."""

import select
import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.hub.call import Refusal, refuse
from tests.hub.faults import Fault, alter
from tests.hub.routes import answer, finish
from tests.hub.wire import BadRequest, Inbox, Reply, Request, json_reply, reset, say_goodbye

if TYPE_CHECKING:
    from tests.hub.control_routes import Controlled

__all__ = ["serve_api"]

_NO_FAULT = Fault()


class _Cut(Exception):
    """The connection ends here, with a reset or with an end."""

    def __init__(self, *, forced: bool = False) -> None:
        super().__init__()
        self.forced = forced


def serve_api(hub: "Controlled", connection: socket.socket) -> None:
    """Answer the requests of a connection until one side ends it."""
    inbox = Inbox(connection)
    try:
        while True:
            _serve_one(hub, connection, inbox)
    except BadRequest as problem:
        connection.sendall(b"".join(refuse(Refusal(400, str(problem))).pieces()))
        say_goodbye(connection)
    except EOFError:
        say_goodbye(connection)
    except _Cut as cut:
        (reset if cut.forced else say_goodbye)(connection)


def _serve_one(hub: "Controlled", connection: socket.socket, inbox: Inbox) -> None:
    request = inbox.read_head()
    with hub.store.changed:
        fault = hub.faults.pick(request) or _NO_FAULT
    if fault.cut_request_at is not None:
        hub.note(request, fault)
        inbox.read_more(request, fault.cut_request_at)
        raise _Cut(forced=fault.reset)
    problem = None
    try:
        request.body = inbox.read_body(request, hub.store.settings.max_body_bytes)
    except OverflowError:
        problem = refuse(Refusal(413, "The body is too long"))
    entry = hub.note(request, fault)
    reply = problem or _reply(hub, request, fault, entry)
    reply = alter(finish(hub.store, reply, entry["seq"]), fault, request)
    entry["status"] = reply.status
    if fault.drop:
        raise _Cut(forced=fault.reset)
    _send(connection, reply, fault)
    if problem or fault.spoils_connection or (request.header("Connection") or "").lower() == "close":
        raise _Cut


def _reply(hub: "Controlled", request: Request, fault: Fault, entry: dict[str, Any]) -> Reply:
    """Let the request have its effect, unless the fault strikes before it."""
    if fault.before:
        return json_reply(500, {"error": "Internal Error - We're working hard to fix this as soon as possible!"})
    entry["effect"] = True
    reply = answer(hub.store, request)
    if fault.arrive:
        hub.arrive(request, fault.arrive)
    return reply


def _send(connection: socket.socket, reply: Reply, fault: Fault) -> None:
    """Send the answer's bytes; those of a cut, a stall or a drip are counted one by one."""
    _pause(connection, fault.delay_secs)
    head = len(reply.head())
    cut, stall = _place(fault.cut_at, fault.cut_body_at, head), _place(fault.stall_at, fault.stall_body_at, head)
    sent = 0
    for piece in iter([fault.raw]) if fault.raw is not None else reply.pieces():
        for part in _parts(piece, fault.drip, [place - sent for place in (cut, stall) if place is not None]):
            if sent == cut:
                raise _Cut(forced=fault.reset)
            if sent == stall:
                _pause(connection, fault.stall_secs)
            connection.sendall(part)
            sent += len(part)
            if fault.drip:
                _pause(connection, fault.drip_secs)
    if cut is not None:
        raise _Cut(forced=fault.reset)


def _place(of_all: int | None, of_body: int | None, head: int) -> int | None:
    return of_all if of_body is None else head + of_body


def _parts(piece: bytes, drip: int | None, stops: list[int]) -> Iterator[bytes]:
    """Split a piece where something happens, and into drops."""
    places = {0, len(piece), *(stop for stop in stops if 0 < stop < len(piece))}
    places |= set(range(0, len(piece), drip)) if drip else set()
    ordered = sorted(places)
    return (piece[start:end] for start, end in pairwise(ordered))


def _pause(connection: socket.socket, secs: float) -> None:
    """Wait, but no longer than the client does: one that leaves makes its socket readable."""
    if secs and select.select([connection], [], [], secs)[0]:
        raise _Cut
