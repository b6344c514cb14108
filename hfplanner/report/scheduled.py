"""What the schedules of the Hub will start until the month ends, as a part of its forecast.

A run will likely cost what the runs of its schedule cost before, and lies between the least and the most of them; a
schedule that never ran counts its worst case. What such runs cost on the days before is taken out of the pattern of the
weekdays, so that nothing counts twice, and what a schedule that is gone or paused cost is not carried on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from hfplanner.budget.off_ledger_schedules import cost_of_runs
from hfplanner.history.schedules import KeptSchedules
from hfplanner.report.columns import day_column, in_namespace, moment_column
from hfplanner.report.spec import ReportSpec
from hfplanner.times import json_moment
from hfplanner.zones import begin_of_day

if TYPE_CHECKING:
    from hfplanner.catalog.listing import Listing

__all__ = ["ScheduledRuns", "coming_runs", "scheduled_days"]

_STARTED_BY = "scheduled-job"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRuns:
    """The runs of schedules until the month ends.

    Args:
        schedules: how many run then.
        runs: how many times, all together.
        low, likely, high: what they cost [micro-USD].
        unknown: of how many schedules that is not known.
        seen_at: when the schedules were listed, the oldest listing of all.
        before: what the runs of any schedule cost on each day so far, today's with it.
    """

    schedules: int = 0
    runs: int = 0
    low: int = 0
    likely: int = 0
    high: int = 0
    unknown: int = 0
    seen_at: datetime | None = None
    before: Mapping[date, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return them as the interface spells it."""
        return {
            "schedules": self.schedules,
            "runs": self.runs,
            "cost_micro_usd": {
                "low": self.low,
                "likely": self.likely,
                "high": self.high,
                "basis": ["what earlier runs cost; the worst case of a schedule that never ran"],
            },
            "unknown_schedules": self.unknown,
            "seen_at": json_moment(self.seen_at),
        }


def scheduled_days(
    every: pl.LazyFrame, spec: ReportSpec, kept: Sequence[KeptSchedules], since: datetime
) -> pl.LazyFrame:
    """Return what the runs of each schedule cost on each day, of the namespaces whose schedules are known.

    Args:
        every: costed jobs.
        spec: of the report.
        kept: the schedules.
        since: from when on.
    """
    names = [one.namespace for one in kept]
    recent = moment_column() >= pl.lit(since, pl.Datetime("us", "UTC"))
    is_run = (pl.col("initiator_type") == _STARTED_BY) & pl.coalesce("namespace", "owner").is_in(names)
    low = pl.col("cost_low_micro_usd")
    return (
        every.filter(in_namespace(spec) & recent & is_run)
        .group_by(day_column(spec.timezone).alias("day"), "initiator_id")
        .agg(
            low=low.sum(),
            runs=low.is_not_null().sum(),
            least=low.min(),
            most=pl.col("cost_high_micro_usd").max(),
        )
    )


def coming_runs(
    kept: Sequence[KeptSchedules], days: pl.DataFrame, spec: ReportSpec, listing: "Listing", now: datetime
) -> ScheduledRuns | None:
    """Return the runs until the month ends in the report's zone; ``None`` where no schedules are known of it.

    Args:
        kept: the schedules.
        days: of :func:`scheduled_days`.
        spec: of the report.
        listing: today's prices.
        now: the time, UTC.
    """
    mine = [one for one in kept if spec.namespace in {None, one.namespace}]
    if not mine:
        return None
    today = now.astimezone(spec.zone).date()
    end = begin_of_day((today.replace(day=1) + timedelta(days=32)).replace(day=1), spec.zone)
    earlier = {
        row["initiator_id"]: row
        for row in days.group_by("initiator_id")
        .agg(pl.col("low", "runs").sum(), pl.col("least").min(), pl.col("most").max())
        .iter_rows(named=True)
    }
    count = runs = low = likely = high = unknown = 0
    for schedule in (schedule for one in mine for schedule in one.schedules if not schedule.suspend):
        due = cost_of_runs(schedule, listing, now, end)
        if due.runs is None or (due.worst_case_micro_usd is None and schedule.id not in earlier):
            unknown += 1
            continue
        if not due.runs:
            continue
        parts = _cost(due.runs, due.worst_case_micro_usd, earlier.get(schedule.id))
        count, runs = count + 1, runs + due.runs
        low, likely, high = low + parts[0], likely + parts[1], high + parts[2]
    by_day = days.group_by("day").agg(pl.col("low").sum())
    return ScheduledRuns(
        schedules=count,
        runs=runs,
        low=low,
        likely=likely,
        high=high,
        unknown=unknown,
        seen_at=min(one.seen_at for one in mine),
        before={row["day"]: row["low"] for row in by_day.iter_rows(named=True) if row["day"] is not None},
    )


def _cost(runs: int, worst: int | None, earlier: Mapping[str, Any] | None) -> tuple[int, int, int]:
    """Return what so many runs cost at least, likely and at most; the schedule's worst case bounds all of it."""
    if earlier is None or not earlier["runs"]:
        return (0, worst or 0, worst or 0)
    likely, most = runs * round(earlier["low"] / earlier["runs"]), runs * int(earlier["most"] or earlier["low"])
    bound = worst if worst is not None else most
    likely = min(likely, bound)
    return (min(runs * int(earlier["least"]), likely), likely, max(min(most, bound), likely))
