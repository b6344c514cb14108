"""The emulator's answers are held to the service's own schemas, as its clients' bodies are."""

from typing import Any

import pytest

from tests.hub.answer_rules import BILL, HARDWARE, JOB, RESOURCE_GROUPS, SCHEDULED
from tests.hub.asking import ask
from tests.hub.control import Fate, Hub
from tests.hub.validate import problems

JOBS = "/api/jobs/alice"
SMALLEST = {"spaceId": "acme/space", "flavor": "cpu-basic"}
LARGEST: dict[str, Any] = {
    "dockerImage": "python:3.12",
    "command": ["a"],
    "arguments": ["b"],
    "environment": {"AB": "c"},
    "secrets": {"S": "hush"},
    "flavor": "l4x1",
    "arch": "amd64",
    "timeoutSeconds": 100,
    "attempts": 2,
    "labels": {"k": "v"},
    "volumes": [{"type": "model", "source": "a/b", "mountPath": "/m", "revision": "r", "readOnly": True, "path": "p"}],
    "expose": {"ports": [1], "portsPublic": [1]},
    "ssh": {"enabled": True},
    "resourceGroupId": "a" * 24,
    "network": {"group": "g", "aliases": ["m"]},
}


@pytest.mark.parametrize("spec", [SMALLEST, LARGEST])
@pytest.mark.parametrize(
    "fate",
    [
        Fate(),
        Fate(outcome="oom"),
        Fate(running_secs=None),
        Fate(outcome="canceled", cancel_reason="NO_CREDITS"),
        Fate(outcome="error", never_starts=True),
        Fate(scheduling_secs=None),
    ],
)
def test_a_job_at_every_moment(hub: Hub, spec: dict[str, Any], fate: Fate) -> None:
    """From its creation to its end, alone and in the listing, and after a cancel."""
    hub.fate(fate)
    created = ask(hub, "POST", JOBS, spec).json()
    assert problems(JOB, created) == []
    for secs in (3, 10, 1000, 10_000):
        hub.advance(secs)
        (listed,) = ask(hub, "GET", JOBS).json()
        assert problems(JOB, listed) == []
        assert listed == ask(hub, "GET", f"{JOBS}/{created['id']}").json()
        assert "hush" not in str(listed)
    for verb in ("cancel", "duplicate"):
        assert problems(JOB, ask(hub, "POST", f"{JOBS}/{created['id']}/{verb}").json()) == []


@pytest.mark.parametrize("spec", [SMALLEST, LARGEST])
def test_a_scheduled_job(hub: Hub, spec: dict[str, Any]) -> None:
    """Before and after it ran; the job it started too."""
    path = "/api/scheduled-jobs/alice"
    created = ask(hub, "POST", path, {"jobSpec": spec, "schedule": "@daily"}).json()
    assert problems(SCHEDULED, created) == []
    assert problems(JOB, ask(hub, "POST", f"{path}/{created['id']}/run").json()) == []
    (listed,) = ask(hub, "GET", path).json()
    assert problems(SCHEDULED, listed) == []
    assert listed["status"]["lastJob"]["id"] == hub.jobs()[0]["id"]


def test_the_other_answers(hub: Hub) -> None:
    """Hardware and both bills that have a schema."""
    hub.add_jobs(2, namespace="alice")
    hub.add_jobs(1, namespace="acme")
    hub.advance(600)
    hub.add_jobs(1, fate=Fate(scheduling_secs=0))
    assert problems(HARDWARE, ask(hub, "GET", "/api/jobs/hardware").json()) == []
    assert problems(BILL, ask(hub, "GET", "/api/settings/billing/usage/jobs").json()) == []
    groups = ask(hub, "GET", "/api/organizations/acme/billing/usage-by-resource-group").json()
    assert problems(RESOURCE_GROUPS, groups) == []


def test_the_schemas_can_fail() -> None:
    """A missing, an extra and a wrong field are found in an answer as in a body."""
    assert problems(BILL, {"hasAccess": 1, "more": 2}) == [
        'missing key "usage"',
        "hasAccess: invalid input, expected boolean, received number",
        'unrecognized key "more"',
    ]
