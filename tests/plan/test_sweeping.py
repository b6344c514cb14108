"""Many trials of one job are planned as one thing: cost, deadline, and jobs at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hfplanner.errors import NothingFits, UsageError
from hfplanner.plan.asked import AskedLimits, AskedMachine, AskedTime, JobNeeds
from hfplanner.plan.readers import parse_measured
from hfplanner.plan.sweeping import AskedSweep, Sweep, plan_sweep
from hfplanner.plan.workspace import Workspace

_NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


def sweep(folder: Path, duration: str, *, max_cost: int | None = None, accelerator: str = "l4", **asked: Any) -> Sweep:  # noqa: ANN401 - the fields of a sweep
    """Plan a sweep on the flavors of one accelerator."""
    needs = JobNeeds(
        machine=AskedMachine(accelerator=[accelerator]),
        time=AskedTime(duration=[parse_measured(duration)]),
        limits=AskedLimits(max_cost=max_cost),
    )
    with Workspace(home=folder, offline=True, clock=lambda: _NOW, working_folder=folder) as workspace:
        return plan_sweep(AskedSweep(**asked), needs, workspace)


def test_trials_are_cheapest_one_after_the_other_on_the_flavor_with_the_cheapest_gpu(tmp_path: Path) -> None:
    """Ten trials of 45 minutes on L4: 450 minutes of the flavor with one, whose GPU costs least."""
    found = sweep(tmp_path, "45m@l4x1", trials=10)
    assert {row.flavor for row in found.plan.rows} == {"l4x1"}
    assert found.plan.cost_micro_usd.likely == 450 * 13333


def test_a_minute_that_is_started_is_paid_once_for_each_job(tmp_path: Path) -> None:
    """Thirty trials of 10 seconds are five minutes in one job, and thirty in thirty jobs."""
    assert sweep(tmp_path, "10s@l4x1", trials=30).plan.cost_micro_usd.likely == 5 * 13333


def test_a_deadline_and_one_job_at_once_take_a_flavor_with_more_gpus(tmp_path: Path) -> None:
    """Eight hours of trials in two hours and a quarter, in one job: four side by side."""
    found = sweep(
        tmp_path, "1h@l4x1", trials=8, parallel=1, deadline=_NOW + timedelta(hours=2, minutes=15), max_cost=20_000_000
    )
    (row,) = found.plan.rows
    assert (row.flavor, row.slots, row.rounds, row.trials_per_job) == ("l4x4", 4, 2, 8)
    assert found.plan.makespan_secs.likely <= 2.25 * 3600
    assert set(found.plan.probability_within) == {"deadline", "max_cost"}


def test_the_startup_is_paid_once_for_each_job_and_is_no_faster_elsewhere(tmp_path: Path) -> None:
    """Ten minutes of which two are the image: eight for each trial, and two once."""
    found = sweep(tmp_path, "10m@l4x1", trials=6, startup_secs=120)
    jobs = sum(row.jobs for row in found.plan.rows)
    assert found.plan.cost_micro_usd.likely == (6 * 8 + 2 * jobs) * 13333
    with pytest.raises(UsageError, match="no shorter than the --duration"):
        sweep(tmp_path, "1m@l4x1", trials=6, startup_secs=120)


def test_what_keeps_no_limit_says_what_would(tmp_path: Path) -> None:
    """Too slow and too dear each name the way out."""
    with pytest.raises(NothingFits, match="No mix of jobs runs 100 trials by then") as slow:
        sweep(tmp_path, "1h@l4x1", trials=100, parallel=1, deadline=_NOW + timedelta(hours=2))
    assert "--parallel" in str(slow.value.hint)
    with pytest.raises(NothingFits, match=r"costs \$80.00, above \$5.00"):
        sweep(tmp_path, "1h@l4x1", trials=100, max_cost=5_000_000)


def test_without_a_duration_nothing_is_planned(tmp_path: Path) -> None:
    """A sweep of trials whose length nobody knows has no cost."""
    with (
        Workspace(home=tmp_path, offline=True) as workspace,
        pytest.raises(UsageError, match="how long one trial runs"),
    ):
        plan_sweep(AskedSweep(trials=3), JobNeeds(machine=AskedMachine(vram=10**9)), workspace)
