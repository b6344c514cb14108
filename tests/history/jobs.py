"""Jobs frames for tests: only what a test is about is said, the rest is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from hfplanner.frames.jobs import JOBS_SCHEMA

__all__ = ["JANUARY", "job", "jobs_frame"]

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def job(job_id: str = "a", *, seen: int = 0, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's value
    """Return a row that was seen ``seen`` hours after January began."""
    given = {"id": job_id, "stage": "completed", "created_at": JANUARY, "source": "test", **values}
    return {**dict.fromkeys(JOBS_SCHEMA), "seen_at": JANUARY + timedelta(hours=seen), **given}


def jobs_frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return rows as a jobs frame."""
    return pl.DataFrame(rows, schema=JOBS_SCHEMA)
