"""How surely a limit is kept."""

import pytest

from hfplanner.estimate.memory.fits import probability_to_fit
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.recommend.confidence import bytes_at, one_sided, seconds_at

SPAN = Estimate(3600, 7200, 14400, ())


@pytest.mark.parametrize(("confidence", "secs"), [(None, 7200), (0.0, 7200), (0.9, 14400)])
def test_the_ends_of_an_estimate_are_met_exactly(confidence: float | None, secs: int) -> None:
    """Nothing said is the likely value, 0.9 the high one."""
    assert seconds_at(SPAN, confidence) == secs


def test_between_them_the_logarithm_follows_a_normal_distribution() -> None:
    """The 75th percentile lies 0.674 of 1.645 deviations up: 7200 x 2 ** 0.41."""
    assert seconds_at(SPAN, 0.5) == pytest.approx(7200 * 2 ** (0.6745 / 1.6449), abs=1)


def test_beyond_the_interval_more_than_high_is_asked() -> None:
    """0.95 leaves 2.5 % above it, high leaves 5 %."""
    assert seconds_at(SPAN, 0.95) > SPAN.high
    assert bytes_at(SPAN, 0.95) > SPAN.high


def test_what_has_no_spread_stays_what_it_is() -> None:
    """Also a duration of nothing."""
    assert seconds_at(exactly(90, ""), 0.99) == 90
    assert seconds_at(Estimate(0, 0, 10, ()), 0.9) == 10


@pytest.mark.parametrize("confidence", [0.0, 0.3, 0.5, 0.9, 0.99])
def test_memory_at_a_confidence_has_that_probability_to_fit(confidence: float) -> None:
    """The bytes that are needed and the probability that decides are one rule."""
    need = Estimate(80 * 10**9, 100 * 10**9, 130 * 10**9, ())
    assert probability_to_fit(need, bytes_at(need, confidence)) == pytest.approx(one_sided(confidence), abs=1e-4)
