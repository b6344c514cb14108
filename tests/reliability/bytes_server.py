"""A server that says exactly the bytes a test wants, for as long as anybody listens."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["BytesServer", "serving"]


@dataclass(slots=True)
class BytesServer:
    """What it heard and how much it could say.

    Args:
        url: where it listens.
        heads: the request heads it was sent.
        sent: the bytes of all its answers.
    """

    url: str
    heads: list[bytes] = field(default_factory=list)
    sent: int = 0


def _serve(listener: socket.socket, server: BytesServer, answer: Callable[[bytes], Iterable[bytes]]) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = peer.recv(65536)
                if not piece:
                    break
                head += piece
            server.heads.append(head)
            for piece in answer(head):
                peer.sendall(piece)
                server.sent += len(piece)


@contextmanager
def serving(answer: Callable[[bytes], Iterable[bytes]]) -> Iterator[BytesServer]:
    """Serve one connection after the other: ``answer`` gives the pieces for a request's head."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = BytesServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(listener, server, answer), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(2)
