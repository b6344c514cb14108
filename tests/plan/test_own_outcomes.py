"""Intervals calibrated on the user's own jobs: what was said of each is kept, and held against its end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import hfplanner as hp
from hfplanner.plan.own_outcomes import own_outcomes, prediction_notes
from hfplanner.plan.workspace import Workspace
from tests.hub.control import Fate, Hub

RUNS: dict[str, Any] = {"runs": {"l4x1": "1h"}, "phase": "train"}
JOB: dict[str, Any] = {
    "image": "python:3.12",
    "command": ["python", "train.py"],
    "flavor": "a10g-small",
    "phase": "train",
}


@pytest.fixture
def online(tmp_path: Path, hub: Hub) -> Iterator[Workspace]:
    """Return a world that asks the emulator, as alice."""

    def now() -> datetime:
        return datetime.fromtimestamp(hub.now(), UTC)

    folder = tmp_path / "home"
    with Workspace(home=folder, endpoint=hub.url, token=hub.token, working_folder=tmp_path, clock=now) as opened:
        yield opened


def send(online: Workspace, hub: Hub, secs: list[float]) -> None:
    """Send a job for each duration that was predicted from an hour on an L4, let all end, and read them back."""
    for number, running in enumerate(secs):
        hub.fate(Fate(scheduling_secs=1.0, running_secs=running))
        hp.run(**JOB, duration="1h@l4x1", timeout="24h", key=f"k{number}", workspace=online)
    hub.advance(100_000)
    hp.sync(workspace=online)


def on(online: Workspace, flavor: str) -> dict[str, Any]:
    """Return what is told of an hour on an L4 elsewhere."""
    told = hp.estimate_duration(**RUNS, workspace=online).to_dict()["estimates"]
    (found,) = [one for one in told if one["flavor"] == flavor]
    return dict(found)


def width(found: dict[str, Any]) -> float:
    """Return how far the bounds are apart, as a factor."""
    return float(found["duration_secs"]["high"] / found["duration_secs"]["low"])


def test_jobs_that_end_where_it_was_said_narrow_the_next_interval(online: Workspace, hub: Hub) -> None:
    """Twenty jobs within three percent: the next interval is narrower, its timeout shorter, and the basis says why."""
    before = on(online, "a10g-small")
    likely = before["duration_secs"]["likely"]
    send(online, hub, [likely * (1 + 0.003 * (number - 10)) for number in range(20)])
    after = on(online, "a10g-small")
    assert width(after) < width(before) ** 0.5
    assert after["duration_secs"]["likely"] == likely
    assert after["suggested_timeout_secs"] < before["suggested_timeout_secs"]
    assert after["duration_secs"]["basis"][-1].startswith("calibrated on your last 20 runs")
    # What the ledger keeps is what was said before it was calibrated, so that no factor counts twice.
    plan = hp.run(**JOB, duration="1h@l4x1", dry_run=True, workspace=online).to_dict()
    assert plan["duration_secs"]["basis"][-1].startswith("calibrated on your last 20 runs")
    hp.run(**JOB, duration="1h@l4x1", key="next", workspace=online)
    (kept,) = [one.notes for one in online.ledger().submissions() if one.key == "next"]
    low, middle, high = (int(text) for text in kept["predicted_secs"].split())
    span = before["duration_secs"]
    assert (low, middle, high) == pytest.approx((span["low"], span["likely"], span["high"]), rel=0.005)


def test_jobs_that_take_three_times_as_long_widen_it(online: Workspace, hub: Hub) -> None:
    """The bounds hold what happened, here and on other flavors."""
    before = on(online, "a10g-small"), on(online, "h200")
    likely = before[0]["duration_secs"]["likely"]
    send(online, hub, [3 * likely] * 21)
    after = on(online, "a10g-small"), on(online, "h200")
    assert after[0]["duration_secs"]["high"] >= 3 * likely - 1
    assert width(after[1]) > width(before[1])
    assert after[0]["suggested_timeout_secs"] > before[0]["suggested_timeout_secs"]


def test_nineteen_jobs_calibrate_nothing(online: Workspace, hub: Hub) -> None:
    """And a job that ran on another flavor than was asked tells nothing."""
    before = on(online, "h200")
    send(online, hub, [9 * 3600.0] * 19)
    assert on(online, "h200") == before
    assert own_outcomes(online, at_server=False) == ()


def test_jobs_of_which_nothing_was_said_are_no_outcomes() -> None:
    """The same duration everywhere, or one without an interval, is no prediction."""
    from hfplanner.estimate.span import exactly  # noqa: PLC0415 - one test

    assert prediction_notes("l4x1", None, "measured") == {}
    assert prediction_notes("l4x1", exactly(3600, "as given"), None) == {}
    assert prediction_notes("l4x1", exactly(3600, "measured"), "measured") == {}
