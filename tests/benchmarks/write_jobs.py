"""A history of any size as Parquet, month by month as the store keeps it: ``write_jobs JOBS FOLDER``."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from hfplanner.frames.job_schema import JOBS_SCHEMA

__all__ = ["NOW", "write_jobs"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_MONTHS = 12
_SHARE = (0.25, 0.15, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05)
_FLAVORS = ("cpu-basic", "t4-small", "l4x1", "a10g-small", "a10g-large", "a100-large", "h200", "l40sx1")
_REASONS = ("completed", "error", "timeout", "out_of_memory", "cancelled")
_ODDS = (0.8, 0.09, 0.04, 0.02, 0.05)
_MICRO = 10**6


def write_jobs(count: int, folder: Path) -> None:
    """Write ``count`` jobs in twelve files, always the same."""
    rng = np.random.default_rng(11)
    done = 0
    for month in range(_MONTHS):
        part = count * (month + 1) // _MONTHS - done
        _month(rng, part, month, done).write_parquet(folder / f"{month:02}.parquet", compression_level=1)
        done += part


def _month(rng: np.random.Generator, count: int, month: int, first_id: int) -> pl.DataFrame:
    begin = NOW - timedelta(days=30 * (_MONTHS - month))
    created = np.sort(rng.integers(0, 30 * 86400 * _MICRO, count))
    waited = rng.integers(1, 600 * _MICRO, count)
    ran = np.minimum(rng.lognormal(7, 1.5, count), 86400) * _MICRO
    reason = pl.Series(rng.choice(len(_REASONS), count, p=_ODDS))
    owner = pl.Series(rng.zipf(1.5, count) % 500)
    frame = pl.DataFrame({"n": np.arange(first_id, first_id + count), "created": created, "waited": waited})
    frame = frame.with_columns(
        ran=pl.Series(ran).cast(pl.Int64),
        flavor=pl.Series(rng.choice(len(_FLAVORS), count, p=_SHARE)),
        reason=reason,
        owner=owner,
        job=pl.Series(rng.integers(0, 20, count)),
    )
    start = pl.lit(begin) + pl.duration(microseconds=pl.col("created"))
    is_error = pl.col("reason").is_between(1, 3)
    columns = {
        "id": pl.format("{}{}", pl.lit("66f0a1b2c3d4"), pl.col("n").cast(pl.String).str.zfill(12)),
        "namespace": pl.lit("acme"),
        "owner": pl.format("user-{}", "owner"),
        "initiator_type": pl.lit("user"),
        "flavor": pl.col("flavor").replace_strict(dict(enumerate(_FLAVORS)), return_dtype=pl.String),
        "name": pl.format("train-{}-{}", "owner", "job"),
        "labels": pl.concat_list(pl.struct(key=pl.lit("team"), value=pl.format("team-{}", pl.col("owner") % 9))),
        "reason": pl.col("reason").replace_strict(dict(enumerate(_REASONS)), return_dtype=pl.String),
        "stage": pl.when(pl.col("reason") == 0)
        .then(pl.lit("completed"))
        .when(is_error)
        .then(pl.lit("error"))
        .otherwise(pl.lit("cancelled")),
        "created_at": start,
        "started_at": start + pl.duration(microseconds=pl.col("waited")),
        "finished_at": start + pl.duration(microseconds=pl.col("waited") + pl.col("ran")),
        "running_secs": pl.col("ran") / _MICRO,
        "timeout_secs": pl.lit(86400.0),
        "attempts": pl.lit(1),
        "seen_at": pl.lit(NOW),
    }
    missing = {name: pl.lit(None, kind) for name, kind in JOBS_SCHEMA.items() if name not in columns}
    return frame.select(**columns, **missing).select(JOBS_SCHEMA.names()).cast(dict(JOBS_SCHEMA))


if __name__ == "__main__":
    write_jobs(int(sys.argv[1]), Path(sys.argv[2]))
