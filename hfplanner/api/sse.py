"""Server-sent events, as the HTML standard defines them, from pieces of bytes, with a cap on what is held."""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["KEEP_ALIVE", "Event", "EventParser", "EventTooLong", "KeepAlive"]


class EventTooLong(ValueError):
    """A line or an event beyond its cap."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name (``"message"`` when it has none) and its data, lines joined by a line feed."""

    name: str
    data: str


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A comment: nothing happened, and the other side is still there."""


KEEP_ALIVE = KeepAlive()
"""The one comment there is; what it says is not kept."""


class EventParser:
    r"""Splits a stream into events, however its pieces are cut.

    Lines end with LF, CR or CRLF. Bytes that are not UTF-8 become U+FFFD. An event without a final empty line is
    dropped, as the standard wants: it may have been cut.

    Args:
        max_bytes: cap of one line and of one event's data.

    >>> parser = EventParser(max_bytes=100)
    >>> list(parser.feed(b": keep-alive\n\ndata: one\nda")), list(parser.feed(b"ta: two\r\n\r\n"))
    ([KeepAlive()], [Event(name='message', data='one\ntwo')])
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._line = bytearray()
        self._after_cr = False
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._first = True

    def feed(self, piece: bytes) -> Iterator[Event | KeepAlive]:
        """Yield what is complete after these bytes.

        Raises:
            EventTooLong: a line or an event is longer than its cap.
        """
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        if not piece:
            return
        self._after_cr = piece.endswith(b"\r")
        lines = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines[:-1]:
            self._line += line
            self._check(len(self._line))
            whole = bytes(self._line)
            self._line.clear()
            found = self._take(whole)
            if found is not None:
                yield found
        self._line += lines[-1]
        self._check(len(self._line))

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            raise EventTooLong(f"an event is longer than {self._max_bytes} bytes")

    def _take(self, line: bytes) -> Event | KeepAlive | None:
        text = line.decode("utf-8", "replace")
        if self._first:
            self._first = False
            text = text.removeprefix("\ufeff")
        if not text:
            return self._dispatch()
        if text.startswith(":"):
            return KEEP_ALIVE
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._size += len(line)
            self._check(self._size)
            self._data.append(value)
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name or "message", "\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event
