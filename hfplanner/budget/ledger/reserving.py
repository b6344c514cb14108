"""What makes a submission: a reservation, or a job that was found. And what gives one its job."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from hfplanner.budget.ledger import queries
from hfplanner.budget.ledger.answers import reduced_answer
from hfplanner.budget.ledger.approving import use_approval
from hfplanner.budget.ledger.changes import Adoption, Existing, Refused, Reservation, Reserved
from hfplanner.budget.ledger.dialect import Transaction, storable
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.postings import (
    NO_BUDGET,
    StateChange,
    SubmissionRow,
    change_state,
    has_change,
    lock_submission,
    post_amounts,
    post_first_hold,
    record_change,
)
from hfplanner.budget.ledger.records import EntryKind, State, Submission
from hfplanner.budget.ledger.rows import notes_text, read_submission, terms_text, to_us
from hfplanner.budget.ledger.running import check_caps
from hfplanner.budget.ledger.windows import (
    Key,
    add_to_counters,
    balance,
    covering_windows,
    hold_despite_limit,
    hold_if_left,
    in_lock_order,
    key_of,
    lock_counters,
    set_limit,
)
from hfplanner.budget.scope import covers
from hfplanner.errors import BudgetBlocked, KeyConflict, quoted
from hfplanner.units import MAX_MICRO_USD, format_usd

__all__ = ["NotOpen", "TooLittleLeft", "adopt", "as_committed", "give_job", "in_time", "key_conflict", "reserve_all"]

_WITH_JOB = (State.LAUNCHED, State.ADOPTED, State.SETTLED)
_INSERT = """
    INSERT INTO submissions
    (sid, user_key, active_key, spec_hash, terms, notes, created_us, expires_us, state, cap_micro_usd, presumed,
     evidence, job_id, answer, reason, changed_us, counts_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, '', ?, ?, ?)
"""
# Locked: nobody else takes the key over, or sends what it stands for, until this is decided.
_SAME = "SELECT sid, active_key, state, spec_hash FROM submissions WHERE sid = ? OR active_key = ? FOR UPDATE"
_ADD_WAIVER = "INSERT INTO waivers (sid, budget, start_us, reason, author, expires_us) VALUES (?, ?, ?, ?, ?, ?)"


class TooLittleLeft(Exception):
    """Rolls a reservation back: not everything it needs is left."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


class NotOpen(Exception):
    """Rolls a reservation back: a window it names has no counters yet, and is to be opened first."""


def reserve_all(
    tx: Transaction, wanted: Sequence[Reservation], tokens: Sequence[str]
) -> tuple[Reserved | Existing, ...]:
    """Hold the caps of all reservations in all of their windows; one token for each of them.

    Raises:
        TooLittleLeft: in some there is too little; the transaction must be rolled back.
        NotOpen: one has no counters yet; the same.
        KeyConflict, BudgetBlocked, BudgetRefused, ValueError: see
            :meth:`hfplanner.budget.ledger.ledger.Ledger.reserve_all`.
    """
    _check_apart(wanted)
    caps = [_cap(one) for one in wanted]
    if sum(caps) > MAX_MICRO_USD:
        raise _uncountable("these jobs can cost", sum(caps))
    windows = [in_lock_order(one.windows) for one in wanted]
    if any(one.caps.is_any or one.approve_above_micro_usd is not None for one in wanted):
        # Before anything is locked, so that nobody waits for another in a circle.
        tx.take_turn()
    # In the one order in which all transactions lock and write them, for the same reason.
    order = sorted(range(len(wanted)), key=lambda number: (wanted[number].key or "", wanted[number].sid))
    known = {number: _known(tx, wanted[number]) for number in order}
    new = [number for number in order if known[number] is None]
    for number in new:
        _check_covered(wanted[number], windows[number])
    check_caps(tx, [(wanted[number].caps, wanted[number].terms) for number in new])
    approved = use_approval(tx, [(wanted[number], caps[number]) for number in new]) if new else None
    waived = _hold_all(tx, [(wanted[number], caps[number]) for number in new])
    made = {}
    for number in new:
        one = wanted[number]
        used = [window for window in windows[number] if key_of(window) in waived]
        change = StateChange(tokens[number], to_us(one.created_at), _reason(used, approved))
        made[number] = _insert(tx, one, caps[number], change)
        for window in used:
            _note_waiver(tx, one.sid, window)
        post_first_hold(tx, one.sid, EntryKind.RESERVE, change, windows=_keys(windows[number]), held=caps[number])
    return tuple(
        Reserved(made[number]) if (found := known[number]) is None else Existing(found) for number in range(len(wanted))
    )


