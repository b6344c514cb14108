"""HTTP/1.1 by hand, so that every byte of it can be wrong on purpose."""

import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["MAX_HEAD_BYTES", "BadRequest", "Inbox", "Reply", "Request", "json_reply", "reset", "say_goodbye"]

MAX_HEAD_BYTES = 64 * 1024
_PIECE = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class BadRequest(Exception):
    """What came in is not HTTP/1.1."""


@dataclass(slots=True)
class Request:
    """One request as it came in; header names keep their spelling."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    head_bytes: int = 0

    @property
    def path(self) -> str:
        """Return the path, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the query's pairs in their order."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """Return the first header of a name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(slots=True)
class Reply:
    """One answer; ``stream`` takes the place of ``body`` and is sent in chunks, ``until_close`` says no length."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    stream: Iterator[bytes] | None = None
    length: int | None = None
    repeat: int = 1
    until_close: bool = False

    def head(self) -> bytes:
        """Return the status line and the headers."""
        if self.stream is None:
            length = len(self.body) * self.repeat if self.length is None else self.length
            framing = ("Content-Length", str(length))
        else:
            framing = ("Transfer-Encoding", "chunked")
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Emulated')}"]
        # An answer of 1xx, 204 or 304 has no body and says no length.
        headers = self.headers if self.is_bodiless or self.until_close else [*self.headers, framing]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join(lines).encode("latin-1") + _END_OF_HEAD

    @property
    def is_bodiless(self) -> bool:
        """Tell whether HTTP forbids this status a body."""
        return self.status < 200 or self.status in {204, 304}

    def pieces(self) -> Iterator[bytes]:
        """Yield every byte of the answer in order."""
        if self.stream is None:
            body = b"" if self.is_bodiless else self.body
            yield self.head() + body if self.repeat else self.head()
            yield from (body for _ in range(self.repeat - 1))
            return
        yield self.head()
        for piece in self.stream:
            yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        yield b"0\r\n\r\n"


def json_reply(status: int, value: Any, headers: list[tuple[str, str]] | None = None) -> Reply:  # noqa: ANN401 - JSON
    """Return an answer with a JSON body."""
    body = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return Reply(status, [("Content-Type", "application/json; charset=utf-8"), *(headers or [])], body)


class Inbox:
    """What has been received from one client and not been used yet."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def _more(self) -> None:
        piece = self._connection.recv(_PIECE)
        if not piece:
            raise EOFError
        self._buffer += piece

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def read_head(self) -> Request:
        """Wait for a head.

        Raises:
            EOFError: the client closed the connection.
            BadRequest: the bytes are not a head.
        """
        while _END_OF_HEAD not in self._buffer:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise BadRequest("head too long")
            self._more()
        head = self._take(self._buffer.index(_END_OF_HEAD) + len(_END_OF_HEAD))
        first, *lines = head[: -len(_END_OF_HEAD)].decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or parts[2] != "HTTP/1.1" or not parts[1].startswith("/"):
            raise BadRequest("not a request line")
        return Request(parts[0], parts[1], [_header(line) for line in lines], head_bytes=len(head))

    def read_more(self, request: Request, count: int) -> None:
        """Read what is left of the first so many bytes of a request whose head has been read."""
        self._take(max(count - request.head_bytes, 0))

    def read_body(self, request: Request, limit: int) -> bytes:
        """Read the body the head announces.

        Raises:
            EOFError: the client closed the connection before its end.
            BadRequest: the length cannot be read.
            OverflowError: it is longer than the limit.
        """
        if (request.header("Transfer-Encoding") or "").lower() == "chunked":
            return self._read_chunks(limit)
        announced = request.header("Content-Length") or "0"
        if not announced.isdecimal():
            raise BadRequest("not a length")
        if int(announced) > limit:
            raise OverflowError
        return self._take(int(announced))

    def _read_line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._more()
        return self._take(self._buffer.index(b"\r\n") + 2)[:-2]

    def _read_chunks(self, limit: int) -> bytes:
        body = b""
        while size := int(self._read_line().split(b";")[0], 16):
            if len(body) + size > limit:
                raise OverflowError
            body += self._take(size)
            self._take(2)
        self._read_line()
        return body


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise BadRequest("not a header")
    return name, value.strip()


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset: the client sees an error and not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def say_goodbye(connection: socket.socket) -> None:
    """Close so that the client sees an end: what it still sends is read first, or the kernel would reset."""
    try:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(0.2)
        while connection.recv(_PIECE):
            pass
    except OSError:
        pass
    connection.close()
