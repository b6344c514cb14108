"""The emulator as a process: ``python -m tests.hub.server`` prints its two addresses and serves until stdin ends."""

import json
import socket
import sys
import threading

from tests.hub.control_routes import Controlled, control
from tests.hub.serve import serve_api
from tests.hub.wire import BadRequest, Inbox, json_reply

__all__ = ["main"]

_CONTROL_LIMIT = 512 * 2**20


def _serve_control(controlled: Controlled, connection: socket.socket) -> None:
    inbox = Inbox(connection)
    with connection:
        while True:
            try:
                request = inbox.read_head()
                request.body = inbox.read_body(request, _CONTROL_LIMIT)
            except (EOFError, OSError, BadRequest, OverflowError):
                return
            for piece in json_reply(*control(controlled, json.loads(request.body))).pieces():
                connection.sendall(piece)


def _accept(listener: socket.socket, controlled: Controlled) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve_control, args=(controlled, connection), daemon=True).start()


def main() -> None:
    """Serve the API and the control plane on two ports of the loopback device, until stdin is closed."""
    controlled = Controlled(serve_api)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, controlled), daemon=True).start()
    addresses = {
        "api": f"http://127.0.0.1:{controlled.listener.port}",
        "control": f"127.0.0.1:{listener.getsockname()[1]}",
    }
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
