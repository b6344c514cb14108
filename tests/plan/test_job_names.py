"""Jobs named by what they are in the history, and a job that was stopped: what its history and its log say."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import hfplanner as hp
from hfplanner.errors import NoSuchJobs, UsageError
from hfplanner.history.store import HistoryStore
from hfplanner.plan.job_names import named_job
from hfplanner.plan.workspace import Workspace
from tests.estimate.like_jobs import history, job
from tests.program import Program

_NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
_BAR = " 35%|###5      | 350/1000 [29:10<54:10,  5.00s/it]"
_TIMED_OUT = {"stage": "error", "reason": "timeout", "flavor": "a10g-small"}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a world whose time stands still, offline, without a history."""
    with Workspace(home=tmp_path, offline=True, clock=lambda: _NOW, working_folder=tmp_path) as opened:
        yield opened


def test_the_newest_of_its_kind_is_meant() -> None:
    """Whatever the order of the history."""
    jobs = history(job(3, 60, **_TIMED_OUT), job(1, 60), job(2, 60, name="sft"), job(4, 60, name="eval"))
    ids = {name: int(named_job(jobs, name), 16) for name in ("@latest", "@latest-failed", "@name=sft")}
    assert ids == {"@latest": 4, "@latest-failed": 3, "@name=sft": 2}
    assert int(named_job(jobs, "@latest-completed"), 16) == 4
    assert named_job(jobs, "sft") == "sft"


@pytest.mark.parametrize("said", ["@latest-failed", "@name=dpo"])
def test_where_none_is_it_says_so(said: str) -> None:
    """With what fills a history."""
    with pytest.raises(NoSuchJobs, match="The history has no job") as error:
        named_job(history(job(1, 60)), said)
    assert "hfplanner sync" in str(error.value.hint)


@pytest.mark.parametrize("said", ["@lastest", "@", "@name=", "@latest=3"])
def test_a_word_that_means_nothing_is_refused(said: str) -> None:
    """With the forms that are accepted."""
    with pytest.raises(UsageError, match="names no job") as error:
        named_job(history(job(1, 60)), said)
    assert "@latest-failed" in str(error.value.hint)


def test_a_job_that_timed_out_took_at_least_that_long(workspace: Workspace) -> None:
    """Half an hour on A10G, then stopped: no estimate for that flavor lies below it, and it is told as a bound."""
    workspace.history().add(history(job(1, 1800, **_TIMED_OUT)).collect())
    answer = hp.recommend(vram="24GB", like="@latest-failed", workspace=workspace)
    (there,) = [one for one in answer.options if one.flavor.name == "a10g-small"]
    assert there.duration_secs is not None
    assert there.duration_secs.low >= 1800
    assert there.duration_secs.high > 5 * 1800
    assert answer.to_dict()["request"]["stopped"] == {"flavor": "a10g-small", "running_secs": 1800}
    assert any("at least that" in words for words in there.duration_secs.basis)


def test_its_log_makes_it_a_measurement(workspace: Workspace, tmp_path: Path) -> None:
    """35 % after 30 minutes, of which 50 seconds came before the first step: about 84 minutes in all."""
    log = tmp_path / "train.log"
    log.write_text(f"loading\nMap: 100%|##########| 9/9 [00:01<00:00, 9.0it/s]\n{_BAR}\n", encoding="utf-8")
    answer = hp.recommend(vram="24GB", duration="30m@a10g-small", log=str(log), workspace=workspace)
    (there,) = [one for one in answer.options if one.flavor.name == "a10g-small"]
    assert there.duration_secs is not None
    assert there.duration_secs.likely == pytest.approx(50 + 1750 / 0.35, rel=0.01)
    assert there.duration_secs.low < there.duration_secs.likely < there.duration_secs.high
    assert "35 % of the work was done after 30m (a progress bar)" in there.duration_secs.basis


def test_the_epochs_of_a_trainers_records_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    """Half an epoch of two after 30 minutes: two hours."""
    log = tmp_path / "train.log"
    log.write_text("{'loss': 1.93, 'epoch': 0.5}\n", encoding="utf-8")
    found = hp.estimate_duration(
        duration="30m@l4x1", log=str(log), epochs=2, phase="train", flavor="l4x1", workspace=workspace
    )
    assert found.estimates[0].duration_secs.likely == pytest.approx(7200, rel=0.01)


def test_a_log_that_says_nothing_is_not_taken_for_progress(workspace: Workspace, tmp_path: Path) -> None:
    """Nor is one that cannot be read, or of a job of which nobody says how long it ran."""
    log = tmp_path / "train.log"
    log.write_text("epoch 1 of 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="says no progress: all that is known is that the job takes longer than 30m"):
        hp.recommend(vram="24GB", duration="30m@a10g-small", log=str(log), workspace=workspace)
    with pytest.raises(UsageError, match="cannot be read"):
        hp.recommend(vram="24GB", duration="30m@a10g-small", log=str(tmp_path / "none"), workspace=workspace)
    with pytest.raises(UsageError, match="how long it had run"):
        hp.recommend(vram="24GB", duration="30m", log=str(log), workspace=workspace)


def test_people_are_told_that_only_a_bound_is_known_and_what_would_tell_more(program: Program) -> None:
    """Where every such job was stopped; not where one ended by itself."""
    HistoryStore(program.home / "history").add(history(job(1, 1800, name="sft", **_TIMED_OUT)).collect())
    said = " ".join(program.run("recommend", "--vram", "24GB", "--like", "@latest-failed").out.split())
    assert "a run like sft, which was stopped after 30m on a10g-small" in said
    assert "it takes more than 30m on a10g-small, how much more nobody knows" in said
    assert "add --log FILE, or --log @latest-failed" in said
    HistoryStore(program.home / "history").add(history(job(2, 5000, name="sft", flavor="a10g-small")).collect())
    assert "nobody knows" not in program.run("recommend", "--vram", "24GB", "--like", "@name=sft").out
