"""The suggested timeout: whole minutes, not shorter than what completed, seldom in the way."""

import pytest

from hfplanner.estimate.duration.like import runs_like
from hfplanner.estimate.duration.timeout import SuggestedTimeout, suggested_timeout_secs
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.units import MAX_DURATION_SECS
from tests.estimate.like_jobs import history, job


def timeout_of(*secs: float) -> SuggestedTimeout:
    """Return what is suggested after completed runs of so many seconds."""
    runs = [job(number, one) for number, one in enumerate(secs)]
    found = runs_like(history(*runs), "train").flavors[0].timeout
    assert found is not None
    return found


def test_a_timeout_is_of_whole_minutes() -> None:
    """Jobs are billed and timeouts typed in minutes."""
    assert timeout_of(3600, 3610, 3590, 3605).secs % 60 == 0
    assert suggested_timeout_secs(Estimate(90, 100, 111, ())) % 60 == 0


def test_no_timeout_is_shorter_than_the_longest_run_that_completed() -> None:
    """One of three hundred took ten times as long, and would again be wanted."""
    assert timeout_of(*[600.0] * 300, 6000.0).secs >= 6000


def test_the_more_alike_the_runs_the_closer_the_timeout() -> None:
    """Two, six and sixty runs of an hour."""
    found = [timeout_of(*[3600.0 + number % 2 for number in range(count)]).secs for count in (2, 6, 60)]
    assert found[0] > found[1] > found[2] > 3600


def test_how_sure_a_timeout_is_grows_with_the_runs() -> None:
    """Without a word on their distribution it takes 299 runs to be 95 % sure of 99 in 100."""
    assert timeout_of(*[3600.0] * 298).confidence < 0.95 <= timeout_of(*[3600.0] * 299).confidence


def test_a_timeout_says_how_often_it_is_expected_to_kill() -> None:
    """At most one run in a hundred, or it would not be suggested."""
    assert all(0 <= timeout_of(*runs).killed <= 0.01 for runs in ([60.0], [60.0, 90.0], [60.0, 90.0, 3600.0]))


def test_an_estimate_has_a_timeout_beyond_its_high_end() -> None:
    """The high end is passed by one run in twenty, the timeout by less than one in a hundred."""
    assert suggested_timeout_secs(Estimate(3000, 3600, 5400, ("carried over",))) > 5400


def test_a_duration_measured_once_may_take_longer_the_next_time() -> None:
    """No spread is said, which does not mean that there is none."""
    assert 1.5 * 8400 < suggested_timeout_secs(exactly(8400, "one run")) < 2.5 * 8400


def test_an_estimate_that_reaches_its_high_end_likely_has_some_room_left() -> None:
    """Likely and high are one number, low is not."""
    assert suggested_timeout_secs(Estimate(1800, 3600, 3600, ())) > 3600


def test_a_timeout_is_not_shorter_than_what_completed_there() -> None:
    """The estimate says an hour, but three hours have been seen."""
    assert suggested_timeout_secs(Estimate(3500, 3600, 3700, ()), longest_secs=10_799.5) == 10_800


@pytest.mark.parametrize("duration", [exactly(0, "nothing"), exactly(1, "a second"), Estimate(0, 0, 1, ())])
def test_the_shortest_timeout_is_a_minute(duration: Estimate) -> None:
    """The service takes no timeout of zero."""
    assert suggested_timeout_secs(duration) == 60


def test_no_timeout_is_longer_than_any_duration() -> None:
    """Whatever the estimate claims."""
    assert suggested_timeout_secs(Estimate(1, MAX_DURATION_SECS, MAX_DURATION_SECS, ())) <= MAX_DURATION_SECS
