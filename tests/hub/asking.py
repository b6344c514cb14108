"""The plainest of clients, so that a test of the emulator depends on no library's opinion."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.hub.control import Hub

__all__ = ["Answer", "ask", "connect", "pages", "raw_request", "receive"]

_TIMEOUT_SECS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:  # noqa: ANN401 - a text or a list of texts
        """Return what the service says is wrong."""
        return self.json()["error"]

    @property
    def next(self) -> str | None:
        """Return the address of the next page."""
        link = re.fullmatch(r'<(.*)>; rel="next"', self.headers.get("Link", ""))
        return link and link[1]


def ask(  # noqa: PLR0913 - the parts of a request
    hub: Hub,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = Hub.token,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Ask once, on a connection of its own; a body that is not bytes is sent as JSON."""
    sent = {"Content-Type": "application/json"} if body is not None else {}
    sent |= {"Authorization": f"Bearer {token}"} if token else {}
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    connection = http.client.HTTPConnection(hub.url.removeprefix("http://"), timeout=_TIMEOUT_SECS)
    try:
        connection.request(method, path.removeprefix(hub.url), data, sent | (headers or {}))
        with connection.getresponse() as response:
            return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def pages(hub: Hub, path: str = "/api/jobs/alice") -> Iterator[list[dict[str, Any]]]:
    """Follow a listing to its end."""
    target: str | None = path
    while target:
        answer = ask(hub, "GET", target)
        yield answer.json()
        target = answer.next


def raw_request(hub: Hub, method: str = "GET", path: str = "/api/whoami-v2", body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {hub.url.removeprefix('http://')}"]
    lines += [f"Authorization: Bearer {hub.token}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def connect(hub: Hub, timeout: float = _TIMEOUT_SECS) -> socket.socket:
    """Open a connection to the API."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=timeout)


def receive(connection: socket.socket) -> tuple[bytes, str]:
    """Read to the end, and return the bytes and how it ended: ``end``, ``reset`` or ``silence``."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "silence"
        if not piece:
            return received, "end"
        received += piece
