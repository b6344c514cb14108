"""What takes twice as long in every run takes twice as long in every answer: no second is special."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.estimate.duration.predictive import Predictive, next_run
from hfplanner.estimate.duration.spread import LogRun, fit_log_normals, mixed_prior
from hfplanner.estimate.duration.trend import fit_parameter, fit_trend
from tests.properties.run_histories import curve_of, runs

FACTORS = st.sampled_from([60.0, 3600.0, 1.7])


def ahead(found: list[tuple[float, str]]) -> Predictive:
    """Return the distribution of one further run."""
    logs = [LogRun(math.log(secs), end == "completed") for secs, end in found]
    return next_run(curve_of(found), fit_log_normals(logs, mixed_prior(0.5)))


@settings(deadline=None, max_examples=50)
@given(runs(), FACTORS)
def test_longer_seconds_give_longer_answers(found: list[tuple[float, str]], factor: float) -> None:
    """Quantiles of the curve and of the next run, known or not."""
    longer = [(secs * factor, end) for secs, end in found]
    for share in (0.05, 0.5, 0.95, 0.997):
        one, other = curve_of(found).quantile(share), curve_of(longer).quantile(share)
        assert (one.secs is None) == (other.secs is None)
        assert (other.secs or 0) == pytest.approx((one.secs or 0) * factor)
        assert ahead(longer).quantile(share) == pytest.approx(ahead(found).quantile(share) * factor, rel=1e-5)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 10**6), min_size=6, max_size=12), FACTORS)
def test_longer_seconds_change_no_trend(secs: list[int], factor: float) -> None:
    """A trend is a share of the duration."""
    one, other = fit_trend(secs), fit_trend([factor * each for each in secs])
    assert one is not None
    assert other is not None
    assert other.change_per_run == pytest.approx(one.change_per_run, abs=1e-9)
    assert other.direction == one.direction


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(10, 10**5)), min_size=3, max_size=8), FACTORS)
def test_longer_seconds_make_a_longer_line(pairs: list[tuple[int, int]], factor: float) -> None:
    """Start and rate grow alike, and so does what is predicted."""
    values, secs = [float(value) for value, _ in pairs], [float(each) for _, each in pairs]
    one = fit_parameter("steps", values, secs)
    other = fit_parameter("steps", values, [factor * each for each in secs])
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other.secs_at(50) == pytest.approx(factor * one.secs_at(50), rel=1e-4, abs=1e-4)
