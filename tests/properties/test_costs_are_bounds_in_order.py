"""Law: whatever a job says of itself, its cost is null, or from 0 up to a bound that is not below."""

import polars as pl
from hypothesis import given, settings

from hfplanner.catalog.prices import price_book
from hfplanner.estimate.job_costs import EXACT_BASES, cost_jobs
from hfplanner.estimate.price_table import price_table
from tests.properties.job_frames import NOW, job_frames

TABLE = price_table(price_book())


@settings(deadline=None)
@given(job_frames())
def test_bounds(jobs: pl.DataFrame) -> None:
    """No job is lost; null is unpriced and nothing else is; a cost that counts as exact is one number."""
    costed = cost_jobs(jobs.lazy(), TABLE, now=NOW).collect()
    assert sorted(costed["id"]) == sorted(jobs["id"])
    for row in costed.iter_rows(named=True):
        low, high, basis = row["cost_low_micro_usd"], row["cost_high_micro_usd"], row["cost_basis"]
        assert (low is None) == (basis == "unpriced")
        if low is None:
            assert high is None
            continue
        assert low >= 0
        assert high is None or low <= high
        assert basis not in EXACT_BASES or low == high
