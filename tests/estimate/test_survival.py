"""The product-limit estimator, held against lifelines and against curves that can be counted by hand."""

import random

import polars as pl
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times, qth_survival_times

from hfplanner.estimate.duration.survival import SurvivalCurve, product_limit


def curve_of(*runs: tuple[float, bool]) -> SurvivalCurve:
    """Return the curve of runs given as (seconds, completed)."""
    return product_limit(pl.Series([float(secs) for secs, _ in runs]), pl.Series([done for _, done in runs]))


def mixed_runs(seed: int, count: int, *, whole: bool) -> list[tuple[float, bool]]:
    """Return runs of which about a third were cut off; whole minutes tie often, also completed with cut off."""
    rng = random.Random(seed)  # noqa: S311 - a sample, no secret
    runs = []
    for _ in range(count):
        secs, limit = rng.lognormvariate(6, 0.8), rng.lognormvariate(6.6, 0.6)
        shown = min(secs, limit)
        runs.append((float(round(shown / 60) * 60) if whole else shown, secs <= limit))
    return runs


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("seed", "count"), [(1, 3), (2, 10), (3, 40), (4, 300)])
def test_the_curve_is_that_of_lifelines(seed: int, count: int, whole: bool) -> None:  # noqa: FBT001 - a case
    """Ties, and runs cut off at the moment others end, included."""
    runs = mixed_runs(seed, count, whole=whole)
    curve = curve_of(*runs)
    oracle = KaplanMeierFitter().fit([secs for secs, _ in runs], [done for _, done in runs])
    for secs in {secs for secs, _ in runs} | {0.0, 1e9}:
        assert curve.survival_at(secs) == pytest.approx(float(oracle.predict(secs)), abs=1e-12)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
@pytest.mark.parametrize(("seed", "count"), [(5, 12), (6, 60), (7, 400)])
def test_the_limits_of_the_median_are_those_of_lifelines(seed: int, count: int, confidence: float) -> None:
    """Greenwood's variance on the log-log scale; a limit that is never reached is no number."""
    runs = mixed_runs(seed, count, whole=False)
    found = curve_of(*runs).quantile(0.5, confidence=confidence)
    oracle = KaplanMeierFitter(alpha=1 - confidence)
    oracle.fit([secs for secs, _ in runs], [done for _, done in runs])
    low, high = median_survival_times(oracle.confidence_interval_).iloc[0]
    assert (found.secs, found.low) == (pytest.approx(oracle.median_survival_time_), pytest.approx(low))
    assert found.high == (None if high == float("inf") else pytest.approx(high))


@pytest.mark.parametrize("share", [0.1, 0.37, 0.9, 0.95])
def test_a_quantile_is_that_of_lifelines(share: float) -> None:
    """The first time at which so many have completed."""
    runs = mixed_runs(8, 501, whole=False)
    oracle = KaplanMeierFitter().fit([secs for secs, _ in runs], [done for _, done in runs])
    expected = float(qth_survival_times(1 - share, oracle.survival_function_))
    assert curve_of(*runs).quantile(share).secs == (None if expected == float("inf") else pytest.approx(expected))


def test_a_quantile_beyond_what_was_cut_off_is_at_least_the_longest_time() -> None:
    """Half of the runs were stopped after an hour: the median may be any longer than that, and is not "an hour"."""
    found = curve_of((600, True), (3600, False), (3600, False)).quantile(0.9)
    assert (found.secs, found.high, found.at_least) == (None, None, 3600.0)


def test_where_no_run_completed_nothing_is_known_but_how_long_at_least() -> None:
    """Two timeouts after an hour: no step, and every quantile is at least an hour."""
    curve = curve_of((3600, False), (3500, False))
    assert (curve.secs, curve.completed) == ((), 0)
    assert [(one.secs, one.low, one.at_least) for one in curve.quantiles((0.1, 0.5))] == [(None, None, 3600.0)] * 2


def test_nine_of_ten_is_the_ninetieth_percentile_whatever_the_rounding() -> None:
    """0.9 x ... x 8/9 is not 1 - 0.9 to the last digit; of the runs 1 to 10 the quantiles are 1, 5, 9."""
    curve = curve_of(*[(secs, True) for secs in range(1, 11)])
    assert [one.secs for one in curve.quantiles((0.1, 0.5, 0.9))] == [1, 5, 9]


def test_a_run_cut_off_when_another_ends_was_still_going() -> None:
    """Of two runs at 60 s one completed: half of them last longer, and not none."""
    assert curve_of((60, True), (60, False)).survival_at(60) == 0.5


def test_the_limits_of_one_run_are_not_known() -> None:
    """One run of a minute says the median is a minute; nothing bounds it above."""
    found = curve_of((60, True)).quantile(0.5)
    assert (found.secs, found.low, found.high) == (60, 60, None)


def test_the_confidence_interval_holds_the_median_as_often_as_it_says() -> None:
    """400 samples of 40 runs, a third of them cut off: the true median is within the 90 % interval in 86 to 94 %."""
    rng = random.Random(11)  # noqa: S311 - a sample, no secret
    inside = 0
    for _ in range(400):
        pairs = [(rng.lognormvariate(6, 0.8), rng.lognormvariate(6.6, 0.6)) for _ in range(40)]
        found = curve_of(*[(min(pair), pair[0] <= pair[1]) for pair in pairs]).quantile(0.5, confidence=0.9)
        inside += (found.low or 0) <= 403.43 <= (found.high or float("inf"))
    assert 0.86 <= inside / 400 <= 0.94


@pytest.mark.parametrize(
    ("secs", "completed"),
    [([], []), ([1.0], [True, False]), ([None], [True]), ([-1.0], [True]), ([float("nan")], [True])],
)
def test_what_is_no_time_is_refused(secs: list[float | None], completed: list[bool]) -> None:
    """No runs, a run without a time, a time that is none."""
    with pytest.raises(ValueError, match=r"runs need|running time"):
        product_limit(pl.Series(secs, dtype=pl.Float64), pl.Series(completed, dtype=pl.Boolean))


@pytest.mark.parametrize(("share", "confidence"), [(0, 0.9), (1, 0.9), (0.5, 1), (0.5, 0)])
def test_shares_lie_between_nothing_and_all(share: float, confidence: float) -> None:
    """There is no 0th percentile, and no certainty."""
    with pytest.raises(ValueError, match="not between 0 and 1"):
        curve_of((60, True)).quantile(share, confidence=confidence)
