"""Strategies for jobs frames: any course of a job, edges of days and minutes included."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from hfplanner.frames.job_schema import JOBS_SCHEMA

__all__ = ["NOW", "job_frames", "jobs"]

NOW = datetime(2026, 9, 15, 8, tzinfo=UTC)
_MOMENTS = st.datetimes(datetime(2025, 9, 1), datetime(2026, 9, 15)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis takes naive bounds
_WHOLE = st.integers(0, 4000).map(lambda minutes: timedelta(minutes=minutes))
_SPANS = _WHOLE | st.timedeltas(timedelta(0), timedelta(days=3))
_NAMES = st.none() | st.sampled_from(["a", "b", "", "train"])


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one job, without its id."""
    created = draw(_MOMENTS)
    started = draw(st.none() | _SPANS.map(lambda span: created + span))
    finished = draw(st.none() | _SPANS.map(lambda span: (started or created) + span))
    return {
        "namespace": draw(st.sampled_from(["acme", "ada"])),
        "owner": draw(_NAMES),
        "name": draw(_NAMES),
        "flavor": draw(st.none() | st.sampled_from(["l4x1", "a100-large", "h100", "cpu-basic", "nowhere"])),
        "labels": [{"key": "team", "value": value} for value in draw(st.lists(st.sampled_from("xyz"), max_size=1))],
        "stage": draw(st.sampled_from(["completed", "error", "cancelled", "deleted", "running", "scheduling", "?"])),
        "reason": draw(st.sampled_from(["timeout", "out_of_memory", "error", "completed", "cancelled"])),
        "created_at": created,
        "started_at": started,
        "finished_at": finished,
        "running_secs": draw(st.none() | st.floats(0, 1e6)),
        "total_secs": draw(st.none() | st.floats(0, 1e6)),
        "timeout_secs": draw(st.none() | st.floats(1, 1e6)),
        "attempts": draw(st.none() | st.integers(1, 5)),
        "failure_count": draw(st.none() | st.integers(0, 9)),
        "ports": draw(st.none() | st.integers(0, 3)),
        "seen_at": draw(st.none() | _MOMENTS),
    }


def job_frames(most: int = 12) -> st.SearchStrategy[pl.DataFrame]:
    """Return frames of up to ``most`` jobs, each with an id of its own."""
    return st.lists(jobs(), max_size=most).map(
        lambda rows: pl.DataFrame([row | {"id": f"{n:024x}"} for n, row in enumerate(rows)], schema=JOBS_SCHEMA)
    )
