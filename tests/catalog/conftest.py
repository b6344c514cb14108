"""A Hub on loopback that answers what a test wants, and what a listing's rows look like."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hfplanner.catalog.cache import ListingCache
from hfplanner.catalog.shipped import read_data_text

Answer = Callable[[BaseHTTPRequestHandler], None]
MakeRow = Callable[..., dict[str, Any]]


class LoopbackHub(ThreadingHTTPServer):
    """A real HTTP server; ``answer`` writes each response and ``asked`` remembers the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answer: Answer = lambda handler: handler.send_error(500)

    @property
    def endpoint(self) -> str:
        """The URL to give to the code under test."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer every question with this body."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answer = answer

    def serve_rows(self, rows: object) -> None:
        """Answer every question with these rows as JSON."""
        self.serve(json.dumps(rows).encode())


class _Handler(BaseHTTPRequestHandler):
    server: LoopbackHub

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        try:
            self.server.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class gives it
        """Keep the test's output clean."""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """Return a running server that answers 500 until told otherwise."""
    server = LoopbackHub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep requests to this machine on this machine where the environment names a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def now() -> datetime:
    """Return the day the tests live on, shortly after the shipped snapshot."""
    return datetime(2026, 9, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def cache(tmp_path: Path) -> ListingCache:
    """Return a cache in a folder that does not exist yet."""
    return ListingCache(tmp_path / "cache", "https://hub.example")


@pytest.fixture
def shipped_rows() -> list[dict[str, Any]]:
    """Return the 26 rows of the shipped snapshot, as the API would answer them."""
    rows: list[dict[str, Any]] = json.loads(read_data_text("hardware.json"))["listing"]
    return rows


@pytest.fixture
def make_row() -> MakeRow:
    """Return a builder of rows: one L4 at $0.80 an hour unless changed; a key changed to ``...`` is left out.

    A price that is changed in micro-USD is changed in US dollars with it.
    """

    def make(**changes: object) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": "l4x1",
            "prettyName": "1x Nvidia L4",
            "cpu": "8 vCPU",
            "ram": "30 GB",
            "ephemeralStorage": "400 GB",
            "accelerator": {"type": "gpu", "model": "L4", "quantity": "1", "vram": "24 GB", "manufacturer": "Nvidia"},
            "unitCostMicroUSD": 13333,
            "unitCostUSD": 0.013333,
            "unitLabel": "minute",
        }
        micro = changes.get("unitCostMicroUSD")
        if isinstance(micro, int | float) and abs(micro) < 10**12:
            row["unitCostUSD"] = micro / 10**6
        return {name: value for name, value in (row | changes).items() if value is not ...}

    return make
