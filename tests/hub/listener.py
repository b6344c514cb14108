"""The API's port: it can be closed, so that connections are refused, and opened again with the same number."""

import contextlib
import socket
import threading
from collections.abc import Callable

from tests.hub.wire import reset

__all__ = ["Listener"]


class Listener:
    """Accepts connections, a thread for each."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.port = 0
        self.accepted = 0
        self.up()

    def up(self) -> None:
        """Listen, on the port of the first time."""
        if self._socket is None:
            self._socket = socket.create_server(("127.0.0.1", self.port), backlog=512)
            self.port = self._socket.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def down(self) -> None:
        """Stop listening and end what is open: whoever connects is refused."""
        if self._socket is not None:
            # A thread that waits in accept() wakes up only if the socket is shut down and not just closed.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None
        self.drop_all()

    def drop_all(self) -> None:
        """End every open connection."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
                self.accepted += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        try:
            self._serve(connection)
        except OSError:
            with contextlib.suppress(OSError):
                reset(connection)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
