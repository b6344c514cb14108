"""What each job of a history says of its duration: so long, at least so long, or nothing, and why.

A completed run tells its duration. A run that was cut off, by its timeout, by a person, for want of credit, or by its
own crash, tells that the whole would have taken at least so long; so does one that still runs. Whether a run that
crashed would have taken as long as the others is not known, but it is no different from one that somebody stopped: a
crash in the third minute says no more than "over three minutes", which hardly weighs. Where its log was read, and said
how far it was, that tells how long the whole takes. Nothing is told by a job that never ran, by one whose running time
nobody knows, by one that was attempted several times, whose time is the sum, and by a canary that ended by itself: it
may have done a part of the work only.
"""

from typing import TYPE_CHECKING

from hfplanner.units import MICROSECONDS_PER_SECOND

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OBSERVED_COLUMNS", "observe_runs"]

OBSERVED_COLUMNS = ("id", "flavor", "moment", "labels", "secs", "completed", "by_progress", "cut_off", "excluded")
"""What :func:`observe_runs` returns: ``secs`` [s]; ``cut_off`` and ``excluded`` are reasons, null where they do not
apply; every job has one of them, or is ``completed``: then ``secs`` is the whole, which its log told where it is
``by_progress``."""


def observe_runs(jobs: "pl.LazyFrame") -> "pl.LazyFrame":
    """Return a row per job with what it says of its duration.

    Args:
        jobs: a frame of :data:`~hfplanner.frames.job_schema.JOBS_SCHEMA`.

    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> import polars as pl
    >>> row = dict.fromkeys(JOBS_SCHEMA) | {"id": "a", "flavor": "l4x1", "stage": "error", "reason": "timeout"}
    >>> seen = observe_runs(pl.LazyFrame([row | {"timeout_secs": 3600.0}], schema=JOBS_SCHEMA)).collect()
    >>> seen.select("secs", "completed", "cut_off").row(0)
    (3600.0, False, 'timeout')
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    from hfplanner.frames.job_columns import CANARY_LABEL  # noqa: PLC0415 - polars

    is_canary = pl.col("labels").list.eval(pl.element().struct.field("key") == CANARY_LABEL).list.any()
    ended = pl.col("stage") == "completed"
    by_progress = pl.col("whole_secs").is_not_null() & ~(ended & ~is_canary.fill_null(value=False))
    excluded = pl.when(ended & is_canary & ~by_progress).then(pl.lit("canary")).otherwise(_why_excluded(ended))
    reason = pl.coalesce("reason", "stage")
    return (
        jobs.with_columns(secs=_running_secs(), by_progress=by_progress)
        .with_columns(excluded=excluded)
        .with_columns(
            secs=pl.when("by_progress").then("whole_secs").otherwise("secs"),
            completed=(ended | pl.col("by_progress")) & pl.col("excluded").is_null(),
            by_progress=pl.col("by_progress") & pl.col("excluded").is_null(),
            cut_off=pl.when(pl.col("excluded").is_null() & ~ended & ~pl.col("by_progress")).then(reason),
            moment=pl.coalesce("started_at", "created_at"),
        )
        .select(OBSERVED_COLUMNS)
    )


def _running_secs() -> "pl.Expr":
    import polars as pl  # noqa: PLC0415 - as above

    def between(start: str, end: str) -> pl.Expr:
        return (pl.col(end) - pl.col(start)).dt.total_microseconds() / MICROSECONDS_PER_SECOND

    secs = pl.coalesce(
        "running_secs",
        between("started_at", "finished_at"),
        pl.when(pl.col("reason").is_in(["timeout", "canary"])).then("timeout_secs"),
        pl.when(pl.col("stage") == "running").then(between("started_at", "seen_at")),
    )
    return pl.when(secs.is_finite() & (secs >= 0)).then(secs)


def _why_excluded(completed: "pl.Expr") -> "pl.Expr":
    import polars as pl  # noqa: PLC0415 - as above

    stage, failures = pl.col("stage"), pl.col("failure_count").fill_null(0)
    return (
        pl.when(pl.col("flavor").is_null())
        .then(pl.lit("no_flavor"))
        .when(stage == "scheduling")
        .then(pl.lit("not_started"))
        .when(stage.is_null() | (stage == "unknown"))
        .then(pl.lit("unknown_stage"))
        .when((completed & (failures > 0)) | (failures > 1))
        .then(pl.lit("attempted_again"))
        .when(pl.col("secs").is_null())
        .then(pl.lit("no_running_time"))
    )
