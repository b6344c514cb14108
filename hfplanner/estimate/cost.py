"""What a running time costs on a flavor."""

from hfplanner.estimate.span import Estimate
from hfplanner.units import started_minutes

__all__ = ["job_cost", "job_cost_micro_usd"]

BILLING_BASIS = "billed per started minute"


def job_cost_micro_usd(price_micro_usd_per_minute: int, seconds: int) -> int:
    """Return the cost in micro-USD of ``seconds`` of running: price x started minutes.

    The rule is that of Hugging Face's own chat-ui budget guard; rounding on the invoice is unverified.

    >>> job_cost_micro_usd(13333, 61)
    26666
    """
    return price_micro_usd_per_minute * started_minutes(seconds)


def job_cost(price_micro_usd_per_minute: int, duration_secs: Estimate) -> Estimate:
    """Return the cost in micro-USD of an estimated duration.

    >>> from hfplanner.estimate.span import exactly
    >>> job_cost(30000, exactly(10800, "as given"))
    Estimate(low=5400000, likely=5400000, high=5400000, basis=('as given', 'billed per started minute'))
    """
    low, likely, high = (
        job_cost_micro_usd(price_micro_usd_per_minute, seconds)
        for seconds in (duration_secs.low, duration_secs.likely, duration_secs.high)
    )
    return Estimate(low, likely, high, (*duration_secs.basis, BILLING_BASIS))
