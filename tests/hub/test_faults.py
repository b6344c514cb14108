"""Faults strike the request they are meant for, at the byte they are meant for."""

import json
import re
import time
from typing import Any

import pytest

from tests.hub.asking import ask, connect, raw_request, receive
from tests.hub.control import Fate, Fault, Hub, running_hub

SPEC = json.dumps({"dockerImage": "python:3.12", "flavor": "cpu-basic"}).encode()
LIST = "/api/jobs/alice"


def raw_answer(hub: Hub, timeout: float = 5, **request: Any) -> tuple[bytes, str]:  # noqa: ANN401 - see raw_request
    """Send a request, close our half after it, and return the answer's bytes and how it ended."""
    with connect(hub, timeout) as connection:
        connection.sendall(raw_request(hub, **request))
        return receive(connection)


def masked(answer: bytes) -> bytes:
    """Hide the digits of the request's number, which are never the same twice."""
    return re.sub(rb"(?<=emulated-)\d+", lambda digits: b"0" * len(digits[0]), answer)


def whole_answer(hub: Hub) -> bytes:
    """Return a whole answer: a cut far behind its end closes the connection."""
    hub.fault(cut_at=10**6)
    return masked(raw_answer(hub)[0])


@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_is_cut_at_every_byte(hub: Hub, reset: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A cut at N delivers the first N bytes and no other, and then an end or a reset, as asked."""
    whole = whole_answer(hub)
    places = [*range(0, whole.index(b"\r\n\r\n") + 8, 3), len(whole) - 1, len(whole)]
    for place in places:
        hub.fault(cut_at=place, reset=reset)
        received, ending = raw_answer(hub)
        assert len(received) == place
        assert ending == ("reset" if reset else "end")
        assert whole.startswith(masked(received))


def test_a_cut_can_count_from_the_body(hub: Hub) -> None:
    """``cut_body_at`` 0 delivers the whole head and nothing of the body."""
    whole = whole_answer(hub)
    head = whole[: whole.index(b"\r\n\r\n") + 4]
    for place in (0, 1, 10):
        hub.fault(cut_body_at=place)
        assert masked(raw_answer(hub)[0]) == whole[: len(head) + place]


@pytest.mark.parametrize("place", [0, 1, 17, 60, 200])
def test_a_cut_request_has_no_effect(hub: Hub, place: int) -> None:
    """Wherever a request is cut, no answer comes, no job exists, and the log knows that it was asked."""
    hub.fault(method="POST", cut_request_at=place, reset=True)
    received, ending = raw_answer(hub, method="POST", path=LIST, body=SPEC)
    assert (received, ending) == (b"", "reset")
    assert hub.jobs() == []
    assert [(asked.method, asked.effect, asked.status) for asked in hub.requests()] == [("POST", False, None)]


@pytest.mark.parametrize(("before", "jobs"), [(True, 0), (False, 1)])
def test_a_drop_comes_before_or_after_the_effect(hub: Hub, before: bool, jobs: int) -> None:  # noqa: FBT001 - as above
    """To the client both look the same; only one of them created a job."""
    hub.fault(method="POST", drop=True, before=before)
    assert raw_answer(hub, method="POST", path=LIST, body=SPEC) == (b"", "end")
    assert len(hub.jobs()) == jobs


def test_a_status_comes_although_the_job_exists(hub: Hub) -> None:
    """A 500 after the effect: the job is there, and the log says that the request was let through."""
    hub.fault(method="POST", status=500, body='{"error":"oops"}')
    answer = ask(hub, "POST", LIST, SPEC)
    assert (answer.status, answer.error) == (500, "oops")
    assert len(hub.jobs()) == 1
    assert [(asked.effect, asked.faulted, asked.status) for asked in hub.requests()] == [(True, True, 500)]


@pytest.mark.parametrize("status", [200, 206, 302, 418, 503, 599])
def test_any_status_with_any_body(hub: Hub, status: int) -> None:
    """Status, headers and bytes of the body are the test's own."""
    hub.fault(status=status, body=b"\xff\x00", headers={"X-Mine": "yes", "Content-Type": None})
    answer = ask(hub, "GET", LIST)
    assert (answer.status, answer.body, answer.headers["X-Mine"]) == (status, b"\xff\x00", "yes")
    assert "Content-Type" not in answer.headers


def test_a_status_alone_has_the_services_error(hub: Hub) -> None:
    """In the place of a page, and of a stream; a 2xx keeps the answer."""
    (job_id,) = hub.add_jobs(1)
    for path in (LIST, f"{LIST}/{job_id}/logs"):
        hub.fault(status=503)
        answer = ask(hub, "GET", path)
        assert (answer.status, answer.error) == (503, "A fault, on demand")
    hub.fault(status=202)
    assert ask(hub, "GET", f"{LIST}/{job_id}").json()["id"] == job_id


@pytest.mark.parametrize("status", [101, 204, 304])
def test_a_status_without_a_body_has_none(hub: Hub, status: int) -> None:
    """HTTP has no body after these, so the connection stays in step."""
    hub.fault(status=status, cut_at=10**6)
    answer, _ = raw_answer(hub)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in answer


@pytest.mark.parametrize("delta", [-5, 7])
def test_a_wrong_length(hub: Hub, delta: int) -> None:
    """The head lies by so many bytes; the body that follows is whole, and the connection ends."""
    hub.fault(length_delta=delta)
    answer, ending = raw_answer(hub)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body) + delta}".encode() in head
    assert json.loads(body)["name"] == "alice"
    assert ending == "end"


