"""A job's life follows its script and the clock."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hub.asking import ask
from tests.hub.control import Fate, Hub
from tests.hub.fate import live
from tests.hub.jobs import TERMINAL

LIST = "/api/jobs/alice"
ORDER = ["SCHEDULING", "RUNNING", "over"]


def start(hub: Hub, fate: Fate, **spec: Any) -> str:  # noqa: ANN401 - fields of a specification
    """Start a job with a script."""
    hub.fate(fate)
    body = {"dockerImage": "python:3.12", "flavor": "cpu-basic"} | spec
    return str(ask(hub, "POST", LIST, body).json()["id"])


def look(hub: Hub, job_id: str) -> dict[str, Any]:
    """Return the job's answer, which the listing shows too."""
    job: dict[str, Any] = ask(hub, "GET", f"{LIST}/{job_id}").json()
    assert job in ask(hub, "GET", LIST).json()
    return job


def test_scheduling_running_done(hub: Hub) -> None:
    """Times and durations appear as the job gets to them, and stand still at its end."""
    job_id = start(hub, Fate(scheduling_secs=5, running_secs=60, scheduling_message="waiting for hardware"))
    job = look(hub, job_id)
    assert job["status"] == {"stage": "SCHEDULING", "message": "waiting for hardware"}
    assert job["durations"] == {"totalSecs": 0}
    assert "startedAt" not in job
    hub.advance(15)
    job = look(hub, job_id)
    assert (job["status"]["stage"], job["startedAt"]) == ("RUNNING", "2026-09-01T00:00:05.000Z")
    assert job["durations"] == {"schedulingSecs": 5, "runningSecs": 10, "totalSecs": 15}
    assert "finishedAt" not in job
    for _ in range(2):
        hub.advance(50)
        job = look(hub, job_id)
        assert (job["status"]["stage"], job["finishedAt"]) == ("COMPLETED", "2026-09-01T00:01:05.000Z")
        assert job["durations"] == {"schedulingSecs": 5, "runningSecs": 60, "totalSecs": 65}


@pytest.mark.parametrize(
    ("fate", "spec", "status", "secs"),
    [
        (Fate(running_secs=None), {}, {"stage": "ERROR", "message": "Job timeout", "failureCount": 1}, 1800),
        (Fate(running_secs=61), {"timeoutSeconds": 60}, {"message": "Job timeout", "failureCount": 1}, 60),
        (Fate(running_secs=60), {"timeoutSeconds": 60}, {"stage": "COMPLETED", "message": None}, 60),
        (Fate(running_secs=None), {"timeoutSeconds": 60, "attempts": 3}, {"failureCount": 3}, 180),
        (Fate(outcome="oom"), {}, {"message": "Job failed with exit code: 137. Reason: OOMKilled"}, 60),
        (Fate(outcome="error", exit_code=2), {}, {"message": "Job failed with exit code: 2. Reason: Error"}, 60),
        (Fate(outcome="error"), {"attempts": 2}, {"stage": "ERROR", "failureCount": 2}, 120),
        (Fate(failures=1), {"attempts": 3}, {"stage": "COMPLETED", "failureCount": 1}, 120),
        (Fate(failures=3), {"attempts": 3}, {"stage": "ERROR", "failureCount": 3}, 180),
        (Fate(outcome="canceled", cancel_reason="NO_CREDITS"), {}, {"cancelReason": "NO_CREDITS"}, 60),
        (Fate(outcome="deleted"), {}, {"stage": "DELETED"}, 60),
    ],
)
def test_endings(hub: Hub, fate: Fate, spec: dict[str, Any], status: dict[str, Any], secs: int) -> None:
    """How it ends, and how long it ran over all its attempts."""
    job_id = start(hub, fate, **spec)
    hub.advance(86_400)
    job = look(hub, job_id)
    assert {name: job["status"][name] for name in status} == status
    assert job["durations"]["runningSecs"] == secs


