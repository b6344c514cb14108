"""A log as a measurement: of a file beside the history, or read from the Hub, which tells where the job ran."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import hfplanner as hp
from hfplanner.errors import HubNotFound, NoSuchJobs, UsageError
from hfplanner.estimate.span import Estimate
from hfplanner.front.answers.flavors import Estimated
from hfplanner.plan.workspace import Workspace
from tests.estimate.like_jobs import history, job
from tests.hub.control import Fate, Hub

_BAR = " 35%|###5      | 350/1000 [29:10<54:10,  5.00s/it]"
_WHOLE = 50 + 1750 / 0.35
_TIMED_OUT = {"stage": "error", "reason": "timeout", "flavor": "a10g-small"}
# Ran half an hour of its timeout; 35 % of it was done after 50 seconds of loading and 1,750 of work.
_STOPPED = Fate(running_secs=None, logs=((50.0, "loading"), (1800.0, _BAR)))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a world offline."""
    with Workspace(home=tmp_path / "home", offline=True, working_folder=tmp_path) as opened:
        yield opened


@pytest.fixture
def online(tmp_path: Path, hub: Hub) -> Iterator[Workspace]:
    """Return a world that asks the emulator, as alice."""
    with Workspace(home=tmp_path / "home", endpoint=hub.url, token=hub.token, working_folder=tmp_path) as opened:
        yield opened


def _stopped(hub: Hub, fate: Fate = _STOPPED, attempts: int = 1) -> str:
    """Put a job into the past that was stopped by its timeout of half an hour."""
    labels = {"name": "sft-0a1b2c3d"}
    (job_id,) = hub.add_jobs(fate=fate, flavor="a10g-small", timeoutSeconds=1800, labels=labels, attempts=attempts)
    hub.advance(3600)
    return job_id


def _likely(answer: Estimated, flavor: str = "a10g-small") -> int:
    return _there(answer, flavor).likely


def _there(answer: Estimated, flavor: str = "a10g-small") -> Estimate:
    (there,) = [one for one in answer.estimates if one.flavor.name == flavor]
    assert there.duration_secs is not None
    return there.duration_secs


def test_the_hub_tells_the_log_of_a_job_where_it_ran_and_for_how_long(online: Workspace, hub: Hub) -> None:
    """Nothing else has to be said; a duration beside it says it twice."""
    job_id = _stopped(hub)
    for log in (job_id, f"alice/{job_id}"):
        found = hp.estimate_duration(log=log, phase="train", workspace=online)
        assert _likely(found) == pytest.approx(_WHOLE, rel=0.01)
        assert _likely(found, "h200") < _WHOLE
    with pytest.raises(UsageError, match="says it again"):
        hp.estimate_duration(log=job_id, duration="30m@a10g-small", phase="train", workspace=online)


def test_the_newest_job_that_failed_is_named_as_for_like(online: Workspace, hub: Hub) -> None:
    """@latest-failed is looked up in the history."""
    _stopped(hub)
    hp.sync(workspace=online)
    found = hp.recommend(vram="24GB", log="@latest-failed", workspace=online)
    (there,) = [one for one in found.options if one.flavor.name == "a10g-small"]
    assert there.duration_secs is not None
    assert there.duration_secs.likely == pytest.approx(_WHOLE, rel=0.01)


def test_a_log_of_the_hub_joins_the_runs_that_a_history_knows(online: Workspace, hub: Hub) -> None:
    """--like with --log: the run that was stopped counts as a whole one, with those that ended by themselves."""
    hub.add_jobs(
        fate=Fate(running_secs=5200.0), flavor="a10g-small", timeoutSeconds=9000, labels={"name": "sft-0a1b2c3d"}
    )
    hub.advance(7200)
    hp.sync(workspace=online)
    job_id = _stopped(hub)
    found = hp.estimate_duration(like="sft-0a1b2c3d", log=job_id, phase="train", workspace=online)
    assert _WHOLE < _likely(found) < 5200
    assert "1 completed run on a10g-small, and 1 measured by its progress" in _there(found).basis


