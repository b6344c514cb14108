"""What the runs of a schedule cost at most together."""

from datetime import datetime, timedelta

from hfplanner.budget.schedules import starts_on_minutes
from hfplanner.budget.terms import JobTerms
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.units import SECONDS_PER_MINUTE

__all__ = ["runs_worst_case_micro_usd"]


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
