"""What the ledger keeps: frozen records, nothing of how they are stored. Money is integer micro-USD."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from hfplanner.budget.terms import JobTerms
from hfplanner.times import json_moment

__all__ = [
    "GIVEN_UP",
    "SID_LABEL",
    "Entry",
    "EntryKind",
    "Problem",
    "Sender",
    "State",
    "Submission",
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
