"""Agents are held to their own limits, and a person approves what is above them: one job, once."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.control import Hub
from tests.program import Program

POLICY = """
[[agent]]
name = "trainer"
max_usd_per_session = "3.00"
max_usd_per_day = "4.00"
approve_above_usd = "1.00"
"""
JOB = ("python:3.12", "python", "-V")
CHEAP = ("run", "--flavor", "l4x1", "--timeout", "1h", "--yes")
DEAR = ("run", "--flavor", "l4x1", "--timeout", "2h", "--yes", "-e", "LR=hush-value", "-s", "KEY=hush")


@pytest.fixture
def person(program: Program, hub: Hub) -> Program:
    """Return the program as a person runs it, with a policy for agents."""
    (program.home / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    hub.set_clock(time.time())
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def agent(person: Program, name: str = "trainer", session: str = "s1") -> Program:
    """Return the program as an agent runs it."""
    said = (("HFPLANNER_AGENT", name), ("HFPLANNER_SESSION", session))
    return replace(person, environ=(*person.environ, *said))


def asked(program: Program, command: tuple[str, ...], job: tuple[str, ...] = JOB) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the document of a run."""
    done = program.run(command[0], "--json", *command[1:], *job)
    return done.code, json.loads(done.out)


def test_above_the_threshold_a_person_approves_and_the_same_command_goes_through_once(
    person: Program, hub: Hub
) -> None:
    """Exit 3 with a code; nothing is sent before the yes, one job after it, and a second one asks anew."""
    code, refused = asked(agent(person), DEAR)
    assert (code, refused["decision"], hub.jobs()) == (3, "blocked", [])
    assert [reason["code"] for reason in refused["reasons"]] == ["approval_required"]
    approval = refused["approval"]
    assert set(approval) == {"code", "expires"}
    # Asked again it is the same request.
    assert asked(agent(person), DEAR)[1]["approval"] == approval

    listed = json.loads(person.run("approve", "--json").out)["approvals"]
    assert [(one["code"], one["agent"], one["worst_case_micro_usd"]) for one in listed] == [
        (approval["code"], "trainer", 120 * 13333)
    ]
    assert (listed[0]["job"]["environment"], listed[0]["job"]["secrets"]) == (["LR"], ["KEY"])
    given = person.run("approve", approval["code"], "--yes", "--who", "grace")
    assert (given.code, "$1.60" in given.err, "python -V" in given.err) == (0, True, True)
    assert ("Approved by grace" in given.out, "hush" in given.out + given.err) == (True, False)

    code, sent = asked(agent(person), DEAR)
    assert (code, sent["state"], len(hub.jobs())) == (0, "LAUNCHED", 1)
    # Used: the third of its kind would cost $3.20 of a session of $3.00, so it is refused, and no code is given.
    code, again = asked(agent(person, session="s2"), DEAR)
    assert (code, again["approval"]["code"] != approval["code"]) == (3, True)
    assert person.run("ledger", "verify").code == 0
    (submission,) = json.loads(person.run("ledger", "show", "--json").out)["submissions"]
    assert approval["code"] in submission["reason"] or submission["state"] == "LAUNCHED"


@pytest.mark.parametrize(
    "changed",
    [
        ("run", "--flavor", "l4x1", "--timeout", "2h1s", "--yes"),
        ("run", "--flavor", "l40sx1", "--timeout", "1h", "--yes"),
        ("run", "--flavor", "l4x1", "--timeout", "2h", "--yes", "-e", "LR=other"),
        ("run", "--flavor", "l4x1", "--timeout", "2h", "--yes", "--attempts", "1", "-l", "a=b"),
    ],
)
def test_an_approval_is_of_one_job(person: Program, hub: Hub, changed: tuple[str, ...]) -> None:
    """Another timeout, flavor, variable or label is another job, and so is another command."""
    plain = ("run", "--flavor", "l4x1", "--timeout", "2h", "--yes")
    code = asked(agent(person), plain)[1]["approval"]["code"]
    assert person.run("approve", code, "--yes").code == 0
    for command, job in ((changed, JOB), (plain, ("python:3.12", "python", "-VV"))):
        exit_code, document = asked(agent(person), command, job)
        assert (exit_code, document["approval"]["code"] != code) == (3, True)
    assert hub.jobs() == []
    assert asked(agent(person), plain)[0] == 0


