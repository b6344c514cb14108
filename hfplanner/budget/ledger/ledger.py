"""The ledger: each call is one transaction that decides and records, or leaves nothing.

A call that asks for a change of state changes it only from the states it names, and says whether it did: ``False``
means that another has been there. Nothing here sends anything.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from hfplanner.budget.ledger import approving, queries, reserving
from hfplanner.budget.ledger.approval import Approval, ApprovalRequest
from hfplanner.budget.ledger.books import Books
from hfplanner.budget.ledger.changes import Adoption, Existing, Refused, Reservation, Reserved, Settlement
from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.giving_up import give_up
from hfplanner.budget.ledger.postings import (
    StateChange,
    SubmissionRow,
    change_state,
    has_change,
    lock_submission,
    post_amounts,
)
from hfplanner.budget.ledger.raising import raise_hold
from hfplanner.budget.ledger.records import EntryKind, Sender, State, Submission
from hfplanner.budget.ledger.rows import sender_text, to_us
from hfplanner.budget.ledger.windows import key_of
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import LedgerError
from hfplanner.units import format_usd

__all__ = ["BILL", "Ledger"]

T = TypeVar("T")

# The evidence that no other overrules: what the Hub has charged.
BILL = "bill"
_SENT = (State.SENDING, State.UNKNOWN)
_WITH_COST = (State.LAUNCHED, State.ADOPTED)


class Ledger(Books):
    """The books of one pool of money. For one thread of one process at a time; any number of processes share them.

    Made by :func:`hfplanner.budget.ledger.open.open_ledger`; a context manager that closes. Every call may raise
    :class:`~hfplanner.errors.LedgerError`: then nothing was written, or nobody can tell, and nothing may be sent.
    """

    # Before anything is sent

    def reserve(self, wanted: Reservation) -> Reserved | Existing | Refused:
        """Hold the most a job can cost in every budget it falls under, or in none of them: T1.

        A window with a waiver that has not expired may exceed its limit; that the waiver was used is recorded. A key
        stands for one job: with the same specification its submission is returned, with another it is a conflict. Only
        a key whose submission is VOID, so that no job came of it, may be used again, for any specification: the new
        submission takes the key over, and the VOID one keeps its history, and stays without the key should its job
        turn up after all.

        Raises:
            KeyConflict: the key belongs to another specification, or the ``sid`` to another submission.
            BudgetBlocked: the terms' cap is not known, or too large to count; what runs at once is not known; or an
                agent needs a person's approval, and there is none that can be used.
            BudgetRefused: more would run at once than may.
        """
        found = self.reserve_all([wanted])
        return found if isinstance(found, Refused) else found[0]

    def reserve_all(self, wanted: Sequence[Reservation]) -> tuple[Reserved | Existing, ...] | Refused:
        """Reserve several jobs in one transaction, as :meth:`reserve` does one: all of them, or nothing.

        What becomes of each is returned in the order they were given. Those whose key has its submission already hold
        nothing more, and are not counted again; the others are decided together: each budget must have their sum left,
        and what may run at once must have room for all of them. Where a waiver makes that room, it is recorded with
        each of them.

        Raises:
            KeyConflict, BudgetBlocked, BudgetRefused: as :meth:`reserve`, for any of them; then nothing is held.
            ValueError: two have the same id or key, or name the same window with different limits.
        """
        return self._reserve_after(wanted) if wanted else ()

    def settle_and_reserve(
        self, sid: str, settlement: Settlement, wanted: Reservation
    ) -> Reserved | Existing | Refused:
        """Settle a job that has ended and reserve another in its place, in one transaction.

        So nobody takes its money in between, and what the new one holds more is decided as any reservation is. Refused:
        nothing was written, and the job that has ended still holds its money until it is settled. One that is settled
        already stays so.

        Raises:
            KeyConflict, BudgetBlocked, BudgetRefused: as :meth:`reserve`; nothing was written.
            LedgerError: no job of that submission is known, so none has ended.
        """
        found = self._reserve_after([wanted], self._settle_first(sid, settlement))
        return found if isinstance(found, Refused) else found[0]

    def rehearse_replacement(
        self, sid: str, settlement: Settlement, wanted: Reservation
    ) -> Reserved | Existing | Refused:
        """Return what :meth:`settle_and_reserve` would do now, and write nothing.

        Raises:
            KeyConflict, BudgetBlocked, BudgetRefused, LedgerError: as there.
        """

        def undo(found: tuple[Reserved | Existing, ...]) -> None:
            raise _Rehearsed(found)

        try:
            found = self._reserve_after([wanted], self._settle_first(sid, settlement), undo)
        except _Rehearsed as done:
            return done.found[0]
        return found if isinstance(found, Refused) else found[0]

    def _settle_first(self, sid: str, settlement: Settlement) -> Callable[[Transaction], None]:
        change = self._settling(settlement)

        def settle(tx: Transaction) -> None:
            # Before anything is locked, so that nobody waits for another in a circle.
            tx.take_turn()
            standing = lock_submission(tx, sid)
            if standing is None or standing.state not in {*_WITH_COST, State.SETTLED}:
                raise LedgerError(f"Submission {sid} has no job that has ended.", hint="`hfplanner ledger reconcile`.")
            if standing.state != State.SETTLED:
                _take(tx, standing, _settled(standing, settlement), change, EntryKind.SETTLE)

        return settle

    def _reserve_after(
        self,
        wanted: Sequence[Reservation],
        first: Callable[[Transaction], None] = lambda _: None,
        last: Callable[[tuple[Reserved | Existing, ...]], None] = lambda _: None,
    ) -> tuple[Reserved | Existing, ...] | Refused:
        try:
            return self._reserve_all(wanted, first, last)
        except reserving.NotOpen:
            self._open(list({key_of(window): window for one in wanted for window in one.windows}.values()))
            return self._reserve_all(wanted, first, last)

    def _reserve_all(
        self,
        wanted: Sequence[Reservation],
        first: Callable[[Transaction], None],
        last: Callable[[tuple[Reserved | Existing, ...]], None],
    ) -> tuple[Reserved | Existing, ...] | Refused:
        tokens = [secrets.token_hex(16) for _ in wanted]

        def work(tx: Transaction) -> tuple[Reserved | Existing, ...]:
            first(tx)
            found = reserving.reserve_all(tx, wanted, tokens)
            last(found)
            return found

        def committed(tx: Transaction) -> tuple[Reserved | Existing, ...] | None:
            # Only one that was new has left its token, and all of them were committed together.
            if not any(has_change(tx, token) for token in tokens):
                return None
            return tuple(reserving.as_committed(tx, one, token) for one, token in zip(wanted, tokens, strict=True))

        try:
            return self._database.write(work, committed)
        except reserving.TooLittleLeft as found:
            return found.refused

    def mark_sending(self, sid: str, sender: Sender, at: datetime) -> bool:
        """RESERVED to SENDING before its expiry: T2. ``True`` means that this caller, and no other, may send now."""

        def after(before: SubmissionRow, tx: Transaction) -> SubmissionRow | None:
            return replace(before, state=State.SENDING, sender=text) if reserving.in_time(tx, sid, at) else None

        text = sender_text(sender)
        return self._step(sid, (State.RESERVED,), after, self._change(at, "It is being sent."))

    # A person's word for a job of an agent

    def request_approval(self, wanted: ApprovalRequest) -> Approval:
        """Ask for a person's word; where it is asked for already and can still be given, that one is returned."""
        return self._database.write(
            lambda tx: approving.request_approval(tx, wanted), lambda tx: approving.by_code(tx, wanted.code)
        )

    def approve(self, code: str, who: str, at: datetime) -> Approval:
        """Give a person's word, once: whose came first stays.

        Raises:
            BudgetRefused: there is no such approval, or it has expired.
            ValueError: nobody says so.
        """
        if not who:
            raise ValueError("an approval that nobody gives")
        work = partial(approving.approve, code=code, who=who, at_us=to_us(at))
        return self._database.write(work, lambda _: None)

    # What became of it

    def launched(  # noqa: PLR0913, PLR0917 - the job, the Hub's answer, and on whose word
        self, sid: str, job_id: str, raw: str, at: datetime, reason: str = "", who: str = ""
    ) -> bool:
        """SENDING or UNKNOWN to LAUNCHED: T3, keeping of the answer what is needed.

        ``True`` also where it already has this job.
        """
        return self._with_job(sid, job_id, raw, self._change(at, reason or "The job exists.", who), _SENT)

    def found(self, sid: str, job_id: str, raw: str, at: datetime, reason: str) -> bool:
        """Record evidence that a submission's job exists, whatever was believed; ``True`` also where that is known.

        SENDING and UNKNOWN become LAUNCHED. Presumed spending becomes LAUNCHED too: its money is held again instead of
        posted. VOID becomes ADOPTED: the reserved amount is held again in the same windows, beyond their limits if it
        must be. ``False``: no such submission, one that is only RESERVED, or one with another job (this is a copy:
        :meth:`adopt` it).
        """
        return self._with_job(sid, job_id, raw, self._change(at, reason), (*_SENT, State.SETTLED, State.VOID))

    def unknown(self, sid: str, reason: str, at: datetime) -> bool:
        """SENDING to UNKNOWN: it may exist, and its money stays held."""
        return self._step(sid, (State.SENDING,), _into(State.UNKNOWN), self._change(at, reason))

    def void(self, sid: str, *, from_state: State, reason: str, at: datetime, who: str = "") -> bool:
        """RESERVED, SENDING or UNKNOWN to VOID: what was held is free again.

        Raises:
            ValueError: from any other state.
        """
        if from_state not in {State.RESERVED, *_SENT}:
            raise ValueError(f"{from_state} does not become VOID")
        change = self._change(at, reason, who)
        return self._step(sid, (from_state,), _into(State.VOID), change, EntryKind.RELEASE)

    def settle(self, sid: str, settlement: Settlement) -> bool:
        """LAUNCHED or ADOPTED to SETTLED, once: what was held is free, the cost is posted, whatever the limit.

        A cost above the cap shows as the submission's ``overrun_micro_usd``, in its reason and, where the limit is
        exceeded by it, as the window's overrun.
        """

        def after(before: SubmissionRow, _: Transaction) -> SubmissionRow:
            return _settled(before, settlement)

        return self._step(sid, _WITH_COST, after, self._settling(settlement), EntryKind.SETTLE)

    def give_up(self, sid: str, reason: str, at: datetime) -> bool:
        """Note that a LAUNCHED or ADOPTED job is given up because it waits, before it is cancelled.

        Only what was given up may be replaced by another: that a job was cancelled does not say by whom. ``True`` also
        where that is noted already; ``False`` in any other state.
        """
        change = self._change(at, reason)
        return self._database.write(
            lambda tx: give_up(tx, sid, change), lambda tx: has_change(tx, change.token) or None
        )

    def presume(self, sid: str, reason: str, at: datetime) -> bool:
        """UNKNOWN to SETTLED at its cap, presumed: reversible by :meth:`found`, :meth:`correct`."""

        def after(before: SubmissionRow, _: Transaction) -> SubmissionRow:
            return replace(before, state=State.SETTLED, posted_micro_usd=before.cap_micro_usd, presumed=1)

        return self._step(sid, (State.UNKNOWN,), after, self._change(at, reason), EntryKind.PRESUME)

    def correct(self, sid: str, settlement: Settlement) -> bool:
        """Make what a SETTLED submission has posted what the evidence says; it is then no longer presumed.

        ``False``: nothing to correct, not settled, or settled by the bill, which only a bill corrects.
        """

        def after(before: SubmissionRow, _: Transaction) -> SubmissionRow | None:
            overruled = before.evidence == BILL and settlement.evidence != BILL
            known = before.posted_micro_usd == settlement.cost_micro_usd and not before.presumed
            return None if overruled or known else _settled(before, settlement)

        return self._step(sid, (State.SETTLED,), after, self._settling(settlement), EntryKind.CORRECT)

    def adopt(self, adoption: Adoption) -> Submission:
        """Charge a job that was found and for which nothing is held; the same job again changes nothing.

        Limits may be exceeded: that is their windows' overrun. A submission that is known under ``adoption.sid`` and
        has no job gets this one (see :meth:`found`; VOID: in the windows and at the cap of the adoption); where it has
        another, this is a copy and gets an id of its own.

        Raises:
            ValueError: a window is named twice, or the cap is below 0.
        """
        change = self._change(adoption.at, adoption.reason)

        def committed(tx: Transaction) -> Submission | None:
            return queries.by_job(tx, adoption.job_id) if has_change(tx, change.token) else None

        return self._database.write(lambda tx: reserving.adopt(tx, adoption, change), committed)

    def raise_hold(self, sid: str, terms: JobTerms, reason: str, at: datetime) -> bool:
        """Hold what a LAUNCHED or ADOPTED job can cost on the terms that the Hub granted it, and count it under them.

        Limits may be exceeded: that is their windows' overrun. ``False``: nothing changed, because it is in another
        state, has these terms already, or would hold less.
        """
        change = self._change(at, reason)
        return self._database.write(
            lambda tx: raise_hold(tx, sid, terms, change), lambda tx: has_change(tx, change.token) or None
        )

    def repair_counters(self, at: datetime, who: str) -> int:
        """Make the counters what the entries say, note who wanted it, and return how many were wrong."""
        from hfplanner.budget.ledger.verify import repair  # noqa: PLC0415 - as above

        change = self._change(at, "The counters were made anew from the entries.", who)
        return self._database.write(lambda tx: repair(tx, change), lambda _: None, alone=True)

    def _with_job(self, sid: str, job_id: str, raw: str, change: StateChange, states: Sequence[State]) -> bool:
        return self._database.write(
            lambda tx: reserving.give_job(tx, (sid, job_id, raw), change, states),
            lambda tx: has_change(tx, change.token) or None,
        )

    @staticmethod
    def _change(at: datetime, reason: str, who: str = "") -> StateChange:
        return StateChange(secrets.token_hex(16), to_us(at), reason, who)

    def _settling(self, settlement: Settlement) -> StateChange:
        if settlement.cost_micro_usd < 0:
            raise ValueError("a cost below 0")
        return self._change(settlement.at, f"It cost {format_usd(settlement.cost_micro_usd)} ({settlement.evidence}).")

    def _step(
        self,
        sid: str,
        before: Sequence[State],
        after: Callable[[SubmissionRow, Transaction], SubmissionRow | None],
        change: StateChange,
        kind: EntryKind | None = None,
    ) -> bool:
        """Take one step of a submission that is in one of these states; whether it was taken."""

        def work(tx: Transaction) -> bool:
            standing = lock_submission(tx, sid)
            if standing is None or standing.state not in before:
                return False
            then = after(standing, tx)
            return then is not None and _take(tx, standing, then, change, kind)

        return self._database.write(work, lambda tx: has_change(tx, change.token) or None)


class _Rehearsed(Exception):
    """Rolls back a transaction that was only tried."""

    def __init__(self, found: tuple[Reserved | Existing, ...]) -> None:
        super().__init__()
        self.found = found


def _take(
    tx: Transaction, standing: SubmissionRow, then: SubmissionRow, change: StateChange, kind: EntryKind | None
) -> bool:
    """Take one step of a submission that is locked, with its amounts; whether it was taken."""
    if not change_state(tx, standing.state, then, change):
        return False
    if kind is not None:
        post_amounts(tx, standing, kind, change, held=0, posted=then.posted_micro_usd or 0)
    return True


def _into(state: State) -> Callable[[SubmissionRow, Transaction], SubmissionRow]:
    return lambda before, _: replace(before, state=state)


def _settled(before: SubmissionRow, settlement: Settlement) -> SubmissionRow:
    cost, evidence = settlement.cost_micro_usd, settlement.evidence
    return replace(before, state=State.SETTLED, posted_micro_usd=cost, presumed=0, evidence=evidence)
