"""A wire that is cut at the worst instant: the server has committed, and the client never hears of it."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

__all__ = ["cut_after_commit"]

_BYTES = 65536


class _Wire:
    """Forwards connections; the first answer to a COMMIT is kept back, and its connection is closed."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.cuts = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.server) as server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(_BYTES)
                    (server if source is client else client).sendall(data)
                    if not data:
                        return
                    if source is client and b"COMMIT" in data and not self.cuts:
                        self.cuts += 1
                        server.recv(_BYTES)
                        return


@contextlib.contextmanager
def cut_after_commit(url: str) -> Iterator[str]:
    """Return a URL of the same database that loses the answer to the first COMMIT, and check that it did."""
    parts = urlsplit(url)
    wire = _Wire((str(parts.hostname), int(parts.port or 0)))
    port = wire.listener.getsockname()[1]
    user = parts.netloc.rpartition("@")[0]
    yield urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}"))
    wire.listener.close()
    assert wire.cuts == 1
