"""Reserve, mark, POST, record: one submission, sent at most once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hfplanner.api.client import JobsClient
from hfplanner.api.launch import Launched
from hfplanner.api.new_job import NewJob
from hfplanner.api.origin import join_path
from hfplanner.budget.caller import PERSON, Caller
from hfplanner.budget.ledger.changes import Adoption, Existing, Refused, Reservation, Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow, RunningCaps
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.budget.terms import JobTerms, UsedPrice, terms_of
from hfplanner.errors import (
    BudgetBlocked,
    BudgetError,
    BudgetRefused,
    HubError,
    LedgerError,
    Outcome,
    SubmissionError,
    SubmissionUnknown,
)
from hfplanner.submit.answer import differences
from hfplanner.submit.charging import shipped_price
from hfplanner.submit.granted import granted_terms, hold_what_was_granted
from hfplanner.submit.identity import copy_sid, labelled, new_sid, spec_hash, with_caller
from hfplanner.submit.machine import SendingMachine
from hfplanner.submit.timetable import Timetable, is_schedule
from hfplanner.submit.triggers import Trigger
from hfplanner.units import SECONDS_PER_MINUTE, ceiling_micro_usd, format_usd

__all__ = [
    "JobOrder",
    "Submitted",
    "Submitter",
    "as_it_stands",
    "job_url",
    "refusal_instead",
    "submit",
    "submit_instead",
    "wanted_of",
]

_EXPIRES_AFTER = timedelta(seconds=5 * SECONDS_PER_MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Where submissions are made: the books, the Hub, this machine, and the time.

    Args:
        ledger: open.
        hub: with a token.
        machine: that sends.
        clock: now, UTC.
        new_sid: makes the id of a submission.
    """

    ledger: Ledger
    hub: JobsClient
    machine: SendingMachine
    clock: Callable[[], datetime]
    new_sid: Callable[[], str] = new_sid


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """A job that was planned and may be sent.

    Args:
        job: its flavor, timeout and attempts explicit: the one place that holds them until it is sent.
        namespace: who pays.
        owner: who submits it.
        price: of its flavor; ``None`` is not known, which blocks.
        windows: the budgets it falls under, as they were checked.
        caps: on what runs at once.
        caller: who called this program for it.
        approve_above_micro_usd: what may cost more needs a person's approval.
        key: the user's own, to make a retry safe.
        price_of: the price of a flavor, the dearest where that is not known: the Hub may grant another one.
        notes: kept in the ledger beside it.
        timetable: when it runs; ``None`` for now, once.
        trigger: the schedule that the Hub starts it of; ``None`` where it is sent whole.
    """

    job: NewJob
    namespace: str
    owner: str = ""
    price: UsedPrice | None
    windows: tuple[BudgetWindow, ...] = ()
    caps: RunningCaps = field(default_factory=RunningCaps)
    caller: Caller = PERSON
    approve_above_micro_usd: int | None = None
    key: str | None = None
    price_of: Callable[[str], UsedPrice | None] = shipped_price
    notes: Mapping[str, str] = field(default_factory=dict)
    timetable: Timetable | None = None
    trigger: Trigger | None = None

    @property
    def terms(self) -> JobTerms:
        """What decides its money; of a schedule that of all its runs."""
        if self.timetable is not None:
            return self.timetable.held
        return terms_of(
            self.job,
            namespace=self.namespace,
            owner=self.owner,
            price_of=lambda _: self.price,
            caller=self.caller,
        )

    @property
    def what(self) -> str:
        """What it asks for, a word."""
        return "job" if self.timetable is None else "schedule"

    @property
    def said(self) -> dict[str, Any]:
        """Everything it says, by which a retry is told."""
        when = {} if self.timetable is None else self.timetable.when.options()
        return self.job.to_api() | when | ({} if self.trigger is None else self.trigger.said())

    @property
    def all_notes(self) -> dict[str, str]:
        """What is kept in the ledger beside it."""
        when = {} if self.timetable is None else self.timetable.notes()
        return {**self.notes, **when, **({} if self.trigger is None else self.trigger.notes())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of an order.

    Args:
        submission: as the ledger has it.
        is_new: whether this call made it; a repeated key gives the earlier one.
        job_id: the job's, once known.
        url: its page.
        warnings: what the Hub's answer says otherwise than what was asked.
    """

    submission: Submission
    is_new: bool
    job_id: str | None
    url: str | None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what became of it, as the interface spells it."""
        submission = self.submission
        return {
            "submission_id": submission.sid,
            "state": submission.state.value,
            "job_id": self.job_id,
            "url": self.url,
            "flavor": submission.terms.flavor,
            "timeout_secs": submission.terms.timeout_secs,
            "attempts": submission.terms.attempts,
            "worst_case_micro_usd": submission.cap_micro_usd,
            "is_new": self.is_new,
        }


def submit(order: JobOrder, submitter: Submitter) -> Submitted:
    """Reserve the most a job can cost, send it once, and record what came of it.

    A key that was used for the same specification gives what became of it, and sends only what certainly was not sent.

    Raises:
        BudgetRefused: a budget has too little left; nothing is held and nothing was sent.
        BudgetBlocked: the price, the timeout or the attempts are not known or not sent; nothing is held.
        KeyConflict: the key belongs to another specification.
        LedgerError: the ledger cannot be used; nothing was sent, unless the sentence says so.
        HubError: the Hub rejected it, or it was not sent; nothing is held.
        SubmissionUnknown: it was sent, and nothing proves that it does not run; its money stays held. So it is where
            Ctrl-C came while the request was on its way.
    """
    return _go_on(order, submitter.ledger.reserve(wanted_of(order, submitter)), submitter)


def submit_instead(order: JobOrder, ended: Submission, settlement: Settlement, submitter: Submitter) -> Submitted:
    """Send a job in place of one that has ended, with its money: settled and reserved in one transaction.

    Args:
        order: what is sent now, under a key of its own.
        ended: the submission of the job that has ended; it must be proven that it has.
        settlement: what that one cost.
        submitter: where it is sent from.

    Raises:
        HfplannerError: as :func:`submit`; refused, nothing was settled.
    """
    answer = submitter.ledger.settle_and_reserve(ended.sid, settlement, wanted_of(order, submitter))
    return _go_on(order, answer, submitter)


def refusal_instead(
    order: JobOrder, waits: Submission, settlement: Settlement, submitter: Submitter
) -> BudgetError | None:
    """Return why a job could not be sent in place of one that waits, once that had ended; ``None`` where it could.

    Args:
        order: what would be sent.
        waits: the submission of the job that waits.
        settlement: what that one would have cost by then.
        submitter: where it would be sent from.

    Raises:
        KeyConflict: the key belongs to another specification.
        LedgerError: the ledger cannot be used.
    """
    try:
        answer = submitter.ledger.rehearse_replacement(waits.sid, settlement, wanted_of(order, submitter))
    except BudgetError as error:
        return error
    return refusal(answer, order.terms) if isinstance(answer, Refused) else None


def _go_on(order: JobOrder, answer: Reserved | Existing | Refused, submitter: Submitter) -> Submitted:
    if isinstance(answer, Refused):
        raise refusal(answer, order.terms)
    submission = answer.submission
    if isinstance(answer, Existing) and submission.state is not State.RESERVED:
        return as_it_stands(submission, submitter)
    _look_beside(order, submission, submitter)
    return _send(order, submission, submitter)


def wanted_of(order: JobOrder, submitter: Submitter, lasts: timedelta = _EXPIRES_AFTER) -> Reservation:
    """Return what is asked of the ledger for an order, which is held so long if it is not sent.

    Raises:
        BudgetBlocked: its flavor, timeout, attempts or price are not known.
        UsageError: its namespace is none, or it has a label of ours.
    """
    check_explicit(order)
    now = submitter.clock()
    wanted = Reservation(
        sid=submitter.new_sid(),
        key=order.key,
        spec_hash=spec_hash(order.namespace, order.said),
        terms=order.terms,
        windows=order.windows,
        caps=order.caps,
        approve_above_micro_usd=order.approve_above_micro_usd,
        created_at=now,
        expires_at=now + lasts,
        notes=order.all_notes,
    )
    # Refused before money is held: a label of ours in the specification.
    labelled(order.job.to_api(), sid=wanted.sid, ledger_id=submitter.ledger.ledger_id)
    return wanted


def _look_beside(order: JobOrder, submission: Submission, submitter: Submitter) -> None:
    """Let a schedule go that does not fit the budgets it is not reserved in.

    Its money is held by now, so whoever decides at the same time sees it, and this sees theirs.

    Raises:
        BudgetRefused: one has too little left; nothing is held.
    """
    beside = () if order.timetable is None else order.timetable.beside
    if not beside:
        return
    cap = submission.cap_micro_usd
    for balance, (window, cost) in zip(
        submitter.ledger.balances([window for window, _ in beside]), beside, strict=True
    ):
        left = balance.left_micro_usd + cap
        limit = window.limit_micro_usd
        if window.waiver is None and cost > left + ceiling_micro_usd(limit) - limit:
            reason = f"Too little is left in budget {window.budget}."
            submitter.ledger.void(submission.sid, from_state=State.RESERVED, reason=reason, at=submitter.clock())
            raise BudgetRefused(
                f"The runs of this period may cost {format_usd(cost)}, and budget {window.budget!r} has"
                f" {format_usd(max(left, 0))} left.",
                hint="`hfplanner budget show` tells what holds it.",
            )


def check_explicit(order: JobOrder) -> None:
    """Refuse an order whose most cost is not known: the flavor, the timeout and the attempts are explicit.

    Raises:
        BudgetBlocked: something is not known.
        UsageError: the namespace is none.
    """
    # What cannot be part of the request's address is refused here, and not when the money is held.
    join_path("api", "jobs", order.namespace)
    explicit = {"flavor": order.job.flavor, "timeout": order.job.timeout_secs, "attempts": order.job.attempts}
    unknown = [name for name, value in explicit.items() if value is None]
    unknown += ["price"] if order.price is None else []
    if unknown:
        raise BudgetBlocked(f"The {unknown[0]} of the job is not known, so neither is the most it can cost.")


def refusal(answer: Refused, terms: JobTerms) -> BudgetRefused:
    """Return the error of a reservation for which too little is left."""
    cap = terms.cap_micro_usd or 0
    left = {balance.window.budget: balance.left_micro_usd for balance in answer.balances}
    name = answer.over[0]
    return BudgetRefused(
        f"The job may cost {format_usd(cap)}, and budget {name!r} has {format_usd(max(left[name], 0))} left.",
        hint="`hfplanner budget show` tells what holds it. A shorter --timeout or a cheaper flavor costs less.",
    )


def _send(order: JobOrder, submission: Submission, submitter: Submitter) -> Submitted:
    sid, ledger = submission.sid, submitter.ledger
    with submitter.machine.sending(sid) as is_ours:
        if not is_ours:
            return as_it_stands(submission, submitter)
        sender = submitter.machine.sender(sid)
        if not ledger.mark_sending(sid, sender, submitter.clock()):
            return _not_marked(submission, submitter)
        if submitter.machine.boot_clock() > sender.deadline_boot_secs:
            reason = "Its deadline passed before anything was sent."
            ledger.void(sid, from_state=State.SENDING, reason=reason, at=submitter.clock())
            raise SubmissionError(f"The job was not sent. {reason}", hint="Try again.")
        launched = _post(order, submission, submitter)
        return _record(order, submission, launched, submitter)


def _not_marked(submission: Submission, submitter: Submitter) -> Submitted:
    """Return what another process made of a submission; a reservation that has expired is let go, and that is said."""
    reason = "Its reservation had expired before it was sent."
    if submitter.ledger.void(submission.sid, from_state=State.RESERVED, reason=reason, at=submitter.clock()):
        raise SubmissionError(f"The job was not sent. {reason}", hint="Try again.")
    return as_it_stands(submission, submitter)


def _post(order: JobOrder, submission: Submission, submitter: Submitter) -> Launched:
    sid = submission.sid
    spec = labelled(order.job.to_api(), sid=sid, ledger_id=submitter.ledger.ledger_id)
    spec = with_caller(spec, order.caller)
    try:
        if order.timetable is not None:
            return submitter.hub.scheduled.launch(order.namespace, order.timetable.when.body(spec))
        if order.trigger is not None:
            return order.trigger.start(order.namespace, submitter.hub)
        return submitter.hub.create_job(order.namespace, spec)
    except HubError as error:
        if error.outcome is Outcome.UNKNOWN:
            told = _unknown(submission, error.message, probably=error.probably_done)
            try:
                submitter.ledger.unknown(sid, error.message, submitter.clock())
            except LedgerError as failure:
                # SENDING, as it stands, is as safe; whoever reconciles sees that nobody sends any more.
                raise told from failure
            raise told from error
        submitter.ledger.void(sid, from_state=State.SENDING, reason=error.message, at=submitter.clock())
        raise
    except BaseException as error:
        # Interrupted while the request was on its way: whether it arrived is not known.
        told = _unknown(submission, "Interrupted while it was sent.")
        try:
            submitter.ledger.unknown(sid, "Interrupted while it was sent.", submitter.clock())
        except LedgerError as failure:
            raise told from failure
        if isinstance(error, KeyboardInterrupt):
            raise told from error
        raise


def _unknown(submission: Submission, why: str, *, probably: bool = False) -> SubmissionUnknown:
    exists = "it probably exists" if probably else "it may exist"
    return SubmissionUnknown(
        f"The job was sent, and {exists}: {why} {format_usd(submission.cap_micro_usd)} stay held for submission"
        f" {submission.sid}.",
        submission_id=submission.sid,
        hint="Do not send it again: `hfplanner ledger reconcile` looks for it by its label.",
    )


def _record(order: JobOrder, submission: Submission, launched: Launched, submitter: Submitter) -> Submitted:
    try:
        alerts = _book(order, submission, launched, submitter)
        recorded = submitter.ledger.get(submission.sid) or submission
        alerts += _raise(order, recorded, launched, submitter)
        recorded = submitter.ledger.get(submission.sid) or recorded
    except (LedgerError, KeyboardInterrupt) as error:
        why = error.message if isinstance(error, LedgerError) else "it was interrupted."
        raise SubmissionUnknown(
            f"Job {launched.job_id} was created, but the ledger could not record it: {why}",
            submission_id=submission.sid,
            job_id=launched.job_id,
            hint="Its money stays held; `hfplanner ledger reconcile` finds the job by its label.",
        ) from error
    return Submitted(
        submission=recorded,
        is_new=True,
        job_id=launched.job_id,
        url=None if order.timetable else job_url(submitter.hub.endpoint, order.namespace, launched.job_id),
        warnings=(*alerts, *(() if order.timetable else differences(order.namespace, order.job, launched))),
    )


def _raise(order: JobOrder, recorded: Submission, launched: Launched, submitter: Submitter) -> tuple[str, ...]:
    """Hold what the answer grants beyond what was asked for."""
    if launched.job is None or recorded.job_id != launched.job_id:
        return ()
    granted = granted_terms(launched.job, recorded.terms, order.price_of)
    if granted is None:
        return ()
    return hold_what_was_granted(submitter.ledger, recorded, granted, order.windows, submitter.clock())


def _book(order: JobOrder, submission: Submission, launched: Launched, submitter: Submitter) -> tuple[str, ...]:
    """Book the job that was created; where that comes late, what somebody decided meanwhile gives way to it."""
    sid, job_id, ledger, now = submission.sid, launched.job_id, submitter.ledger, submitter.clock()
    raw = launched.raw.decode("utf-8", "replace")
    if ledger.launched(sid, job_id, raw, now):
        return ()
    if order.timetable is not None:
        ledger.found(sid, job_id, raw, now, "The Hub's answer came late.")
        told = f"The answer came after submission {sid} had been decided otherwise. The schedule {job_id} exists;"
        return (f"{told} its runs are counted with the Hub's schedules.",)
    known = ledger.by_job(job_id)
    if known is None and not ledger.found(sid, job_id, raw, now, "The Hub's answer came late."):
        # The submission was given another job, by its label or by an operator.
        adoption = Adoption(
            sid=copy_sid(ledger.ledger_id, job_id),
            job_id=job_id,
            terms=order.terms,
            cap_micro_usd=submission.cap_micro_usd,
            windows=order.windows,
            reason=f"The Hub's answer to submission {sid}, which has another job.",
            at=now,
        )
        known = ledger.adopt(adoption)
    money = "Its money is held"
    if known is not None:
        money += f" as submission {known.sid}"
    return (f"The answer came after submission {sid} had been decided otherwise. {money}.",)


def as_it_stands(submission: Submission, submitter: Submitter) -> Submitted:
    """Return what the ledger says now of a submission that is not ours to send."""
    now = submitter.ledger.get(submission.sid) or submission
    has_page = now.job_id is not None and not is_schedule(now)
    url = job_url(submitter.hub.endpoint, now.terms.namespace, str(now.job_id)) if has_page else None
    return Submitted(submission=now, is_new=False, job_id=now.job_id, url=url)


def job_url(endpoint: str, namespace: str, job_id: str) -> str:
    """Return the page of a job.

    >>> job_url("https://huggingface.co", "acme", "687fb701029421ae5549d998")
    'https://huggingface.co/jobs/acme/687fb701029421ae5549d998'
    """
    return f"{endpoint}/jobs/{namespace}/{job_id}"