def as_committed(tx: Transaction, wanted: Reservation, token: str) -> Reserved | Existing:
    """Return what became of one of several reservations, once that is durable."""
    if has_change(tx, token):
        return Reserved(queries.existing(tx, wanted.sid))
    found = None if wanted.key is None else queries.by_key(tx, wanted.key)
    return Existing(found or queries.existing(tx, wanted.sid))


def _check_apart(wanted: Sequence[Reservation]) -> None:
    """Refuse reservations of which two are the same.

    Raises:
        ValueError: two have one id, or one key.
    """
    sids, keys = [one.sid for one in wanted], [one.key for one in wanted if one.key is not None]
    if len(set(sids)) < len(sids) or len(set(keys)) < len(keys):
        raise ValueError("reservations of which two have the same id or key")


def _reason(waived: Sequence[BudgetWindow], approved: str | None) -> str:
    words = "; ".join(
        [
            *([f"approved as {approved}"] if approved else []),
            *(f"budget {w.budget} waived by {w.waiver.author}: {w.waiver.reason}" for w in waived if w.waiver),
        ]
    )
    return f"Its money is held ({words})." if words else "Its money is held."


def _check_covered(wanted: Reservation, windows: Sequence[BudgetWindow]) -> None:
    """Refuse windows that the job does not count in: what is held would not be in their counters.

    Raises:
        BudgetBlocked: a period turned while the job was decided.
        ValueError: the job is not of a budget's scope.
    """
    for window in windows:
        if not window.start <= wanted.created_at or (window.end is not None and wanted.created_at >= window.end):
            name = quoted(window.budget)
            raise BudgetBlocked(f"The period of budget {name} turned while the job was decided.", hint="Try again.")
        if not covers(window.scope, wanted.terms):
            raise ValueError(f"budget {window.budget!r} is not about this job")


def _cap(wanted: Reservation) -> int:
    try:
        cap = wanted.terms.cap_micro_usd
    except ValueError:
        cap = None
    if cap is None:
        raise BudgetBlocked("The most this job can cost is not known, so nothing can be held for it.")
    if not 0 <= cap <= MAX_MICRO_USD:
        raise _uncountable("this job can cost", cap)
    return cap


def _uncountable(what: str, cap: int) -> BudgetBlocked:
    return BudgetBlocked(f"The most {what} is {format_usd(cap)}, which is more than can be counted.")


def _known(tx: Transaction, wanted: Reservation) -> Submission | None:
    """Return the submission that this reservation has been made as, and free a key that no job came of."""
    for sid, active_key, state, spec_hash in tx.rows(_SAME, wanted.sid, wanted.key):
        is_itself = sid == wanted.sid
        if not is_itself and state == State.VOID:
            tx.change("UPDATE submissions SET active_key = NULL WHERE sid = ?", sid)
        elif spec_hash == wanted.spec_hash:
            return queries.existing(tx, sid)
        elif is_itself:
            raise KeyConflict(f"Submission {sid} is of another job.")
        else:
            raise key_conflict(active_key, sid)
    return None


def key_conflict(key: str, sid: str) -> KeyConflict:
    """Return the error of a key that was used for another job."""
    return KeyConflict(
        f"The key {quoted(key)} was used before, for another job (submission {sid}).",
        hint="Use another --key for another job; the same command with the same key returns the first job.",
    )


