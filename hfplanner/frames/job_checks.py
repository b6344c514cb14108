"""Records as they were delivered to the jobs frame: what cannot be right is told apart, what it means is derived."""

from datetime import UTC, datetime, timedelta

import polars as pl

from hfplanner.frames.job_columns import CANARY_LABEL, JOB_COLUMNS, UTC_TIME
from hfplanner.frames.job_schema import BAD_JOBS_SCHEMA, FINAL_STAGES, JOBS_SCHEMA, JobFrames
from hfplanner.units import MAX_DURATION_SECS

__all__ = ["check_records", "final_stage", "reason_of", "stage_of"]

_FIRST_MOMENT = datetime(1990, 1, 1, tzinfo=UTC)
_LAST_MOMENT = datetime(2100, 1, 1, tzinfo=UTC)
# The creation and the start are stamped by different machines, whose clocks need not agree to the second.
_CLOCK_SKEW = timedelta(seconds=60)
_LONGEST_ID = 256
_MOST_COUNTED = 2**31 - 1

_STAGES = {
    "COMPLETED": "completed",
    "ERROR": "error",
    "CANCELED": "cancelled",
    "CANCELLED": "cancelled",
    "DELETED": "deleted",
    "RUNNING": "running",
    "SCHEDULING": "scheduling",
}
_CANCEL_REASONS = {
    "NO_CREDITS": "no_credits",
    "NO_SUBSCRIPTION": "no_subscription",
    "RESOURCE_GROUP_LIMIT": "resource_group_limit",
}
_SAID = tuple(column for column in JOB_COLUMNS if column.said is not None)
_TIMES = tuple(column.record_name for column in _SAID if column.kind == UTC_TIME)
_SECONDS = tuple(column.record_name for column in _SAID if column.name.endswith("_secs"))
_COUNTS = tuple(
    column.record_name for column in _SAID if column.said_kind == pl.Float64() and column.kind == pl.Int64()
)


def stage_of(text: pl.Expr) -> pl.Expr:
    """Return the stage a delivered stage means; ``"unknown"`` for one this version does not know.

    >>> pl.select(stage_of(pl.lit("CANCELED"))).item(), pl.select(stage_of(pl.lit("PAUSED"))).item()
    ('cancelled', 'unknown')
    """
    return text.str.to_uppercase().replace_strict(_STAGES, default="unknown", return_dtype=pl.String)


def reason_of(stage: pl.Expr, message: pl.Expr, cancel_reason: pl.Expr) -> pl.Expr:
    """Return why a job is where it is: its stage, or what the Hub's message and cancel reason add to it.

    The messages are those of the Hub: ``"Job timeout"``, and ``"... Reason: OOMKilled"``. An exit code of 137 alone is
    not taken for memory: anything that is killed ends with it.

    >>> error, cancelled, none = pl.lit("error"), pl.lit("cancelled"), pl.lit(None, pl.String)
    >>> pl.select(reason_of(error, pl.lit("Job failed with exit code: 137. Reason: OOMKilled"), none)).item()
    'out_of_memory'
    >>> pl.select(reason_of(cancelled, none, pl.lit("NO_CREDITS"))).item()
    'no_credits'
    """
    is_error = stage == "error"
    out_of_memory = message.str.contains(r"(?i)oom-?killed|out of memory")
    timeout = message.str.contains(r"(?i)job timeout|timed out")
    return (
        pl.when(is_error & out_of_memory)
        .then(pl.lit("out_of_memory"))
        .when(is_error & timeout)
        .then(pl.lit("timeout"))
        .when(stage == "cancelled")
        .then(cancel_reason.str.to_uppercase().replace_strict(_CANCEL_REASONS, default="cancelled"))
        .otherwise(stage)
    )


