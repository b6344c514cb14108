"""Every kind of fault, for a question and for a submission: the right class, the right outcome, in time, one POST."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hfplanner.api.limits import Limits
from hfplanner.api.retry import RetryPolicy
from hfplanner.errors import HubError, Outcome
from tests.hub.control import Hub
from tests.reliability.probe import LIMITS, NO_RETRY, SPEC, attempt, opened

GARBAGE = bytes(range(256)) * 4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# Name, what is done, the class of the error, and whether the job exists afterwards (None: it may not).
FAULTS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "dropped before the effect": ({"before": True, "drop": True}, "HubInterrupted", False),
    "dropped after the effect": ({"drop": True}, "HubInterrupted", True),
    "reset before the effect": ({"before": True, "drop": True, "reset": True}, "HubInterrupted", False),
    "reset after the effect": ({"drop": True, "reset": True}, "HubInterrupted", True),
    "stalled before the first byte": ({"stall_at": 0, "stall_secs": 5.0}, "HubTimeout", True),
    "stalled in the head": ({"stall_at": 30, "stall_secs": 5.0}, "HubTimeout", True),
    "stalled in the body": ({"stall_body_at": 5, "stall_secs": 5.0}, "HubTimeout", True),
    "late": ({"delay_secs": 1.5}, "HubTimeout", True),
    "a byte at a time": ({"drip": 1, "drip_secs": 0.05}, "HubTimeout", True),
    "garbage instead of an answer": ({"raw": GARBAGE}, "HubInterrupted", True),
    "another protocol": ({"raw": b"SSH-2.0-OpenSSH_9.6\r\n"}, "HubInterrupted", True),
    "a head without end": ({"raw": HEAD + b"X: " + b"a" * 300_000}, "HubInterrupted", True),
    "a head of endless lines": ({"raw": HEAD + b"X: a\r\n" * 40_000}, "HubInterrupted", True),
    "two lengths": ({"raw": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"}, "HubInterrupted", True),
    "a negative length": ({"raw": HEAD + b"Content-Length: -1\r\n\r\n{}"}, "HubInterrupted", True),
    "a length beyond the cap": ({"raw": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n"}, "HubUnreadable", True),
    "a broken chunk": ({"raw": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"}, "HubInterrupted", True),
    "a last chunk that is missing": (
        {"raw": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"},
        "HubInterrupted",
        True,
    ),
    "a length too long": ({"length_delta": 7}, "HubInterrupted", True),
    "a length too short": ({"length_delta": -7}, "HubUnreadable", True),
    "a body that comes twice": ({"repeat": 2}, "HubUnreadable", True),
    "no body": ({"body": ""}, "HubUnreadable", True),
    "a page of HTML": ({"body": "<html>"}, "HubUnreadable", True),
    "a list": ({"body": "[]"}, "HubUnreadable", True),
    "an object without what counts": ({"body": "{}"}, "HubUnreadable", True),
    "an id that is a number": ({"body": '{"id": 7, "count": "7"}'}, "HubUnreadable", True),
    "an empty id": ({"body": '{"id": "", "count": -1}'}, "HubUnreadable", True),
    "a compressed body": ({"headers": {"Content-Encoding": "gzip"}}, "HubUnreadable", True),
    "an unknown compression": ({"headers": {"Content-Encoding": "x, br"}}, "HubUnreadable", True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_question_meets_a_fault(hub: Hub, name: str) -> None:
    """The class says what went wrong; nothing hangs."""
    fault, kind, _ = FAULTS[name]
    hub.fault(method="GET", **fault)
    with opened(hub.url, hub.token) as client:
        assert attempt(lambda: client.count_jobs("alice")).kind == kind


@pytest.mark.parametrize("name", FAULTS)
def test_a_submission_meets_a_fault(hub: Hub, name: str) -> None:
    """The outcome is unknown whether the job exists or not, and the POST was sent once."""
    fault, kind, exists = FAULTS[name]
    hub.fault(method="POST", **fault)
    with opened(hub.url, hub.token, retry=RetryPolicy(attempts=5, wait_initial_secs=0.01)) as client:
        result = attempt(lambda: client.create_job("alice", SPEC))
    assert result.kind == kind
    assert isinstance(result.error, HubError)
    assert result.error.outcome == Outcome.UNKNOWN
    assert [asked.method for asked in hub.requests()] == ["POST"]
    assert len(hub.jobs()) == exists


def test_an_answer_with_fields_too_many_too_few_or_unknown_is_still_a_job(hub: Hub) -> None:
    """A launched job is launched, however odd its description."""
    oddities: list[dict[str, Any]] = [
        {"put": {"brandNew": {"a": [1]}, "status.stage": "PAUSED", "flavor": "tpu-v9"}},
        {"remove": ("status", "owner", "flavor", "createdAt", "environment")},
        {"put": {"timeout": "soon", "status": "RUNNING", "labels": [1]}},
        {"put": {"createdAt": "yesterday"}},
    ]
    with opened(hub.url, hub.token) as client:
        for number, oddity in enumerate(oddities, start=1):
            hub.fault(method="POST", **oddity)
            launched = attempt(lambda: client.create_job("alice", SPEC)).value
            assert launched.job_id == hub.jobs()[-1]["id"]
            assert (launched.job is None) == (launched.problem is not None)
            assert len(hub.jobs()) == number
    assert [asked.method for asked in hub.requests()] == ["POST"] * len(oddities)


def test_a_server_that_is_away_was_sent_nothing(hub: Hub) -> None:
    """Refused: the one outcome that may be sent again without a thought."""
    with opened(hub.url, hub.token) as client, hub.down():
        for call in (lambda: client.count_jobs("alice"), lambda: client.create_job("alice", SPEC)):
            result = attempt(call)
            assert result.kind == "HubUnreachable"
            assert isinstance(result.error, HubError)
            assert result.error.outcome == Outcome.NOT_SENT
    assert hub.jobs() == []


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid"])
def test_a_name_without_an_address_was_sent_nothing(host: str) -> None:
    """No DNS entry, and a label longer than DNS has."""
    with opened(f"https://{host}", "hf_example", limits=Limits(connect_secs=1.0)) as client:
        result = attempt(lambda: client.create_job("alice", SPEC), limits=Limits(total_secs=20))
    assert isinstance(result.error, HubError)
    assert result.kind == "HubUnreachable"
    assert result.error.outcome == Outcome.NOT_SENT


@contextmanager
def listening(*, backlog: int = 5) -> Iterator[socket.socket]:
    """Open a port that nobody serves."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        yield server


