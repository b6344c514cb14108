"""The suggested timeout: whole minutes, not shorter than what completed, seldom in the way."""

from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.flavor_history import FlavorHistory
from hfplanner.estimate.duration.from_runs import carry_from_history
from hfplanner.estimate.duration.like import runs_like
from hfplanner.estimate.duration.timeout import SuggestedTimeout, suggested_timeout, suggested_timeout_secs
from hfplanner.estimate.duration.workload import Workload
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
    """At most one run in a hundred, or it says what bound it."""
    found = [timeout_of(*runs) for runs in ([600.0] * 3, [600.0], [600.0, 900.0], [600.0, 900.0, 36_000.0])]
    assert all(0 <= one.killed <= 0.01 or one.bound for one in found)
    assert found[0].bound is None
    assert found[3].killed > 0.01


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


def flavor_of(*jobs: dict[str, Any]) -> FlavorHistory:
    """Return what jobs on one flavor say."""
    return runs_like(history(*jobs), "train").flavors[0]


def cut(number: int, secs: float, reason: str = "timeout") -> dict[str, Any]:
    """Return a run that was stopped after so many seconds."""
    return job(number, secs, stage="error", reason=reason)


def test_a_history_that_does_not_tell_the_tail_suggests_no_months() -> None:
    """Four successes and eight runs cut off at 50 minutes: at most three times the longest that ran, and it says so."""
    ended = [job(number, 60.0 * minutes) for number, minutes in enumerate((31, 38, 44, 47))]
    found = flavor_of(*ended, *[cut(number, 3000) for number in range(4, 12)])
    assert found.timeout is not None
    assert 3000 < found.timeout.secs <= 3 * 3000
    assert found.timeout.bound is not None
    assert "held to 3 times the" in found.timeout.bound
    assert found.duration_secs is not None
    assert "67% of the runs take longer than 47m, the longest that completed" in found.duration_secs.basis[-1]


def test_a_run_that_was_cut_off_is_a_lower_bound() -> None:
    """One run, stopped by its timeout of an hour: it takes longer than that, and the next timeout is longer, too."""
    found = flavor_of(cut(1, 3600))
    assert found.duration_secs is not None
    assert 3600 <= found.duration_secs.low < found.duration_secs.likely < found.duration_secs.high
    assert found.timeout is not None
    assert found.timeout.secs == 3 * 3600
    assert found.timeout.killed > 0.3


def test_a_crash_says_nothing_of_how_long_the_whole_takes() -> None:
    """In the third minute."""
    found = flavor_of(cut(1, 180, reason="error"), cut(2, 200, reason="out_of_memory"))
    assert found.duration_secs is None
    assert found.timeout is None


def test_from_three_runs_on_a_timeout_is_at_most_three_times_the_likely_duration() -> None:
    """Runs of one name that differ ten times: what cannot hold is that one in a hundred is killed, and that is said."""
    found = flavor_of(*[job(number, secs) for number, secs in enumerate((600, 5000, 900, 2500, 1300))])
    assert found.timeout is not None
    assert found.duration_secs is not None
    assert found.timeout.secs <= max(3 * found.duration_secs.likely + 60, 5040)
    assert found.timeout.killed > 0.01
    assert found.timeout.bound is not None
    assert "of 100 runs" in found.timeout.bound


def test_from_one_run_a_timeout_is_at_most_ten_times_as_long() -> None:
    """A name that somebody chose may stand for any arguments, which is worth 64 times without a ceiling."""
    assert timeout_of(3600.0).secs <= 10 * 3600 + 60


def test_nothing_suggests_more_than_three_days_for_what_never_took_so_long() -> None:
    """A guess from first principles of ten days is no reason to pay for a month."""
    found = suggested_timeout(Estimate(86_400, 864_000, 8_640_000, ("from first principles",)))
    assert found.secs == 3 * 86_400
    assert found.bound is not None


def test_what_took_five_days_may_do_so_again() -> None:
    """It is measured, so three days would be no timeout for it."""
    assert suggested_timeout_secs(exactly(5 * 86_400, "one run")) >= 1.5 * 5 * 86_400


def test_a_policy_holds_a_suggestion() -> None:
    """At most two hours, it says."""
    found = suggested_timeout(exactly(7200, "one run")).within(7200)
    assert found.secs == 7200
    assert found.bound is not None
    assert "policy" in found.bound
    assert found.within(None) == found


def test_a_run_stopped_on_another_flavor_moves_what_is_carried_there() -> None:
    """An hour on an L4 is half an hour on an A100, but there one did not end within two hours."""
    runs = [job(number, 3600 + number) for number in range(4)]
    found = runs_like(history(*runs, cut(9, 7200) | {"flavor": "a100-large"}), "train")
    flavors = shipped_listing().flavors
    carried = carry_from_history(found, flavors, flavors, Workload(phase="train"))
    assert carried.estimates["a100-large"].low >= 7200
    assert carried.timeouts["a100-large"] > 7200
    assert carried.estimates["l4x1"].likely == pytest.approx(3602, abs=5)
