"""What a running time costs."""

import pytest

from hfplanner.estimate.cost import job_cost, job_cost_micro_usd
from hfplanner.estimate.span import Estimate


@pytest.mark.parametrize(
    ("price", "seconds", "cost"),
    [
        (30000, 0, 0),
        (30000, 1, 30000),
        (30000, 60, 30000),
        (30000, 61, 60000),
        (167, 24 * 3600, 240_480),
        (83334, 3600, 5_000_040),
    ],
)
def test_every_started_minute_costs_the_delivered_price(price: int, seconds: int, cost: int) -> None:
    """In integer micro-USD: a day of cpu-basic is $0.24048, and what never started costs nothing."""
    assert job_cost_micro_usd(price, seconds) == cost


def test_the_cost_of_a_span_is_a_span_with_the_same_reasons_and_the_billing_rule() -> None:
    """Each end is charged by itself."""
    duration = Estimate(59, 61, 181, ("three earlier runs",))
    cost = job_cost(1000, duration)
    assert (cost.low, cost.likely, cost.high) == (1000, 2000, 4000)
    assert cost.basis == ("three earlier runs", "billed per started minute")
