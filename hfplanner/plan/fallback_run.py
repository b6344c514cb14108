"""A job that was sent is seen to until it starts: one that waits too long is given up, cancelled, and sent elsewhere.

Each flavor that is tried is a submission of its own, under a key that follows from the first one's, so that whoever
runs the same command with the same key again goes on where it was interrupted. In this order:

1. whether the next may be sent is rehearsed in the ledger: a job that waits is not lost for one that is too dear;
2. that the job is given up is written, so that one which somebody else cancels is never replaced;
3. it is cancelled, and its record says that it has ended and never ran;
4. it is settled and the next reserved in one transaction
   (:meth:`~hfplanner.budget.ledger.ledger.Ledger.settle_and_reserve`): never do two of them hold money or may run, and
   no other takes the money in between.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, isinf
from typing import TYPE_CHECKING

from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.records import State
from hfplanner.errors import BudgetError, NoCapacity, SubmissionError, SubmissionUnknown
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.plan.canary import with_less_money
from hfplanner.plan.fallback import Fallback, Tried, fallback_flavors
from hfplanner.plan.sending import Sender
from hfplanner.units import SECONDS_PER_MINUTE, format_duration

if TYPE_CHECKING:
    from hfplanner.api.models import JobInfo
    from hfplanner.budget.ledger.records import Submission
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import Submitted
    from hfplanner.submit.waiting import Cancelled

__all__ = ["FallbackRun"]


@dataclass(frozen=True, slots=True)
class _Next:
    """A flavor to try, the key of its submission, and what was sent under that before."""

    flavor: str
    key: str
    known: "Submission | None" = None


class FallbackRun:
    """Sees to it that a job that was sent starts, on another flavor if it must.

    Args:
        asked: the job.
        key: the user's own; without it the first submission's id stands for it.
        fallback: what to try next, and when.
        books: what charges a job that is granted otherwise than it was asked for.
        workspace: where it is sent from.
        sleep: waits so many seconds.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a sender takes, and how long to wait
        self,
        asked: "KnownRequest",
        key: str | None,
        fallback: Fallback,
        books: "Charging",
        workspace: "Workspace",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._asked, self._key, self._fallback = asked, key, fallback
        self._books, self._workspace, self._sleep = books, workspace, sleep
        self._submitter = workspace.submitter()
        self._tried: list[Tried] = []
        self._left: list[str] = []
        self._base = ""

    def run(
        self, first: "Submitted", listing: "Listing", say: Callable[[str], None] = lambda _: None
    ) -> "tuple[Submitted, tuple[Tried, ...]]":
        """Return the job that has started, or ended, and the flavors that were tried before it.

        Args:
            first: as it was sent.
            listing: what can be rented.
            say: is told what is done, a sentence each.

        Raises:
            NoCapacity: no flavor had room in time; nothing runs, and nothing is held.
            SubmissionUnknown: nothing proves that one has ended, or whether the next exists; its money stays held.
            SubmissionError: somebody else cancelled the job while it waited, or it had just started when we did.
            BudgetError: no other may be sent: the job waits on. Or that turned out when it had ended: nothing runs, and
                what it held is free.
            HubError: the Hub does not show a job; it is left as it is.
        """
        flavor = first.submission.terms.flavor or ""
        self._base = self._key or first.submission.sid
        self._left = list(fallback_flavors(self._asked, self._fallback, listing, flavor))
        self._tried, current = [], first
        while (found := self._ended_waiting(current, listing, say)) is not None:
            ended, following = found
            cost = self._cost(current.submission, ended)
            self._tried.append(
                Tried(
                    flavor=current.submission.terms.flavor or "",
                    job_id=str(current.job_id),
                    waited_secs=self._waited(current, ended.job),
                    cost_micro_usd=cost.cost_micro_usd,
                )
            )
            say(self._tried[-1].words)
            if following is None:
                self._submitter.ledger.settle(current.submission.sid, cost)
                raise self._no_capacity()
            current = self._send_instead(current, cost, following, listing)
            self._left = [name for name in self._left if name != following.flavor]
            say(f"Sent to {following.flavor} as job {current.job_id}.")
        return current, tuple(self._tried)

    def _ended_waiting(
        self, current: "Submitted", listing: "Listing", say: Callable[[str], None]
    ) -> "tuple[Cancelled, _Next | None] | None":
        """Return the record of a job that was cancelled because it waited, and what to try next.

        ``None`` for a job that has started, whether or not it has ended since.
        """
        from hfplanner.submit.waiting import (  # noqa: PLC0415 - httpx
            Cancelled,
            cancel_waiting,
            is_waiting,
            never_started,
            wait_for_start,
        )

        hub, clock, ledger = self._submitter.hub, self._submitter.clock, self._submitter.ledger
        sid = current.submission.sid
        job = wait_for_start(hub, current, self._fallback.max_wait_secs, clock, self._sleep)
        if never_started(job):
            if not self._is_given_up(sid):
                ledger.settle(sid, self._cost(current.submission, Cancelled(job, inf)))
                raise SubmissionError(
                    f"Job {current.job_id} was cancelled by somebody else while it waited; no other is sent.",
                    hint="Run the command again to send it anew, with another --key where it has one.",
                )
            # Interrupted after it was cancelled, and asked for again with the same key.
            return Cancelled(job, inf), self._next(current, listing, say, has_ended=True)
        if not is_waiting(job):
            return None
        following = self._next(current, listing, say)
        if not ledger.give_up(sid, f"Given up: it waited too long for {current.submission.terms.flavor}.", clock()):
            raise SubmissionError(
                f"Submission {sid} was decided otherwise while its job waited; no other is sent.",
                hint="`hfplanner ledger show` tells what became of it.",
            )
        ended = cancel_waiting(hub, current, clock, self._sleep)
        if ended.had_started:
            self._submitter.ledger.settle(sid, self._cost(current.submission, ended))
            raise SubmissionError(
                f"Job {current.job_id} started in the moment in which it was cancelled, and has ended; no other is "
                "sent, because it may have done a part of its work.",
                hint="Run the command again to send it anew, with another --key where it has one.",
            )
        return (ended, following) if ended.has_waited else None

    def _is_given_up(self, sid: str) -> bool:
        found = self._submitter.ledger.get(sid)
        return found is not None and found.is_given_up

    def _next(
        self, current: "Submitted", listing: "Listing", say: Callable[[str], None], *, has_ended: bool = False
    ) -> _Next | None:
        """Return what to try next: what was sent under its key before, else the first flavor that may be sent.

        ``None`` where none is left.

        Raises:
            BudgetError: some are left, and none of them may be sent; a job that waits goes on waiting.
        """
        key = f"{self._base}/{len(self._tried) + 2}"
        known = self._submitter.ledger.by_key(key)
        if known is not None and known.state is not State.VOID and known.terms.flavor:
            return _Next(known.terms.flavor, key, known)
        refused: dict[str, BudgetError] = {}
        for flavor in self._left:
            error = self._refusal(current, _Next(flavor, key), listing)
            if error is None:
                for passed, why in refused.items():
                    say(f"{passed} is not tried: {why.message}")
                return _Next(flavor, key)
            refused[flavor] = error
        if not refused:
            return None
        if has_ended:
            # What it held is free, whatever becomes of the next.
            return _Next(next(iter(refused)), key)
        raise _waits_on(current, refused)

    def _refusal(self, current: "Submitted", following: _Next, listing: "Listing") -> BudgetError | None:
        """Return why a flavor may not be sent in place of the job that waits; ``None`` where it may."""
        waits = current.submission
        cost = self._at_most_a_minute(waits)
        try:
            sender = self._sender(following, cost.cost_micro_usd)
            return sender.refusal_instead(sender.plan(listing), waits, cost)
        except BudgetError as error:
            return error

    def _at_most_a_minute(self, waits: "Submission") -> Settlement:
        """Return what a job that is cancelled while it waits costs, where its record will not tell."""
        price = waits.terms.price
        most = 0 if price is None else job_cost_micro_usd(price.micro_usd_per_minute, SECONDS_PER_MINUTE)
        return Settlement(cost_micro_usd=most, evidence="a minute at most", at=self._submitter.clock(), is_bound=True)

    def _sender(self, following: _Next, spent_micro_usd: int) -> Sender:
        request = self._asked.request
        elsewhere = replace(request, job=request.job.but(flavor=following.flavor))
        spent = spent_micro_usd + sum(one.cost_micro_usd for one in self._tried)
        known = replace(self._asked, request=elsewhere)
        asked = with_less_money(known, spent, spent_on="what was tried before", hint="Raise it.")
        return Sender(asked, following.key, self._books, self._workspace)

    def _send_instead(
        self, current: "Submitted", cost: Settlement, following: _Next, listing: "Listing"
    ) -> "Submitted":
        from hfplanner.submit.send import as_it_stands  # noqa: PLC0415 - httpx

        known = following.known
        if known is not None and known.state is not State.RESERVED:
            self._submitter.ledger.settle(current.submission.sid, cost)
            found = as_it_stands(known, self._submitter)
            if found.job_id is None:
                raise SubmissionUnknown(
                    f"Whether the job on {following.flavor} runs is not known: its submission {known.sid} is "
                    f"{known.state.value}.",
                    submission_id=known.sid,
                    hint="`hfplanner ledger reconcile` looks for it by its label; then run this again.",
                )
            return found
        try:
            sender = self._sender(following, 0)
            return sender.send_instead(sender.plan(listing), current.submission, cost)
        except BudgetError:
            # It has ended, whatever becomes of the next.
            self._submitter.ledger.settle(current.submission.sid, cost)
            raise

    def _cost(self, submission: "Submission", ended: "Cancelled") -> Settlement:
        """Return what it cost; where its record does not tell, at most the minutes in which nobody saw it wait."""
        from hfplanner.submit.settlement import foreign_price, settlement  # noqa: PLC0415 - httpx

        job = ended.job
        price = foreign_price(job, submission, self._books)
        found = settlement(job, submission, self._submitter.clock(), ran_at=price)
        if found is None:
            raise ValueError("a job that has not ended")
        terms_price = price or submission.terms.price
        if not found.is_bound or terms_price is None or isinf(ended.unseen_secs):
            return found
        most = job_cost_micro_usd(terms_price.micro_usd_per_minute, max(ceil(ended.unseen_secs), 1))
        if most >= found.cost_micro_usd:
            return found
        return replace(found, cost_micro_usd=most, evidence="upper bound (seen waiting until it was cancelled)")

    def _waited(self, current: "Submitted", job: "JobInfo") -> int:
        from hfplanner.submit.waiting import waited_secs  # noqa: PLC0415 - httpx

        return waited_secs(job, current, self._submitter.clock())

    def _no_capacity(self) -> NoCapacity:
        names = ", ".join(one.flavor for one in self._tried)
        most, many = format_duration(self._fallback.max_wait_secs), "" if len(self._tried) == 1 else " each"
        return NoCapacity(
            f"No capacity within {most}{many} on {names}: cancelled. Nothing runs, and nothing is held.",
            hint="Name more flavors with --fallback, or wait longer with --max-wait.",
        )


def _waits_on(current: "Submitted", refused: dict[str, BudgetError]) -> BudgetError:
    """Return the error of a job that waits too long, where no other may be sent."""
    reasons: Sequence[str] = [f"{flavor}: {error.message}" for flavor, error in refused.items()]
    first = next(iter(refused.values()))
    return type(first)(
        f"Job {current.job_id} waits on for {current.submission.terms.flavor} with its money, and was not cancelled: "
        f"no other flavor may be sent. {' '.join(reasons)}",
        hint=f"{first.hint or 'Something has to make room.'} The same command with the same --key then goes on.",
    )
