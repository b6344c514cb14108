"""What an ended job is settled at: by the billing rule at the price it was reserved with, or at its cap."""

from datetime import date, datetime, timedelta

from hfplanner.api.models import JobInfo
from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.records import Submission
from hfplanner.budget.terms import UsedPrice
from hfplanner.estimate.billing import BillingPolicy
from hfplanner.submit.charging import Charging

__all__ = ["foreign_price", "longest_life", "settlement"]

_LATE = timedelta(seconds=BillingPolicy().vanished_after_secs)


def longest_life(submission: Submission) -> timedelta:
    """Return after which time a job must be over: attempts x timeout and two hours.

    Where the timeout is not known there is none, and the greatest there can be is returned.
    """
    terms = submission.terms
    if terms.timeout_secs is None:
        return timedelta.max
    return timedelta(seconds=terms.timeout_secs * terms.attempts) + _LATE


def foreign_price(job: JobInfo, submission: Submission, charging: Charging) -> UsedPrice | None:
    """Return the price of the flavor a job ran on, the dearest where that is not known.

    ``None`` where it ran on the flavor that was reserved, at the price it was reserved with.
    """
    flavor = submission.terms.flavor if job.flavor is None else str(job.flavor)
    return None if flavor == submission.terms.flavor else charging.worst_price_of(flavor)


def settlement(
    job: JobInfo, submission: Submission, now: datetime, *, ran_at: UsedPrice | None = None
) -> Settlement | None:
    """Return what a job that has ended cost; ``None`` for one that has not, or may not have.

    A cost that is known only between bounds is settled at the upper one, at most the cap: the bill corrects it later.

    Args:
        job: as the Hub tells it.
        submission: it belongs to.
        now: UTC.
        ran_at: see :func:`foreign_price`.
    """
    if not job.is_terminal:
        return None
    price = ran_at or submission.terms.price
    cap = submission.cap_micro_usd
    if price is None:
        return Settlement(cost_micro_usd=cap, evidence="price not known: its cap", at=now)
    low, high, basis = _cost(job, price, now)
    if basis in {"exact", "never_started"}:
        return Settlement(cost_micro_usd=low, evidence=f"durations ({basis})", at=now)
    worst = cap if high is None else min(high, cap)
    return Settlement(cost_micro_usd=max(low, worst), evidence=f"upper bound ({basis})", at=now, is_bound=True)


def _cost(job: JobInfo, price: UsedPrice, now: datetime) -> tuple[int, int | None, str]:
    """Return the bounds and the basis that a report over the same job would show."""
    import polars as pl  # noqa: PLC0415 - only where something has ended

    from hfplanner.estimate.job_costs import cost_jobs  # noqa: PLC0415 - as above
    from hfplanner.estimate.price_table import PRICE_TABLE_SCHEMA, PriceTable  # noqa: PLC0415 - as above
    from hfplanner.frames.jobs import job_frames  # noqa: PLC0415 - as above

    raw = job.model_dump_json(by_alias=True, exclude_none=True).encode()
    jobs = job_frames(raw, source="hub", seen_at=now).jobs
    if jobs.is_empty():
        # Its times contradict each other: nothing bounds it but the cap.
        return 0, None, "unreadable"
    # The one price, on a day before all others, holds from then on.
    rows = pl.DataFrame([(str(job.flavor), date.min, price.micro_usd_per_minute)], PRICE_TABLE_SCHEMA, orient="row")
    costed = cost_jobs(jobs.lazy(), PriceTable(rows, date.min), now=now).collect().row(0, named=True)
    low = costed["cost_low_micro_usd"]
    return low or 0, costed["cost_high_micro_usd"], costed["cost_basis"]