def test_a_server_that_speaks_no_tls_was_sent_nothing() -> None:
    """Https to a port that answers in plain text: the specification never left."""
    with listening() as server:
        heard: list[bytes] = []

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                heard.append(peer.recv(4096))
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        with opened(f"https://127.0.0.1:{port}", "hf_canary_token") as client:
            result = attempt(lambda: client.create_job("alice", SPEC))
        thread.join(2)
    assert isinstance(result.error, HubError)
    assert (result.kind, result.error.outcome) == ("HubUnreachable", Outcome.NOT_SENT)
    assert b"canary" not in b"".join(heard)


def test_a_server_that_never_accepts_or_never_answers_is_left_in_time(hub: Hub) -> None:
    """A full queue, and a stream of keep-alives of HTTP itself (status 102) without end."""
    with listening(backlog=0) as server, opened(f"http://127.0.0.1:{server.getsockname()[1]}", "hf_example") as client:
        assert attempt(lambda: client.count_jobs("alice")).kind == "HubTimeout"
    hub.fault(raw=b"HTTP/1.1 102 Processing\r\n\r\n" * 100, drip=27, drip_secs=0.05)
    with opened(hub.url, hub.token) as client:
        assert attempt(lambda: client.count_jobs("alice")).kind == "HubTimeout"


@pytest.mark.parametrize("nth_good", [2, 3])
def test_a_question_is_asked_again_and_the_reader_does_not_notice(hub: Hub, nth_good: int) -> None:
    """A cut, a stall, a 500: the next attempt answers."""
    policy = RetryPolicy(attempts=3, wait_initial_secs=0.01, wait_max_secs=0.02, wait_jitter_secs=0.01)
    for fault in ({"cut_at": 9}, {"stall_at": 9, "stall_secs": 2.0}, {"status": 500}, {"status": 429}):
        hub.reset()
        hub.fault(times=nth_good - 1, **fault)
        with opened(hub.url, hub.token, retry=policy) as client:
            assert client.count_jobs("alice") == 0
        assert len(hub.requests()) == nth_good


def test_what_cannot_help_is_not_asked_again(hub: Hub) -> None:
    """401, 404, nonsense: once."""
    policy = RetryPolicy(attempts=5, wait_initial_secs=0.01)
    for fault in ({"status": 401}, {"status": 404}, {"status": 501}, {"body": "nonsense"}):
        hub.reset()
        hub.fault(times=0, **fault)
        with opened(hub.url, hub.token, retry=policy) as client:
            assert attempt(lambda: client.count_jobs("alice")).error is not None
        assert len(hub.requests()) == 1


def test_patience_ends(hub: Hub) -> None:
    """A Hub that fails for ever is left after as many attempts as agreed; one that asks to wait too long at once."""
    policy = RetryPolicy(
        attempts=3, patience_secs=5.0, wait_initial_secs=0.01, wait_max_secs=0.02, wait_jitter_secs=0.0
    )
    hub.fault(times=0, status=503)
    with opened(hub.url, hub.token, retry=policy) as client:
        assert attempt(lambda: client.count_jobs("alice")).kind == "HubServerError"
    assert len(hub.requests()) == 3
    hub.reset()
    hub.fault(times=0, status=503, headers={"Retry-After": "60"})
    with opened(hub.url, hub.token, retry=policy) as client:
        assert attempt(lambda: client.count_jobs("alice")).secs < 1
    assert len(hub.requests()) == 1


def test_the_wait_the_hub_asks_for_is_kept(hub: Hub) -> None:
    """One second means one second, though the policy would wait less."""
    policy = RetryPolicy(attempts=2, patience_secs=5.0, wait_initial_secs=0.0, wait_jitter_secs=0.0)
    hub.fault(status=429, headers={"Retry-After": "1"})
    with opened(hub.url, hub.token, retry=policy) as client:
        started = time.monotonic()
        assert client.count_jobs("alice") == 0
        assert time.monotonic() - started >= 1


def test_submissions_use_connections_of_their_own(hub: Hub) -> None:
    """On a connection that was kept open a closing server would leave the outcome unknown."""
    with opened(hub.url, hub.token, limits=LIMITS, retry=NO_RETRY) as client:
        before = hub.connections()
        for _ in range(3):
            client.count_jobs("alice")
            client.create_job("alice", SPEC)
    assert hub.connections() - before == 4
