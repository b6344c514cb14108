"""A duration from history is in order, and its timeout is between what completed and the ceiling."""

from itertools import pairwise

from hypothesis import given, settings

from hfplanner.estimate.duration.like import runs_like
from hfplanner.estimate.duration.timeout import suggested_timeout_secs
from tests.estimate.like_jobs import history
from tests.properties.run_histories import as_jobs, runs


@settings(deadline=None, max_examples=50)
@given(runs())
def test_a_duration_and_its_timeout_are_in_order(found: list[tuple[float, str]]) -> None:
    """Whatever ran and however it ended."""
    (flavor,) = runs_like(history(*as_jobs(found)), "train").flavors
    assert flavor.duration_secs is not None
    assert flavor.timeout is not None
    span = flavor.duration_secs
    assert 0 <= span.low <= span.likely <= span.high
    assert flavor.timeout.secs % 60 == 0
    assert all(secs <= flavor.timeout.secs for secs, end in found if end == "completed")
    assert (flavor.timeout.killed <= 0.01 and span.high <= flavor.timeout.secs) or flavor.timeout.bound
    # The ceiling of ten times what is likely is rounded down to whole minutes.
    assert suggested_timeout_secs(span) >= min(span.high, 10 * span.likely // 60 * 60, 3 * 86_400)


@settings(deadline=None, max_examples=50)
@given(runs())
def test_no_suggestion_is_without_a_ceiling(found: list[tuple[float, str]]) -> None:
    """Three times what is likely and what was seen, ten times where fewer than three completed, or what completed."""
    (flavor,) = runs_like(history(*as_jobs(found)), "train").flavors
    assert flavor.timeout is not None
    assert flavor.duration_secs is not None
    completed = [secs for secs, end in found if end == "completed"]
    times = 3 if len(completed) >= 3 else 10
    ceiling = min(times * max(flavor.duration_secs.likely + 1, 1), times * max(secs for secs, _ in found))
    assert flavor.timeout.secs <= max(ceiling, *completed, 1) + 60


@settings(deadline=None, max_examples=50)
@given(runs())
def test_quantiles_and_their_limits_are_in_order(found: list[tuple[float, str]]) -> None:
    """A larger share takes no less time, and a limit that is known is on its side."""
    (flavor,) = runs_like(history(*as_jobs(found)), "train").flavors
    endless = float("inf")
    for one in flavor.quantiles:
        assert (one.low or 0) <= (one.secs or endless) <= (one.high or endless)
        assert (one.secs is None) == (one.at_least is not None)
    for one, other in pairwise(flavor.quantiles):
        assert (one.secs or endless) <= (other.secs or endless)