def test_an_agent_approves_nothing(person: Program, hub: Hub) -> None:
    """Neither by saying --yes, nor one that is only detected, nor one that nobody limits."""
    code = asked(agent(person), DEAR)[1]["approval"]["code"]
    detected = replace(person, environ=(*person.environ, ("CLAUDECODE", "1")))
    for caller in (agent(person), detected, agent(person, "other")):
        done = caller.run("approve", code, "--yes")
        assert (done.code, "person" in done.err) == (3, True)
    # Nobody can be asked, and nobody said yes.
    assert person.run("approve", code).code == 2
    assert person.run("approve", "00000000", "--yes").code == 3
    assert asked(agent(person), DEAR)[0] == 3
    assert hub.jobs() == []


def test_a_session_and_a_day_have_limits(person: Program, hub: Hub) -> None:
    """Three jobs of $0.80 fit a session of $3.00; two more fit a day of $4.00 in another session; a person has none."""
    assert [asked(agent(person), CHEAP)[0] for _ in range(4)] == [0, 0, 0, 3]
    code, refused = asked(agent(person), CHEAP)
    assert [reason["code"] for reason in refused["reasons"]] == ["over_agent_session"]
    assert refused["approval"] is None
    assert [asked(agent(person, session="s2"), CHEAP)[0] for _ in range(3)] == [0, 0, 3]
    code, refused = asked(agent(person, session="s3"), CHEAP)
    assert [reason["code"] for reason in refused["reasons"]] == ["over_agent_day"]
    assert (code, len(hub.jobs())) == (3, 5)
    assert asked(person, DEAR)[0] == 0
    budgets = json.loads(person.run("budget", "show", "--json").out)["budgets"]
    assert [(one["name"], one["held_micro_usd"]) for one in budgets] == [("agent trainer, today", 5 * 60 * 13333)]
    assert person.run("ledger", "verify").code == 0


def test_an_agent_that_the_policy_does_not_name_is_blocked(person: Program, hub: Hub) -> None:
    """Unless a rule is about every agent, which then holds each to it by itself."""
    code, document = asked(agent(person, "other"), CHEAP)
    assert (code, [reason["code"] for reason in document["reasons"]]) == (3, ["agent_unknown"])
    policy = POLICY + '[[agent]]\nname = "*"\nmax_usd_per_day = "1.00"\n'
    (person.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    assert [asked(agent(person, name), CHEAP)[0] for name in ("other", "other", "trainer", "trainer")] == [0, 3, 0, 3]
    assert len(hub.jobs()) == 2


def test_an_agent_is_detected_as_hf_detects_one(person: Program) -> None:
    """By the list that `hf` keeps; one that only says that it is an agent is called "unknown"."""
    kept = {"standardEnvVars": ["AI_AGENT"], "harnesses": {"trainer": {"envVars": {"TRAINER_RUNS": "yes"}}}}
    (person.home / "hf").mkdir(exist_ok=True)
    (person.home / "hf" / ".agent_harnesses.json").write_text(json.dumps(kept), encoding="utf-8")
    check = ("check", "--flavor", "l4x1", "--timeout", "1h", "--json")
    for name, value, found in (
        ("TRAINER_RUNS", "yes", "trainer"),
        ("TRAINER_RUNS", "no", None),
        ("AI_AGENT", "trainer", "trainer"),
        ("AI_AGENT", "new-one", "unknown"),
        ("CLAUDECODE", "1", None),
    ):
        caller = replace(person, environ=(*person.environ, (name, value)))
        assert json.loads(caller.run(*check).out)["job"]["agent"] == found


def test_schedules_and_scripts_of_an_agent_are_held_too(person: Program, hub: Hub) -> None:
    """A schedule's runs of 30 days are above the threshold; so is a script's job; both go through once approved."""
    lines = (
        ("scheduled", "run", "--flavor", "cpu-basic", "--timeout", "10m", "--yes", "--json", "0 * * * *", *JOB),
        (
            "uv",
            "run",
            "--flavor",
            "l4x1",
            "--timeout",
            "100m",
            "--yes",
            "--json",
            "--with",
            "rich",
            "lighteval",
            "baseline",
        ),
    )
    for line in lines:
        done = agent(person).run(*line)
        code = json.loads(done.out)["approval"]["code"]
        assert (done.code, person.run("approve", code, "--yes").code) == (3, 0)
        assert agent(person).run(*line).code == 0
    (job,) = hub.jobs()
    # A rerun of the same is a job of its own, and asks again.
    done = agent(person, session="s2").run("rerun", job["id"], "--yes", "--json")
    assert (done.code, json.loads(done.out)["approval"]["code"] != code) == (3, True)
    assert (len(hub.jobs()), person.run("ledger", "verify").code) == (1, 0)
