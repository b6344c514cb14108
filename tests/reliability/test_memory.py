"""A gigabyte where kilobytes were asked for: refused at the cap, with memory to match."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.reliability.bytes_server import serving

pytestmark = pytest.mark.process

GIGABYTE = 2**30
PIECE = b" " * 2**20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
MIB = 2**20
# An answer may have 64 MiB, and a buffer that grows is copied once; the interpreter and the libraries come to 60.
PEAK_MIB = 64 * 2 + 80

CLIENT = """
import sys
from pathlib import Path
from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.limits import Limits
from hfplanner.api.retry import RetryPolicy
from hfplanner.errors import HfplannerError
with JobsClient(sys.argv[1], token=Token("hf_x"), retry=RetryPolicy(attempts=1), limits=Limits(reconnects=0)) as client:
    calls = {
        "GET": lambda: client.count_jobs("a"),
        "POST": lambda: client.create_job("a", {}),
        "logs": lambda: list(client.logs("a", "b")),
    }
    try:
        calls[sys.argv[2]]()
    except HfplannerError as error:
        print(type(error).__name__)
# The peak of this program alone: getrusage would begin with that of the process it was forked from.
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def chunk(piece: bytes) -> bytes:
    """Frame a piece for ``Transfer-Encoding: chunked``."""
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def gigabyte(kind: str) -> Iterator[bytes]:
    """Yield an answer with a gigabyte in it."""
    heads = {
        "announced": HEAD + b"Content-Length: %d\r\n\r\n" % GIGABYTE,
        "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        "without length": HEAD + b"\r\n",
        "refusal": HEAD.replace(b"200 OK", b"403 No") + b"\r\n",
        "compressed": HEAD + b"Content-Encoding: gzip\r\n\r\n",
        "header": HEAD + b"X-Endless: ",
        "status line": b"HTTP/1.1 200 ",
        "event": STREAM + b"data: ",
        "events": STREAM,
    }
    yield heads[kind]
    piece = {"chunked": chunk(PIECE), "events": b"data: {}\n" * 100_000}.get(kind, PIECE)
    for _ in range(GIGABYTE // MIB):
        yield piece


# What the client may take of it: its cap, and what the sockets' buffers hold.
CASES = [
    ("announced", "GET", "HubUnreadable", 10),
    ("chunked", "GET", "HubUnreadable", 64 + 10),
    ("without length", "GET", "HubUnreadable", 64 + 10),
    ("chunked", "POST", "HubUnreadable", 64 + 10),
    ("refusal", "POST", "HubForbidden", 10),
    ("compressed", "GET", "HubUnreadable", 10),
    ("header", "GET", "HubInterrupted", 10),
    ("status line", "GET", "HubInterrupted", 10),
    ("event", "logs", "HubUnreadable", 10),
    ("events", "logs", "HubUnreadable", 10),
]


@pytest.mark.parametrize(("kind", "call", "error", "most_mib"), CASES, ids=[f"{case[1]} {case[0]}" for case in CASES])
def test_a_gigabyte_is_refused_at_its_cap(kind: str, call: str, error: str, most_mib: int) -> None:
    """In a process of its own, whose peak is measured; the server's count shows how much was taken."""

    def answer(head: bytes) -> Iterator[bytes]:
        if call == "logs" and b"/logs" not in head:
            return iter([HEAD + b'Connection: close\r\n\r\n{"id":"b"}'])
        return gigabyte(kind)

    with serving(answer) as server:
        client = [sys.executable, "-c", CLIENT, server.url, call]
        result = subprocess.run(client, capture_output=True, text=True, timeout=60, check=True)
    kind_of_error, peak_kib = result.stdout.split()
    assert kind_of_error == error
    assert int(peak_kib) // 1024 < PEAK_MIB
    assert server.sent < most_mib * MIB