def test_the_length_may_be_unsaid(hub: Hub) -> None:
    """A body that ends with the connection, and one in chunks: the client reads the same."""
    plain = ask(hub, "GET", LIST)
    for framing, header in (("close", "Connection"), ("chunked", "Transfer-Encoding")):
        hub.fault(framing=framing, headers={"Connection": "close"})
        answer = ask(hub, "GET", LIST)
        assert answer.body == plain.body
        assert header in answer.headers
        assert "Content-Length" not in answer.headers


def test_garbage(hub: Hub) -> None:
    """What should be an answer is any bytes at all."""
    hub.fault(raw=b"\x16\x03\x01 not http")
    assert raw_answer(hub) == (b"\x16\x03\x01 not http", "end")


def test_a_stall_ends_when_the_client_leaves_or_time_is_up(hub: Hub) -> None:
    """Up to the byte, then nothing; after ``stall_secs`` the rest."""
    whole = whole_answer(hub)
    hub.fault(stall_at=20, stall_secs=30)
    assert raw_answer(hub, timeout=0.5) == (whole[:20], "silence")
    hub.fault(stall_body_at=3, stall_secs=0.2, cut_at=10**6)
    began = time.monotonic()
    assert masked(raw_answer(hub)[0]) == whole
    assert time.monotonic() - began >= 0.2


