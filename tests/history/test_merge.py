"""Which of several observations of a job counts."""

from datetime import timedelta
from typing import Any

import pytest

from hfplanner.history.merge import merge_jobs
from tests.history.jobs import JANUARY, job, jobs_frame

END = JANUARY + timedelta(hours=1)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param({"stage": "running"}, {"stage": "completed"}, id="the later state"),
        pytest.param({"stage": "running", "seen": 9}, {"stage": "error"}, id="an end, though seen earlier"),
        pytest.param({"stage": "unknown", "seen": 9}, {"stage": "deleted"}, id="an end before a stage of tomorrow"),
        pytest.param(
            {"stage": "cancelled", "seen": 9}, {"stage": "cancelled", "finished_at": END}, id="the one with an end time"
        ),
        pytest.param(
            {"stage": "error", "reason": "error", "seen": 9},
            {"stage": "error", "reason": "timeout", "message": "Job timeout"},
            id="the one that says why",
        ),
        pytest.param({"stage": "running"}, {"stage": "scheduling", "seen": 1}, id="a retry that waits again"),
        pytest.param(
            {"stage": "scheduling", "total_secs": 60.0, "seen": 9},
            {"stage": "running", "total_secs": 90.0, "seen": 1},
            id="by the job's own clock",
        ),
        pytest.param({"labels": [{"key": "a", "value": "b"}]}, {"seen": 1}, id="labels that were removed"),
    ],
)
def test_the_newest_state_wins(older: dict[str, Any], newer: dict[str, Any]) -> None:
    """In either order of arrival, all of a state from one observation."""
    expected = jobs_frame(job(**newer))
    for rows in ((older, newer), (newer, older), (older, newer, older, newer)):
        assert merge_jobs(jobs_frame(*(job(**row) for row in rows))).equals(expected)


def test_what_a_shorter_listing_leaves_out_is_filled_from_a_longer_one() -> None:
    """``hf jobs ps`` names no timeout; an older answer of the API does."""
    merged = merge_jobs(jobs_frame(job(timeout_secs=1800.0, flavor="l4x1"), job(seen=5, flavor="l4x1")))
    assert merged.select("timeout_secs", "flavor").row(0) == (1800.0, "l4x1")
    assert merged["seen_at"].item() == JANUARY + timedelta(hours=5)


def test_jobs_are_sorted_by_creation_and_id() -> None:
    """Whatever order they came in."""
    rows = [job("b"), job("c", created_at=JANUARY - timedelta(days=1)), job("a")]
    assert merge_jobs(jobs_frame(*rows))["id"].to_list() == ["c", "a", "b"]
