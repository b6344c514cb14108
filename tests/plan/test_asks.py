"""What is asked beside the machine: by when, for how many runs, with the queue and the runs of the history counted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.plan.asked import AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.readers import parse_measured
from hfplanner.plan.recommending import recommend_for
from hfplanner.plan.workspace import Workspace
from hfplanner.recommend.result import Option, Recommendation
from tests.estimate.like_jobs import START, history, job

_NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
_HOUR = 3600
_GPU = AskedMachine(accelerator=["l4", "h200"], gpus=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a world whose time stands still, offline, without a history."""
    with Workspace(home=tmp_path, offline=True, clock=lambda: _NOW, working_folder=tmp_path) as opened:
        yield opened


def remember_waits(workspace: Workspace, flavor: str, *waits: int) -> None:
    """Put jobs into the history that waited so long for a flavor [s]."""
    jobs = [job(number, 60, flavor=flavor, scheduling_secs=float(secs)) for number, secs in enumerate(waits)]
    workspace.history().add(history(*jobs).collect())


def ask(workspace: Workspace, duration: str, **limits: object) -> Recommendation:
    """Recommend one GPU for a job of a duration."""
    time = AskedTime(duration=[parse_measured(duration)])
    needs = JobNeeds(machine=_GPU, time=time, limits=AskedLimits(**limits))  # type: ignore[arg-type] # as a test says
    return recommend_for(needs, workspace, shipped_listing())


def option(answer: Recommendation, name: str) -> Option:
    """Return the option of a flavor."""
    (found,) = [one for one in answer.options if one.flavor.name == name]
    return found


def test_a_wait_that_is_likely_too_long_misses_the_deadline(workspace: Workspace) -> None:
    """One hour on either; four hours of queue in front of H200 are too long for three, however fast it is."""
    remember_waits(workspace, "h200", *[4 * _HOUR] * 6)
    answer = ask(workspace, "1h", deadline="3h")
    (missed,) = [one for one in answer.rejected if one.name == "h200"]
    (reason,) = [reason for reason in missed.reasons if reason.code == "deadline"]
    assert (reason.need, reason.have) == (3 * _HOUR, 5 * _HOUR)
    assert reason.message == "done in 5h, of which it waits 4h, at most 3h allowed"
    assert option(answer, "l4x1").flavor.name == "l4x1"


def test_a_deadline_is_kept_as_often_as_the_queue_was_short(workspace: Workspace) -> None:
    """Of ten waits for L4 three were too long for one hour of work in two."""
    remember_waits(workspace, "l4x1", *[600] * 7, *[3 * _HOUR] * 3)
    answer = ask(workspace, "1h", deadline="2h")
    assert answer.certainty().within["l4x1"]["deadline"] == pytest.approx(0.7, abs=0.03)
    assert answer.certainty().within["h200"]["deadline"] == 1


def test_a_wait_nobody_knows_is_said(workspace: Workspace) -> None:
    """No history: the deadline counts no wait, and says so on every option."""
    answer = ask(workspace, "1h", deadline="2h")
    assert all("is not known, and the deadline counts no wait" in " ".join(one.notes) for one in answer.options)
    assert option(answer, "l4x1").wait_secs is None


def test_a_limit_on_the_running_time_says_the_wait_beside_it(workspace: Workspace) -> None:
    """The running time keeps --max-time whatever the queue; what the queue takes is in the notes and in JSON."""
    remember_waits(workspace, "l4x1", *[4 * _HOUR] * 6)
    found = option(ask(workspace, "50m", max_time=_HOUR), "l4x1")
    assert any(note.startswith("before it runs it waits about 4h") for note in found.notes)
    assert found.to_json()["queue_wait_secs"]["likely"] == 4 * _HOUR
    assert "queue_wait_secs" in ask(workspace, "50m").options[0].to_json()


def test_a_deadline_needs_a_duration_and_lies_ahead(workspace: Workspace) -> None:
    """When a job is done is not known of one whose time is not."""
    with pytest.raises(UsageError, match="--deadline cannot be judged"):
        recommend_for(JobNeeds(machine=_GPU, limits=AskedLimits(deadline="3h")), workspace)
    with pytest.raises(UsageError, match="has passed"):
        ask(workspace, "1h", deadline="2026-01-01")


def test_a_higher_confidence_asks_more_of_the_queue(workspace: Workspace) -> None:
    """Nine of ten waits are short: the likely one keeps the deadline, the upper end does not."""
    remember_waits(workspace, "l4x1", *[60] * 9, *[5 * _HOUR] * 1)
    assert "l4x1" in {one.flavor.name for one in ask(workspace, "1h", deadline="2h").options}
    sure = ask(workspace, "1h", deadline="2h", confidence=0.9)
    assert "l4x1" in {one.name for one in sure.rejected}


def test_a_measurement_saves_on_every_run_there_will_be(workspace: Workspace) -> None:
    """So many trials as are said; those of the last month of the history where jobs of a name are meant."""
    jobs = [job(24 * day, 2 * _HOUR, name="sft") for day in range(50)]
    workspace.history().add(history(*jobs, job(24 * 50, 60, name="other")).collect())

    def runs(**time: object) -> int:
        needs = JobNeeds(machine=_GPU, time=AskedTime(**time))  # type: ignore[arg-type] # as a test says
        return recommend_for(needs, workspace, shipped_listing()).runs

    assert START + timedelta(days=50) < _NOW + timedelta(days=30)
    assert runs(duration=[parse_measured("2h@l4x1")]) == 1
    assert runs(duration=[parse_measured("2h@l4x1")], trials=12) == 12
    assert runs(like="sft") == 29
    assert runs(like="sft", trials=3) == 3


def test_a_served_model_lies_on_as_many_gpus_as_it_needs_and_runs_on_all_of_them(workspace: Workspace) -> None:
    """Ten million tokens of a 70B model by vLLM: tensor parallel over what holds it, within some dollars."""
    needs = JobNeeds(
        machine=AskedMachine(shard=True),
        model=AskedModel(model="meta-llama/Llama-3.1-70B", engine="vllm"),
        time=AskedTime(tokens=10**7, phase="decode"),
    )
    answer = recommend_for(needs, workspace, shipped_listing())
    best = answer.options[0]
    assert best.placement == "sharded"
    assert best.cost_micro_usd is not None
    assert 1_000_000 < best.cost_micro_usd.likely < 40_000_000
    assert best.duration_secs is not None
    four, two = option(answer, "h200x4"), option(answer, "h200x2")
    assert four.duration_secs is not None
    assert two.duration_secs is not None
    assert four.duration_secs.likely < two.duration_secs.likely
