"""Runs of one name with other labels are runs of another job; recent runs count more."""

from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.flavor_history import FlavorHistory
from hfplanner.estimate.duration.from_runs import carry_from_history
from hfplanner.estimate.duration.like import LikeHistory, runs_like
from hfplanner.estimate.duration.recency import recency_weights
from hfplanner.estimate.duration.workload import Workload
from tests.estimate.like_jobs import history, job


def sized(number: int, secs: float, size: str, flavor: str = "l4x1") -> dict[str, Any]:
    """Return a run of train with a label for the size of its model."""
    return job(number, secs, labels={"size": size}, flavor=flavor)


SMALL = [sized(number, 3600 + 20 * (number % 3), "small") for number in range(5)]
LARGE = [sized(number, 36_000 + 200 * (number % 3), "large") for number in range(5, 10)]


def asked(*jobs: dict[str, Any], labels: dict[str, str] | None = None, like: str = "train") -> LikeHistory:
    """Return what jobs say of one with labels."""
    return runs_like(history(*jobs), like, labels=labels)


def likely(found: FlavorHistory) -> int:
    """Return the likely duration, which must be known."""
    assert found.duration_secs is not None
    return found.duration_secs.likely


def width(found: FlavorHistory) -> float:
    """Return how far the ends of the interval are apart, as a factor."""
    assert found.duration_secs is not None
    return found.duration_secs.high / found.duration_secs.low


@pytest.mark.parametrize(("size", "secs"), [("small", 3600), ("large", 36_000)])
def test_the_labels_of_the_next_run_say_which_runs_it_is_like(size: str, secs: int) -> None:
    """Five runs of an hour, five of ten: each size is told by its own, and it is said what was left out."""
    (found,) = asked(*SMALL, *LARGE, labels={"size": size}).flavors
    assert likely(found) == pytest.approx(secs, rel=0.02)
    assert width(found) < 2
    assert (found.completed, found.other_settings, found.is_other) == (5, 5, False)
    assert "may each be called otherwise" in str(found.duration_secs and found.duration_secs.basis[1])
    assert found.duration_secs is not None
    assert "5 with other labels are left out" in found.duration_secs.basis[0]


def test_an_id_stands_for_its_own_labels() -> None:
    """The job with that id was a small one."""
    (found,) = asked(*SMALL, *LARGE, like=SMALL[0]["id"]).flavors
    assert likely(found) == pytest.approx(3600, rel=0.02)


def test_a_name_alone_is_all_of_its_runs_with_all_their_durations() -> None:
    """Nobody said which size comes next."""
    (found,) = asked(*SMALL, *LARGE).flavors
    assert found.duration_secs is not None
    assert found.duration_secs.low < 3700
    assert found.duration_secs.high > 35_000
    assert (found.completed, found.other_settings) == (10, 0)


def test_runs_with_other_labels_only_are_hardly_believed() -> None:
    """Five runs of one size say less of another size than one run of that size does, and the answer says so."""
    (others,) = asked(*SMALL, labels={"size": "large"}).flavors
    (one,) = asked(sized(1, 3600, "large"), labels={"size": "large"}).flavors
    (same,) = asked(*SMALL, labels={"size": "small"}).flavors
    assert width(others) >= width(one) > width(same)
    assert (others.runs, others.other_settings, others.is_other) == (5, 5, True)
    assert others.duration_secs is not None
    assert "with other labels" in others.duration_secs.basis[0]
    assert "another job of the same name" in others.duration_secs.basis[1]
    assert others.timeout is not None
    assert others.timeout.secs <= 10 * likely(others) + 60


def test_a_label_that_never_was_is_another_setting() -> None:
    """Nobody ever ran it with a warm start."""
    (found,) = asked(*SMALL, labels={"size": "small", "start": "warm"}).flavors
    assert found.is_other


def test_a_label_that_never_repeats_is_a_name_and_no_setting() -> None:
    """Each run has its own commit: they are all runs of one job."""
    jobs = [job(number, 3600, labels={"commit": str(number), "hfplanner-sid": str(number)}) for number in range(6)]
    (found,) = asked(*jobs, labels={"commit": "none of them"}).flavors
    assert (found.completed, found.other_settings) == (6, 0)


def test_runs_with_the_labels_count_before_others_on_another_flavor() -> None:
    """The large ones ran on an A100 only: what small ones took on an L4 is not carried over."""
    large = [sized(number, 9000, "large", flavor="a100-large") for number in range(20, 23)]
    found = asked(*SMALL, *large, labels={"size": "large"})
    assert [run.flavor for run in found.measured_runs()] == ["a100-large"]
    flavors = shipped_listing().flavors
    carried = carry_from_history(found, flavors, flavors, Workload(phase="train"))
    assert carried.estimates["l4x1"].likely > 9000


def test_a_number_in_the_labels_is_another_job_until_runs_tell_how_it_counts() -> None:
    """Two runs of 500 steps say little of 5000; with a third number of steps there is a line."""
    few = [job(number, 600, labels={"steps": "500"}) for number in range(2)]
    (unsure,) = asked(*few, labels={"steps": "5000"}).flavors
    assert unsure.is_other
    more = [*few, job(3, 1100, labels={"steps": "1000"}), job(4, 2100, labels={"steps": "2000"})]
    (line,) = asked(*more, labels={"steps": "5000"}).flavors
    assert likely(line) == pytest.approx(5100, rel=0.05)
    (same,) = asked(*few, labels={"steps": "500"}).flavors
    assert (same.completed, same.other_settings) == (2, 0)


def test_recent_runs_count_more() -> None:
    """The same durations: where the long ones came last, the next one is longer. No shift is told by so few."""
    rising = [job(number, 3600 if number < 4 else 4800) for number in range(7)]
    falling = [job(number, 4800 if number < 3 else 3600) for number in range(7)]
    assert likely(asked(*rising).flavors[0]) > likely(asked(*falling).flavors[0])


def test_no_run_counts_more_than_a_later_one_and_none_nothing() -> None:
    """The newest is one."""
    weights = recency_weights(500)
    assert weights == sorted(weights)
    assert weights[-1] == 1
    assert weights[0] > 0.1