def _hold_all(tx: Transaction, wanted: Sequence[tuple[Reservation, int]]) -> set[Key]:
    """Hold each cap in all windows that cover its job, each window's sum at once; return where only a waiver made room.

    A window that one of the reservations names decides on what all of them hold of it.
    """
    named = _named(wanted)
    sums = _sums(tx, wanted)
    if not named.keys() <= sums.keys():
        raise NotOpen
    moment = max((one.created_at for one, _ in wanted), default=None)
    over, waived = [], set()
    for key in sorted(sums):
        window, amount = named.get(key), sums[key]
        if window is None:
            add_to_counters(tx, key, held=amount)
            continue
        if hold_if_left(tx, window, amount):
            continue
        # Too little is left; from here on nobody else changes it.
        lock_counters(tx, key)
        if hold_if_left(tx, window, amount):
            continue
        if window.waiver is not None and moment is not None and window.waiver.expires > moment:
            hold_despite_limit(tx, window, amount)
            waived.add(key)
        else:
            over.append(key)
    if over:
        stands = tuple(balance(tx, window, without=0 if key in over else sums[key]) for key, window in named.items())
        raise TooLittleLeft(Refused(balances=stands, over=tuple(named[key].budget for key in over)))
    return waived


def _named(wanted: Sequence[tuple[Reservation, int]]) -> dict[Key, BudgetWindow]:
    """Return every window that a reservation names, once.

    Raises:
        ValueError: two of them name it with different limits.
    """
    named: dict[Key, BudgetWindow] = {}
    for one, _ in wanted:
        for window in one.windows:
            if named.setdefault(key_of(window), window) != window:
                raise ValueError(f"budget {window.budget!r} has two limits")
    return named


def _sums(tx: Transaction, wanted: Sequence[tuple[Reservation, int]]) -> dict[Key, int]:
    """Return what all reservations together hold of each window that covers them [micro-USD]."""
    covering: dict[tuple[str, int], list[Key]] = {}
    sums: dict[Key, int] = {}
    for one, cap in wanted:
        counts = (terms_text(one.terms), to_us(one.created_at))
        if counts not in covering:
            covering[counts] = covering_windows(tx, *counts)
        for key in covering[counts]:
            sums[key] = sums.get(key, 0) + cap
    return sums


def _note_waiver(tx: Transaction, sid: str, window: BudgetWindow) -> None:
    if window.waiver is not None:
        waiver = window.waiver
        key = (window.budget, to_us(window.start))
        tx.change(_ADD_WAIVER, sid, *key, waiver.reason, waiver.author, to_us(waiver.expires))


def _insert(tx: Transaction, wanted: Reservation, cap: int, change: StateChange) -> Submission:
    """Insert the submission, and return it as it will be read."""
    created, expires = to_us(wanted.created_at), to_us(wanted.expires_at)
    sid, key, spec_hash = (storable(text) for text in (wanted.sid, wanted.key, wanted.spec_hash))
    terms, notes, state = terms_text(wanted.terms), notes_text(wanted.notes), State.RESERVED
    reason, at = storable(change.reason), change.at_us
    what = (sid, key, key, spec_hash, terms, notes, created, expires)
    tx.change(_INSERT, *what, state, cap, None, reason, at, created)
    record_change(tx, wanted.sid, ("", state), change)
    row = (sid, key, spec_hash, terms, created, expires, notes, state, cap, None, 0, None, None, reason, at, created)
    return read_submission(row, sorted((storable(window.budget), window.start) for window in wanted.windows))


def _keys(windows: list[BudgetWindow]) -> list[tuple[str, int]]:
    return [(window.budget, to_us(window.start)) for window in windows] or [NO_BUDGET]


def in_time(tx: Transaction, sid: str, at: datetime) -> bool:
    """Return whether a reservation has not expired."""
    return tx.row("SELECT 1 FROM submissions WHERE sid = ? AND expires_us > ?", sid, to_us(at)) is not None


