"""The moves inside a transaction: a submission from state to state, and its money between held and posted.

The charges and entries of a submission are those of the budgets it was decided in. Its money counts in every window
that covers it, see :mod:`hfplanner.budget.ledger.windows`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.records import EntryKind, State
from hfplanner.budget.ledger.windows import add_to_counters, covering_windows
from hfplanner.errors import LedgerError

__all__ = [
    "NO_BUDGET",
    "StateChange",
    "SubmissionRow",
    "change_state",
    "has_change",
    "lock_submission",
    "post_amounts",
    "post_first_hold",
    "post_raise",
    "record_change",
]

# What a submission that falls under no budget is charged to, so that its money is in the books too.
NO_BUDGET = ("", 0)

_LOCKED = """
    SELECT state, cap_micro_usd, posted_micro_usd, presumed, evidence, job_id, answer, sender, terms, counts_us
    FROM submissions WHERE sid = ? FOR UPDATE
""".strip()
_STEP = """
    UPDATE submissions
    SET state = ?, cap_micro_usd = ?, posted_micro_usd = ?, presumed = ?, evidence = ?, job_id = ?, answer = ?,
        sender = ?, reason = ?, changed_us = ?
    WHERE sid = ? AND state = ?
"""
_NOTE = "INSERT INTO changes (token, sid, from_state, to_state, at_us, reason, who) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ENTER = """
    INSERT INTO entries (token, sid, budget, start_us, kind, once, held_micro_usd, posted_micro_usd)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
""".rstrip()
_CHARGE = "INSERT INTO charges (sid, budget, start_us, held_micro_usd, posted_micro_usd) VALUES (?, ?, ?, ?, 0)"
_CHARGES = "SELECT budget, start_us, held_micro_usd, posted_micro_usd FROM charges WHERE sid = ?"
_SET_CHARGE = """
    UPDATE charges SET held_micro_usd = ?, posted_micro_usd = ? WHERE sid = ? AND budget = ? AND start_us = ?
"""


@dataclass(frozen=True, slots=True)
class StateChange:
    """What one call to the ledger changes, and on whose word.

    Args:
        token: random, of this call alone: whoever lost the connection at COMMIT looks for it.
        at_us: when.
        reason: a sentence.
        who: the operator who said so; ``""`` for the program itself.
    """

    token: str
    at_us: int
    reason: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """What changes of a submission's row, and what says where its money counts: its terms, and when."""

    sid: str
    state: State
    cap_micro_usd: int
    posted_micro_usd: int | None = None
    presumed: int = 0
    evidence: str = ""
    job_id: str | None = None
    answer: str = ""
    sender: str | None = None
    terms: str
    counts_us: int


def lock_submission(tx: Transaction, sid: str) -> SubmissionRow | None:
    """Return how a submission stands, and let nobody else change it until the transaction ends."""
    row = tx.row(_LOCKED, sid)
    if row is None:
        return None
    state, cap, posted, presumed, evidence, job_id, answer, sender, terms, counts_us = row
    return SubmissionRow(
        sid=sid,
        state=State(state),
        cap_micro_usd=cap,
        posted_micro_usd=posted,
        presumed=presumed,
        evidence=evidence,
        job_id=job_id,
        answer=answer,
        sender=sender,
        terms=terms,
        counts_us=counts_us,
    )


def change_state(tx: Transaction, before: State, after: SubmissionRow, change: StateChange) -> bool:
    """Bring a submission from one state to the next, and note it; whether it was in that state."""
    changed = tx.change(
        _STEP,
        after.state,
        after.cap_micro_usd,
        after.posted_micro_usd,
        after.presumed,
        after.evidence,
        after.job_id,
        after.answer,
        after.sender,
        change.reason,
        change.at_us,
        after.sid,
        before,
    )
    if changed == 1:
        record_change(tx, after.sid, (before, after.state), change)
    return changed == 1


def record_change(tx: Transaction, sid: str, states: tuple[str, str], change: StateChange) -> None:
    """Add a line to the history of states."""
    tx.change(_NOTE, change.token, sid, *states, change.at_us, change.reason, change.who)


def has_change(tx: Transaction, token: str) -> bool:
    """Return whether the call of this token was committed."""
    return tx.row("SELECT 1 FROM changes WHERE token = ?", token) is not None


def post_first_hold(  # noqa: PLR0913 - what, of whom, on whose word, where and how much
    tx: Transaction, sid: str, kind: EntryKind, change: StateChange, *, windows: Sequence[tuple[str, int]], held: int
) -> None:
    """Let a submission that holds nothing hold this much of each of these windows, whose counters the caller moves."""
    charges = [value for key in windows for value in (sid, *key, held)]
    entries = [value for key in windows for value in (change.token, sid, *key, kind, kind, held, 0)]
    # One statement for all rows: others wait for these locks, over a network.
    tx.change(_CHARGE + ", (?, ?, ?, ?, 0)" * (len(windows) - 1), *charges)
    tx.change(_ENTER + ", (?, ?, ?, ?, ?, ?, ?, ?)" * (len(windows) - 1), *entries)


def post_amounts(  # noqa: PLR0913 - what, of whom, on whose word, and the two amounts
    tx: Transaction, submission: SubmissionRow, kind: EntryKind, change: StateChange, *, held: int, posted: int
) -> None:
    """Bring what a submission holds and has posted to these amounts, with an entry for each budget it was decided in.

    Args:
        tx: the transaction.
        submission: it, as it was locked.
        kind: of the entries; all but ``CORRECT`` are made once for a submission and window, or the table refuses.
        change: on whose word.
        held: what it holds from now on [micro-USD].
        posted: what it has posted from now on [micro-USD].

    Raises:
        LedgerError: what it holds, or where that counts, is damaged.
    """
    sid = submission.sid
    once = f"{kind}:{change.token}" if kind is EntryKind.CORRECT else kind
    charges = tx.rows(_CHARGES, sid)
    if not charges:
        raise LedgerError(f"The ledger has lost what submission {sid} holds.", hint="Run: hfplanner ledger verify")
    for budget, start_us, held_now, posted_now in charges:
        key = (budget, start_us)
        tx.change(_ENTER, change.token, sid, *key, kind, once, held - held_now, posted - posted_now)
        tx.change(_SET_CHARGE, held, posted, sid, *key)
    # Every charge of a submission is of the same amounts.
    _, _, held_now, posted_now = charges[0]
    for window in covering_windows(tx, submission.terms, submission.counts_us):
        add_to_counters(tx, window, held=held - held_now, posted=posted - posted_now)


def post_raise(tx: Transaction, sid: str, change: StateChange, *, held: int) -> None:
    """Let a submission hold this much of each budget it was decided in, with an entry for each."""
    for budget, start_us, held_now, _ in tx.rows(_CHARGES, sid):
        key, once = (budget, start_us), f"{EntryKind.RAISE}:{change.token}"
        tx.change(_ENTER, change.token, sid, *key, EntryKind.RAISE, once, held - held_now, 0)
        tx.change(_SET_CHARGE, held, 0, sid, *key)
