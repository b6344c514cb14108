"""A canary from Python: what is planned, what is sent, and what is raised where it told nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import hfplanner as hp
from hfplanner.front.answers.jobs import Planned
from hfplanner.plan.workspace import Workspace
from tests.hub.control import Fate, Hub

_STOPPED = Fate(running_secs=None, logs=((300.0, "hfplanner: progress=0.1"), (600.0, "hfplanner: progress=0.3")))
# The first tenth came after 300 s, each further one takes 150 s.
_WHOLE = 150 + 10 * 150
_JOB = {"image": "python:3.12", "command": ["python", "train.py"], "vram": "20GB"}


@pytest.fixture
def online(tmp_path: Path, hub: Hub) -> Iterator[Workspace]:
    """Return a world that asks the emulator, as alice, of whose hours it makes seconds."""
    hub.run_clock(1000)
    with Workspace(home=tmp_path / "home", endpoint=hub.url, token=hub.token, working_folder=tmp_path) as opened:
        yield opened
    hub.run_clock(0)


def test_it_is_measured_and_then_sent(online: Workspace, hub: Hub) -> None:
    """What comes back is about the job, and says what its canary told."""
    hub.fate(_STOPPED)
    sent = hp.run(**_JOB, canary=True, key="k", workspace=online)
    told = sent.to_dict()
    assert (len(hub.specs()), told["state"], told["canary"]["measured"]) == (2, "LAUNCHED", True)
    assert told["canary"]["duration_secs"]["likely"] == pytest.approx(_WHOLE, rel=0.01)
    again = hp.run(**_JOB, canary=True, key="k", workspace=online).to_dict()
    assert (again["job_id"], again["canary"]["job_id"]) == (told["job_id"], told["canary"]["job_id"])
    assert len(hub.specs()) == 2


def test_a_dry_run_has_both(online: Workspace, hub: Hub) -> None:
    """As `run --canary --dry-run --json` does; or why there is no canary."""
    plan = hp.run(**_JOB, canary=True, dry_run=True, workspace=online)
    assert isinstance(plan, Planned)
    assert (plan.allowed, plan.to_dict()["canary"]["minutes"], hub.specs()) == (True, 10, [])
    none = hp.run(**_JOB, canary=True, dry_run=True, duration="2h", workspace=online).to_dict()
    assert none["canary"] == {
        "measured": False,
        "why": "How long the job runs is said for every flavor: nothing is left to measure.",
    }
    sent = hp.run(**_JOB, canary=True, duration="2h", workspace=online).to_dict()
    assert (sent["canary"], len(hub.specs())) == (none["canary"], 1)


def test_where_it_told_nothing_that_is_raised_with_its_last_lines(online: Workspace, hub: Hub) -> None:
    """And the job was not sent."""
    hub.fate(Fate(running_secs=30.0, outcome="error", logs=((20.0, "CUDA error"),)))
    with pytest.raises(hp.CanaryFailed, match="The job was not sent") as error:
        hp.run(**_JOB, canary=True, workspace=online)
    assert error.value.lines[-1] == "CUDA error"
    assert len(hub.specs()) == 1
