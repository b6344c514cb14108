"""The columns of a jobs frame, of its bad rows, and of what a document said before anything was checked."""

from typing import NamedTuple

import polars as pl

from hfplanner.frames.job_columns import JOB_COLUMNS, LABELS

__all__ = [
    "BAD_JOBS_SCHEMA",
    "FINAL_STAGES",
    "JOBS_SCHEMA",
    "LABELS",
    "RECORDS_SCHEMA",
    "JobFrames",
]

JOBS_SCHEMA = pl.Schema({column.name: column.kind for column in JOB_COLUMNS})
"""One row per job.

``stage`` is completed, error, cancelled, deleted, running, scheduling or unknown; ``reason`` says more: also timeout,
out_of_memory, no_credits, no_subscription, resource_group_limit, and canary, which is a measurement that was stopped as
it was meant to be. ``stage_text`` and ``cancel_reason`` are what was delivered, whatever it was. ``ports`` counts the
exposed ports. ``progress`` is the share of its work that was done at its end, from 0 to 1, and ``whole_secs`` how long
all of it takes by that [s], where its log was read. ``seen_at`` is when ``source`` saw the job like this.
"""

BAD_JOBS_SCHEMA = pl.Schema({"position": pl.Int64(), "id": pl.String(), "code": pl.String(), "reason": pl.String()})
"""One row per record that was not taken: where it stood (from 0), its id if it had one, why."""

FINAL_STAGES = ("completed", "error", "cancelled", "deleted")
"""The stages a job does not leave."""

RECORDS_SCHEMA = pl.Schema(
    {
        "position": pl.Int64(),
        **{column.record_name: column.record_kind for column in JOB_COLUMNS if column.said is not None},
        "problem": pl.String(),
        "problem_text": pl.String(),
    }
)
"""Before the checks: times as UTC already, numbers as they came, ``problem`` where not even that was possible."""


class JobFrames(NamedTuple):
    """The jobs that could be read, and the records that were not taken, with their reasons."""

    jobs: pl.DataFrame
    bad: pl.DataFrame
