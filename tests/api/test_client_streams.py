"""Logs, metrics and events: to the end of the job, across broken connections, nothing twice, nothing left out."""

import threading
import time
from collections.abc import Iterator

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.limits import Limits
from hfplanner.api.retry import RetryPolicy
from hfplanner.api.sse import KEEP_ALIVE, Event, EventParser, EventTooLong
from hfplanner.errors import HubInterrupted, HubNotFound, HubUnreadable
from tests.hub.control import Fate, Hub

LINES = tuple((float(second), f"line {second}") for second in range(20))
QUICK = RetryPolicy(wait_initial_secs=0.01, wait_max_secs=0.05, wait_jitter_secs=0.0)
LIMITS = Limits(idle_secs=0.5, check_secs=0.1, reconnects=3)


@pytest.fixture
def client(hub: Hub) -> Iterator[JobsClient]:
    """Return a client whose waits are short."""
    with JobsClient(hub.url, token=Token(hub.token), limits=LIMITS, retry=QUICK) as opened:
        yield opened


def finished_job(hub: Hub) -> str:
    """Put a job with twenty log lines into the past."""
    return past_job(hub, Fate(logs=LINES))


def past_job(hub: Hub, fate: Fate) -> str:
    """Put a job into the past, and let it end."""
    job_id = hub.add_jobs(fate=fate)[0]
    hub.advance(3600)
    return job_id


def texts(lines: Iterator[object]) -> list[str]:
    """Return the lines the job wrote itself."""
    return [line.data for line in lines if not line.data.startswith("=====")]  # type: ignore[attr-defined]


ALL = [text for _, text in LINES]


def test_the_log_of_a_finished_job_is_read_once_to_its_end(client: JobsClient, hub: Hub) -> None:
    """One look at the job, one stream, every line in order."""
    job_id = finished_job(hub)
    assert texts(client.logs("alice", job_id)) == ALL
    assert len(hub.requests()) == 2


def test_tail_begins_with_the_last_lines(client: JobsClient, hub: Hub) -> None:
    """The Hub is asked for the last three, and gives them."""
    job_id = finished_job(hub)
    assert texts(client.logs("alice", job_id, tail=3)) == ALL[-3:]


def test_a_log_is_followed_until_the_job_has_ended(client: JobsClient, hub: Hub) -> None:
    """Lines that come later are given later; the end of the job ends the iteration."""
    hub.fate(Fate(scheduling_secs=1, running_secs=30, logs=LINES))
    job_id = client.create_job("alice", {"dockerImage": "a", "flavor": "cpu-basic", "command": ["a"]}).job_id
    hub.advance(6)

    def let_time_pass() -> None:
        for _ in range(12):
            time.sleep(0.05)
            hub.advance(3)

    clock = threading.Thread(target=let_time_pass)
    lines = client.logs("alice", job_id)
    first = next(lines)
    clock.start()
    assert [first.data, *(line.data for line in lines)][1:] == ALL
    clock.join()


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_log_goes_on_without_repeating_or_losing_a_line(client: JobsClient, hub: Hub, *, reset: bool) -> None:
    """Whatever the byte at which two connections break, each line comes once."""
    job_id = finished_job(hub)
    for cut in (0, 1, 40, 200, 333, 600):
        hub.clear_faults()
        hub.fault(path="/logs", cut_body_at=cut, times=2, reset=reset)
        assert texts(client.logs("alice", job_id)) == ALL


def test_a_cut_tail_goes_on_where_it_was(client: JobsClient, hub: Hub) -> None:
    """After a reconnect the lines before the tail are not taken for new ones."""
    job_id = finished_job(hub)
    hub.fault(path="/logs", cut_body_at=100)
    assert texts(client.logs("alice", job_id, tail=5)) == ALL[-5:]


def test_equal_lines_are_all_given(client: JobsClient, hub: Hub) -> None:
    """Three lines that look the same and come at the same moment are three lines, after a cut too."""
    job_id = past_job(hub, Fate(logs=((1.0, "same"), (1.0, "same"), (1.0, "same"), (2.0, "end"))))
    hub.fault(path="/logs", cut_body_at=200)
    assert texts(client.logs("alice", job_id)) == ["same", "same", "same", "end"]


def test_a_stream_that_breaks_again_and_again_is_given_up(client: JobsClient, hub: Hub) -> None:
    """Without a new line, after as many attempts as the limits allow."""
    job_id = finished_job(hub)
    hub.fault(path="/logs", cut_body_at=0, times=0)
    with pytest.raises(HubInterrupted):
        list(client.logs("alice", job_id))
    assert hub.struck() == [LIMITS.reconnects + 1]


def test_a_silent_stream_of_a_finished_job_ends(client: JobsClient, hub: Hub) -> None:
    """Some streams never end: silence beyond every keep-alive does not hold anybody for ever."""
    job_id = finished_job(hub)
    hub.fault(path="/logs", stall_body_at=200, times=0)
    started = time.monotonic()
    assert len(list(client.logs("alice", job_id))) >= 1
    assert time.monotonic() - started < 5


