"""The three streams of a job as server-sent events: logs, metrics, events."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.hub.clock import iso
from tests.hub.jobs import TERMINAL, Job
from tests.hub.state import Store

__all__ = ["events", "logs", "metrics"]

_KEEP_ALIVE = b": keep-alive\n\n"
# How often a stream looks at a clock that runs by itself.
_LOOK_SECS = 0.02


def _event(value: dict[str, Any], name: str | None = None) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


class _Follower:
    """Waits for news, with a comment whenever the stream has been silent for long; ends when the test is over."""

    def __init__(self, store: Store, job: Job) -> None:
        self.store, self.job = store, job
        self._spoke = time.monotonic()

    def spoke(self) -> None:
        self._spoke = time.monotonic()

    def alive(self) -> bool:
        return self.store.jobs.get(self.job.id) is self.job

    def wait(self, most_secs: float | None = None) -> Iterator[bytes]:
        """Wait for a change; yield a comment if one is due."""
        store = self.store
        due = self._spoke + store.settings.keep_alive_secs
        secs = max(due - time.monotonic(), 0.0)
        secs = secs if most_secs is None else min(secs, most_secs)
        with store.changed:
            store.changed.wait(min(secs, _LOOK_SECS) if store.clock.speed else secs)
        if time.monotonic() >= due:
            self.spoke()
            yield _KEEP_ALIVE


def _log_lines(job: Job, now_ms: int) -> list[tuple[int, str]]:
    started = job.moment(now_ms).started_ms
    if started is None:
        return []
    finished = job.moment(now_ms).finished_ms
    last = now_ms if finished is None else min(finished, now_ms)
    if job.cancelled_ms is not None:
        last = min(last, job.cancelled_ms)
    lines = [(started, f"===== Job started at {iso(started)[:19].replace('T', ' ')} =====")]
    lines += [(started + round(secs * 1000), line) for secs, line in job.fate.logs]
    return [(when, line) for when, line in lines if when <= last]


def _follow(store: Store, job: Job, news: Callable[[int], list[bytes]], skip: int = 0) -> Iterator[bytes]:
    """Yield all news, those that come later too, until the job is over."""
    follower, told = _Follower(store, job), skip
    while follower.alive():
        with store.changed:
            now = store.clock.now()
            fresh, over = news(now)[told:], job.moment(now).stage in TERMINAL
        if fresh:
            told += len(fresh)
            yield b"".join(fresh)
            follower.spoke()
        elif over:
            return
        else:
            yield from follower.wait()


def logs(store: Store, job: Job, tail: int | None) -> Iterator[bytes]:
    """Stream the log from its first line or its last few, until the job ends."""

    def news(now_ms: int) -> list[bytes]:
        return [_event({"timestamp": iso(when), "data": line}) for when, line in _log_lines(job, now_ms)]

    with store.changed:
        present = len(news(store.clock.now()))
    return _follow(store, job, news, 0 if tail is None else max(present - tail, 0))


def events(store: Store, job: Job) -> Iterator[bytes]:
    """Stream the job's changes of stage until it ends (the shape is unverified)."""

    def news(now_ms: int) -> list[bytes]:
        moment = job.moment(now_ms)
        told: list[tuple[int, str, str | None]] = [(job.created_ms, "SCHEDULING", None)]
        if moment.started_ms is not None:
            told.append((moment.started_ms, "RUNNING", None))
        if moment.stage in TERMINAL:
            told.append((moment.finished_ms or job.cancelled_ms or now_ms, moment.stage, moment.message))
        return [
            _event({"timestamp": iso(when), "stage": stage, "message": message}, "status")
            for when, stage, message in told
        ]

    return _follow(store, job, news)


def metrics(store: Store, job: Job) -> Iterator[bytes]:
    """Stream one sample per interval while the job runs; the stream does not end with the job."""
    follower = _Follower(store, job)
    while follower.alive():
        with store.changed:
            running = job.moment(store.clock.now()).stage == "RUNNING"
            sample = _event(_sample(store, job), "metric")
        if running:
            yield sample
            follower.spoke()
        until = time.monotonic() + store.settings.metrics_interval_secs
        while follower.alive() and (left := until - time.monotonic()) > 0:
            yield from follower.wait(left)


def _sample(store: Store, job: Job) -> dict[str, Any]:
    row = next((row for row in store.settings.hardware if row["name"] == job.spec["flavor"]), {})
    accelerator = row.get("accelerator") or {}
    count = int(accelerator.get("quantity", 0))
    total = int(str(accelerator.get("vram", "0 GB")).split()[0]) * 10**9 // max(count, 1)
    gpu = {
        "utilization": job.fate.gpu_utilization,
        "memory_used_bytes": job.fate.gpu_memory_bytes,
        "memory_total_bytes": total if job.fate.gpu_total_bytes is None else job.fate.gpu_total_bytes,
    }
    # A flavor of "15 GB" reports 15032385536 bytes, which is 14 GiB (huggingface_hub 2.4.0, fetch_job_metrics).
    ram_gb = int(str(row.get("ram", "16 GB")).split()[0])
    return {
        "cpu_usage_pct": 50,
        "cpu_millicores": int(str(row.get("cpu", "2 vCPU")).split()[0]) * 1000,
        "memory_used_bytes": job.fate.memory_bytes,
        "memory_total_bytes": (ram_gb - 1) * 2**30,
        "rx_bps": 0,
        "tx_bps": 0,
        "gpus": {f"{job.id[-6:]}{place:02x}": gpu for place in range(count)},
        "replica": job.id[-5:],
    }
