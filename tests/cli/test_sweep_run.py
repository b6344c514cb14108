"""`sweep --run`: all jobs reserved or none, each sent once, gone on with where it ended; at the emulator, as a user."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.control import Fate, Hub
from tests.program import REPOSITORY, Program

POLICY = """
[[budget]]
name = "team"
limit_usd = "{limit}"
period = "total"
"""
LIMITS = """
[limits]
max_timeout = "6h"
"""
# Eight trials of 50 minutes on L4 until a deadline that leaves room for two in a job: four jobs.
SWEEP = (
    "sweep", "--trials", "8", "--accelerator", "l4", "--duration", "50m@l4x1", "--deadline", "2h",
)  # fmt: skip
RUN = (*SWEEP, "--run", "--yes", "--key", "night")
# Without a deadline, under a policy whose longest timeout leaves room for few trials in a job.
SLOW = (
    "sweep", "--trials", "8", "--accelerator", "l4", "--duration", "50m@l4x1", "--run", "--yes", "--key", "slow",
)  # fmt: skip
JOB = ("python:3.12", "python", "trials.py")


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program with a policy that has room for the sweep, logged in to the emulator as alice."""
    (program.home / "hfplanner.toml").write_text(POLICY.format(limit="100.00"), encoding="utf-8")
    hub.set_clock(time.time())
    hub.default_fate(Fate(running_secs=None))
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def _document(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    done = program.run(args[0], "--json", *args[1:])
    return done.code, json.loads(done.out)


def _states(program: Program) -> dict[str, str]:
    """Return the state of every job of the sweep in the ledger, by its key."""
    shown = json.loads(program.run("ledger", "show", "--json").out)
    return {one["key"]: one["state"] for one in shown["submissions"]}


def _held(program: Program) -> int:
    (budget,) = json.loads(program.run("budget", "show", "--json").out)["budgets"]
    return int(budget["held_micro_usd"])


def test_every_job_is_sent_once_and_told_its_trials(home: Program, hub: Hub) -> None:
    """All trials from 0 are in some job, none in two; each job has its variables, its label, and what was planned."""
    planned = json.loads(home.run(*SWEEP, "--json").out)
    code, document = _document(home, *RUN, "--env", "LR=3", *JOB)

    assert code == 0
    assert document["plan"] == planned["plan"]
    assert document["worst_case_micro_usd"] == sum(job["worst_case_micro_usd"] for job in document["jobs"])
    assert document["waiting"] == 0
    specs = hub.specs()
    assert len(specs) == len(document["jobs"]) == sum(row["jobs"] for row in planned["plan"])
    told = [spec["environment"] for spec in specs]
    assert sorted(int(one) for env in told for one in env["HFPLANNER_TRIALS"].split(",")) == list(range(8))
    assert {(env["HFPLANNER_SWEEP"], env["HFPLANNER_TRIAL_COUNT"], env["LR"]) for env in told} == {("night", "8", "3")}
    assert {spec["labels"]["hfplanner-sweep"] for spec in specs} == {"night"}
    assert {(spec["flavor"], spec["timeoutSeconds"], spec["attempts"]) for spec in specs} == {
        (row["flavor"], row["timeout_secs"], 1) for row in planned["plan"]
    }
    assert {job["id"] for job in hub.jobs()} == {job["job_id"] for job in document["jobs"]}
    assert _held(home) == document["worst_case_micro_usd"]


def test_the_same_key_again_sends_nothing_new(home: Program, hub: Hub) -> None:
    """The same jobs come back, though prices, history or the clock would make another plan by now."""
    _, first = _document(home, *RUN, *JOB)
    hub.advance(3600)
    code, again = _document(home, *RUN, *JOB)
    assert code == 0
    assert [job["job_id"] for job in again["jobs"]] == [job["job_id"] for job in first["jobs"]]
    assert again["plan"] == first["plan"]
    assert len(hub.jobs()) == len(first["jobs"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [(("--trials", "9"), "for a sweep of 8 trials, not 9"), (("--env", "LR=4"), "for another job")],
    ids=["trials", "environment"],
)
def test_a_key_stands_for_one_sweep(home: Program, hub: Hub, changed: tuple[str, ...], said: str) -> None:
    """Another number of trials, or other jobs, are another sweep: an error, and nothing is sent."""
    _, first = _document(home, *RUN, *JOB)
    done = home.run(*RUN, *changed, *JOB)
    assert done.code == 1
    assert said in " ".join(done.err.split())
    assert len(hub.jobs()) == len(first["jobs"])


def test_what_does_not_fit_a_budget_whole_is_not_reserved_at_all(home: Program, hub: Hub) -> None:
    """A budget one cent short of all jobs: exit 3 with the arithmetic of the whole, nothing held, nothing sent."""
    worst = json.loads(home.run(*SWEEP, "--json").out)["worst_case_micro_usd"]
    (home.home / "hfplanner.toml").write_text(POLICY.format(limit=f"{worst / 10**6 - 0.01:.2f}"), encoding="utf-8")
    code, document = _document(home, *RUN, *JOB)
    assert (code, document["decision"], document["worst_case_micro_usd"]) == (3, "refused", worst)
    assert document["budgets"][0]["this_job_micro_usd"] == worst
    assert "over_budget" in {reason["code"] for reason in document["reasons"]}
    assert (hub.jobs(), _states(home), _held(home)) == ([], {}, 0)
    (home.home / "hfplanner.toml").write_text(POLICY.format(limit=f"{worst / 10**6:.2f}"), encoding="utf-8")
    assert _document(home, *RUN, *JOB)[0] == 0


def test_a_dry_run_reserves_and_sends_nothing(home: Program, hub: Hub) -> None:
    """It shows what would be: the jobs, their trials, the decision, and the values of no secret."""
    code, document = _document(home, *SWEEP, "--run", "--dry-run", "-s", "KEY=hush", *JOB)
    assert (code, document["decision"], document["dry_run"]) == (0, "allowed", True)
    assert [trial for job in document["jobs"] for trial in job["trials"]] == list(range(8))
    assert document["to_reserve_micro_usd"] == document["worst_case_micro_usd"]
    assert "hush" not in json.dumps(document)
    assert (hub.jobs(), _states(home)) == ([], {})


def test_only_so_many_jobs_at_once(home: Program, hub: Hub) -> None:
    """Two are sent, the others stay reserved; when one has ended, the same command sends the next."""
    (home.home / "hfplanner.toml").write_text(POLICY.format(limit="100.00") + LIMITS, encoding="utf-8")
    code, document = _document(home, *SLOW, "--parallel", "2", *JOB)
    jobs = len(document["jobs"])
    assert (code, len(hub.jobs()), document["waiting"]) == (0, 2, jobs - 2)
    assert _held(home) == document["worst_case_micro_usd"]
    hub.set_fate(hub.jobs()[0]["id"], Fate(running_secs=60))
    hub.advance(600)
    code, document = _document(home, *SLOW, "--parallel", "2", *JOB)
    assert (code, len(hub.jobs()), document["waiting"]) == (0, 3, jobs - 3)
    assert jobs > 3


def test_people_wait_for_a_place(home: Program, hub: Hub) -> None:
    """Without --detach the command stays until all jobs are sent, never more than so many at once."""
    hub.default_fate(Fate(scheduling_secs=0, running_secs=1))
    hub.run_clock()
    (home.home / "hfplanner.toml").write_text(POLICY.format(limit="100.00") + LIMITS, encoding="utf-8")
    done = home.run(*SLOW, "--parallel", "1", *JOB)
    assert done.code == 0, done.err
    states = _states(home)
    assert len(states) > 2
    assert set(states.values()) <= {"SETTLED", "LAUNCHED"}
    assert f"{len(states)} of {len(states)} jobs sent" in done.out
    ran = sorted((job["createdAt"], job["status"]["stage"]) for job in hub.jobs())
    assert [stage for _, stage in ran[:-1]] == ["COMPLETED"] * (len(states) - 1)


def test_one_that_nobody_knows_of_keeps_its_money_and_the_others_are_sent(home: Program, hub: Hub) -> None:
    """Exit 5: its trials are not sent again. The same command finds the job by its label, and all is known."""
    hub.fault(method="POST", path="/api/jobs/alice", drop=True)
    code, document = _document(home, *RUN, *JOB)
    states = [job["state"] for job in document["jobs"]]
    assert (code, states[0], set(states[1:])) == (5, "UNKNOWN", {"LAUNCHED"})
    assert _held(home) == document["worst_case_micro_usd"]
    code, document = _document(home, *RUN, *JOB)
    assert (code, {job["state"] for job in document["jobs"]}) == (0, {"LAUNCHED"})
    assert len(hub.jobs()) == len(states)


def test_a_hub_in_trouble_gets_no_more_than_two(home: Program, hub: Hub) -> None:
    """Two answers in a row that prove nothing end the sending; what was not sent stays reserved, and goes on later."""
    hub.fault(method="POST", path="/api/jobs/alice", status=500, before=True, times=0)
    code, document = _document(home, *RUN, *JOB)
    states = [job["state"] for job in document["jobs"]]
    assert (code, states[:2], set(states[2:])) == (5, ["UNKNOWN", "UNKNOWN"], {"RESERVED"})
    hub.clear_faults()
    code, document = _document(home, *RUN, *JOB)
    assert [job["state"] for job in document["jobs"]] == ["UNKNOWN", "UNKNOWN", *["LAUNCHED"] * (len(states) - 2)]
    assert code == 5


def test_what_the_hub_rejects_lets_go_of_all_that_was_not_sent(home: Program, hub: Hub) -> None:
    """The first job is refused for good, as the others would be: no money is held for any."""
    hub.fault(
        method="POST", path="/api/jobs/alice", status=400, before=True, times=0, body='{"error": "no such image"}'
    )
    code, document = _document(home, *RUN, *JOB)
    assert (code, {job["state"] for job in document["jobs"]}) == (1, {"VOID"})
    assert "no such image" in document["error"]["message"]
    assert (_held(home), hub.jobs()) == (0, [])
    hub.clear_faults()
    assert _document(home, *RUN, *JOB)[0] == 0
    assert len(hub.jobs()) == len(document["jobs"])


@contextmanager
def started(program: Program, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Start the program, and kill it in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hfplanner", *args], cwd=program.home, env=program.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.process
@pytest.mark.parametrize("sent", [0, 1, 2])
def test_killed_between_two_jobs_the_same_command_goes_on(home: Program, hub: Hub, sent: int) -> None:
    """Killed while the next request is on its way: every job exists once, whatever had been sent."""
    hub.fault(method="POST", path="/api/jobs/alice", nth=sent + 1, delay_secs=30)
    with started(home, *RUN, *JOB) as process:
        for _ in range(300):
            posts = [one for one in hub.requests() if one.method == "POST" and one.path == "/api/jobs/alice"]
            if len(posts) > sent:
                break
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
    jobs = len(_states(home))
    assert len(hub.jobs()) <= sent + 1
    hub.clear_faults()
    for _ in range(2):
        code, document = _document(home, *RUN, *JOB)
    assert len(document["jobs"]) == jobs
    states = [job["state"] for job in document["jobs"]]
    # The one that was on its way when the process died may exist: it is found by its label, or stays unknown.
    assert states[:sent] + states[sent + 1 :] == ["LAUNCHED"] * (jobs - 1)
    assert (code, states[sent]) in {(0, "LAUNCHED"), (5, "UNKNOWN")}
    assert len(hub.jobs()) == jobs - (states[sent] == "UNKNOWN")


@pytest.mark.process
def test_interrupted_while_it_waits_it_says_how_to_go_on(home: Program, hub: Hub) -> None:
    """Ctrl-C leaves the first job running and the others reserved; the key that goes on is said."""
    (home.home / "hfplanner.toml").write_text(POLICY.format(limit="100.00") + LIMITS, encoding="utf-8")
    with started(home, *SLOW[:-2], "--parallel", "1", *JOB) as process:
        for _ in range(300):
            if hub.jobs():
                break
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    key = next(iter(_states(home))).partition("/")[0]
    assert f"The same command with --key {key} goes on." in " ".join(err.split())
    assert sorted(_states(home).values())[:2] == ["LAUNCHED", "RESERVED"]
    code, document = _document(home, *SLOW[:-2], "--key", key, *JOB)
    assert (code, document["waiting"], len(hub.jobs())) == (0, 0, len(document["jobs"]))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((*SWEEP, *JOB), "An image is given, and --run is not."),
        ((*SWEEP, "--key", "a"), "--key is given, and --run is not."),
        ((*SWEEP, "--run", "--yes"), "No image is given."),
        ((*SWEEP, "--run", *JOB), "Nobody can be asked here whether to run it."),
        ((*RUN, "--env", "HFPLANNER_TRIALS=1", *JOB), "'HFPLANNER_TRIALS' is set by the sweep"),
        ((*RUN, "--key", " ", *JOB), "The key is empty."),
    ],
    ids=["image", "key", "no image", "no question", "variable", "empty key"],
)
def test_what_cannot_be_meant_is_a_usage_error(home: Program, hub: Hub, args: tuple[str, ...], said: str) -> None:
    """Exit 2, and nothing is sent."""
    done = home.run(*args)
    assert (done.code, hub.jobs()) == (2, [])
    assert said in " ".join(done.err.split())


@pytest.mark.process
def test_the_documented_shell_line_runs_trials_side_by_side_each_with_a_gpu(home: Program) -> None:
    """The line of the guide: every trial once, never more than the slots at once, and each slot has one GPU."""
    text = (REPOSITORY / "hfplanner" / "guide" / "choose.md").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "--process-slot-var" in line).strip("`")
    (home.home / "train.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['CUDA_VISIBLE_DEVICES'])\n", encoding="utf-8"
    )
    environment = home.environment() | {"HFPLANNER_TRIALS": "4,5,6,7,8", "HFPLANNER_SLOTS": "2"}
    script = line.replace("python ", f"{sys.executable} ")
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=home.home, env=environment, capture_output=True, text=True, check=True
    )
    ran = sorted(done.stdout.splitlines())
    assert [row.rpartition(" ")[0] for row in ran] == [f"['--trial', '{number}']" for number in range(4, 9)]
    assert {row.rpartition(" ")[2] for row in ran} == {"0", "1"}