def test_keep_alives_do_not_keep_a_finished_job_alive(client: JobsClient, hub: Hub) -> None:
    """A stream that only breathes is left once the job has ended."""
    hub.configure(keep_alive_secs=0.05)
    hub.fate(Fate(scheduling_secs=None))
    job_id = client.create_job("alice", {"dockerImage": "a", "flavor": "cpu-basic", "command": ["a"]}).job_id
    threading.Timer(0.4, client.cancel_job, ("alice", job_id)).start()
    assert texts(client.logs("alice", job_id)) == []


def test_the_log_of_no_job_is_an_error(client: JobsClient) -> None:
    """A wrong id is not taken up again."""
    with pytest.raises(HubNotFound):
        list(client.logs("alice", "0" * 24))


def test_metrics_end_with_the_job_though_their_stream_does_not(client: JobsClient, hub: Hub) -> None:
    """Samples as records, then the end."""
    hub.configure(metrics_interval_secs=0.05)
    hub.fate(Fate(scheduling_secs=1, running_secs=60, gpu_memory_bytes=22_836_000_000, gpu_utilization=80))
    job_id = client.create_job("alice", {"dockerImage": "a", "flavor": "a10g-small", "command": ["a"]}).job_id
    hub.advance(5)
    samples = client.metrics("alice", job_id)
    sample = next(samples)
    assert [gpu.memory_used_bytes for gpu in sample.gpus.values()] == [22_836_000_000]
    hub.advance(100)
    rest = list(samples)
    assert all(one.cpu_millicores for one in rest)


def test_metrics_of_a_finished_job_are_none(client: JobsClient, hub: Hub) -> None:
    """The Hub keeps no history: nothing comes, and nothing fails."""
    assert list(client.metrics("alice", finished_job(hub))) == []


def test_events_tell_the_life_of_a_job(client: JobsClient, hub: Hub) -> None:
    """From scheduling to its end, each once, across a cut."""
    job_id = finished_job(hub)
    hub.fault(path="/events", cut_body_at=150)
    assert [event["stage"] for event in client.events("alice", job_id)] == ["SCHEDULING", "RUNNING", "COMPLETED"]


@pytest.mark.parametrize("body", ["data: nonsense\n\n", "data: [1]\n\n", 'data: {"a":1,"a":2}\n\n', "data: {NaN}\n\n"])
def test_an_event_that_is_no_json_object_is_unreadable(client: JobsClient, hub: Hub, body: str) -> None:
    """The same strictness as everywhere."""
    job_id = finished_job(hub)
    hub.fault(path="/logs", body=body, headers={"Content-Type": "text/event-stream"})
    with pytest.raises(HubUnreadable):
        list(client.logs("alice", job_id))


def test_an_event_without_end_is_refused_at_its_cap(hub: Hub) -> None:
    """A line may be a mebibyte long and no longer."""
    limits = Limits(event_bytes=1000)
    job_id = finished_job(hub)
    hub.fault(path="/logs", body="data: " + "x" * 5000, headers={"Content-Type": "text/event-stream"})
    with (
        JobsClient(hub.url, token=Token(hub.token), limits=limits, retry=QUICK) as client,
        pytest.raises(HubUnreadable, match="longer than 1000 bytes"),
    ):
        list(client.logs("alice", job_id))


def test_a_page_is_not_a_stream(client: JobsClient, hub: Hub) -> None:
    """An answer of another type, a login page for example, is unreadable."""
    job_id = finished_job(hub)
    hub.fault(path="/logs", body="<html>", headers={"Content-Type": "text/html"})
    with pytest.raises(HubUnreadable):
        list(client.logs("alice", job_id))


STREAM = b"\xef\xbb\xbf: hi\r\nevent: a\rdata: 1\ndata:2\n\n\ndata\n\nid: 7\n\ndata: \xff\n\ndata: cut"
EVENTS = [KEEP_ALIVE, Event("a", "1\n2"), Event("message", ""), Event("message", "\N{REPLACEMENT CHARACTER}")]


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_events_are_the_same_however_their_bytes_are_cut(size: int) -> None:
    """LF, CR and CRLF, comments, names, ids, several lines of data, bad UTF-8, and an event that was cut."""
    parser = EventParser(max_bytes=100)
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [event for piece in pieces for event in parser.feed(piece)] == EVENTS


@pytest.mark.parametrize("endless", [b"x", b"data: x\n", b":"])
def test_what_a_parser_holds_is_capped(endless: bytes) -> None:
    """Neither a line without end nor an event of endless lines grows beyond the cap."""
    parser = EventParser(max_bytes=1000)
    endlessly = (event for _ in range(1001) for event in parser.feed(endless))
    with pytest.raises(EventTooLong):
        list(endlessly)
