"""The three streams: what comes when, what silence looks like, and how they end."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hub.asking import ask, connect, raw_request
from tests.hub.control import Fate, Hub

JOBS = "/api/jobs/alice"


class Stream:
    """A stream as it comes in."""

    def __init__(self, hub: Hub, path: str) -> None:
        self._connection = connect(hub, timeout=5)
        self._connection.sendall(raw_request(hub, path=path))
        self._received = b""
        # The server knows where the stream begins once its head has come.
        while b"\r\n\r\n" not in self._received:
            self._receive()

    def close(self) -> None:
        """Leave."""
        self._connection.close()

    def _receive(self) -> None:
        piece = self._connection.recv(65536)
        assert piece, f"the stream ended too early: {self.text}"
        self._received += piece

    def until(self, pattern: str) -> str:
        """Read until something has come, and return all that has."""
        while not re.search(pattern, self.text):
            self._receive()
        return self.text

    def until_end(self) -> None:
        """Read the last chunk."""
        while not self.ended:
            self._receive()

    @property
    def text(self) -> str:
        """Return the stream's text so far, out of its chunks."""
        return re.sub(r"\r\n[0-9a-f]+\r\n", "", self._received.decode().partition("\r\n\r\n")[2])

    @property
    def ended(self) -> bool:
        """Tell whether the last chunk has come."""
        return self._received.endswith(b"\r\n0\r\n\r\n")

    def data(self) -> list[Any]:
        """Return the events that have come."""
        return [json.loads(line) for line in re.findall(r"data: (.*)\n", self.text)]


@contextmanager
def stream(hub: Hub, job_id: str, route: str) -> Iterator[Stream]:
    """Open a stream."""
    opened = Stream(hub, f"{JOBS}/{job_id}/{route}")
    try:
        yield opened
    finally:
        opened.close()


def test_a_log_is_replayed_then_followed_to_the_end(hub: Hub) -> None:
    """Lines up to now at once, later ones when the clock gets there, and the end with the job."""
    (job_id,) = hub.add_jobs(1, fate=Fate(logs=((1, "a"), (30, "b"), (59, "c"))))
    hub.advance(10)
    with stream(hub, job_id, "logs") as log:
        log.until('"a"')
        assert '"b"' not in log.text
        hub.advance(25)
        log.until('"b"')
        assert not log.ended
        hub.advance(1000)
        log.until('"c"')
        log.until_end()
        assert [event["data"] for event in log.data()] == ["===== Job started at 2026-09-01 00:00:05 =====", *"abc"]
        assert log.data()[1]["timestamp"] == "2026-09-01T00:00:06.000Z"


def test_silence_is_broken_by_comments(hub: Hub) -> None:
    """A job that says nothing keeps its stream alive with ``: keep-alive``."""
    hub.configure(keep_alive_secs=0.1)
    (job_id,) = hub.add_jobs(1, fate=Fate(scheduling_secs=None))
    began = time.monotonic()
    for route in ("logs", "metrics"):
        with stream(hub, job_id, route) as silent:
            silent.until("(: keep-alive\n\n.*){3}")
            assert silent.data() == []
    assert time.monotonic() - began >= 0.6


def test_a_tail_starts_late(hub: Hub) -> None:
    """The last lines that are there, and everything after; 0 is none of them."""
    (job_id,) = hub.add_jobs(1, fate=Fate(logs=tuple((second, str(second)) for second in range(1, 6))))
    hub.advance(8)
    with stream(hub, job_id, "logs?tail=1") as log, stream(hub, job_id, "logs?tail=0") as none:
        log.until('"3"')
        hub.advance(1)
        log.until('"4"')
        none.until('"4"')
        assert [event["data"] for event in log.data()] == ["3", "4"]
        assert [event["data"] for event in none.data()] == ["4"]


def test_a_cancelled_job_says_no_more(hub: Hub) -> None:
    """Its log ends with the cancel, whatever its script would have said."""
    (job_id,) = hub.add_jobs(1, fate=Fate(logs=((1, "a"), (20, "b"))))
    hub.advance(10)
    ask(hub, "POST", f"{JOBS}/{job_id}/cancel")
    hub.advance(100)
    log = ask(hub, "GET", f"{JOBS}/{job_id}/logs").body.decode()
    assert '"a"' in log
    assert '"b"' not in log


def test_metrics_come_while_it_runs_and_the_stream_outlives_the_job(hub: Hub) -> None:
    """Named events, one per interval; after the end only comments."""
    hub.configure(metrics_interval_secs=0.05, keep_alive_secs=0.15)
    (job_id,) = hub.add_jobs(1, flavor="a10g-largex2")
    hub.advance(10)
    with stream(hub, job_id, "metrics") as metrics:
        metrics.until("(event: metric\ndata: .*\n\n){3}")
        assert [len(event["gpus"]) for event in metrics.data()[:3]] == [2, 2, 2]
        hub.advance(1000)
        # While it runs there is a sample between any two comments.
        metrics.until("(: keep-alive\n\n){3}")
        assert not metrics.ended
    assert ask(hub, "GET", f"{JOBS}/{job_id}/metrics").status == 406


def test_events_tell_the_stages(hub: Hub) -> None:
    """Each change once, and the end with the job."""
    (job_id,) = hub.add_jobs(1, fate=Fate(outcome="oom"))
    with stream(hub, job_id, "events") as events:
        events.until("SCHEDULING")
        hub.advance(30)
        events.until("RUNNING")
        hub.advance(300)
        events.until_end()
        assert [event["stage"] for event in events.data()] == ["SCHEDULING", "RUNNING", "ERROR"]


def test_a_reset_ends_what_is_open(hub: Hub) -> None:
    """No stream of one test reaches the next."""
    (job_id,) = hub.add_jobs(1, fate=Fate(scheduling_secs=None))
    ends: list[bytes] = []
    connection = connect(hub)
    with connection:
        connection.sendall(raw_request(hub, path=f"{JOBS}/{job_id}/logs"))
        connection.recv(65536)
        reader = threading.Thread(target=lambda: ends.append(connection.recv(65536)))
        reader.start()
        hub.reset()
        reader.join(2)
    assert ends == [b""]