def check_records(records: pl.DataFrame, *, source: str, seen_at: datetime, namespace: str | None = None) -> JobFrames:
    """Return records as a jobs frame, and those that cannot be right apart, with their reasons.

    Args:
        records: a frame of :data:`RECORDS_SCHEMA`.
        source: what delivered them, for the column of that name.
        seen_at: when it did.
        namespace: whose jobs were asked for; the name of their owner where that is not said.
    """
    if records.is_empty():
        return JobFrames(JOBS_SCHEMA.to_frame(), BAD_JOBS_SCHEMA.to_frame())
    blank = pl.selectors.string() - pl.selectors.by_name("problem", "problem_text")
    checked = records.with_columns(blank.replace("", None)).with_columns(_first_problem())
    is_bad = pl.col("problem").is_not_null()
    bad = checked.filter(is_bad).select("position", "id", code="problem", reason="problem_text")
    good = checked if bad.is_empty() else checked.filter(~is_bad)
    jobs = good.with_columns(stage=stage_of(pl.col("stage_text")).fill_null("unknown")).with_columns(
        reason=reason_of(pl.col("stage"), pl.col("message"), pl.col("cancel_reason")),
        namespace=pl.coalesce(pl.lit(namespace, pl.String), pl.col("owner")),
        attempts=pl.col("retry").cast(pl.Int64) + 1,
        failure_count=pl.col("failure_count").cast(pl.Int64),
        progress=pl.lit(None, pl.Float64),
        whole_secs=pl.lit(None, pl.Float64),
        source=pl.lit(source),
        seen_at=pl.lit(seen_at, pl.Datetime("us", "UTC")),
    )
    jobs = _with_canaries(jobs)
    return JobFrames(
        jobs.select(JOBS_SCHEMA.names()).match_to_schema(JOBS_SCHEMA), bad.match_to_schema(BAD_JOBS_SCHEMA)
    )


def _with_canaries(jobs: pl.DataFrame) -> pl.DataFrame:
    """Return jobs of which those that were stopped by the timeout of a measurement have that for a reason."""
    stopped = jobs.filter(pl.col("reason") == "timeout").select("id", "labels")
    has_label = pl.col("labels").list.eval(pl.element().struct.field("key") == CANARY_LABEL).list.any()
    canaries = stopped.filter(has_label)["id"]
    if canaries.is_empty():
        return jobs
    is_one = pl.col("id").is_in(canaries.implode()) & (pl.col("reason") == "timeout")
    return jobs.with_columns(reason=pl.when(is_one).then(pl.lit("canary")).otherwise("reason"))


def _rules() -> list[tuple[pl.Expr, str, str]]:
    """Return what makes a record wrong, its code and its sentence; the first that holds is given."""
    created, started, finished = (pl.col(name) for name in ("created_at", "started_at", "finished_at"))
    in_range = [
        (~pl.col(name).is_between(_FIRST_MOMENT, _LAST_MOMENT), "absurd_time", f"{name} is not between 1990 and 2100.")
        for name in _TIMES
    ]
    long = f"is not between 0 and {MAX_DURATION_SECS} seconds"
    durations = [
        (~pl.col(name).is_between(0, MAX_DURATION_SECS), "absurd_duration", f"{name} {long}.") for name in _SECONDS
    ]
    counts = [
        (
            ~(pl.col(name).is_between(0, _MOST_COUNTED) & (pl.col(name).floor() == pl.col(name))),
            "absurd_count",
            f"{name} is not a count.",
        )
        for name in _COUNTS
    ]
    return [
        (pl.col("id").is_null(), "no_id", "The record has no id."),
        (pl.col("id").str.len_bytes() > _LONGEST_ID, "bad_id", f"The id is longer than {_LONGEST_ID} bytes."),
        (created.is_null(), "no_creation_time", "The record does not say when the job was created."),
        *in_range,
        (finished < started, "ends_before_start", "The job ends before it starts."),
        (finished < created, "ends_before_creation", "The job ends before it was created."),
        (started < created - _CLOCK_SKEW, "starts_before_creation", "The job starts before it was created."),
        *durations,
        (pl.col("timeout_secs") == 0, "absurd_duration", "timeout_secs is zero."),
        *counts,
    ]


def _first_problem() -> tuple[pl.Expr, pl.Expr]:
    """Return the columns ``problem`` and ``problem_text``: what reading found, else the first rule that is broken."""
    rules = _rules()
    codes = [pl.when(rule.fill_null(value=False)).then(pl.lit(code)) for rule, code, _ in rules]
    texts = [pl.when(rule.fill_null(value=False)).then(pl.lit(text)) for rule, _, text in rules]
    return pl.coalesce("problem", *codes).alias("problem"), pl.coalesce("problem_text", *texts).alias("problem_text")


def final_stage() -> pl.Expr:
    """Whether the job of a row has ended for good."""
    return pl.col("stage").is_in(FINAL_STAGES)
