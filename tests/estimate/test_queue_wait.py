"""The queue of a flavor, from jobs that waited for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from hfplanner.estimate.queue_wait import queue_waits
from hfplanner.frames.job_schema import JOBS_SCHEMA

_START = datetime(2026, 9, 1, tzinfo=UTC)


def jobs(*rows: dict[str, Any]) -> pl.LazyFrame:
    """Return jobs on one flavor."""
    empty = dict.fromkeys(JOBS_SCHEMA) | {"flavor": "h200", "created_at": _START}
    return pl.LazyFrame([empty | {"id": str(n)} | row for n, row in enumerate(rows)], schema=JOBS_SCHEMA)


def started_after(secs: int) -> dict[str, Any]:
    """Return a job that waited so long and then ran."""
    started = _START + timedelta(seconds=secs)
    return {"stage": "completed", "started_at": started, "finished_at": started + timedelta(hours=1)}


def still_waiting(secs: int) -> dict[str, Any]:
    """Return a job that has waited so long and has not started."""
    return {"stage": "scheduling", "seen_at": _START + timedelta(seconds=secs)}


def test_the_wait_is_that_of_jobs_that_started() -> None:
    """Five jobs, one minute to four hours."""
    wait = queue_waits(jobs(*map(started_after, (60, 120, 600, 3600, 14400))))["h200"]
    assert (wait.secs.low, wait.secs.likely, wait.secs.high) == (60, 600, 14400)
    assert wait.jobs == 5


def test_a_job_that_still_waits_makes_the_wait_longer() -> None:
    """Leaving out those that wait would tell only of the lucky ones."""
    started = [started_after(secs) for secs in (60, 60, 60, 120, 600)]
    with_waiting = queue_waits(jobs(*started, *[still_waiting(40_000)] * 5))["h200"]
    assert with_waiting.secs.high > queue_waits(jobs(*started))["h200"].secs.high
    assert with_waiting.secs.high == 40_000


def test_few_waits_say_nothing() -> None:
    """Four jobs are no queue, and a flavor that nobody waited for has none: not known is not zero."""
    assert queue_waits(jobs(*map(started_after, (60, 120, 600, 3600)))) == {}
    assert queue_waits(jobs(*[still_waiting(60)] * 9)) == {}
