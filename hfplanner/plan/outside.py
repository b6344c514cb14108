"""Who started jobs past the gate this month, and what they cost: the website, ``hf``, webhooks, another's ledger."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.budget.off_ledger import Spending
from hfplanner.budget.policy import Budget, Policy, applied_budgets
from hfplanner.catalog.listing import Listing
from hfplanner.plan.workspace import Workspace
from hfplanner.times import json_moment
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["OutsideTheGate", "outside_the_gate"]

_NAMED = 5
_KINDS = {
    "sandbox": "sandboxes",
    "schedule": "schedules",
    "webhook": "webhooks",
    "duplicate": "duplicates",
}
_EVERY_JOB = Budget(name="the month", limit_micro_usd=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideTheGate:
    """What was started in a month that the ledger does not charge, as far as the history knows it.

    Args:
        start: of the month, UTC.
        people: who, with what they spent and may yet spend, the most first; ``None`` is not known who.
        kinds: the same by what started it: a sandbox, a schedule, a webhook, a duplicate, or a job by itself.
    """

    start: "datetime"
    people: tuple[tuple[str | None, Spending], ...]
    kinds: tuple[tuple[str, Spending], ...] = ()

    @property
    def micro_usd(self) -> int:
        """All of it, what still runs at its worst case."""
        return sum(spending.total_micro_usd for _, spending in self.people)

    def words(self) -> str | None:
        """Return it as a sentence; ``None`` where there was nothing.

        >>> from datetime import UTC, datetime
        >>> people = (("bob", Spending(spent_micro_usd=30_000_000)), (None, Spending(held_micro_usd=10_000)))
        >>> OutsideTheGate(start=datetime(2026, 9, 1, tzinfo=UTC), people=people).words()
        'Outside the gate this month: $30.01 by 2 people: bob $30.00, not known who $0.01.'
        """
        if not self.people:
            return None
        named = [f"{name or 'not known who'} {format_usd(one.total_micro_usd)}" for name, one in self.people[:_NAMED]]
        more = len(self.people) - len(named)
        listed = ", ".join([*named, *([f"{more} more"] if more else [])])
        count = f"{len(self.people)} people" if len(self.people) > 1 else "1 person"
        at_least = " at least" if any(one.unknown for _, one in self.people) else ""
        told = f"Outside the gate this month: {format_usd(self.micro_usd)}{at_least} by {count}: {listed}."
        others = [f"{format_usd(one.total_micro_usd)} by {_KINDS[kind]}" for kind, one in self.kinds if kind in _KINDS]
        return f"{told} Of it {', '.join(others)}." if others else told

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {
            "since": json_moment(self.start) if self.people else None,
            "cost_micro_usd": self.micro_usd,
            "people": [
                {
                    "name": name,
                    "spent_micro_usd": one.spent_micro_usd,
                    "held_micro_usd": one.held_micro_usd,
                    "jobs": one.spent_jobs + one.held_jobs,
                    "unknown": list(one.unknown),
                }
                for name, one in self.people
            ],
            "kinds": [
                {
                    "kind": kind,
                    "spent_micro_usd": one.spent_micro_usd,
                    "held_micro_usd": one.held_micro_usd,
                    "jobs": one.spent_jobs + one.held_jobs,
                }
                for kind, one in self.kinds
            ],
        }


def outside_the_gate(workspace: Workspace, listing: Listing) -> OutsideTheGate:
    """Return who started what past the ledger since the month began, UTC.

    Raises:
        HistoryError: the history or its bills cannot be read.
        LedgerError: the ledger cannot be asked.
    """
    now = workspace.now()
    (month,) = applied_budgets(Policy(budgets=(_EVERY_JOB,)), None, now)
    jobs = workspace.history_jobs()
    if jobs is None:
        return OutsideTheGate(start=month.window.start, people=())
    from hfplanner.budget.off_ledger_jobs import JobEvidence, started_outside  # noqa: PLC0415 - polars

    evidence = JobEvidence(jobs=jobs(), listing=listing, now=now, bills=workspace.history_bills())
    found = started_outside(month, workspace.books(), evidence)
    return OutsideTheGate(start=month.window.start, people=found.people, kinds=found.kinds)
