"""Another flavor where one lacks capacity: a job that waits too long is cancelled, proven ended, and sent elsewhere.

Each flavor that is tried is a submission of its own, under a key that follows from the first one's, so that whoever
runs the same command with the same key again goes on where it was interrupted. The next is reserved in the transaction
that settles the one before (:meth:`~hfplanner.budget.ledger.ledger.Ledger.settle_and_reserve`): never do two of them
hold money or may run, and no other takes the money in between.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import ceil, inf, isinf
from typing import TYPE_CHECKING, Any

from hfplanner.budget.ledger.records import State
from hfplanner.errors import BudgetError, NoCapacity, SubmissionError, SubmissionUnknown, UsageError
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.plan.canary import with_less_money
from hfplanner.plan.sending import Sender
from hfplanner.units import format_duration

if TYPE_CHECKING:
    from hfplanner.api.models import JobInfo
    from hfplanner.budget.ledger.records import Settlement
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import Submitted
    from hfplanner.submit.waiting import Cancelled

__all__ = ["AUTO", "MAX_WAIT_SECS", "Fallback", "FallbackRun", "Tried", "fallback_flavors"]

AUTO = "auto"
MAX_WAIT_SECS = 20 * 60
"""How long a job may wait for hardware where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What to do where a job waits too long for hardware.

    Args:
        flavors: to be tried next, in this order; ``("auto",)`` is every other that fits, by expected cost; none: the
            job is only cancelled.
        max_wait_secs: how long each may wait [s].
    """

    flavors: tuple[str, ...] = ()
    max_wait_secs: int = MAX_WAIT_SECS

    @classmethod
    def of(cls, flavors: str | None, max_wait_secs: int | None) -> "Fallback | None":
        """Return what was asked for; ``None`` where nothing was.

        Raises:
            UsageError: no flavor is named, or one twice, or others beside ``auto``.

        >>> Fallback.of("l40sx1, a100-large", 600)
        Fallback(flavors=('l40sx1', 'a100-large'), max_wait_secs=600)
        """
        if flavors is None and max_wait_secs is None:
            return None
        names = tuple(name.strip() for name in (flavors or "").split(","))
        if flavors is None:
            names = ()
        elif not all(names) or len(set(names)) < len(names) or (AUTO in names and len(names) > 1):
            raise UsageError(
                f"--fallback: {flavors!r} names no flavors to try next.",
                hint="For example --fallback l40sx1,a100-large, or --fallback auto.",
            )
        return cls(flavors=names, max_wait_secs=max_wait_secs or MAX_WAIT_SECS)

    def words(self, names: Sequence[str]) -> str:
        """Return what happens where the job waits too long, a sentence.

        >>> Fallback.of("auto", 600).words(["l40sx1", "a100-large"])
        'Where it waits more than 10m it is cancelled, and sent to l40sx1, then a100-large.'
        """
        on = f"and sent to {', then '.join(names)}" if names else "and nothing else is sent"
        return f"Where it waits more than {format_duration(self.max_wait_secs)} it is cancelled, {on}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A flavor on which the job did not start in time.

    Args:
        flavor: its name.
        job_id: of the job that was cancelled there.
        waited_secs: how long it waited [s].
        cost_micro_usd: what it cost at most: nothing, or the minute in which it was cancelled.
    """

    flavor: str
    job_id: str
    waited_secs: int
    cost_micro_usd: int

    @property
    def words(self) -> str:
        """What became of it, a sentence."""
        return (
            f"{self.flavor} had no capacity for {format_duration(self.waited_secs)}: job {self.job_id} was cancelled."
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {
            "flavor": self.flavor,
            "job_id": self.job_id,
            "waited_secs": self.waited_secs,
            "cost_micro_usd": self.cost_micro_usd,
            "outcome": "cancelled",
        }


def fallback_flavors(asked: "KnownRequest", fallback: Fallback, listing: "Listing", first: str) -> tuple[str, ...]:
    """Return the flavors to try after the first, by expected cost where that is left to us.

    Raises:
        UsageError: one is not listed; or nothing says what the job needs, so that nobody knows what fits.
    """
    if fallback.flavors != (AUTO,):
        listed = listing.by_name()
        unknown = [name for name in fallback.flavors if name not in listed]
        if unknown:
            raise UsageError(
                f"--fallback: there is no flavor {unknown[0]!r}.", hint="`hfplanner hardware` lists all flavors."
            )
        return tuple(name for name in fallback.flavors if name != first)
    from hfplanner.plan.recommending import recommend_known  # noqa: PLC0415 - where it is left to us
    from hfplanner.recommend.needs import Needs  # noqa: PLC0415 - as above

    if asked.known.model is None and asked.known.flavor_needs(with_max_cost=False) == Needs():
        raise UsageError(
            "--fallback auto takes flavors that fit, and nothing says what the job needs.",
            hint="Add --vram or --model, or name the flavors: --fallback l40sx1,a100-large.",
        )
    answer = recommend_known(asked.known, listing, with_max_cost=False)
    return tuple(option.flavor.name for option in answer.options if option.flavor.name != first)


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
            SubmissionError: somebody else cancelled the job while it waited.
            BudgetError: the next may not run; nothing runs, and what the one before held is free.
            HubError: the Hub does not show a job; it is left as it is.
        """
        base = self._key or first.submission.sid
        names = fallback_flavors(self._asked, self._fallback, listing, first.submission.terms.flavor or "")
        left = iter(self._chain(base, names))
        tried: list[Tried] = []
        current = first
        while (ended := self._ended_waiting(current)) is not None:
            job, cost = ended.job, self._cost(current, ended)
            tried.append(
                Tried(
                    flavor=current.submission.terms.flavor or "",
                    job_id=str(current.job_id),
                    waited_secs=self._waited(current, job),
                    cost_micro_usd=cost.cost_micro_usd,
                )
            )
            say(tried[-1].words)
            following = next(left, None)
            if following is None:
                self._submitter.ledger.settle(current.submission.sid, cost)
                raise self._no_capacity(tried)
            spent = sum(one.cost_micro_usd for one in tried)
            current = self._send_instead(current, cost, following, spent, listing)
            say(f"Sent to {following.flavor} as job {current.job_id}.")
        return current, tuple(tried)

    def _chain(self, base: str, names: Sequence[str]) -> "Iterator[_Next]":
        """Yield what to try next: what was tried under these keys before, as it was, then the others."""
        left = list(names)
        for number in count(2):
            key = f"{base}/{number}"
            known = self._submitter.ledger.by_key(key)
            if known is not None and known.state is not State.VOID and known.terms.flavor:
                flavor = known.terms.flavor
            elif left:
                flavor = left[0]
            else:
                return
            left = [name for name in left if name != flavor]
            yield _Next(flavor, key)

    def _ended_waiting(self, current: "Submitted") -> "Cancelled | None":
        """Return the record of a job that was cancelled because it waited; ``None`` for one that started or has run."""
        from hfplanner.submit.waiting import Cancelled, cancel_waiting, is_waiting, wait_for_start  # noqa: PLC0415 - httpx

        hub, clock = self._submitter.hub, self._submitter.clock
        job = hub.get_job(current.submission.terms.namespace, str(current.job_id))
        if _never_started(job) and not current.is_new:
            # Interrupted after it was cancelled, and asked for again with the same key.
            return Cancelled(job, inf)
        job = wait_for_start(hub, current, self._fallback.max_wait_secs, clock, self._sleep)
        if _never_started(job):
            self._submitter.ledger.settle(current.submission.sid, self._cost(current, Cancelled(job, inf)))
            raise SubmissionError(
                f"Job {current.job_id} was cancelled by somebody else while it waited; no other is sent.",
                hint="Run the command again to send it anew.",
            )
        if not is_waiting(job):
            return None
        ended = cancel_waiting(hub, current, clock, self._sleep)
        return ended if _never_started(ended.job) else None

    def _send_instead(
        self, current: "Submitted", cost: "Settlement", following: "_Next", spent_micro_usd: int, listing: "Listing"
    ) -> "Submitted":
        from hfplanner.submit.send import as_it_stands  # noqa: PLC0415 - httpx

        known = self._submitter.ledger.by_key(following.key)
        if known is not None and known.state not in {State.RESERVED, State.VOID}:
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
        request = self._asked.request
        elsewhere = replace(request, job=request.job.but(flavor=following.flavor))
        asked = with_less_money(replace(self._asked, request=elsewhere), spent_micro_usd)
        try:
            sender = Sender(asked, following.key, self._books, self._workspace)
            return sender.send_instead(sender.plan(listing), current.submission, cost)
        except BudgetError:
            # It has ended, whatever becomes of the next.
            self._submitter.ledger.settle(current.submission.sid, cost)
            raise

    def _cost(self, current: "Submitted", ended: "Cancelled") -> "Settlement":
        """Return what it cost; where its record does not tell, at most the minutes in which nobody saw it wait."""
        from hfplanner.submit.settlement import foreign_price, settlement  # noqa: PLC0415 - httpx

        job = ended.job
        price = foreign_price(job, current.submission, self._books)
        found = settlement(job, current.submission, self._submitter.clock(), ran_at=price)
        if found is None:
            raise ValueError("a job that has not ended")
        terms_price = price or current.submission.terms.price
        if not found.is_bound or terms_price is None or isinf(ended.unseen_secs):
            return found
        most = job_cost_micro_usd(terms_price.micro_usd_per_minute, max(ceil(ended.unseen_secs), 1))
        if most >= found.cost_micro_usd:
            return found
        return replace(found, cost_micro_usd=most, evidence="upper bound (seen waiting until it was cancelled)")

    def _waited(self, current: "Submitted", job: "JobInfo") -> int:
        from hfplanner.submit.waiting import waited_secs  # noqa: PLC0415 - httpx

        return waited_secs(job, current, self._submitter.clock())

    def _no_capacity(self, tried: Sequence[Tried]) -> NoCapacity:
        names, most = ", ".join(one.flavor for one in tried), format_duration(self._fallback.max_wait_secs)
        many = "" if len(tried) == 1 else " each"
        return NoCapacity(
            f"No capacity within {most}{many} on {names}: cancelled. Nothing runs, and nothing is held.",
            hint="Name more flavors with --fallback, or wait longer with --max-wait.",
        )


@dataclass(frozen=True, slots=True)
class _Next:
    """A flavor to try, and the key of its submission."""

    flavor: str
    key: str


def _never_started(job: "JobInfo") -> bool:
    """Whether a job was cancelled before it ran."""
    return job.status is not None and job.status.stage == "CANCELED" and job.started_at is None
