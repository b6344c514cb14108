"""Pages of jobs on loopback, prepared before anybody asks: ``python -m tests.benchmarks.serve_jobs JOBS PAGE``.

Prints its port, and serves until its standard input is closed.
"""

import json
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from socket import create_server, socket
from typing import Any

__all__ = ["NAMESPACE", "job"]

NAMESPACE = "acme"


def job(number: int) -> dict[str, Any]:
    """Return a job as the Hub describes a finished one."""
    user = {"id": "5e9ecfc04957053f60648a3e", "name": "ada", "type": "user", "avatarUrl": "https://cdn.example/a.svg"}
    return {
        "type": "job",
        "id": f"{number:024x}",
        "createdAt": f"2026-07-{number % 28 + 1:02d}T16:06:25.079Z",
        "startedAt": f"2026-07-{number % 28 + 1:02d}T16:06:31.079Z",
        "finishedAt": f"2026-07-{number % 28 + 1:02d}T16:{number % 50 + 7:02d}:31.079Z",
        "dockerImage": "ghcr.io/astral-sh/uv:python3.12-bookworm",
        "command": ["bash", "-c", f"uv run train.py --epochs 3 --seed {number}"],
        "arguments": [],
        "environment": {"MODE": "train", "SEED": str(number)},
        "secrets": ["HF_TOKEN"],
        "flavor": ("cpu-basic", "t4-small", "l4x1", "a100-large")[number % 4],
        "timeout": 7200,
        "retry": 0,
        "labels": {"name": f"train-{number % 100}", "team": ("nlp", "vision")[number % 2]},
        "createdBy": {"id": user["id"], "name": user["name"]},
        "owner": {**user, "name": NAMESPACE, "type": "org"},
        "initiator": user,
        "durations": {"schedulingSecs": 6, "runningSecs": 60 * (number % 50), "totalSecs": 60 * (number % 50) + 6},
        "status": {"stage": "COMPLETED", "message": None, "failureCount": 0},
    }


def page_of_jobs(first: int, count: int) -> bytes:
    """Return one page, compact as the Hub's."""
    return json.dumps([job(number) for number in range(first, first + count)], separators=(",", ":")).encode()


def _serve(listener: socket, pages: Sequence[bytes]) -> None:
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=_talk, args=(peer, pages), daemon=True).start()


def _talk(peer: socket, pages: Sequence[bytes]) -> None:
    with peer, suppress(OSError):
        heard = b""
        while piece := peer.recv(65536):
            heard += piece
            while b"\r\n\r\n" in heard:
                head, heard = heard.split(b"\r\n\r\n", 1)
                peer.sendall(_answer(head, pages))


def _answer(head: bytes, pages: Sequence[bytes]) -> bytes:
    target = head.split(b" ")[1].decode()
    path, _, query = target.partition("?")
    if path != f"/api/jobs/{NAMESPACE}":
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    number = int(query.partition("cursor=")[2] or 0)
    body = pages[number]
    host = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:")).split(b":", 1)[1].strip()
    link = b""
    if number + 1 < len(pages):
        link = b'Link: <http://%s%s?cursor=%d>; rel="next"\r\n' % (host, path.encode(), number + 1)
    fields = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n%sContent-Length: %d\r\n\r\n"
    return fields % (link, len(body)) + body


def main(jobs: int, page: int) -> None:
    """Print the port, then serve until the pipe closes."""
    pages = [page_of_jobs(first, min(page, jobs - first)) for first in range(0, jobs, page)]
    with create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, pages), daemon=True).start()
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
