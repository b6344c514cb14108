"""What a running time costs on a flavor."""

from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.span import Estimate
from hfplanner.units import MINUTES_PER_HOUR, SECONDS_PER_MINUTE, ceil_div, started_minutes

__all__ = ["job_cost", "job_cost_micro_usd", "worst_case_micro_usd"]

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


def worst_case_micro_usd(
    price_micro_usd_per_minute: int,
    timeout_secs: int,
    *,
    attempts: int = 1,
    has_ports: bool = False,
    rule: BillingPolicy | None = None,
) -> int:
    """Return the most a job can cost in micro-USD: every attempt runs until its timeout, and its ports are exposed.

    Args:
        price_micro_usd_per_minute: of the flavor.
        timeout_secs: of one attempt [s].
        attempts: how often the job may be tried.
        has_ports: whether ports are exposed, at a surcharge.
        rule: the billing rule; by default that of :class:`BillingPolicy`.

    Raises:
        ValueError: a price, a timeout or attempts that are not above 0: an unknown price is not a price of zero.

    >>> worst_case_micro_usd(13333, 3600, attempts=2, has_ports=True)
    1619960
    """
    if min(price_micro_usd_per_minute, timeout_secs, attempts) <= 0:
        raise ValueError(f"not above 0: {price_micro_usd_per_minute}, {timeout_secs}, {attempts}")
    rule = rule or BillingPolicy()
    units = ceil_div(timeout_secs, rule.unit_secs) * (attempts if rule.each_attempt else 1)
    per_minute = SECONDS_PER_MINUTE // rule.unit_secs
    rent = ceil_div(units * price_micro_usd_per_minute, per_minute)
    return rent + (ceil_div(units * rule.port_micro_usd_per_hour, per_minute * MINUTES_PER_HOUR) if has_ports else 0)
