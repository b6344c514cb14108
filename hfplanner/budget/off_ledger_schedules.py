"""What schedules will start until the end of a budget's period, at its worst case."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from hfplanner.api.models import JobSpec, ScheduledJobInfo
from hfplanner.api.said import said_attempts, said_timeout_secs
from hfplanner.budget.off_ledger import Spending
from hfplanner.budget.policy import AppliedBudget
from hfplanner.budget.price import find_price
from hfplanner.budget.reasons import DecisionReason
from hfplanner.budget.schedule_cost import runs_worst_case_micro_usd
from hfplanner.budget.schedules import count_runs
from hfplanner.budget.scope import covers
from hfplanner.budget.terms import JobTerms
from hfplanner.catalog.listing import Listing
from hfplanner.errors import quoted
from hfplanner.estimate.billing import BillingPolicy

__all__ = ["committed"]


def committed(
    applied: AppliedBudget, schedules: Sequence[ScheduledJobInfo], listing: Listing, now: datetime
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


def _runs(schedule: ScheduledJobInfo, applied: AppliedBudget, now: datetime) -> int:
    if schedule.schedule is None:
        raise ValueError("the Hub does not say when")
    if applied.window.end is None:
        raise ValueError("it does not end, and neither does the budget's period")
    return count_runs(schedule.schedule, now, applied.window.end)


def _worst_case(
    schedule: ScheduledJobInfo, terms: JobTerms, runs: int, applied: AppliedBudget, now: datetime
) -> int | None:
    """Return the most the runs of a period cost together; ``None`` where one run's is not known."""
    end = applied.window.end
    if end is None:
        return None
    overlap = schedule.concurrency is not False
    return runs_worst_case_micro_usd(terms, schedule.schedule or "", runs, overlap=overlap, start=now, end=end)


def _terms(schedule: ScheduledJobInfo, listing: Listing) -> JobTerms:
    """Return what decides the money of one run; what was not sent is what the service then takes."""
    spec = schedule.job_spec or JobSpec()
    owner, initiator = schedule.owner, schedule.initiator
    price = find_price(listing, str(spec.flavor or ""))
    timeout, attempts = _said(schedule)
    return JobTerms(
        namespace=(owner and owner.name) or "",
        owner=(initiator and initiator.name) or "",
        labels=spec.labels or {},
        flavor=str(spec.flavor or ""),
        price=None if isinstance(price, DecisionReason) else price,
        timeout_secs=timeout,
        attempts=attempts,
        has_ports=bool(spec.expose),
    )


def _said(schedule: ScheduledJobInfo) -> tuple[int | None, int]:
    """Return the timeout and the attempts of a run; no timeout where either cannot be used."""
    if schedule.job_spec is None:
        return None, 1
    try:
        timeout, attempts = said_timeout_secs(schedule.job_spec), said_attempts(schedule.job_spec)
    except ValueError:
        return None, 1
    return BillingPolicy().default_timeout_secs if timeout is None else ceil(timeout), attempts or 1


def _why(schedule: ScheduledJobInfo, terms: JobTerms, listing: Listing) -> str:
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
