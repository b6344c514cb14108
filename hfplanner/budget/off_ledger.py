"""What budgets have spent or committed beside what was reserved in them.

That is jobs of the history that the ledger does not count in the budget, and runs of schedules to come.

Unknown is never zero. A job or a schedule whose cost has no upper bound is counted at what is surely spent, and named:
whether that blocks or only warns is the policy's word (``unknown_spending``).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from hfplanner.budget.ledger.limits import Balance, BudgetWindow, Running
from hfplanner.budget.ledger.records import State, Submission

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval

__all__ = ["NOTHING_OFF_LEDGER", "LedgerReader", "OffLedger", "Spending"]


class LedgerReader(Protocol):
    """What a check asks of a ledger."""

    def balances(self, windows: Sequence[BudgetWindow]) -> tuple[Balance, ...]:
        """Return what windows stand at."""

    def by_jobs(self, job_ids: Collection[str]) -> Mapping[str, Submission]:
        """Return the submissions of jobs by the jobs' ids; jobs without one are left out."""

    def get(self, sid: str) -> Submission | None:
        """Return a submission."""

    def submissions(self, states: Collection[State]) -> Iterable[Submission]:
        """Return the submissions in some states."""

    def running(self) -> Running:
        """Return what may be running."""

    def by_key(self, key: str) -> Submission | None:
        """Return the submission that a key belongs to."""

    def approval_of(self, digest: str, cost_micro_usd: int, now: datetime) -> "Approval | None":
        """Return the approval of a job, for this cost or more, that can still be given or used."""

    def open_approvals(self, now: datetime) -> "tuple[Approval, ...]":
        """Return all approvals that can still be given or used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one budget's period has spent or committed outside the ledger.

    Args:
        spent_micro_usd: by jobs that have ended, the most they can have cost.
        held_micro_usd: by jobs that have not, at their worst case.
        scheduled_micro_usd: by runs of schedules until the end of the period, at their worst case.
        spent_jobs: how many have ended.
        held_jobs: how many have not.
        scheduled_runs: how many runs are to come.
        unknown: what has no upper bound, a sentence each.
        held_schedules: schedules that are not counted here because the ledger holds money for them: the submission,
            and what its runs cost [micro-USD].
    """

    spent_micro_usd: int = 0
    held_micro_usd: int = 0
    scheduled_micro_usd: int = 0
    spent_jobs: int = 0
    held_jobs: int = 0
    scheduled_runs: int = 0
    unknown: tuple[str, ...] = ()
    held_schedules: tuple[tuple[str, int], ...] = ()

    @property
    def total_micro_usd(self) -> int:
        """All of it."""
        return self.spent_micro_usd + self.held_micro_usd + self.scheduled_micro_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class OffLedger:
    """What is known outside the ledger.

    Args:
        by_budget: by the budget's name; one that is missing has nothing.
        history_seen_at: when the history last saw a job of these budgets, UTC; ``None`` for none.
        gaps: where the history is known to lack jobs, a sentence each.
        asked_schedules: whether the Hub was asked for its schedules.
    """

    by_budget: Mapping[str, Spending] = field(default_factory=dict)
    history_seen_at: datetime | None = None
    gaps: tuple[str, ...] = ()
    asked_schedules: bool = False

    def of(self, budget: str) -> Spending:
        """Return what a budget has outside."""
        return self.by_budget.get(budget, Spending())


NOTHING_OFF_LEDGER = OffLedger()
"""No history, and nobody asked for schedules."""
