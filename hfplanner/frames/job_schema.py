"""The columns of a jobs frame, of its bad rows, and of what a document said before anything was checked."""

from typing import NamedTuple

import polars as pl

__all__ = [
    "BAD_JOBS_SCHEMA",
    "FINAL_STAGES",
    "JOBS_SCHEMA",
    "LABELS",
    "RECORDS_SCHEMA",
    "JobFrames",
]

LABELS = pl.List(pl.Struct({"key": pl.String(), "value": pl.String()}))
"""Labels of a job, sorted by key: a struct column would need to know every key of every job."""

_UTC = pl.Datetime("us", "UTC")

# Null is "not said". Seconds are floats because the API promises a number, not a whole one; whose it is, what it ran
# and when come first, then how it went.
JOBS_SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "namespace": pl.String(),
        "owner_id": pl.String(),
        "owner": pl.String(),
        "owner_type": pl.String(),
        "created_by_id": pl.String(),
        "created_by": pl.String(),
        "initiator_type": pl.String(),
        "initiator_id": pl.String(),
        "initiator": pl.String(),
        "flavor": pl.String(),
        "image": pl.String(),
        "space": pl.String(),
        "name": pl.String(),
        "labels": LABELS,
        "stage": pl.String(),
        "reason": pl.String(),
        "stage_text": pl.String(),
        "message": pl.String(),
        "cancel_reason": pl.String(),
        "failure_count": pl.Int64(),
        "created_at": _UTC,
        "started_at": _UTC,
        "finished_at": _UTC,
        "scheduling_secs": pl.Float64(),
        "running_secs": pl.Float64(),
        "total_secs": pl.Float64(),
        "timeout_secs": pl.Float64(),
        "attempts": pl.Int64(),
        "ports": pl.Int64(),
        "resource_group_id": pl.String(),
        "source": pl.String(),
        "seen_at": _UTC,
    }
)
"""One row per job.

``stage`` is completed, error, cancelled, deleted, running, scheduling or unknown; ``reason`` says more: also timeout,
out_of_memory, no_credits, no_subscription, resource_group_limit. ``stage_text`` and ``cancel_reason`` are what was
delivered, whatever it was. ``ports`` counts the exposed ports. ``seen_at`` is when ``source`` saw the job like this.
"""

BAD_JOBS_SCHEMA = pl.Schema({"position": pl.Int64(), "id": pl.String(), "code": pl.String(), "reason": pl.String()})
"""One row per record that was not taken: where it stood (from 0), its id if it had one, why."""

FINAL_STAGES = ("completed", "error", "cancelled", "deleted")
"""The stages a job does not leave."""

# Before the checks: times as UTC already, numbers as they came, `problem` where not even that was possible.
RECORDS_SCHEMA = pl.Schema(
    {
        "position": pl.Int64(),
        "id": pl.String(),
        "owner_id": pl.String(),
        "owner": pl.String(),
        "owner_type": pl.String(),
        "created_by_id": pl.String(),
        "created_by": pl.String(),
        "initiator_type": pl.String(),
        "initiator_id": pl.String(),
        "initiator": pl.String(),
        "flavor": pl.String(),
        "image": pl.String(),
        "space": pl.String(),
        "name": pl.String(),
        "labels": LABELS,
        "stage_text": pl.String(),
        "message": pl.String(),
        "cancel_reason": pl.String(),
        "failure_count": pl.Float64(),
        "created_at": _UTC,
        "started_at": _UTC,
        "finished_at": _UTC,
        "scheduling_secs": pl.Float64(),
        "running_secs": pl.Float64(),
        "total_secs": pl.Float64(),
        "timeout_secs": pl.Float64(),
        "retry": pl.Float64(),
        "ports": pl.Int64(),
        "resource_group_id": pl.String(),
        "problem": pl.String(),
        "problem_text": pl.String(),
    }
)


class JobFrames(NamedTuple):
    """The jobs that could be read, and the records that were not taken, with their reasons."""

    jobs: pl.DataFrame
    bad: pl.DataFrame
