"""What makes a submission: a reservation, or a job that was found. And what gives one its job."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from hfplanner.budget.ledger import queries
from hfplanner.budget.ledger.books import NO_BUDGET, Change, Standing, add_charge, locked, note, post, step
from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.records import (
    Adoption,
    Balance,
    BudgetWindow,
    EntryKind,
    Existing,
    Refused,
    Reservation,
    Reserved,
    State,
    Submission,
)
from hfplanner.budget.ledger.rows import notes_text, terms_text, to_us
from hfplanner.budget.ledger.windows import allow, balance, hold, hold_waived, in_lock_order, open_window
from hfplanner.errors import BudgetBlocked, KeyConflict, quoted
from hfplanner.units import MAX_MICRO_USD, format_usd

__all__ = ["TooLittleLeft", "adopt", "give_job", "in_time", "reserve"]

_WITH_JOB = (State.LAUNCHED, State.ADOPTED, State.SETTLED)
_INSERT = """
    INSERT INTO submissions
    (sid, user_key, active_key, spec_hash, terms, notes, created_us, expires_us, state, cap_micro_usd, presumed,
     evidence, job_id, answer, reason, changed_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, '', ?, ?)
"""
_ADD_WAIVER = "INSERT INTO waivers (sid, budget, start_us, reason, author, expires_us) VALUES (?, ?, ?, ?, ?, ?)"


class TooLittleLeft(Exception):
    """Rolls a reservation back: not everything it needs is left."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


def reserve(tx: Transaction, wanted: Reservation, token: str) -> Reserved | Existing:
    """Hold the reservation's cap in all of its windows.

    Raises:
        TooLittleLeft: in some there is too little; the transaction must be rolled back.
        KeyConflict, BudgetBlocked: see :meth:`hfplanner.budget.ledger.ledger.Ledger.reserve`.
    """
    cap = _cap(wanted)
    windows = in_lock_order(wanted.windows)
    known = _known(tx, wanted)
    if known is not None:
        return Existing(known)
    waived = _hold_all(tx, wanted, windows, cap)
    reason = "Its money is held."
    if waived:
        words = "; ".join(
            f"budget {w.budget} waived by {w.waiver.author}: {w.waiver.reason}" for w in waived if w.waiver
        )
        reason = f"Its money is held ({words})."
    change = Change(token, to_us(wanted.created_at), reason)
    _insert(tx, wanted, cap, change)
    for window in waived:
        _note_waiver(tx, wanted.sid, window)
    _charge(tx, wanted.sid, windows)
    post(tx, wanted.sid, EntryKind.RESERVE, change, held=cap, posted=0, moves_windows=False)
    return Reserved(queries.existing(tx, wanted.sid))


def _cap(wanted: Reservation) -> int:
    try:
        cap = wanted.terms.cap_micro_usd
    except ValueError:
        cap = None
    if cap is None:
        raise BudgetBlocked("The most this job can cost is not known, so nothing can be held for it.")
    if not 0 <= cap <= MAX_MICRO_USD:
        raise BudgetBlocked(f"The most this job can cost is {format_usd(cap)}, which is more than can be counted.")
    return cap


def _known(tx: Transaction, wanted: Reservation) -> Submission | None:
    """Return the submission that this reservation has been made as, and free a key that no job came of."""
    same = queries.by_sid(tx, wanted.sid)
    if same is not None:
        if same.spec_hash != wanted.spec_hash:
            raise KeyConflict(f"Submission {wanted.sid} is of another job.")
        return same
    if wanted.key is None:
        return None
    row = tx.row("SELECT sid, state, spec_hash FROM submissions WHERE active_key = ? FOR UPDATE", wanted.key)
    if row is None:
        return None
    sid, state, spec_hash = row
    if state == State.VOID:
        tx.change("UPDATE submissions SET active_key = NULL WHERE sid = ?", sid)
        return None
    if spec_hash != wanted.spec_hash:
        raise KeyConflict(
            f"The key {quoted(wanted.key)} was used before, for another job (submission {sid}).",
            hint="Use another --key for another job; the same command with the same key returns the first job.",
        )
    return queries.existing(tx, sid)


def _hold_all(tx: Transaction, wanted: Reservation, windows: list[BudgetWindow], cap: int) -> list[BudgetWindow]:
    """Hold the cap in every window; return those in which only a waiver made room."""
    stands: dict[BudgetWindow, Balance] = {}
    over, waived = [], []
    for window in windows:
        open_window(tx, window)
        stands[window] = balance(tx, window, locked=True)
        if hold(tx, window, cap):
            continue
        if window.waiver is not None and window.waiver.expires > wanted.created_at:
            hold_waived(tx, window, cap)
            waived.append(window)
        else:
            over.append(window.budget)
    if over:
        raise TooLittleLeft(Refused(balances=tuple(stands[window] for window in wanted.windows), over=tuple(over)))
    return waived


