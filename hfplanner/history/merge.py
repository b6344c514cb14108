"""Several observations of a job to one: what never changes is joined, the newest state is taken whole."""

from datetime import timedelta

import polars as pl

from hfplanner.frames.job_checks import final_stage
from hfplanner.frames.job_columns import JOB_COLUMNS
from hfplanner.frames.job_schema import JOBS_SCHEMA

__all__ = ["PROVENANCE", "merge_jobs"]

PROVENANCE = ("source", "seen_at")
"""Who saw a job when: not part of what the job is."""

_STATE = tuple(column.name for column in JOB_COLUMNS if column.is_state)
_FIXED = tuple(column.name for column in JOB_COLUMNS if not column.is_state and column.name != "id")
_MICROSECONDS = timedelta(seconds=1) // timedelta(microseconds=1)


def merge_jobs(jobs: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each id of a jobs frame, sorted by creation and id.

    The result does not depend on the order, the repetition or the grouping of the rows: it is a semilattice's join.

    >>> from datetime import UTC, datetime
    >>> then, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    >>> rows = [("a", "completed", then, 60.0), ("a", "running", now, None)]
    >>> frame = pl.DataFrame(rows, ["id", "stage", "seen_at", "timeout_secs"], orient="row")
    >>> merge_jobs(frame.match_to_schema(JOBS_SCHEMA, missing_columns="insert", integer_cast="upcast"))["stage"].item()
    'completed'
    """
    repeated = jobs["id"].is_duplicated()
    if repeated.any():
        alone = jobs.filter(~repeated)
        jobs = pl.concat([alone, _merged(jobs.filter(repeated))])
    return jobs if _is_sorted(jobs) else jobs.sort("created_at", "id")


def _is_sorted(jobs: pl.DataFrame) -> bool:
    """Whether the rows are sorted by creation and id already: moving wide rows costs more than looking."""
    created, job_id = pl.col("created_at"), pl.col("id")
    falls = (created.shift() > created) | ((created.shift() == created) & (job_id.shift() > job_id))
    return not jobs.select(falls.any()).item()


def _merged(jobs: pl.DataFrame) -> pl.DataFrame:
    ordered = jobs.sort("id", *_rank(), nulls_last=False)
    groups = ordered.group_by("id", maintain_order=True)
    merged = groups.agg(pl.col(*_FIXED).max(), pl.col(*_STATE).last())
    return merged.select(JOBS_SCHEMA.names())


def _rank() -> list[pl.Expr]:
    """Return what orders observations of one job, the one to keep last."""
    final = final_stage().fill_null(value=False)
    by_its_clock = pl.col("created_at") + pl.duration(
        microseconds=(pl.col("total_secs") * _MICROSECONDS).cast(pl.Int64)
    )
    content = [name for name in _STATE if name not in {"labels", "seen_at"}]
    return [
        final.alias("is_final"),
        (final & pl.col("finished_at").is_not_null()).alias("ends"),
        (final & pl.any_horizontal(pl.col("message", "cancel_reason").is_not_null())).alias("says_why"),
        pl.when(final).then("seen_at").otherwise(pl.coalesce(by_its_clock, "seen_at")).alias("observed_at"),
        pl.col("seen_at").alias("seen"),
        *(pl.col(name).alias(f"content_{name}") for name in content),
        labels_text(pl.col("labels")).alias("content_labels"),
    ]


def labels_text(labels: pl.Expr) -> pl.Expr:
    """Return labels as one text, which is equal for equal labels and can be ordered."""
    fields = [pl.element().struct.field(name).fill_null("") for name in ("key", "value")]
    # The lengths keep apart what the texts alone would not.
    measured = [part for field in fields for part in (field.str.len_bytes().cast(pl.String), pl.lit(" "), field)]
    return labels.list.eval(pl.concat_str(measured)).list.join(" ")
