"""Several orders that are one plan: reserved together or not at all, then sent one after the other, so many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from hfplanner.budget.ledger.changes import Refused
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.errors import BudgetRefused, HfplannerError, HubError, HubRateLimited, Outcome, SubmissionUnknown
from hfplanner.submit.send import JobOrder, Submitter, submit, wanted_of
from hfplanner.units import format_usd

__all__ = ["RUNS", "AtOnce", "SentOrders", "reserve_orders", "send_reserved"]

RUNS = frozenset({State.SENDING, State.UNKNOWN, State.LAUNCHED, State.ADOPTED})
"""The states in which a job may be running."""

# So many answers in a row that prove nothing: the Hub is in trouble, and each more would hold money for nothing.
_MOST_UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class SentOrders:
    """What became of the orders of a plan.

    Args:
        submissions: as they stand, in the plan's order.
        warnings: what the Hub's answers say otherwise than what was asked, a sentence each.
        stopped: why not all were sent; ``None`` where all were that there was room for.
    """

    submissions: tuple[Submission, ...]
    warnings: tuple[str, ...] = ()
    stopped: HfplannerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """How many of a plan's jobs may be running at once.

    Args:
        most: so many; ``None`` for no limit.
        wait: waits for a place and brings the books up to date; ``None`` for who does not wait.
    """

    most: int | None = None
    wait: Callable[[], object] | None = None

    def has_room(self, standing: Sequence[Submission]) -> bool:
        """Whether one more may run."""
        return self.most is None or sum(one.state in RUNS for one in standing) < self.most


def reserve_orders(orders: Sequence[JobOrder], submitter: Submitter, lasts: timedelta) -> tuple[Submission, ...]:
    """Hold the most that all orders can cost, in one transaction, or nothing; return how each stands.

    Those whose key was used before are not reserved again, unless nothing came of them.

    Args:
        orders: each with a key.
        submitter: where.
        lasts: how long an order that is not sent keeps its money.

    Raises:
        BudgetRefused: a budget has too little left for all of them; nothing is held.
        HfplannerError: see :func:`~hfplanner.submit.send.submit`, for any of them.
    """
    found = submitter.ledger.reserve_all([wanted_of(order, submitter, lasts) for order in orders])
    if isinstance(found, Refused):
        left = {balance.window.budget: balance.left_micro_usd for balance in found.balances}
        name = found.over[0]
        raise BudgetRefused(
            f"Budget {name!r} has {format_usd(max(left[name], 0))} left, which is too little for all jobs of the plan;"
            " nothing is reserved.",
            hint="`hfplanner budget show` tells what holds it.",
        )
    return tuple(one.submission for one in found)


def send_reserved(
    orders: Sequence[JobOrder],
    reserved: Sequence[Submission],
    submitter: Submitter,
    *,
    at_once: AtOnce,
    tell: Callable[[int, Submission], object] = lambda _number, _submission: None,
) -> SentOrders:
    """Send every order that is reserved, each once, while no more than so many may be running.

    One of which nobody knows whether it exists keeps its money and its place, and the others go on; two in a row end
    the sending. Where the Hub rejects an order, it would reject the others too: what was not sent is let go. Where an
    order certainly was not sent, for example without a network, the others stay reserved.

    Args:
        orders: of the plan.
        reserved: how each stood when they were reserved.
        submitter: where.
        at_once: how many may be running; without a place, and without waiting, the others stay reserved.
        tell: hears the position and the submission of each that was sent.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    standing = list(reserved)
    warnings: list[str] = []
    unknown = 0
    for number, order in enumerate(orders):
        if standing[number].state is not State.RESERVED:
            continue
        while not at_once.has_room(standing):
            if at_once.wait is None:
                return SentOrders(tuple(standing), tuple(warnings))
            at_once.wait()
            standing = [_now(one, submitter) for one in standing]
        if standing[number].state is not State.RESERVED:
            continue
        try:
            sent = submit(order, submitter)
        except SubmissionUnknown as error:
            unknown += 1
            standing[number] = _now(standing[number], submitter)
            warnings.append(error.message)
            tell(number, standing[number])
            if unknown == _MOST_UNKNOWN:
                return SentOrders(tuple(standing), tuple(warnings), stopped=error)
            continue
        except HfplannerError as error:
            if _rejects_all(error):
                _let_go(standing, submitter)
            now = tuple(_now(one, submitter) for one in standing)
            return SentOrders(now, tuple(warnings), stopped=error)
        unknown = 0
        standing[number] = sent.submission
        warnings += sent.warnings
        tell(number, sent.submission)
    return SentOrders(tuple(standing), tuple(warnings))


def _now(submission: Submission, submitter: Submitter) -> Submission:
    """Return how a submission stands; what has ended stays so."""
    if not submission.state.holds_money:
        return submission
    return submitter.ledger.get(submission.sid) or submission


def _rejects_all(error: HfplannerError) -> bool:
    return isinstance(error, HubError) and error.outcome is Outcome.REJECTED and not isinstance(error, HubRateLimited)


def _let_go(standing: Sequence[Submission], submitter: Submitter) -> None:
    """Let what was not sent go: the Hub rejected a job of the same plan."""
    for one in standing:
        if one.state is State.RESERVED:
            reason = "It was not sent: the Hub rejected another job of its plan."
            submitter.ledger.void(one.sid, from_state=State.RESERVED, reason=reason, at=submitter.clock())
