"""``scheduled trigger|reschedule|labels``: the same requests as `hf`, each through the gate."""

import json
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.hub.control import Asked, Fate, Hub
from tests.hub.hf import Hf
from tests.program import Program

ROOT = "/api/scheduled-jobs/alice"
SPEC = {
    "dockerImage": "python:3.12",
    "command": ["python", "-V"],
    "arguments": [],
    "environment": {"MODE": "fast"},
    "secrets": {"KEY": "hush"},
    "flavor": "l4x1",
    "timeoutSeconds": 1800,
    "labels": {"team": "nlp"},
}
# Half an hour of l4x1.
ONE = 30 * 13333


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program with one monthly budget, logged in to the emulator as alice."""
    limit(program, "100.00")
    hub.set_clock(time.time())
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def limit(program: Program, usd: str) -> None:
    """Write a policy of one budget."""
    policy = f'[[budget]]\nname = "month"\nlimit_usd = "{usd}"\nperiod = "month"\n'
    (program.home / "hfplanner.toml").write_text(policy, encoding="utf-8")


def document(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    """Run a command with ``--json``."""
    done = program.run(*args, "--json")
    return done.code, json.loads(done.out)


def schedule(hub: Hub, cron: str = "@yearly", **fields: Any) -> str:  # noqa: ANN401 - any JSON
    """Make a schedule past us, as the website does, and return its id."""
    body = {"jobSpec": SPEC, "schedule": cron, **fields}
    answer = httpx.post(f"{hub.url}{ROOT}", json=body, headers={"Authorization": f"Bearer {hub.token}"})
    return str(answer.json()["id"])


def changes(asked: list[Asked]) -> list[tuple[str, str, bytes]]:
    """Return what was asked that changes something: method, path and body."""
    return [(one.method, one.path, one.body) for one in asked if one.method != "GET"]


@pytest.mark.process
def test_hf_and_ours_ask_for_the_same(home: Program, hub: Hub, hf: Hf) -> None:
    """Trigger, reschedule and all forms of labels: the same methods, paths and bodies."""
    own_id = schedule(hub, concurrency=True)
    lines = (
        ("trigger", own_id),
        ("reschedule", own_id, "0 9 * * 1"),
        ("reschedule", f"alice/{own_id}", "@monthly"),
        ("labels", own_id, "--name", "weekly"),
        ("labels", own_id, "--label", "env=prod", "-l", "draft", "--name", "other"),
        ("labels", own_id, "--clear"),
    )
    for line in lines:
        theirs = changes(hf("jobs", "scheduled", *line).asked)
        since = len(hub.requests())
        yes = ("--yes",) if line[0] == "trigger" else ()
        done = home.run("scheduled", line[0], *yes, *line[1:])
        assert done.code == 0, done.err
        ours = changes(hub.requests(since))
        assert [(one[0], one[1], json.loads(one[2] or b"null")) for one in ours] == [
            (one[0], one[1], json.loads(one[2] or b"null")) for one in theirs
        ]


def test_a_triggered_run_is_held_like_a_job(home: Program, hub: Hub) -> None:
    """One POST without a body; the money of one run is held, and the job is the submission's."""
    own_id = schedule(hub, suspend=True)
    code, made = document(home, "scheduled", "trigger", "--yes", own_id)
    (job,) = hub.jobs()
    assert (code, made["state"], made["job_id"]) == (0, "LAUNCHED", job["id"])
    assert (made["worst_case_micro_usd"], made["timeout_secs"], made["flavor"]) == (ONE, 1800, "l4x1")
    assert hub.specs()[0]["secrets"] == {"KEY": "hush"}
    (budget,) = document(home, "budget", "show")[1]["budgets"]
    assert budget["held_micro_usd"] == ONE
    assert document(home, "ledger", "verify")[1]["ok"]


def test_a_run_that_does_not_fit_is_not_started(home: Program, hub: Hub) -> None:
    """Exit code 3 and the arithmetic; nothing is sent."""
    own_id = schedule(hub, suspend=True)
    limit(home, "0.30")
    code, refused = document(home, "scheduled", "trigger", "--yes", own_id)
    assert (code, refused["decision"], hub.jobs()) == (3, "refused", [])
    assert document(home, "scheduled", "trigger", "--dry-run", own_id)[0] == 3


def test_the_same_key_starts_one_run(home: Program, hub: Hub) -> None:
    """Again, the same job; the same key for a plain job is a conflict."""
    own_id = schedule(hub, suspend=True, concurrency=True)
    first = document(home, "scheduled", "trigger", "--yes", "--key", "k", own_id)[1]
    again = document(home, "scheduled", "trigger", "--yes", "--key", "k", own_id)[1]
    assert (again["job_id"], again["is_new"], len(hub.jobs())) == (first["job_id"], False, 1)
    code, other = document(home, "scheduled", "trigger", "--yes", "--key", "k", schedule(hub, suspend=True))
    assert (code, other["error"]["code"], len(hub.jobs())) == (1, "key_conflict", 1)


def test_a_run_while_another_goes_on_holds_nothing(home: Program, hub: Hub) -> None:
    """The Hub refuses what may not overlap: exit code 1, and the money is free."""
    hub.default_fate(Fate(running_secs=None))
    own_id = schedule(hub, suspend=True)
    assert document(home, "scheduled", "trigger", "--yes", own_id)[0] == 0
    code, refused = document(home, "scheduled", "trigger", "--yes", own_id)
    assert (code, refused["error"]["code"], len(hub.jobs())) == (1, "hub_conflict", 1)
    (budget,) = document(home, "budget", "show")[1]["budgets"]
    assert budget["held_micro_usd"] == ONE


