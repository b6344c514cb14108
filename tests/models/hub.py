"""A Hub on loopback that serves files by ranges, redirects some, and remembers what it was asked."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Hub", "serve"]


@dataclass
class Hub:
    """What a server serves, and the requests it saw as (path, range, authorization)."""

    files: Mapping[str, bytes]
    redirects: Mapping[str, str] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    ignores_ranges: bool = False
    endpoint: str = ""
    seen: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    sent: int = 0


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Run a server for as long as the block."""

    class Handler(BaseHTTPRequestHandler):
        """Answers GET."""

        def do_GET(self) -> None:
            """Send a file, a part of it, a redirect or an error."""
            hub.seen.append((self.path, self.headers.get("Range"), self.headers.get("Authorization")))
            if self.path in hub.redirects:
                self._answer(302, b"", {"Location": hub.redirects[self.path]})
            elif self.path in hub.denied:
                self._answer(403, b"", {})
            elif self.path not in hub.files:
                self._answer(404, b"", {})
            else:
                self._send(hub.files[self.path])

        def _send(self, body: bytes) -> None:
            spec = self.headers.get("Range")
            if spec is None or hub.ignores_ranges:
                self._answer(200, body, {})
                return
            first, last = (int(number) for number in spec.removeprefix("bytes=").split("-"))
            self._answer(206, body[first : last + 1], {})

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            hub.sent += len(body)
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