def _note_waiver(tx: Transaction, sid: str, window: BudgetWindow) -> None:
    if window.waiver is not None:
        waiver = window.waiver
        key = (window.budget, to_us(window.start))
        tx.change(_ADD_WAIVER, sid, *key, waiver.reason, waiver.author, to_us(waiver.expires))


def _insert(tx: Transaction, wanted: Reservation, cap: int, change: Change) -> None:
    created, expires = to_us(wanted.created_at), to_us(wanted.expires_at)
    what = (wanted.spec_hash, terms_text(wanted.terms), notes_text(wanted.notes))
    tx.change(
        _INSERT,
        *(wanted.sid, wanted.key, wanted.key, *what, created, expires),
        *(State.RESERVED, cap, None, change.reason, change.at_us),
    )
    note(tx, wanted.sid, ("", State.RESERVED), change)


def _charge(tx: Transaction, sid: str, windows: list[BudgetWindow]) -> None:
    for key in [(window.budget, to_us(window.start)) for window in windows] or [NO_BUDGET]:
        add_charge(tx, sid, key)


def in_time(tx: Transaction, sid: str, at: datetime) -> bool:
    """Return whether a reservation has not expired."""
    return tx.row("SELECT 1 FROM submissions WHERE sid = ? AND expires_us > ?", sid, to_us(at)) is not None


def give_job(tx: Transaction, job: tuple[str, str, str], change: Change, states: Collection[State]) -> bool:
    """Give a submission its job, if it is in one of these states and neither has another; whether it has it now.

    Args:
        tx: the transaction.
        job: the submission's id, the job's, and the Hub's raw answer.
        change: on whose word.
        states: those in which this evidence counts.
    """
    sid, job_id, answer = job
    standing = locked(tx, sid)
    if standing is None:
        return False
    if standing.state in _WITH_JOB and standing.job_id == job_id:
        return True
    is_open = standing.state in states and (standing.state is not State.SETTLED or standing.presumed == 1)
    if not is_open or queries.by_job(tx, job_id) is not None:
        return False
    return _take_job(tx, standing, replace(standing, job_id=job_id, answer=answer), change)


def _take_job(tx: Transaction, before: Standing, with_job: Standing, change: Change) -> bool:
    sid, cap = before.sid, before.cap_micro_usd
    if before.state is State.VOID:
        taken = step(tx, before.state, replace(with_job, state=State.ADOPTED), change)
        post(tx, sid, EntryKind.ADOPT, change, held=cap, posted=0)
        return taken
    launched = replace(with_job, state=State.LAUNCHED, posted_micro_usd=None, presumed=0)
    taken = step(tx, before.state, launched, change)
    if before.state is State.SETTLED:
        post(tx, sid, EntryKind.REOPEN, change, held=cap, posted=0)
    return taken


def adopt(tx: Transaction, adoption: Adoption, change: Change) -> Submission:
    """Charge a job that was found; see :meth:`hfplanner.budget.ledger.ledger.Ledger.adopt`."""
    known = queries.by_job(tx, adoption.job_id)
    if known is not None:
        return known
    standing = locked(tx, adoption.sid)
    waiting = (State.SENDING, State.UNKNOWN, State.SETTLED)
    if standing is not None and give_job(tx, (adoption.sid, adoption.job_id, ""), change, waiting):
        return queries.existing(tx, adoption.sid)
    if standing is not None and standing.state is State.VOID:
        tx.change("DELETE FROM charges WHERE sid = ?", adoption.sid)
        cap, job_id = adoption.cap_micro_usd, adoption.job_id
        adopted = replace(standing, state=State.ADOPTED, cap_micro_usd=cap, job_id=job_id)
        step(tx, State.VOID, adopted, change)
        return _charge_adopted(tx, adoption.sid, adoption, change)
    sid = adoption.sid if standing is None else secrets.token_hex(16)
    what = ("", terms_text(adoption.terms), notes_text({}))
    tx.change(
        _INSERT,
        *(sid, None, None, *what, change.at_us, change.at_us),
        *(State.ADOPTED, adoption.cap_micro_usd, adoption.job_id, change.reason, change.at_us),
    )
    note(tx, sid, ("", State.ADOPTED), change)
    return _charge_adopted(tx, sid, adoption, change)


def _charge_adopted(tx: Transaction, sid: str, adoption: Adoption, change: Change) -> Submission:
    windows = in_lock_order(adoption.windows)
    for window in windows:
        open_window(tx, window)
        allow(tx, window)
    _charge(tx, sid, windows)
    post(tx, sid, EntryKind.ADOPT, change, held=adoption.cap_micro_usd, posted=0)
    return queries.existing(tx, sid)
