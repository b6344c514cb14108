"""What will be sent: the flavor, its price, and a timeout that is always explicit, with where each of them is from."""

from dataclasses import dataclass
from typing import Literal

from hfplanner.budget.price import find_price
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import UsedPrice
from hfplanner.catalog.listing import Listing
from hfplanner.errors import BudgetRefused
from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.units import (
    MAX_DURATION_SECS,
    SECONDS_PER_MINUTE,
    ceiling_micro_usd,
    format_duration,
    format_usd,
    format_usd_per_hour,
)

__all__ = ["ChosenRun", "RunLimits", "choose_run", "longest_timeout_secs"]

TimeoutBasis = Literal["given", "estimate", "default", "max_cost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """How long and how often a job may run, and for how much.

    Args:
        timeout_secs: of one attempt as given [s]; ``None`` leaves it to the estimate, or to the service's default.
        estimated_timeout_secs: what the estimate of the duration suggests [s]; ``None`` without one.
        attempts: how often it may be tried.
        has_ports: whether ports are exposed.
        max_cost_micro_usd: the most the job may cost at worst, kept to half a cent.
        may_shorten: whether a timeout that nobody typed is shortened until the worst case costs no more.
        likely_secs: how long the job likely runs [s]; ``None`` where that is not known.
        estimated_timeout_bound: what bound the suggestion, a sentence; ``None`` where nothing did.
        max_timeout_secs: the most a policy allows, to which the suggestion is held [s]; ``None`` without one.
    """

    timeout_secs: int | None = None
    estimated_timeout_secs: int | None = None
    attempts: int = 1
    has_ports: bool = False
    max_cost_micro_usd: int | None = None
    may_shorten: bool = False
    likely_secs: int | None = None
    estimated_timeout_bound: str | None = None
    max_timeout_secs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRun:
    """A flavor, its price and the timeout.

    Args:
        flavor: its name.
        price: what it costs, from where and of when; ``None`` where that is not known, which blocks.
        problem: why it is not known.
        too_dear: why the money that was given does not pay for it; ``None`` where it does.
        timeout_secs: of one attempt [s].
        timeout_basis: where that is from; ``"max_cost"`` where the money shortened it.
        warnings: what to know before it is sent, a sentence each.
    """

    flavor: str
    price: UsedPrice | None
    problem: DecisionReason | None
    too_dear: DecisionReason | None = None
    timeout_secs: int
    timeout_basis: TimeoutBasis
    warnings: tuple[str, ...]


def choose_run(flavor: str, listing: Listing, limits: RunLimits) -> ChosenRun:
    """Return the price and the timeout a job will be sent with.

    A timeout that is given is never changed: where it costs too much, ``too_dear`` says so and which one would do.

    Raises:
        BudgetRefused: the timeout may be shortened, and not even one minute fits ``max_cost``.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> listing = shipped_listing()
    >>> limits = RunLimits(estimated_timeout_secs=7200, max_cost_micro_usd=1_000_000, may_shorten=True)
    >>> run = choose_run("l4x1", listing, limits)
    >>> run.timeout_secs, run.timeout_basis
    (4500, 'max_cost')
    >>> choose_run("l4x1", listing, RunLimits(timeout_secs=7200, max_cost_micro_usd=1_000_000)).too_dear.message
    'The job may cost $1.60, and --max-cost is $1.00: a --timeout of 1h15m costs no more.'
    >>> choose_run("l4x2", listing, limits).problem.code
    'unknown_flavor'
    """
    found = find_price(listing, flavor)
    timeout, basis = _timeout(limits)
    if isinstance(found, DecisionReason):
        return ChosenRun(
            flavor=flavor,
            price=None,
            problem=found,
            timeout_secs=timeout,
            timeout_basis=basis,
            warnings=(),
        )
    if limits.may_shorten and basis != "given":
        longest = longest_timeout_secs(found.micro_usd_per_minute, limits)
        if longest is not None and longest < timeout:
            timeout, basis = longest, "max_cost"
    worst = worst_case_micro_usd(
        found.micro_usd_per_minute, timeout, attempts=limits.attempts, has_ports=limits.has_ports
    )
    return ChosenRun(
        flavor=flavor,
        price=found,
        problem=None,
        too_dear=_too_dear(worst, found.micro_usd_per_minute, limits),
        timeout_secs=timeout,
        timeout_basis=basis,
        warnings=_warnings(timeout, basis, limits),
    )


def _too_dear(worst_case_micro_usd: int, price_micro_usd_per_minute: int, limits: RunLimits) -> DecisionReason | None:
    """Return why a worst case is more than was given for the job, and which timeout would do."""
    most = limits.max_cost_micro_usd
    if most is None or worst_case_micro_usd <= ceiling_micro_usd(most):
        return None
    sentence = f"The job may cost {format_usd(worst_case_micro_usd)}, and --max-cost is {format_usd(most)}"
    try:
        longest = longest_timeout_secs(price_micro_usd_per_minute, limits)
    except BudgetRefused as error:
        return DecisionReason("over_max_cost", f"{sentence}. {error.message}", Effect.REFUSE)
    would_do = format_duration(longest or 0)
    return DecisionReason("over_max_cost", f"{sentence}: a --timeout of {would_do} costs no more.", Effect.REFUSE)


def _warnings(timeout_secs: int, basis: TimeoutBasis, limits: RunLimits) -> tuple[str, ...]:
    stopped = format_duration(timeout_secs)
    bound = _bound(limits) if basis == "estimate" else None
    held = (f"{bound[0].upper()}{bound[1:]}.",) if bound else ()
    if limits.likely_secs is not None and timeout_secs < limits.likely_secs:
        likely = format_duration(limits.likely_secs)
        return (*held, f"The job likely needs {likely}, and is stopped after {stopped}.")
    if basis == "default":
        return (f"No --timeout and no duration: the job is stopped after {stopped}.",)
    return held


def _timeout(limits: RunLimits) -> tuple[int, TimeoutBasis]:
    if limits.timeout_secs is not None:
        return limits.timeout_secs, "given"
    if limits.estimated_timeout_secs is not None:
        return min(limits.estimated_timeout_secs, limits.max_timeout_secs or limits.estimated_timeout_secs), "estimate"
    return BillingPolicy().default_timeout_secs, "default"


def _bound(limits: RunLimits) -> str | None:
    """Return what bound the suggested timeout: the policy, or what the suggestion says of itself."""
    suggested, most = limits.estimated_timeout_secs, limits.max_timeout_secs
    if suggested is not None and most is not None and most < suggested:
        return f"the timeout is held to the {format_duration(most)} that the policy allows at most"
    return limits.estimated_timeout_bound


def longest_timeout_secs(price_micro_usd_per_minute: int, limits: RunLimits) -> int | None:
    """Return the longest timeout in whole minutes whose worst case costs no more than ``max_cost``; ``None`` without.

    Raises:
        BudgetRefused: one minute costs more.

    >>> longest_timeout_secs(13333, RunLimits(max_cost_micro_usd=800_000))
    3600
    """
    most = limits.max_cost_micro_usd
    if most is None:
        return None
    ceiling = ceiling_micro_usd(most)

    def costs(minutes: int) -> int:
        return worst_case_micro_usd(
            price_micro_usd_per_minute,
            minutes * SECONDS_PER_MINUTE,
            attempts=limits.attempts,
            has_ports=limits.has_ports,
        )

    if costs(1) > ceiling:
        hourly = format_usd_per_hour(price_micro_usd_per_minute)
        raise BudgetRefused(
            f"--max-cost {format_usd(most)} does not pay for one minute at {hourly} an hour.",
            hint="Raise it, or choose a cheaper flavor.",
        )
    # The cost grows with the minutes: the greatest that fits lies between these two.
    fits, too_many = 1, MAX_DURATION_SECS // SECONDS_PER_MINUTE + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        fits, too_many = (middle, too_many) if costs(middle) <= ceiling else (fits, middle)
    return fits * SECONDS_PER_MINUTE
