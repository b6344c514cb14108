"""Every column of a job, declared once: the schemas, both decoders, the checks and the merge follow from it.

A new column is one :class:`JobColumn` here, with ``since`` one above the highest. What was kept before has no such
column and is read with null in it; a program of before refuses what is written with it, with a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

__all__ = [
    "CANARY_LABEL",
    "JOB_COLUMNS",
    "LABELS",
    "LAYOUT_VERSION",
    "NOT_SAID",
    "UTC_TIME",
    "JobColumn",
    "columns_said_in",
]

LABELS = pl.List(pl.Struct({"key": pl.String(), "value": pl.String()}))
"""Labels of a job, sorted by key: a struct column would need to know every key of every job."""

UTC_TIME = pl.Datetime("us", "UTC")
CANARY_LABEL = "hfplanner-canary"
"""The label of a job that measures a part of another one."""

NOT_SAID = "N/A"
"""What ``hf jobs ps --json`` writes where it has nothing to show."""

_TEXT, _SECONDS, _SHARE, _COUNT = pl.String(), pl.Float64(), pl.Float64(), pl.Int64()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobColumn:
    """A column of the jobs frame.

    Args:
        name: its name.
        kind: its type.
        said: where a record says it, by the names of :class:`~hfplanner.api.models.JobInfo`, a part of a part after a
            dot; the API's key is that in camel case. ``None`` where it follows from others or from who asked.
        is_state: whether it may change in a job's life; what does not is joined of all that was ever said.
        said_as: its name before the checks, where that is another.
        said_kind: its type before the checks, where that is another: a count comes as any number.
        since: the layout of the history that has it first.
    """

    name: str
    kind: pl.DataType
    said: str | None = None
    is_state: bool = False
    said_as: str | None = None
    said_kind: pl.DataType | None = None
    since: int = 1

    @property
    def record_name(self) -> str:
        """Its name before the checks."""
        return self.said_as or self.name

    @property
    def record_kind(self) -> pl.DataType:
        """Its type before the checks."""
        return self.said_kind or self.kind


def _fixed(name: str, kind: pl.DataType, said: str | None) -> JobColumn:
    return JobColumn(name=name, kind=kind, said=said)


def _state(name: str, kind: pl.DataType, said: str | None, said_kind: pl.DataType | None = None) -> JobColumn:
    return JobColumn(name=name, kind=kind, said=said, is_state=True, said_kind=said_kind)


# Whose it is, what it ran and when come first, then how it went. Null is "not said". Seconds are floats because the API
# promises a number, not a whole one.
JOB_COLUMNS: tuple[JobColumn, ...] = (
    _fixed("id", _TEXT, "id"),
    _fixed("namespace", _TEXT, None),
    _fixed("owner_id", _TEXT, "owner.id"),
    _fixed("owner", _TEXT, "owner.name"),
    _fixed("owner_type", _TEXT, "owner.type"),
    _fixed("created_by_id", _TEXT, "created_by.id"),
    _fixed("created_by", _TEXT, "created_by.name"),
    _fixed("initiator_type", _TEXT, "initiator.type"),
    _fixed("initiator_id", _TEXT, "initiator.id"),
    _fixed("initiator", _TEXT, "initiator.name"),
    _fixed("flavor", _TEXT, "flavor"),
    _fixed("image", _TEXT, "docker_image"),
    _fixed("space", _TEXT, "space_id"),
    _state("name", _TEXT, "labels.name"),
    _state("labels", LABELS, "labels"),
    _state("stage", _TEXT, None),
    _state("reason", _TEXT, None),
    _state("stage_text", _TEXT, "status.stage"),
    _state("message", _TEXT, "status.message"),
    _state("cancel_reason", _TEXT, "status.cancel_reason"),
    _state("failure_count", _COUNT, "status.failure_count", pl.Float64()),
    _fixed("created_at", UTC_TIME, "created_at"),
    _state("started_at", UTC_TIME, "started_at"),
    _state("finished_at", UTC_TIME, "finished_at"),
    _state("scheduling_secs", _SECONDS, "durations.scheduling_secs"),
    _state("running_secs", _SECONDS, "durations.running_secs"),
    _state("total_secs", _SECONDS, "durations.total_secs"),
    _fixed("timeout_secs", _SECONDS, "timeout"),
    JobColumn(name="attempts", kind=_COUNT, said="retry", said_as="retry", said_kind=pl.Float64()),
    _fixed("ports", _COUNT, "expose"),
    _fixed("resource_group_id", _TEXT, "resource_group_id"),
    # What its log said of its progress, where somebody read it: part of no record of the Hub, so no later one loses it.
    JobColumn(name="progress", kind=_SHARE, since=2),
    JobColumn(name="whole_secs", kind=_SECONDS, since=2),
    _state("source", _TEXT, None),
    _state("seen_at", UTC_TIME, None),
)

LAYOUT_VERSION = max(column.since for column in JOB_COLUMNS)
"""The layout of a history that holds all of these columns."""


def columns_said_in() -> Mapping[str, tuple[JobColumn, ...]]:
    """Return the columns that a record says, by the part of it that says them; plain fields are parts of their own.

    >>> [column.name for column in columns_said_in()["durations"]]
    ['scheduling_secs', 'running_secs', 'total_secs']
    """
    parts: dict[str, tuple[JobColumn, ...]] = {}
    for column in JOB_COLUMNS:
        if column.said is not None:
            part = column.said.partition(".")[0]
            parts[part] = (*parts.get(part, ()), column)
    return MappingProxyType(parts)
