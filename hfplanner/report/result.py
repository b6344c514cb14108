"""A report as one frozen value, which every renderer only shows. Integer micro-USD and whole seconds throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from hfplanner.catalog.listing import Listing
from hfplanner.report.forecast import Forecast
from hfplanner.report.money import Money
from hfplanner.report.reconcile_result import Reconciliation
from hfplanner.report.spec import ReportSpec
from hfplanner.report.waste_result import Waste
from hfplanner.times import json_moment

__all__ = ["MOST_DRAWN", "Chart", "Day", "Distribution", "Figures", "Group", "Report", "SourceState"]


class SourceState(Protocol):
    """What is known of a source of jobs: whether all it had is there, and what of it was not taken."""

    @property
    def source(self) -> str:
        """A file, or the Hub's address."""

    @property
    def namespace(self) -> str | None:
        """Whose jobs were asked for; ``None`` where those of several may be."""

    @property
    def complete(self) -> bool:
        """Whether all that the source had is in the history."""

    @property
    def reason(self) -> str | None:
        """Why it is not complete."""

    @property
    def seen_at(self) -> datetime:
        """When it was read."""

    @property
    def bad(self) -> Mapping[str, int]:
        """How many records were not taken, by the code of the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How a quantity is spread over the jobs for which it is known exactly.

    A quantile q is the smallest value that at least the share q of the jobs do not exceed (nearest rank); the mean is
    rounded half up.

    Args:
        jobs: how many they are.
        mean, p50, p90, p99, largest: in the quantity's own unit.
    """

    jobs: int
    mean: int
    p50: int
    p90: int
    p99: int
    largest: int

    def to_json(self) -> dict[str, int]:
        """Return the distribution as a JSON object."""
        names = {"jobs": self.jobs, "mean": self.mean, "p50": self.p50, "p90": self.p90, "p99": self.p99}
        return {**names, "max": self.largest}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What some jobs amount to.

    Args:
        jobs: how many they are.
        cost: what those with a price cost together.
        unpriced_jobs: jobs without a known price, in no amount.
        bounded_jobs: jobs whose cost lies between two bounds.
        unbounded_jobs: jobs among the priced ones whose cost has no upper bound, so that the sum has none either.
        gpu_secs: running time x GPUs, where both are known.
        no_gpu_secs_jobs: jobs that ran for a known time on a flavor whose GPUs are not known.
        ended_jobs: jobs that ended in any way.
        completed_jobs: jobs among them that completed.
        cost_stats: the exact costs [micro-USD].
        duration_stats: the known running times, in whole seconds rounded up [s].
        wait_stats: the known waits for a machine, in whole seconds rounded up [s].
    """

    jobs: int
    cost: Money
    unpriced_jobs: int
    bounded_jobs: int
    unbounded_jobs: int
    gpu_secs: int
    no_gpu_secs_jobs: int
    ended_jobs: int
    completed_jobs: int
    cost_stats: Distribution | None = None
    duration_stats: Distribution | None = None
    wait_stats: Distribution | None = None

    @property
    def success_rate(self) -> float | None:
        """The part of the ended jobs that completed; ``None`` where none ended."""
        return self.completed_jobs / self.ended_jobs if self.ended_jobs else None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON object; ``None`` is not known."""
        stats = {
            "cost_stats_micro_usd": self.cost_stats,
            "duration_stats_secs": self.duration_stats,
            "wait_stats_secs": self.wait_stats,
        }
        rate = self.success_rate
        return {
            "jobs": self.jobs,
            "cost_micro_usd": self.cost.to_json(),
            "unpriced_jobs": self.unpriced_jobs,
            "bounded_jobs": self.bounded_jobs,
            "unbounded_jobs": self.unbounded_jobs,
            "gpu_secs": self.gpu_secs,
            "no_gpu_secs_jobs": self.no_gpu_secs_jobs,
            "ended_jobs": self.ended_jobs,
            "completed_jobs": self.completed_jobs,
            "success_rate": None if rate is None else round(rate, 6),
            **{name: None if one is None else one.to_json() for name, one in stats.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The jobs that share the values of the report's keys.

    Args:
        values: one for each key, ``None`` for jobs without such a thing.
        figures: what they amount to.
        share: their part of what is known to be spent; ``None`` where nothing is.
    """

    values: tuple[str | None, ...]
    figures: Figures
    share: float | None


MOST_DRAWN = 7
"""How many values are told apart in a picture; what is left is one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What the dearest values of one key cost day by day [micro-USD].

    Args:
        key: ``"flavor"``, or what the report is by.
        layers: of each value, dearest first, what it cost on each day on which it cost anything.
        rest: what all other values cost together.
    """

    key: str
    layers: Sequence[tuple[str | None, Mapping[date, int]]] = ()
    rest: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the trend, in the report's time zone.

    Args:
        day: the day; days between the first and the last without a job are there too.
        jobs: how many started on it.
        cost: of all flavors.
        by_flavor: what is known to be spent on each [micro-USD].
    """

    day: date
    jobs: int
    cost: Money
    by_flavor: Mapping[str | None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was run in a period, what it cost, and what of that was wasted.

    Args:
        spec: what was asked for.
        now: when it was asked.
        listing: where the prices of today come from.
        gaps: why the history is not complete, a sentence each; empty where it is.
        as_of: when the history was last brought up to date; ``None`` where it never was.
        bad_rows: records that were not taken into the history or have no time, by the code of the reason.
        first, last: the moments of the first and the last job, UTC; ``None`` without jobs.
        total: all jobs together.
        bases: jobs and cost by how the cost is known.
        groups: by the keys of ``spec.by``, dearest first, or in the order of time.
        trend: day by day.
        waste: what was spent for nothing.
        forecast: what the month will have cost at its end, or why that cannot be said.
        chart: day by day, what the dearest values of the first key cost.
        bill_difference_micro_usd: what the bills say beyond the rule, over the jobs of which both are known.
        reconciliation: the bills against the rule, job by job; ``None`` where there is no bill.
    """

    spec: ReportSpec
    now: datetime
    listing: Listing
    gaps: tuple[str, ...]
    as_of: datetime | None
    bad_rows: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    total: Figures
    bases: Mapping[str, tuple[int, Money]]
    groups: tuple[Group, ...]
    trend: tuple[Day, ...]
    waste: Waste
    forecast: Forecast
    chart: Chart = field(default_factory=lambda: Chart(key="flavor"))
    bill_difference_micro_usd: int = 0
    reconciliation: Reconciliation | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing that should be in the report is known to be missing."""
        return not self.gaps

    @property
    def exit_code(self) -> int:
        """0, or 6 for an answer that is incomplete and says so."""
        return 0 if self.complete else 6

    def to_json(self) -> dict[str, Any]:
        """Return the report as the interface spells it."""
        total = self.total.to_json()
        return {
            "complete": self.complete,
            "incomplete_reasons": list(self.gaps),
            "as_of": json_moment(self.as_of),
            "period": {
                "since": json_moment(self.spec.since),
                "until": json_moment(self.spec.until),
                "timezone": self.spec.timezone,
                "first": json_moment(self.first),
                "last": json_moment(self.last),
            },
            "namespace": self.spec.namespace,
            "by": list(self.spec.by),
            **total,
            "cost_basis": {
                basis: {"jobs": jobs, "cost_micro_usd": cost.to_json()} for basis, (jobs, cost) in self.bases.items()
            },
            "bill_difference_micro_usd": self.bill_difference_micro_usd,
            "reconciliation": self.reconciliation and self.reconciliation.to_json(),
            "bad_rows": dict(self.bad_rows),
            "groups": [self.group_json(group) for group in self.groups],
            "waste": self.waste.to_json(),
            "trend": [
                {"day": day.day.isoformat(), "jobs": day.jobs, "cost_micro_usd": day.cost.to_json()}
                for day in self.trend
            ],
            "forecast": self.forecast.to_json(),
            "catalog": self.listing.to_json(self.now),
        }

    def group_json(self, group: Group) -> dict[str, Any]:
        """Return one group as a JSON object."""
        share = None if group.share is None else round(group.share, 6)
        key = dict(zip(self.spec.by, group.values, strict=True))
        return {"key": key, "share": share, **group.figures.to_json()}
