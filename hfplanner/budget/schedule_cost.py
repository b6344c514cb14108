"""What the runs of a schedule cost at most together."""

from dataclasses import replace
from datetime import datetime, timedelta

from hfplanner.budget.schedules import starts_on_minutes
from hfplanner.budget.terms import JobTerms
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.units import SECONDS_PER_MINUTE, ceil_div

__all__ = ["runs_as_one_job", "runs_worst_case_micro_usd"]


def runs_worst_case_micro_usd(  # noqa: PLR0913 - the job, when it runs, and the stretch of time
    terms: JobTerms, schedule: str, runs: int, *, overlap: bool, start: datetime, end: datetime
) -> int | None:
    """Return the most the runs of a stretch of time cost together [micro-USD]; ``None`` where one run's is not known.

    Where runs do not overlap (``concurrency`` false: one that is due while another runs is skipped) they fill the
    stretch at most, and the last of them goes on to its timeout. Of what is begun within a minute, or tried again,
    every time a minute more is billed.

    Args:
        terms: of one run.
        schedule: as the Hub takes it.
        runs: how many are due.
        overlap: whether several may run at once.
        start: of the stretch, UTC.
        end: of the stretch, UTC.
    """
    one = terms.cap_micro_usd
    if one is None or terms.price is None:
        return None
    apart = runs * one
    if overlap or not runs:
        return apart
    begun = terms.attempts - starts_on_minutes(schedule)
    minutes = -(-(end - start) // timedelta(minutes=1)) + (runs - 1) * begun
    filled = worst_case_micro_usd(
        terms.price.micro_usd_per_minute, minutes * SECONDS_PER_MINUTE, has_ports=terms.has_ports
    )
    return min(apart, filled + one)


def runs_as_one_job(  # noqa: PLR0913 - as above
    terms: JobTerms, schedule: str, runs: int, *, overlap: bool, start: datetime, end: datetime
) -> JobTerms | None:
    """Return the terms of one job that costs at most what all runs do, so that the ledger can hold it.

    Either every run is an attempt of it, or, where runs do not overlap, it fills the stretch and the last run goes on
    to its timeout; whichever costs less. ``None`` where what one run costs is not known, or nothing runs.

    Args:
        terms: of one run.
        schedule: as the Hub takes it.
        runs: how many are due.
        overlap: whether several may run at once.
        start: of the stretch, UTC.
        end: of the stretch, UTC.

    >>> from datetime import UTC
    >>> from hfplanner.budget.terms import UsedPrice
    >>> start, end = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC)
    >>> price = UsedPrice(micro_usd_per_minute=1000, source="live", checked=start)
    >>> terms = JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=price, timeout_secs=6 * 3600)
    >>> day = runs_as_one_job(terms, "@hourly", 24, overlap=False, start=start, end=end)
    >>> day.timeout_secs // 3600, day.attempts, day.cap_micro_usd
    (30, 1, 1800000)
    >>> runs_as_one_job(terms, "@hourly", 24, overlap=True, start=start, end=end).attempts
    24
    """
    worst = runs_worst_case_micro_usd(terms, schedule, runs, overlap=overlap, start=start, end=end)
    if not worst or terms.timeout_secs is None:
        return None
    apart = replace(terms, attempts=terms.attempts * runs)
    if apart.cap_micro_usd is not None and apart.cap_micro_usd <= worst:
        return apart
    begun = terms.attempts - starts_on_minutes(schedule)
    minutes = -(-(end - start) // timedelta(minutes=1)) + (runs - 1) * begun
    minutes += terms.attempts * ceil_div(terms.timeout_secs, SECONDS_PER_MINUTE)
    filled = replace(terms, timeout_secs=minutes * SECONDS_PER_MINUTE, attempts=1)
    return min(apart, filled, key=lambda one: one.cap_micro_usd or 0)
