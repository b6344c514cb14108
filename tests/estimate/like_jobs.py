"""A history to ask: jobs of which only what a test is about is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from hfplanner.frames.job_schema import JOBS_SCHEMA

__all__ = ["START", "history", "job"]

START = datetime(2026, 1, 1, tzinfo=UTC)


def job(number: int, secs: float | None = None, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's value
    """Return the job started ``number`` hours after the year began: completed, named train, on one L4 by default."""
    moment = START + timedelta(hours=number)
    labels = [{"key": key, "value": value} for key, value in sorted(said.pop("labels", {}).items())]
    usual = {"name": "train", "flavor": "l4x1", "stage": "completed", "reason": said.get("stage", "completed")}
    times = {"created_at": moment, "started_at": moment, "running_secs": secs}
    return dict.fromkeys(JOBS_SCHEMA) | {"id": f"{number:024x}", "labels": labels} | usual | times | said


def history(*jobs: dict[str, Any]) -> pl.LazyFrame:
    """Return jobs as the frame that a history is read into."""
    return pl.LazyFrame(jobs, schema=JOBS_SCHEMA)
