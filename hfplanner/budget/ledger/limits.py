"""What a reservation is held against: budgets in their periods, what runs at once, and where both stand.

Money is integer micro-USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hfplanner.budget.scope import Scope

__all__ = [
    "Balance",
    "BudgetWindow",
    "Running",
    "RunningCaps",
    "Waiver",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A budget's owner's word that a job may exceed it.

    Args:
        reason: why.
        author: who said so.
        expires: until when it holds, UTC.
    """

    reason: str
    author: str
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWindow:
    """One budget in one period: what a reservation is counted against.

    It has spent and holds what every submission of its period and its scope has and does, whatever budgets those were
    reserved in: the name says whose limit it is, and counts nothing.

    Args:
        budget: its name.
        start: of the period, UTC, included; the same moment for every writer of that period.
        end: of the period, UTC, not included; ``None`` for a budget without periods.
        limit_micro_usd: of the period.
        scope: which jobs it is about.
        other_micro_usd: what is spent or committed outside the ledger: it lowers what may be reserved.
        waiver: lets a reservation exceed the limit; recorded with it.
        held_schedules: schedules that ``other_micro_usd`` leaves out because the ledger held money for them when it
            was added up: the submission, and what its runs cost [micro-USD]. Where the ledger has let go of one
            meanwhile, that counts, too.
    """

    budget: str
    start: datetime
    end: datetime | None
    limit_micro_usd: int
    scope: Scope = field(default_factory=Scope)
    other_micro_usd: int = 0
    waiver: Waiver | None = None
    held_schedules: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a budget's window stands at.

    Args:
        window: which one; its limit as the policy says now.
        posted_micro_usd: settled.
        held_micro_usd: of open submissions.
        overrun_micro_usd: how far evidence (adopted jobs, costs above the cap, a lowered limit, waivers) has taken the
            window beyond its limit.
    """

    window: BudgetWindow
    posted_micro_usd: int
    held_micro_usd: int
    overrun_micro_usd: int

    @property
    def left_micro_usd(self) -> int:
        """What may still be reserved; below 0 where more is spent than the limit."""
        return self.window.limit_micro_usd - self.window.other_micro_usd - self.posted_micro_usd - self.held_micro_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCaps:
    """How much may run at once; ``None`` is no limit.

    Args:
        micro_usd_per_hour: what all open submissions may cost an hour together.
        jobs: how many may be open.
        jobs_per_owner: of each who submits.
    """

    micro_usd_per_hour: int | None = None
    jobs: int | None = None
    jobs_per_owner: int | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything is limited."""
        return (self.micro_usd_per_hour, self.jobs, self.jobs_per_owner) != (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What may be running: every submission that holds money.

    Args:
        jobs: how many.
        by_owner: how many of each who submitted, in small letters; ``""`` where that is not known.
        micro_usd_per_hour: what those cost an hour whose price is known.
        unpriced_jobs: how many have no known price.
    """

    jobs: int = 0
    by_owner: Mapping[str, int] = field(default_factory=dict)
    micro_usd_per_hour: int = 0
    unpriced_jobs: int = 0