def test_a_file_is_of_the_job_that_like_names(workspace: Workspace, tmp_path: Path) -> None:
    """Its id, or the newest of the name that was stopped: the history tells where it ran and for how long."""
    jobs = history(
        job(1, 1800, name="sft", **_TIMED_OUT), job(2, 900, name="sft", **_TIMED_OUT), job(3, 9, name="other")
    ).collect()
    workspace.history().add(jobs)
    log = tmp_path / "train.log"
    log.write_text(f"loading\n{_BAR}\n", encoding="utf-8")
    of_the_first = hp.estimate_duration(like=jobs["id"][0], log=str(log), phase="train", workspace=workspace)
    log.write_text("hfplanner: progress=0.5\n", encoding="utf-8")
    of_the_newest = hp.estimate_duration(like="sft", log=str(log), phase="train", workspace=workspace)
    # 15 minutes for a half; the other run says that one may take longer than 30.
    assert 1800 <= _likely(of_the_newest) < 2700
    assert _likely(of_the_first) == pytest.approx(_WHOLE, rel=0.02)


def test_a_log_of_no_run_that_was_stopped_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    """A job that ended by itself says how long it took without a log."""
    workspace.history().add(history(job(1, 1800, name="sft")).collect())
    log = tmp_path / "train.log"
    log.write_text("hfplanner: progress=0.5\n", encoding="utf-8")
    with pytest.raises(NoSuchJobs, match="No job like 'sft' was stopped before its end"):
        hp.estimate_duration(like="sft", log=str(log), phase="train", workspace=workspace)


def test_a_job_whose_log_tells_nothing_is_refused_with_the_reason(online: Workspace, hub: Hub) -> None:
    """It still runs, it never ran, it was tried again, it printed nothing, or it is not there."""
    (running,) = hub.add_jobs(fate=Fate(running_secs=None), flavor="l4x1", timeoutSeconds=86_400)
    hub.advance(60)
    ended = {
        "never ran": _stopped(hub, Fate(never_starts=True, outcome="error")),
        "was tried 2 times": _stopped(hub, attempts=2),
        "says no progress: all that is known is that the job takes longer than 30m": _stopped(
            hub, Fate(running_secs=None)
        ),
        "has not ended": running,
    }
    for says, job_id in ended.items():
        with pytest.raises(UsageError, match=says):
            hp.recommend(vram="24GB", log=job_id, workspace=online)
    with pytest.raises(HubNotFound):
        hp.recommend(vram="24GB", log="alice/" + "0" * 24, workspace=online)
    with pytest.raises(UsageError, match="cannot be read"):
        hp.recommend(vram="24GB", log="train.log", duration="30m@l4x1", workspace=online)


def test_what_is_a_file_is_the_file(online: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its name could be the id of a job."""
    name = "0123456789abcdef01234567"
    (tmp_path / name).write_text("hfplanner: progress=0.5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = hp.estimate_duration(log=name, duration="30m@l4x1", phase="train", workspace=online)
    assert _likely(found, "l4x1") == 3600


def test_a_sync_reads_the_logs_of_runs_that_timed_out_where_it_is_asked_to(online: Workspace, hub: Hub) -> None:
    """Those that say how far they were are measurements for --like from then on; each is read once."""
    hub.set_clock(online.now() - timedelta(days=1))
    _stopped(hub)
    _stopped(hub, Fate(running_secs=None, logs=((5.0, "loading"),)))
    hub.add_jobs(fate=Fate(running_secs=5200.0), flavor="a10g-small", timeoutSeconds=9000)
    hub.advance(7200)
    assert hp.sync(workspace=online).to_dict()["logs"] is None
    assert hp.estimate_duration(like="sft-0a1b2c3d", phase="train", workspace=online).estimates
    assert not [one for one in hub.requests() if one.path.endswith("/logs")]

    told = hp.sync(logs=True, workspace=online).to_dict()["logs"]
    assert told == {"read": 2, "measured": 1, "peaks": 0, "problem": None}
    found = hp.estimate_duration(like="sft-0a1b2c3d", phase="train", workspace=online)
    assert any("1 run on a10g-small measured by its progress" in words for words in _there(found).basis)
    assert hp.sync(logs=True, workspace=online).to_dict()["logs"] == {
        "read": 1,
        "measured": 0,
        "peaks": 0,
        "problem": None,
    }
    # A sync that reads everything again loses nothing of it.
    hp.sync(full=True, workspace=online)
    again = hp.estimate_duration(like="sft-0a1b2c3d", phase="train", workspace=online)
    assert _likely(again) == _likely(found)
