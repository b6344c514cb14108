"""Conformal calibration: nine of ten next jobs lie inside, whatever the jobs are like."""

import random

import pytest

from hfplanner.estimate.duration.own_outcomes import Outcome, calibrate
from hfplanner.estimate.span import Estimate


def ended(secs: float, *, completed: bool = True, predicted_from: str = "measured") -> Outcome:
    """Return a job that was told to take an hour, half or twice that."""
    return Outcome(
        low=1800,
        likely=3600,
        high=7200,
        secs=secs,
        completed=completed,
        predicted_from=predicted_from,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("shift", [1.0, 1.8])
@pytest.mark.parametrize("spread", [0.2, 0.4, 1.5])
def test_nine_of_ten_next_jobs_lie_inside(spread: float, shift: float) -> None:
    """Jobs that differ little or much, and that always take longer than was said."""
    rng = random.Random(3)  # noqa: S311 - a sample, no secret
    inside = 0
    for _ in range(300):
        secs = [3600 * shift * rng.lognormvariate(0, spread) for _ in range(31)]
        found = calibrate([ended(one) for one in secs[:30]], "measured")
        assert found is not None
        span = found.of(Estimate(1800, 3600, 7200, ()))
        inside += span.low <= secs[-1] <= span.high
    assert 0.86 <= inside / 300 <= 0.97


def test_jobs_that_were_stopped_would_have_taken_longer() -> None:
    """Ten of thirty were stopped at their bound: the interval is no narrower than that."""
    done = [ended(3600 * 1.01**number) for number in range(20)]
    cut = [ended(7100, completed=False) for _ in range(10)]
    told = calibrate([*done, *cut], "measured")
    assert told is not None
    assert told.scale > 0.9
    early = calibrate([*done, *(ended(60, completed=False) for _ in range(10))], "measured")
    assert early == calibrate(done, "measured")


def test_jobs_predicted_from_the_same_count_alone_where_there_are_enough() -> None:
    """Models alone err more than measured runs."""
    some = [ended(3600 * 1.01**number) for number in range(20)]
    others = [ended(36_000, predicted_from="model") for _ in range(20)]
    measured, model = calibrate([*some, *others], "measured"), calibrate([*some, *others], "model")
    assert measured is not None
    assert model is not None
    assert measured.scale < 1 < model.scale
    mixed = calibrate([*some[:10], *others[:10]], "history")
    assert mixed is not None
    assert mixed.runs == 20


def test_what_is_no_interval_is_refused() -> None:
    """Nothing can be scaled."""
    with pytest.raises(ValueError, match="no interval"):
        Outcome(low=3600, likely=3600, high=3600, secs=1, completed=True, predicted_from="measured")
