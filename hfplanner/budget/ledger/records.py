"""What the ledger keeps and answers: frozen records, nothing of how they are stored. Money is integer micro-USD."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import JobTerms
from hfplanner.times import json_moment

__all__ = [
    "GIVEN_UP",
    "SID_LABEL",
    "Adoption",
    "Approval",
    "ApprovalRequest",
    "Balance",
    "BudgetWindow",
    "Entry",
    "EntryKind",
    "Existing",
    "Problem",
    "Refused",
    "Reservation",
    "Reserved",
    "Running",
    "RunningCaps",
    "Sender",
    "Settlement",
    "State",
    "Submission",
    "Waiver",
]


SID_LABEL = "hfplanner-sid"
"""The label of a job that carries the id of its submission."""
GIVEN_UP = "given_up"
"""The note of a submission whose job was given up while it waited: when, UTC."""


class State(StrEnum):
    """Where a submission is.

    ``RESERVED``: money held, nothing sent. ``SENDING``: the request may be on its way. ``LAUNCHED``: the job exists.
    ``UNKNOWN``: it may exist; its money stays held. ``SETTLED``: what it cost is posted. ``VOID``: proven not to run;
    nothing held. ``ADOPTED``: a job that was found although nothing was held for it; charged.
    """

    RESERVED = "RESERVED"
    SENDING = "SENDING"
    LAUNCHED = "LAUNCHED"
    UNKNOWN = "UNKNOWN"
    SETTLED = "SETTLED"
    VOID = "VOID"
    ADOPTED = "ADOPTED"

    @property
    def holds_money(self) -> bool:
        """Whether money is held for a submission in this state."""
        return self not in {State.SETTLED, State.VOID}


class EntryKind(StrEnum):
    """Why counters changed: each entry adds to what is held and what is posted of one budget's window."""

    RESERVE = "RESERVE"  # held + cap
    RELEASE = "RELEASE"  # held - cap
    SETTLE = "SETTLE"  # held - cap, posted + cost
    PRESUME = "PRESUME"  # held - cap, posted + cap: taken as spent until evidence says otherwise
    REOPEN = "REOPEN"  # held + cap, posted - cap: what was presumed is held again, for the job was found
    CORRECT = "CORRECT"  # posted + (what evidence says - what was posted)
    ADOPT = "ADOPT"  # held + cap, beyond the limit where it must be
    RAISE = "RAISE"  # held + (the cap of what the Hub granted - the cap of what was asked), beyond the limit too


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
class Sender:
    """The process that sends, so that others can tell whether it is dead.

    Args:
        host: a stable name of the machine.
        boot_id: of the machine's present run.
        pid: of the process.
        lock_path: the file it holds a lock on while it sends.
        deadline_boot_secs: ``CLOCK_BOOTTIME`` after which it must not send any more [s].
    """

    host: str
    boot_id: str
    pid: int
    lock_path: str
    deadline_boot_secs: float


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """A job that an agent may start once a person says so.

    Args:
        code: a person names it by.
        digest: of everything that was asked for: another job, timeout, flavor, price or agent has another.
        agent: who asks.
        worst_case_micro_usd: what the job may cost.
        shown: what a person is shown of it, JSON; no values of variables or secrets.
        created_at: when it was asked for, UTC.
        expires_at: after which neither the word nor the job comes any more, UTC.
    """

    code: str
    digest: str
    agent: str
    worst_case_micro_usd: int
    shown: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval as it stands.

    Args:
        request: what was asked for.
        approved_by: who said so; ``None`` for nobody yet.
        approved_at: when, UTC.
        used_by: the submission that it let through; ``None`` for none yet.
    """

    request: ApprovalRequest
    approved_by: str | None = None
    approved_at: datetime | None = None
    used_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the approval as the interface spells it."""
        asked = self.request
        return {
            "code": asked.code,
            "agent": asked.agent,
            "worst_case_micro_usd": asked.worst_case_micro_usd,
            "created_at": json_moment(asked.created_at),
            "expires": json_moment(asked.expires_at),
            "approved_by": self.approved_by,
            "approved_at": self.approved_at and json_moment(self.approved_at),
            "submission_id": self.used_by,
            "job": json.loads(asked.shown),
        }


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submission as it stands.

    Args:
        sid, key, spec_hash, terms, created_at, expires_at, notes: as reserved.
        state: where it is.
        cap_micro_usd: what was reserved; with the terms' price the whole arithmetic.
        posted_micro_usd: what was posted for it; ``None`` before it was settled.
        presumed: whether that is only presumed.
        job_id: the Hub's name for the job, once known.
        sender: who sends or sent it.
        reason: why it is in its state, a sentence.
        changed_at: when its state changed last, UTC.
        budgets: the names of the budgets it was decided in, with the start of the window.
        counts_at: when its money counts, UTC: in every budget whose period this lies in and whose scope has its terms.
    """

    sid: str
    key: str | None
    spec_hash: str
    terms: JobTerms
    created_at: datetime
    expires_at: datetime
    notes: Mapping[str, str]
    state: State
    cap_micro_usd: int
    posted_micro_usd: int | None
    presumed: bool
    job_id: str | None
    sender: Sender | None
    reason: str
    changed_at: datetime
    budgets: tuple[tuple[str, datetime], ...]
    counts_at: datetime

    @property
    def is_given_up(self) -> bool:
        """Whether its job was given up while it waited, before anybody cancelled it: another may take its place."""
        return GIVEN_UP in self.notes

    @property
    def overrun_micro_usd(self) -> int:
        """By how much it cost more than was reserved; 0 where it did not, or is not settled."""
        return max(0, (self.posted_micro_usd or 0) - self.cap_micro_usd)

    def to_json(self) -> dict[str, Any]:
        """Return the submission as the interface spells it."""
        terms, price = self.terms, self.terms.price
        return {
            "submission_id": self.sid,
            "key": self.key,
            "state": self.state.value,
            "reason": self.reason,
            "job_id": self.job_id,
            "namespace": terms.namespace,
            "owner": terms.owner,
            "labels": dict(terms.labels),
            "flavor": terms.flavor,
            "price_micro_usd_per_minute": price and price.micro_usd_per_minute,
            "timeout_secs": terms.timeout_secs,
            "attempts": terms.attempts,
            "worst_case_micro_usd": self.cap_micro_usd,
            "posted_micro_usd": self.posted_micro_usd,
            "presumed": self.presumed,
            "overrun_micro_usd": self.overrun_micro_usd,
            "created_at": json_moment(self.created_at),
            "changed_at": json_moment(self.changed_at),
            "budgets": [{"name": name, "start": json_moment(start)} for name, start in self.budgets],
            "notes": dict(self.notes),
        }


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the books: never changed, never removed.

    Args:
        seq: its number, growing.
        sid: the submission.
        budget: the budget's name; ``""`` for a submission that falls under none.
        window_start: of the budget's period, UTC.
        kind: why.
        held_micro_usd: added to what is held.
        posted_micro_usd: added to what is posted.
        at: when, UTC.
        reason: a sentence.
        who: the operator who said so; ``""`` for the program itself.
    """

    seq: int
    sid: str
    budget: str
    window_start: datetime
    kind: EntryKind
    held_micro_usd: int
    posted_micro_usd: int
    at: datetime
    reason: str
    who: str

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the interface spells it."""
        moments = {"window_start": json_moment(self.window_start), "at": json_moment(self.at)}
        return {**asdict(self), **moments, "kind": self.kind.value}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the books that does not add up.

    Args:
        code: ``"counter"``, ``"held"``, ``"state"``, ``"negative"``, ``"limit"``, ``"chain"``, ...
        message: a sentence that names the row.
    """

    code: str
    message: str