def test_a_job_that_never_started(hub: Hub) -> None:
    """After a failed build there is an end but no start, and only the total duration."""
    job_id = start(hub, Fate(scheduling_secs=20, outcome="error", message="Build failed", never_starts=True))
    hub.advance(30)
    job = look(hub, job_id)
    assert (job["status"], job["durations"]) == ({"stage": "ERROR", "message": "Build failed"}, {"totalSecs": 20})
    assert "startedAt" not in job


def test_a_cancelled_job_has_no_end(hub: Hub) -> None:
    """No end time and no durations, unless asked for; a second cancel changes nothing."""
    job_id = start(hub, Fate())
    hub.advance(10)
    job = ask(hub, "POST", f"{LIST}/{job_id}/cancel").json()
    assert job["status"]["stage"] == "CANCELED"
    assert job["startedAt"]
    assert not {"finishedAt", "durations"} & set(job)
    hub.advance(500)
    assert ask(hub, "POST", f"{LIST}/{job_id}/cancel").json() == job
    hub.configure(cancel_keeps_end=True)
    other = start(hub, Fate())
    hub.advance(10)
    assert ask(hub, "POST", f"{LIST}/{other}/cancel").json()["durations"]["runningSecs"] == 5


def test_a_finished_job_cannot_be_cancelled(hub: Hub) -> None:
    """What is over stays as it is."""
    job_id = start(hub, Fate())
    hub.advance(100)
    assert ask(hub, "POST", f"{LIST}/{job_id}/cancel").json()["status"]["stage"] == "COMPLETED"


def test_a_script_can_change_and_answers_can_be_anything(hub: Hub) -> None:
    """A test may rewrite a fate, or put any field into an answer; filters believe the stage that is shown."""
    (job_id,) = hub.add_jobs(1, fate=Fate(running_secs=None), extra={"novel": 1, "status": {"stage": "PAUSED"}})
    hub.set_fate(job_id, Fate(running_secs=0))
    hub.advance(10)
    assert look(hub, job_id)["status"] == {"stage": "PAUSED"}
    assert look(hub, job_id)["finishedAt"]
    assert ask(hub, "GET", f"{LIST}?stage=COMPLETED").json() == []


def test_the_clock_can_run_and_go_back(hub: Hub) -> None:
    """At a thousand times real time a minute is over in an instant; set back, the job runs again."""
    job_id = start(hub, Fate())
    hub.run_clock(1000)
    while look_stage(hub, job_id) not in TERMINAL:
        pass
    hub.run_clock(0)
    hub.set_clock(hub.now() // 86_400 * 86_400 + 30)
    assert look_stage(hub, job_id) == "RUNNING"


def look_stage(hub: Hub, job_id: str) -> str:
    """Return the stage alone."""
    return str(ask(hub, "GET", f"{LIST}/{job_id}").json()["status"]["stage"])


@given(
    scheduling=st.none() | st.integers(0, 100),
    running=st.none() | st.integers(0, 200),
    outcome=st.sampled_from(["completed", "error", "oom", "canceled", "deleted"]),
    failures=st.integers(0, 4),
    attempts=st.integers(1, 3),
    timeout=st.integers(1, 100),
    never=st.booleans(),
)
def test_a_life_goes_one_way(  # noqa: PLR0913 - what a life depends on
    *,
    scheduling: int | None,
    running: int | None,
    outcome: str,
    failures: int,
    attempts: int,
    timeout: int,
    never: bool,
) -> None:
    """Stages never go back, a running time is at most attempts times timeout, failures at most the attempts."""
    fate = Fate(scheduling, running, outcome, failures=failures, never_starts=never)
    life = live(fate, 0, timeout, attempts)
    moments = [life.at(ms) for ms in range(0, 800_000, 7_000)]
    ranks = [ORDER.index("over" if moment.stage in TERMINAL else moment.stage) for moment in moments]
    assert ranks == sorted(ranks)
    assert all(moment.failures <= attempts for moment in moments)
    if life.start_ms is not None and life.end_ms is not None:
        assert 0 <= life.end_ms - life.start_ms <= attempts * timeout * 1000