def give_job(tx: Transaction, job: tuple[str, str, str], change: StateChange, states: Collection[State]) -> bool:
    """Give a submission its job, if it is in one of these states and neither has another; whether it has it now.

    Args:
        tx: the transaction.
        job: the submission's id, the job's, and the Hub's raw answer, of which what is needed is kept.
        change: on whose word.
        states: those in which this evidence counts.
    """
    sid, job_id, answer = job
    standing = lock_submission(tx, sid)
    if standing is None:
        return False
    if standing.state in _WITH_JOB and standing.job_id == job_id:
        return True
    is_open = standing.state in states and (standing.state is not State.SETTLED or standing.presumed == 1)
    if not is_open or queries.by_job(tx, job_id) is not None:
        return False
    return _take_job(tx, standing, replace(standing, job_id=job_id, answer=reduced_answer(answer)), change)


def _take_job(tx: Transaction, before: SubmissionRow, with_job: SubmissionRow, change: StateChange) -> bool:
    cap = before.cap_micro_usd
    if before.state is State.VOID:
        taken = change_state(tx, before.state, replace(with_job, state=State.ADOPTED), change)
        post_amounts(tx, before, EntryKind.ADOPT, change, held=cap, posted=0)
        return taken
    launched = replace(with_job, state=State.LAUNCHED, posted_micro_usd=None, presumed=0)
    taken = change_state(tx, before.state, launched, change)
    if before.state is State.SETTLED:
        post_amounts(tx, before, EntryKind.REOPEN, change, held=cap, posted=0)
    return taken


def adopt(tx: Transaction, adoption: Adoption, change: StateChange) -> Submission:
    """Charge a job that was found; see :meth:`hfplanner.budget.ledger.ledger.Ledger.adopt`."""
    known = queries.by_job(tx, adoption.job_id)
    if known is not None:
        return known
    standing = lock_submission(tx, adoption.sid)
    waiting = (State.SENDING, State.UNKNOWN, State.SETTLED)
    if standing is not None and give_job(tx, (adoption.sid, adoption.job_id, ""), change, waiting):
        return queries.existing(tx, adoption.sid)
    if standing is not None and standing.state is State.VOID:
        tx.change("DELETE FROM charges WHERE sid = ?", adoption.sid)
        cap, job_id = adoption.cap_micro_usd, adoption.job_id
        adopted = replace(standing, state=State.ADOPTED, cap_micro_usd=cap, job_id=job_id)
        change_state(tx, State.VOID, adopted, change)
        return _charge_adopted(tx, adopted, adoption, change)
    sid = adoption.sid if standing is None else secrets.token_hex(16)
    terms, counts_us = terms_text(adoption.terms), to_us(adoption.created_at or adoption.at)
    what = ("", terms, notes_text({}))
    tx.change(
        _INSERT,
        *(sid, None, None, *what, change.at_us, change.at_us),
        *(State.ADOPTED, adoption.cap_micro_usd, adoption.job_id, change.reason, change.at_us, counts_us),
    )
    record_change(tx, sid, ("", State.ADOPTED), change)
    cap = adoption.cap_micro_usd
    made = SubmissionRow(sid=sid, state=State.ADOPTED, cap_micro_usd=cap, terms=terms, counts_us=counts_us)
    return _charge_adopted(tx, made, adoption, change)


def _charge_adopted(tx: Transaction, adopted: SubmissionRow, adoption: Adoption, change: StateChange) -> Submission:
    windows, cap = in_lock_order(adoption.windows), adopted.cap_micro_usd
    post_first_hold(tx, adopted.sid, EntryKind.ADOPT, change, windows=_keys(windows), held=cap)
    named = {key_of(window): window for window in windows}
    # One that has no counters yet finds the job when it is opened.
    for key in covering_windows(tx, adopted.terms, adopted.counts_us):
        if key in named:
            set_limit(tx, named[key])
        add_to_counters(tx, key, held=cap)
    return queries.existing(tx, adopted.sid)