def test_a_refusal_because_of_its_own_run_proves_nothing(home: Program, hub: Hub) -> None:
    """A request that was repeated on its way is refused because of itself: unknown, held, and found."""
    hub.default_fate(Fate(running_secs=None))
    own_id = schedule(hub, suspend=True)
    words = json.dumps({"error": "Another job is already running at the same time"})
    hub.fault(method="POST", path=f"{ROOT}/{own_id}/run", status=409, body=words)
    code, lost = document(home, "scheduled", "trigger", "--yes", own_id)
    assert (code, lost["state"], len(hub.jobs())) == (5, "UNKNOWN", 1)
    hub.clear_faults()
    assert document(home, "ledger", "reconcile")[1]["found"] == [lost["submission_id"]]


def test_a_lost_answer_is_found_among_the_runs_of_its_schedule(home: Program, hub: Hub) -> None:
    """Exit code 5 and held; the same key sends nothing; reconciling finds the run, and not the one before it."""
    hub.default_fate(Fate(running_secs=None))
    own_id = schedule(hub, suspend=True, concurrency=True)
    assert document(home, "scheduled", "trigger", "--yes", own_id)[0] == 0
    hub.advance(60)
    hub.fault(method="POST", path=f"{ROOT}/{own_id}/run", drop=True)
    code, lost = document(home, "scheduled", "trigger", "--yes", "--key", "k", own_id)
    assert (code, lost["state"], lost["job_id"]) == (5, "UNKNOWN", None)
    hub.clear_faults()
    code, found = document(home, "scheduled", "trigger", "--yes", "--key", "k", own_id)
    assert (code, found["state"], found["job_id"], len(hub.jobs())) == (0, "LAUNCHED", hub.jobs()[1]["id"], 2)
    assert document(home, "ledger", "reconcile")[1]["adopted"] == []
    (budget,) = document(home, "budget", "show")[1]["budgets"]
    assert (budget["held_micro_usd"], document(home, "ledger", "verify")[1]["ok"]) == (2 * ONE, True)


def test_a_run_of_our_own_schedule_is_counted_once(home: Program, hub: Hub) -> None:
    """Its labels are those of the schedule's submission; it is nobody's copy all the same."""
    hub.default_fate(Fate(running_secs=None))
    args = ("--yes", "--flavor", "l4x1", "--timeout", "30m", "--suspend", "--json", "@daily", "python:3.12", "id")
    own_id = json.loads(home.run("scheduled", "run", *args).out)["id"]
    made = document(home, "scheduled", "trigger", "--yes", own_id)[1]
    done = document(home, "ledger", "reconcile")[1]
    assert (made["state"], done["adopted"], done["alerts"]) == ("LAUNCHED", [], [])


def test_what_runs_more_often_must_fit(home: Program, hub: Hub) -> None:
    """Refused where the budget has too little left, and the schedule is as it was; what costs less is let through."""
    own_id = schedule(hub, "* * * * * *")
    limit(home, "0.01")
    code, refused = document(home, "scheduled", "reschedule", own_id, "*/2 * * * * *")
    assert (code, refused["state"], refused["schedule"]) == (0, "rescheduled", "*/2 * * * * *")
    code, refused = document(home, "scheduled", "reschedule", own_id, "* * * * * *")
    assert (code, refused["error"]["code"]) == (3, "refused")
    assert document(home, "scheduled", "inspect", own_id)[1]["schedule"] == "*/2 * * * * *"


def test_the_runs_it_has_are_not_counted_beside_the_new_ones(home: Program, hub: Hub) -> None:
    """A schedule that takes nearly all of a budget may move by an hour."""
    own_id = schedule(hub, "0 * * * *")
    whole = document(home, "budget", "show")[1]["budgets"][0]["held_micro_usd"]
    limit(home, f"{whole / 1e6 + 1:.2f}")
    assert document(home, "scheduled", "reschedule", own_id, "30 * * * *")[0] == 0


def test_labels_say_which_budget_pays(home: Program) -> None:
    """A label that brings it under a budget without room is refused; those of the ledger stay."""
    policy = '[[budget]]\nname = "cv"\nlimit_usd = "0.01"\nperiod = "month"\nscope = { labels = { team = "cv" } }\n'
    (home.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    args = ("--yes", "--flavor", "l4x1", "--timeout", "30m", "-l", "team=nlp", "--json", "* * * * * *")
    own_id = json.loads(home.run("scheduled", "run", *args, "python:3.12", "id").out)["id"]
    assert document(home, "scheduled", "labels", own_id, "-l", "team=cv")[0] == 3
    code, made = document(home, "scheduled", "labels", own_id, "--clear")
    assert (code, made["labels"]) == (0, {})
    shown = document(home, "scheduled", "inspect", own_id)[1]["labels"]
    assert sorted(shown) == ["hfplanner-ledger", "hfplanner-sid"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("reschedule", "687fb701029421ae5549d999", "@sometimes"), "'@sometimes' is no schedule"),
        (("labels", "687fb701029421ae5549d999"), "No label is given"),
        (("labels", "687fb701029421ae5549d999", "--clear", "-l", "a=b"), "--clear takes all labels away"),
        (("trigger", "687fb701029421ae5549d999"), "Nobody can be asked here"),
        (("trigger", "a/b/c", "--yes"), "is no id"),
    ],
)
def test_what_cannot_be_meant(home: Program, args: tuple[str, ...], said: str) -> None:
    """A usage error before anything is asked."""
    done = home.run("scheduled", *args)
    assert (done.code, said in done.err) == (2, True)
