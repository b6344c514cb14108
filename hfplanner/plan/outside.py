"""Who started jobs past the gate this month, and what they cost: the website, ``hf``, webhooks, another's ledger.

And which schedules were made past it, whose runs are still to come.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.budget.off_ledger import Spending
from hfplanner.budget.policy import Budget, Policy, applied_budgets
from hfplanner.catalog.listing import Listing
from hfplanner.plan.workspace import Workspace
from hfplanner.times import json_moment
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hfplanner.api.models import ScheduledJobInfo
    from hfplanner.budget.ledger.limits import BudgetWindow
    from hfplanner.budget.off_ledger_schedules import RunsCost

__all__ = ["OutsideSchedule", "OutsideTheGate", "outside_the_gate"]

_NAMED = 5
_KINDS = {
    "sandbox": "sandboxes",
    "schedule": "schedules",
    "webhook": "webhooks",
    "duplicate": "duplicates",
}
_EVERY_JOB = Budget(name="the month", limit_micro_usd=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSchedule:
    """A schedule that the ledger does not know, and what it starts until the month ends.

    Args:
        schedule: as the Hub tells it.
        cost: of its runs.
    """

    schedule: "ScheduledJobInfo"
    cost: "RunsCost"

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        found, spec = self.schedule, self.schedule.job_spec
        return {
            "id": found.id,
            "name": ((spec and spec.labels) or {}).get("name"),
            "made_by": found.initiator and found.initiator.name,
            "schedule": found.schedule,
            "suspend": bool(found.suspend),
            "runs": self.cost.runs,
            "worst_case_micro_usd": self.cost.worst_case_micro_usd,
            "problem": self.cost.problem,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideTheGate:
    """What was started in a month that the ledger does not charge, as far as the history knows it.

    Args:
        start: of the month, UTC.
        people: who, with what they spent and may yet spend, the most first; ``None`` is not known who.
        kinds: the same by what started it: a sandbox, a schedule, a webhook, a duplicate, or a job by itself.
        schedules: those that were made past the gate, with what they start until the month ends.
    """

    start: "datetime"
    people: tuple[tuple[str | None, Spending], ...]
    kinds: tuple[tuple[str, Spending], ...] = ()
    schedules: tuple[OutsideSchedule, ...] = ()

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

    def schedule_words(self) -> str | None:
        """Return what schedules that were made past the gate will start, a sentence; ``None`` where there are none."""
        active = [one for one in self.schedules if not one.schedule.suspend]
        if not active:
            return None
        makers = Counter((one.schedule.initiator and one.schedule.initiator.name) or "not known who" for one in active)
        named = [f"{name} {count}" for name, count in makers.most_common(_NAMED)]
        more = len(makers) - len(named)
        listed = ", ".join([*named, *([f"{more} more"] if more else [])])
        costs = [one.cost.worst_case_micro_usd for one in active]
        known = sum(cost for cost in costs if cost is not None)
        bound = "at least " if None in costs else "at most "
        count = "1 schedule" if len(active) == 1 else f"{len(active)} schedules"
        return f"Made past the gate: {count} ({listed}), {bound}{format_usd(known)} until the month ends."

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
            "schedules": [one.to_json() for one in self.schedules],
        }


def outside_the_gate(
    workspace: Workspace, listing: Listing, schedules: "Sequence[ScheduledJobInfo] | None" = None
) -> OutsideTheGate:
    """Return who started what past the ledger since the month began, UTC.

    Args:
        workspace: where history and books are.
        listing: today's prices.
        schedules: those that the Hub lists; ``None`` is those that the last sync kept.

    Raises:
        HistoryError: the history or its bills cannot be read.
        LedgerError: the ledger cannot be asked.
    """
    now = workspace.now()
    (month,) = applied_budgets(Policy(budgets=(_EVERY_JOB,)), None, now)
    made = _made_outside(schedules, workspace, listing, month.window)
    jobs = workspace.history_jobs()
    if jobs is None:
        return OutsideTheGate(start=month.window.start, people=(), schedules=made)
    from hfplanner.budget.off_ledger_jobs import JobEvidence, started_outside  # noqa: PLC0415 - polars

    evidence = JobEvidence(jobs=jobs(), listing=listing, now=now, bills=workspace.history_bills())
    found = started_outside(month, workspace.books(), evidence)
    return OutsideTheGate(start=month.window.start, people=found.people, kinds=found.kinds, schedules=made)


def _made_outside(
    schedules: "Sequence[ScheduledJobInfo] | None", workspace: Workspace, listing: Listing, month: "BudgetWindow"
) -> tuple[OutsideSchedule, ...]:
    """Return the schedules that no submission of the ledger made."""
    found = workspace.history_schedules() if schedules is None else schedules
    if not found:
        return ()
    from hfplanner.budget.off_ledger_schedules import cost_of_runs  # noqa: PLC0415 - only where there are schedules

    ours, now = workspace.books().by_jobs([one.id for one in found]), workspace.now()
    return tuple(
        OutsideSchedule(schedule=one, cost=cost_of_runs(one, listing, now, month.end or now))
        for one in found
        if one.id not in ours
    )
