"""What schedules will start until the end of a budget's period, at its worst case."""

from collections.abc import Sequence
from datetime import datetime

from hfplanner.api.models import JobSpec, ScheduledJobInfo
from hfplanner.budget.outside import Spending
from hfplanner.budget.policy import AppliedBudget
from hfplanner.budget.price import find_price
from hfplanner.budget.reasons import Reason
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
        worst = terms.cap_micro_usd
        if count and worst is None:
            unknown.append(
                f"What a run of the schedule {quoted(schedule.id)} costs is not known: {_why(terms, listing)}"
            )
            continue
        runs += count
        cost += count * (worst or 0)
    return Spending(scheduled_micro_usd=cost, scheduled_runs=runs, unknown=tuple(unknown))


def _runs(schedule: ScheduledJobInfo, applied: AppliedBudget, now: datetime) -> int:
    if schedule.schedule is None:
        raise ValueError("the Hub does not say when")
    if applied.window.end is None:
        raise ValueError("it does not end, and neither does the budget's period")
    return count_runs(schedule.schedule, now, applied.window.end)


def _terms(schedule: ScheduledJobInfo, listing: Listing) -> JobTerms:
    """Return what decides the money of one run; what was not sent is what the service then takes."""
    spec = schedule.job_spec or JobSpec()
    owner, initiator = schedule.owner, schedule.initiator
    price = find_price(listing, str(spec.flavor or ""))
    timeout = BillingPolicy().default_timeout_secs if spec.timeout is None else spec.timeout
    is_usable = timeout > 0 and schedule.job_spec is not None
    return JobTerms(
        namespace=(owner and owner.name) or "",
        owner=(initiator and initiator.name) or "",
        labels=spec.labels or {},
        flavor=str(spec.flavor or ""),
        price=None if isinstance(price, Reason) else price,
        timeout_secs=-int(-timeout // 1) if is_usable else None,
        attempts=max(int(spec.retry or 0), 0) + 1,
        has_ports=bool(spec.expose),
    )


def _why(terms: JobTerms, listing: Listing) -> str:
    price = find_price(listing, terms.flavor)
    return price.message if isinstance(price, Reason) else "its timeout cannot be used"
