"""Answers that list what the Hub has: prices over time, and schedules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.front.answers.cells import age_text, usd_text
from hfplanner.front.frames import PRICES, SCHEDULES, Columns
from hfplanner.front.results import Table
from hfplanner.front.shown import Column, Shown

if TYPE_CHECKING:
    from hfplanner.plan.schedule_list import SchedulesOfAMonth
    from hfplanner.report.prices import PriceReport

__all__ = ["PriceHistory", "Schedules"]


@dataclass(frozen=True, slots=True, repr=False)
class PriceHistory(Table):
    """What flavors cost over time, and what changed.

    Args:
        found: the engine's.
    """

    found: "PriceReport"

    @property
    def changes(self) -> tuple[str, ...]:
        """What changed, newest first, a sentence each."""
        return tuple(f"{one.seen}: {one.words()}." for one in self.found.changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the prices as ``hfplanner prices --json`` does."""
        return self.found.to_json()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        rows = [{"flavor": one.flavor, **point.to_json()} for one in self.found.flavors for point in one.points]
        return PRICES, rows

    def _shown(self) -> Shown:
        rows = [row for _, row in zip(range(_MOST_ROWS), self._rows()[1], strict=False)]
        title = f"{len(self.found.flavors)} flavors, {len(self.found.changes)} changes"
        columns = [
            Column("FLAVOR", [row["flavor"] for row in rows], right=False),
            Column("SINCE", [str(row["seen"]) for row in rows], right=False),
            Column("$/H", ["-" if row["usd_per_hour"] is None else f"{row['usd_per_hour']:.2f}" for row in rows]),
        ]
        return Shown(title, columns, (*self.changes[:1], age_text(self.found.listing, self.found.now)))


_MOST_ROWS = 200


@dataclass(frozen=True, slots=True, repr=False)
class Schedules(Table):
    """The schedules of a namespace, and what the next 30 days of each cost at most.

    Args:
        found: the engine's.
    """

    found: "SchedulesOfAMonth"

    @property
    def monthly_worst_case_micro_usd(self) -> int | None:
        """What all of them cost at most; ``None`` where that of one is not known."""
        return self.found.monthly_micro_usd

    def to_dict(self) -> dict[str, Any]:
        """Return the schedules as ``hfplanner scheduled ps --json`` does."""
        return self.found.to_json()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return SCHEDULES, [one.to_json() for one in self.found.schedules]

    def _shown(self) -> Shown:
        rows = [one.to_json() for one in self.found.schedules]
        title = f"{len(rows)} schedules: at most {usd_text(self.monthly_worst_case_micro_usd)} in 30 days"
        columns = [
            Column("ID", [str(row["id"]) for row in rows], right=False),
            Column("SCHEDULE", [str(row["schedule"]) for row in rows], right=False),
            Column("FLAVOR", [str(row["flavor"]) for row in rows], right=False),
            Column("RUNS", ["not known" if row["runs"] is None else str(row["runs"]) for row in rows]),
            Column("30 DAYS AT WORST", [usd_text(row["monthly_worst_case_micro_usd"]) for row in rows]),
        ]
        return Shown(title, columns if rows else (), ())
