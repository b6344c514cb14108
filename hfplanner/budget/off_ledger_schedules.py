"""What schedules will start until the end of a budget's period, at its worst case."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from hfplanner.api.said import said_attempts, said_timeout_secs
from hfplanner.budget.off_ledger import Spending
from hfplanner.budget.policy import AppliedBudget
from hfplanner.budget.price import find_price
from hfplanner.budget.reasons import DecisionReason
from hfplanner.budget.schedule_cost import runs_worst_case_micro_usd
from hfplanner.budget.schedules import count_runs
from hfplanner.budget.scope import covers
from hfplanner.budget.terms import JobTerms, UsedPrice, terms_of
from hfplanner.catalog.listing import Listing
from hfplanner.errors import quoted
from hfplanner.estimate.billing import BillingPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfplanner.api.models import JobSpec, ScheduledJobInfo

__all__ = ["RunsCost", "committed", "cost_of_runs"]


def committed(
    applied: AppliedBudget, schedules: "Sequence[ScheduledJobInfo]", listing: Listing, now: datetime
) -> Spending:
    """Return the runs from now until the period ends, and what they cost at most together.

    A paused schedule starts nothing. One that cannot be read, priced or counted is named as unknown; so is any in a
    budget whose period never ends.
    """
    runs, cost, unknown = 0, 0, []
    for schedule in schedules:
        terms = _terms(schedule, listing)
        if schedule.suspend or not covers(applied.budget.scope, terms):
            continue
        try:
            count = _runs(schedule, applied, now)
        except ValueError as error:
            unknown.append(f"How often the schedule {quoted(schedule.id)} runs is not known: {error}")
            continue
        worst = _worst_case(schedule, terms, count, applied, now) if count else 0
        if worst is None:
            why = _why(schedule, terms, listing)
            unknown.append(f"What a run of the schedule {quoted(schedule.id)} costs is not known: {why}")
            continue
        runs += count
        cost += worst
    return Spending(scheduled_micro_usd=cost, scheduled_runs=runs, unknown=tuple(unknown))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsCost:
    """What a schedule starts in a stretch of time.

    Args:
        runs: how many; ``None`` where that is not known.
        worst_case_micro_usd: what they cost at most together; ``None`` where that is not known.
        problem: why something is not known.
    """

    runs: int | None
    worst_case_micro_usd: int | None
    problem: str | None = None


def cost_of_runs(schedule: "ScheduledJobInfo", listing: Listing, start: datetime, end: datetime) -> RunsCost:
    """Return the runs of a schedule from a moment on, before another, and what they cost; a paused one has none."""
    if schedule.suspend:
        return RunsCost(runs=0, worst_case_micro_usd=0)
    terms = _terms(schedule, listing)
    try:
        runs = count_runs(schedule.schedule or "", start, end)
    except ValueError as error:
        return RunsCost(runs=None, worst_case_micro_usd=None, problem=f"how often it runs is not known: {error}")
    overlap = schedule.concurrency is not False
    worst = runs_worst_case_micro_usd(terms, schedule.schedule or "", runs, overlap=overlap, start=start, end=end)
    if worst is None and runs:
        problem = f"what a run costs is not known: {_why(schedule, terms, listing)}"
        return RunsCost(runs=runs, worst_case_micro_usd=None, problem=problem)
    return RunsCost(runs=runs, worst_case_micro_usd=worst or 0)


def _runs(schedule: "ScheduledJobInfo", applied: AppliedBudget, now: datetime) -> int:
    if schedule.schedule is None:
        raise ValueError("the Hub does not say when")
    if applied.window.end is None:
        raise ValueError("it does not end, and neither does the budget's period")
    return count_runs(schedule.schedule, now, applied.window.end)


def _worst_case(
    schedule: "ScheduledJobInfo", terms: JobTerms, runs: int, applied: AppliedBudget, now: datetime
) -> int | None:
    """Return the most the runs of a period cost together; ``None`` where one run's is not known."""
    end = applied.window.end
    if end is None:
        return None
    overlap = schedule.concurrency is not False
    return runs_worst_case_micro_usd(terms, schedule.schedule or "", runs, overlap=overlap, start=now, end=end)


def _terms(schedule: "ScheduledJobInfo", listing: Listing) -> JobTerms:
    """Return what decides the money of one run; what was not sent is what the service then takes."""
    from hfplanner.api.models import JobSpec  # noqa: PLC0415 - pydantic, for those who have schedules

    owner, initiator = schedule.owner, schedule.initiator
    terms = terms_of(
        schedule.job_spec or JobSpec(),
        namespace=(owner and owner.name) or "",
        owner=(initiator and initiator.name) or "",
        price_of=lambda flavor: _price(flavor, listing),
        default_timeout_secs=BillingPolicy().default_timeout_secs,
    )
    return terms if _is_usable(schedule.job_spec) else replace(terms, timeout_secs=None)


def _price(flavor: str, listing: Listing) -> UsedPrice | None:
    price = find_price(listing, flavor)
    return None if isinstance(price, DecisionReason) else price


def _is_usable(spec: "JobSpec | None") -> bool:
    """Whether a schedule says what it runs, and how often that is tried."""
    try:
        return spec is not None and (said_attempts(spec) or 1) > 0
    except ValueError:
        return False


def _why(schedule: "ScheduledJobInfo", terms: JobTerms, listing: Listing) -> str:
    price = find_price(listing, terms.flavor)
    if isinstance(price, DecisionReason):
        return price.message
    if schedule.job_spec is None:
        return "the Hub does not say what it runs"
    try:
        said_timeout_secs(schedule.job_spec)
        said_attempts(schedule.job_spec)
    except ValueError as error:
        return str(error)
    return "it is more than can be counted"