def test_a_drip_and_a_delay(hub: Hub) -> None:
    """A slow answer is whole in the end."""
    whole = whole_answer(hub)
    hub.fault(drip=100, drip_secs=0.02, delay_secs=0.1, cut_at=10**6)
    began = time.monotonic()
    assert masked(raw_answer(hub)[0]) == whole
    assert time.monotonic() - began >= 0.1 + 0.02 * (len(whole) // 100)


def test_a_huge_answer_is_not_held_in_memory(hub: Hub) -> None:
    """64 MiB are sent from one MiB, with their true length."""
    hub.fault(body=b" " * 2**20, repeat=64)
    answer = ask(hub, "GET", LIST)
    assert len(answer.body) == 64 * 2**20


def test_nth_and_times(hub: Hub) -> None:
    """A fault can spare the first requests, strike some, and is spent; others do not count."""
    hub.fault(method="GET", path="/api/jobs/alice$", nth=2, times=2, status=503)
    statuses = []
    for _ in range(5):
        ask(hub, "GET", "/api/whoami-v2")
        statuses.append(ask(hub, "GET", LIST).status)
    assert statuses == [200, 503, 503, 200, 200]
    assert hub.struck() == [2]


def test_times_zero_never_ends_until_it_is_cleared(hub: Hub) -> None:
    """An outage lasts as long as the test wants."""
    hub.fault(times=0, status=503)
    assert [ask(hub, "GET", LIST).status for _ in range(3)] == [503] * 3
    hub.clear_faults()
    assert ask(hub, "GET", LIST).status == 200


def test_one_fault_strikes_at_a_time(hub: Hub) -> None:
    """Of two that fit, the first strikes; the second waits for the next request."""
    hub.fault(status=500)
    hub.fault(status=502)
    assert [ask(hub, "GET", LIST).status for _ in range(3)] == [500, 502, 200]


def test_fields_go_missing_and_appear(hub: Hub) -> None:
    """A dotted path reaches one field, a star reaches those of every job on a page."""
    hub.add_jobs(3)
    hub.fault(remove=("*.status.stage", "0.owner"), put={"*.flavor": "tpu-v9", "1.novel": [1]})
    jobs = ask(hub, "GET", LIST).json()
    assert [job["flavor"] for job in jobs] == ["tpu-v9"] * 3
    assert not any("stage" in job["status"] for job in jobs)
    assert ["owner" in job for job in jobs] == [False, True, True]
    assert jobs[1]["novel"] == [1]


def test_a_page_is_repeated_reversed_or_shrinks(hub: Hub) -> None:
    """The pages of a listing misbehave one by one."""
    ids = hub.add_jobs(4)
    newest = ids[::-1]
    hub.configure(page_size=2)
    hub.fault(next_link="self")
    first = ask(hub, "GET", LIST)
    again = ask(hub, "GET", first.next or "")
    assert [job["id"] for job in first.json()] == [job["id"] for job in again.json()] == newest[:2]
    hub.fault(page="reverse")
    assert [job["id"] for job in ask(hub, "GET", LIST).json()] == newest[1::-1]
    hub.fault(page="shrink")
    assert [job["id"] for job in ask(hub, "GET", LIST).json()] == newest[:1]
    hub.fault(next_link="")
    assert ask(hub, "GET", LIST).next is None


def test_jobs_arrive_while_a_listing_is_read(hub: Hub) -> None:
    """Right after a page was made there are more jobs than before."""
    hub.add_jobs(2)
    hub.fault(arrive=3)
    assert len(ask(hub, "GET", LIST).json()) == 2
    assert len(ask(hub, "GET", LIST).json()) == 5


def test_a_foreign_link_and_redirect(hub: Hub) -> None:
    """Both can name another server, and that server's own log tells who came with what."""
    with running_hub() as foreign:
        hub.fault(next_link=f"{foreign.url}/api/jobs/alice?cursor=x")
        assert ask(hub, "GET", LIST).next == f"{foreign.url}/api/jobs/alice?cursor=x"
        hub.fault(status=307, headers={"Location": f"{foreign.url}{LIST}"})
        answer = ask(hub, "POST", LIST, SPEC)
        assert (answer.status, answer.headers["Location"]) == (307, f"{foreign.url}{LIST}")
        assert foreign.requests() == []


def test_connections_are_refused_while_it_is_down(hub: Hub) -> None:
    """Nothing listens; afterwards the same port does, with the same jobs."""
    hub.add_jobs(1)
    with hub.down(), pytest.raises(ConnectionRefusedError):
        connect(hub)
    assert len(ask(hub, "GET", LIST).json()) == 1


def test_a_stream_is_cut_too(hub: Hub) -> None:
    """The bytes of server-sent events are counted like any others."""
    (job_id,) = hub.add_jobs(1, fate=Fate(logs=((1, "a" * 100),)))
    hub.advance(100)
    hub.fault(cut_body_at=30)
    answer, ending = raw_answer(hub, path=f"{LIST}/{job_id}/logs")
    assert len(answer.partition(b"\r\n\r\n")[2]) == 30
    assert ending == "end"


def test_a_fault_that_is_misspelled_is_refused(hub: Hub) -> None:
    """A test that arms nothing must not pass."""
    with pytest.raises(TypeError, match="cut_att"):
        Fault(cut_att=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="page_sice"):
        hub.configure(page_sice=1)
