"""``group run``: the jobs of one network group, all of them or none."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hub.control import Hub
from tests.program import Program

FILE = """
[jobs.head]
image = "python:3.12"
command = "python serve.py"
flavor = "l4x1"
timeout = "1h"
network_group = "train"
network_aliases = ["head"]
expose = [8000]
env = { LR = "0.1 $x" }
secrets = ["KEY"]

[jobs.worker]
image = "python:3.12"
command = ["python", "work.py", "a b"]
flavor = "l4x1"
timeout = "1h"
network_group = "train"
times = 2

[jobs.alone]
image = "python:3.12"
command = "id"
timeout = "10m"
"""
HOUR = 60 * 13333
PORTS = 10_000
POLICY = '[[budget]]\nname = "team"\nlimit_usd = "{limit}"\nperiod = "total"\n'


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program with a file of jobs, logged in to the emulator."""
    (program.home / "jobs.toml").write_text(FILE, encoding="utf-8")
    hub.set_clock(time.time())
    ours = (("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0"), ("KEY", "hush"))
    return replace(program, environ=ours)


def limit(program: Program, usd: str) -> None:
    """Write the policy."""
    (program.home / "hfplanner.toml").write_text(POLICY.format(limit=usd), encoding="utf-8")


def ran(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the document of a run of the group."""
    done = program.run("group", "run", "jobs.toml", "--json", *args)
    return done.code, json.loads(done.out)


def test_all_jobs_of_a_group_are_sent_each_once(home: Program, hub: Hub) -> None:
    """With their group and aliases, variables to the letter and secrets from here; the same key sends nothing again."""
    limit(home, "2.50")
    code, document = ran(home, "--yes", "--key", "night")
    assert (code, [job["name"] for job in document["jobs"]]) == (0, ["head", "worker/1", "worker/2"])
    assert {job["state"] for job in document["jobs"]} == {"LAUNCHED"}
    assert document["worst_case_micro_usd"] == 3 * HOUR + PORTS
    head, *workers = sorted(hub.specs(), key=lambda spec: spec["command"][1])
    assert (head["network"], head["environment"], head["secrets"]) == (
        {"group": "train", "aliases": ["head"]},
        {"LR": "0.1 $x"},
        {"KEY": "hush"},
    )
    assert [spec["command"] for spec in workers] == [["python", "work.py", "a b"]] * 2
    assert {spec["network"]["group"] for spec in workers} == {"train"}
    code, again = ran(home, "--yes", "--key", "night")
    assert (code, len(hub.jobs())) == (0, 3)
    assert [job["job_id"] for job in again["jobs"]] == [job["job_id"] for job in document["jobs"]]
    assert home.run("ledger", "verify").code == 0


def test_where_all_do_not_fit_none_is_reserved(home: Program, hub: Hub) -> None:
    """Two of three would fit; the answer says so, and `check` refuses each of the group and not the job alone."""
    limit(home, "2.00")
    code, document = ran(home, "--yes")
    assert (code, document["decision"], hub.jobs()) == (3, "refused", [])
    assert [reason["code"] for reason in document["reasons"]] == ["over_budget"]
    assert json.loads(home.run("budget", "show", "--json").out)["budgets"][0]["held_micro_usd"] == 0
    checked = json.loads(home.run("check", "jobs.toml", "--json").out)["jobs"]
    verdicts = {job["name"]: job["decision"] for job in checked}
    assert verdicts == {"head": "refused", "worker": "refused", "alone": "allowed"}


def test_a_person_approves_the_whole_group_once(home: Program, hub: Hub) -> None:
    """Each job is below the agent's threshold; what counts is what all of them may cost."""
    policy = '[[agent]]\nname = "trainer"\nmax_usd_per_day = "5.00"\napprove_above_usd = "2.00"\n'
    (home.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    agent = replace(home, environ=(*home.environ, ("HFPLANNER_AGENT", "trainer")))
    code, document = ran(agent, "--yes", "--key", "night")
    assert (code, [reason["code"] for reason in document["reasons"]]) == (3, ["approval_required"])
    assert home.run("approve", document["approval"]["code"], "--yes").code == 0
    assert (ran(agent, "--yes", "--key", "night")[0], len(hub.jobs())) == (0, 3)
    # Used up: another run of it asks again, and a single job needs no word.
    assert (ran(agent, "--yes", "--key", "noon")[0], len(hub.jobs())) == (3, 3)
    assert home.run("ledger", "verify").code == 0


def test_a_sweep_of_an_agent_is_approved_as_a_whole(home: Program, hub: Hub) -> None:
    """Four jobs of cents each, together above the threshold; with its key it is the same sweep."""
    policy = '[[agent]]\nname = "trainer"\nmax_usd_per_day = "50.00"\napprove_above_usd = "0.90"\n'
    (home.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    agent = replace(home, environ=(*home.environ, ("HFPLANNER_AGENT", "trainer")))
    sweep = ("sweep", "--trials", "4", "--duration", "30m@l4x1", "--accelerator", "l4", "--run", "--yes", "--json")
    line = (*sweep, "--key", "night", "python:3.12", "python", "t.py")
    done = agent.run(*line)
    document = json.loads(done.out)
    assert (done.code, [reason["code"] for reason in document["reasons"]]) == (3, ["approval_required"])
    assert home.run("approve", document["approval"]["code"], "--yes").code == 0
    done = agent.run(*line)
    assert (done.code, len(hub.jobs()) > 0) == (0, True), done
    assert home.run("ledger", "verify").code == 0


_JOB = 'image = "i"\ncommand = "id"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[jobs.a]\nscript = "https://example.org/t.py"\nnetwork_group = "g"\n',
            "jobs.toml:1: a script of a group has to be a file",
        ),
        ('[jobs.a]\nscript = "gone.py"\nnetwork_group = "g"\n', "'gone.py': there is no such file here"),
        (f"[jobs.a]\n{_JOB}", "no job with a network_group"),
        (f'[jobs.a]\n{_JOB}network_group = "g"\nschedule = "@daily"\n', "a schedule cannot be in a network group"),
        (f'[jobs.a]\n{_JOB}network_aliases = ["x"]\n', "it has none"),
        (f'[jobs.a]\n{_JOB}network_group = "g"\nsecrets = ["NOT_SET"]\n', "NOT_SET"),
        (f'[jobs.a]\n{_JOB}network_group = "g"\n[jobs.b]\n{_JOB}network_group = "h"\n', "--group: g, h"),
    ],
)
def test_what_cannot_be_run_together_is_said(home: Program, text: str, said: str) -> None:
    """One sentence, with the file and what to do."""
    Path(home.home / "jobs.toml").write_text(text, encoding="utf-8")
    done = home.run("group", "run", "jobs.toml", "--yes")
    assert (done.code, said in done.err, "Traceback" in done.err) == (2, True, False), done


def test_a_command_of_a_package_can_be_of_a_group(home: Program, hub: Hub) -> None:
    """As `uv run` has it: nothing goes up for it."""
    text = f'[jobs.a]\n{_JOB}network_group = "g"\n[jobs.b]\nscript = "lighteval"\nargs = ["x"]\nnetwork_group = "g"\n'
    (home.home / "jobs.toml").write_text(text, encoding="utf-8")
    assert ran(home, "--yes")[0] == 0
    assert [spec["command"] for spec in hub.specs()] == [["id"], ["uv", "run", "lighteval", "x"]]
