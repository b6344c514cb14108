"""What the ledger is asked to change, and what it answers: reservations, settlements, jobs that were found.

Money is integer micro-USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hfplanner.budget.ledger.limits import Balance, BudgetWindow, RunningCaps
from hfplanner.budget.ledger.records import Submission
from hfplanner.budget.terms import JobTerms

__all__ = [
    "Adoption",
    "Existing",
    "Refused",
    "Reservation",
    "Reserved",
    "Settlement",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What is asked of the ledger before anything is sent.

    Args:
        sid: the submission's id, 128 random bits in hexadecimal; sent as a label.
        key: the user's own key, unique in the ledger; ``None`` for none.
        spec_hash: of the job's specification, secrets not included: tells a retry from another job.
        terms: what decides the money; its cap is what is held, and must be known.
        windows: the budgets it falls under; empty where there is no policy.
        created_at: now, UTC.
        expires_at: when an unsent reservation ends, UTC.
        notes: what else to keep with it, of text: the image, the job's name.
        caps: on what runs at once.
        approve_above_micro_usd: what may cost more needs an approval, which it uses up; ``None`` for never.
    """

    sid: str
    key: str | None
    spec_hash: str
    terms: JobTerms
    windows: tuple[BudgetWindow, ...]
    created_at: datetime
    expires_at: datetime
    notes: Mapping[str, str] = field(default_factory=dict)
    caps: RunningCaps = field(default_factory=RunningCaps)
    approve_above_micro_usd: int | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """Money is held: it may be sent."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Existing:
    """The key was used for the same specification before: this is what became of it. Nothing new is held."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is held: these are all windows as they stand, and ``over`` names those that have too little left."""

    balances: tuple[Balance, ...]
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a job cost.

    Args:
        cost_micro_usd: the money.
        evidence: where the figure is from: ``"durations"``, ``"bill"``, ``"never started"``, ...
        at: when it was found, UTC.
        is_bound: whether it is only known to cost no more.
    """

    cost_micro_usd: int
    evidence: str
    at: datetime
    is_bound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A job that was found on the Hub and that the ledger holds no money for.

    Args:
        sid: of the submission it belongs to where that is VOID or not known at all; a new one for a copy.
        job_id: the Hub's name.
        terms: as the Hub tells them; without a price or a timeout it is charged what ``cap_micro_usd`` says.
        cap_micro_usd: what is held for it.
        windows: the budgets it falls under.
        reason: how it was found, a sentence.
        at: when, UTC.
        created_at: when the job was created, which is when it counts, UTC; ``None`` is ``at``.
    """

    sid: str
    job_id: str
    terms: JobTerms
    cap_micro_usd: int
    windows: tuple[BudgetWindow, ...]
    reason: str
    at: datetime
    created_at: datetime | None = None
