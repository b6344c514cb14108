"""`run --canary`: what is measured, what is sent then, what stops it, and that nothing is sent twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.control import Fate, Hub
from tests.program import Program, Result

JOB = ("python:3.12", "python", "train.py")
# Nothing says how long it takes; 20 GB fit on an l4x1, which is the cheapest.
UNKNOWN = ("run", "--vram", "20GB", "--canary", "--yes")
L4_MINUTE = 13333
# 35 % after 9m30s, of which 20 s came before the first step.
_BAR = " 35%|###5      | 350/1000 [09:10<17:10,  1.57s/it]"
_WHOLE = 20 + 550 / 0.35
STOPPED = Fate(running_secs=None, logs=((20.0, "loading"), (570.0, _BAR)))
POLICY = """
[[budget]]
name = "team"
limit_usd = "{limit}"
period = "total"
"""


@pytest.fixture
def home(program: Program, hub: Hub) -> Iterator[Program]:
    """Return the program as alice, of whose hours the emulator makes seconds."""
    hub.set_clock(time.time())
    hub.run_clock(1000)
    yield replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))
    hub.run_clock(0)


def _document(done: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.out)
    return found


def _json(home: Program, *options: str, command: tuple[str, ...] = UNKNOWN) -> tuple[int, dict[str, Any]]:
    done = home.run(*command, "--json", *options, *JOB)
    return done.code, _document(done)


def test_a_job_of_which_nothing_is_known_is_measured_where_it_would_run_and_then_sent(home: Program, hub: Hub) -> None:
    """Two jobs: the canary with its variable, its label and ten minutes; then the job as the measurement says."""
    hub.fate(STOPPED)
    code, document = _json(home, "-e", "LR=b", "-l", "team=nlp", "-s", "KEY=hush", "--attempts", "3")

    assert code == 0
    canary, job = hub.specs()
    assert (canary["flavor"], canary["timeoutSeconds"], canary["attempts"]) == ("l4x1", 600, 1)
    assert canary["environment"] == {"LR": "b", "HFPLANNER_CANARY": "1"}
    assert (canary["command"], canary["dockerImage"], canary["secrets"]) == (
        job["command"], job["dockerImage"], job["secrets"],
    )  # fmt: skip
    assert canary["labels"]["hfplanner-canary"] == job["labels"]["name"] == canary["labels"]["name"]
    assert canary["labels"]["team"] == job["labels"]["team"] == "nlp"
    assert (job["environment"], job["attempts"]) == ({"LR": "b"}, 3)
    assert not any(name == "hfplanner-canary" for name in job["labels"])

    told = document["canary"]
    assert (told["measured"], told["state"], told["flavor"]) == (True, "SETTLED", "l4x1")
    assert told["progress"] == pytest.approx(0.35)
    assert told["duration_secs"]["likely"] == pytest.approx(_WHOLE, rel=0.01)
    assert told["cost_micro_usd"] == 10 * L4_MINUTE == told["worst_case_micro_usd"]
    # The keys of `run`, about the job.
    assert (document["flavor"], document["timeout_secs"]) == (job["flavor"], job["timeoutSeconds"])
    assert {canary["id"] for canary in hub.jobs()} == {told["job_id"], document["job_id"]}


def test_the_job_is_sent_as_the_measurement_recommends(home: Program, hub: Hub) -> None:
    """The same flavor and timeout as `recommend` says of a run that was measured so."""
    hub.fate(STOPPED)
    code, document = _json(home)
    job_id = document["canary"]["job_id"]
    best = _document(home.run("recommend", "--vram", "20GB", "--log", f"alice/{job_id}", "--json"))["options"][0]
    assert (code, document["flavor"]) == (0, best["flavor"])
    assert document["timeout_secs"] == best["suggested_timeout_secs"]


def test_what_was_measured_is_kept_for_the_next_run_of_that_name(home: Program, hub: Hub) -> None:
    """The canary counts as a whole run of its name, not as one of ten minutes, also after a sync has seen it."""
    hub.fate(STOPPED)
    assert _json(home, "--name", "sft")[0] == 0
    for _ in range(2):
        found = _document(home.run("estimate", "duration", "--like", "sft", "--to", "l4x1", "--json"))
        basis = found["estimates"][0]["duration_secs"]["basis"]
        assert any("1 run on l4x1 measured by its progress" in words for words in basis)
        assert found["estimates"][0]["duration_secs"]["likely"] == pytest.approx(_WHOLE, rel=0.05)
        assert home.run("sync").code == 0
        # The job itself is still running, or has told more.
        hub.set_fate(hub.jobs()[-1]["id"], Fate(running_secs=None))


def test_a_named_flavor_is_measured_for_its_timeout(home: Program, hub: Hub) -> None:
    """What a model needs there was estimated only: the timeout is the one that the measurement suggests."""
    hub.fate(STOPPED)
    needs = ("run", "--flavor", "a10g-small", "--model", "Qwen/Qwen3-0.6B", "--task", "lora", "--tokens", "20M")
    code, document = _json(home, "--yes", "--canary", command=needs)
    assert (code, document["flavor"], document["canary"]["flavor"]) == (0, "a10g-small", "a10g-small")
    assert _WHOLE < document["timeout_secs"] < 3 * _WHOLE


def test_where_measuring_does_not_pay_the_job_is_sent_at_once(home: Program, hub: Hub) -> None:
    """And says why there is no canary."""
    for needs, why in (
        (("--duration", "2h"), "nothing is left to measure"),
        (("--timeout", "15m"), "15m at most"),
        (("--duration", "10m@l4x1"), "cost more than it saves"),
        (("--flavor", "l4x1", "--duration", "3h@l4x1"), "was measured already"),
    ):
        code, document = _json(home, *needs)
        assert (code, document["canary"]["measured"], document["state"]) == (0, False, "LAUNCHED")
        assert why in document["canary"]["why"]
    assert len(hub.specs()) == 4
    assert not any("HFPLANNER_CANARY" in spec["environment"] for spec in hub.specs())


def test_a_dry_run_shows_both_jobs_and_sends_nothing(home: Program, hub: Hub) -> None:
    """The job as `run --dry-run` has it, and the canary beside it, with what both may cost."""
    code, document = _json(home, "--dry-run")
    canary = document["canary"]
    assert (code, document["decision"], document["dry_run"], hub.jobs()) == (0, "allowed", True, [])
    assert canary["spec"]["environment"] == {"HFPLANNER_CANARY": "1"}
    assert (canary["flavor"], canary["minutes"], canary["timeout_secs"]) == ("l4x1", 10, 600)
    both = document["worst_case_micro_usd"] + canary["worst_case_micro_usd"]
    assert canary["worst_case_with_job_micro_usd"] == both
    assert not (home.home / "ledger.sqlite3").exists()


def test_a_canary_is_no_waste(home: Program, hub: Hub) -> None:
    """It was stopped by its timeout as it was meant to be; the report counts what it cost, also as a sync has it."""
    hub.fate(STOPPED, Fate(running_secs=10.0))
    assert _json(home)[0] == 0
    for jobs in (1, 2):
        report = _document(home.run("report", "--json"))
        assert (report["jobs"], report["waste"]["findings"]) == (jobs, [])
        assert home.run("sync", "--full").code == 0


@pytest.mark.parametrize(("limit", "code"), [("0.54", 0), ("0.52", 3)])
def test_both_must_fit_the_budget_before_anything_is_sent(home: Program, hub: Hub, limit: str, code: int) -> None:
    """$0.40 of the job and $0.13 of its canary; each alone would fit $0.52."""
    (home.home / "hfplanner.toml").write_text(POLICY.format(limit=limit), encoding="utf-8")
    dry = _document(home.run(*UNKNOWN, "--dry-run", "--json", *JOB))
    assert dry["decision"] == ("allowed" if code == 0 else "refused")
    hub.fate(replace(STOPPED, logs=((570.0, "hfplanner: progress=0.9"),)))
    found, document = _json(home, "--flavor", "l4x1")
    assert (found, len(hub.jobs())) == (code, 0 if code else 2)
    if code:
        assert document["reasons"][0]["code"] == "over_budget_together"
        assert "$0.13 of its canary" in document["reasons"][0]["message"]


def test_max_cost_is_for_both(home: Program, hub: Hub) -> None:
    """What the canary took is not there for the job: together they cost no more at worst."""
    hub.fate(replace(STOPPED, logs=((570.0, "hfplanner: progress=0.9"),)))
    code, document = _json(home, "--flavor", "l4x1", "--max-cost", "0.40")
    assert code == 0
    assert document["worst_case_micro_usd"] + document["canary"]["cost_micro_usd"] <= 405_000
    code, document = _json(home, "--max-cost", "0.10")
    assert (code, len(hub.jobs())) == (3, 2)
    assert "nothing is left for the job" in document["error"]["message"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--timeout", "25m"), 4, "would be stopped after 25m"),
        (("--max-cost", "0.40"), 3, "for which --max-cost pays"),
    ],
)
def test_a_job_that_would_be_stopped_as_measured_is_not_sent(
    home: Program, hub: Hub, options: tuple[str, ...], code: int, says: str
) -> None:
    """One sentence, the code of a limit or of what does not fit, and what the canary told."""
    hub.fate(STOPPED)
    found, document = _json(home, "--flavor", "l4x1", *options)
    assert (found, len(hub.jobs()), document["job_id"]) == (code, 1, None)
    assert says in document["error"]["message"]
    assert document["canary"]["duration_secs"]["likely"] == pytest.approx(_WHOLE, rel=0.01)


@pytest.mark.parametrize("flavor", [(), ("--flavor", "l40sx1")])
def test_a_job_that_breaks_its_max_time_as_measured_is_not_sent(
    home: Program, hub: Hub, flavor: tuple[str, ...]
) -> None:
    """From the model alone it was believed to keep it; 0.05 % after ten minutes says otherwise: exit code 4."""
    hub.fate(replace(STOPPED, logs=((570.0, "hfplanner: progress=0.0005"),)))
    work = ("--model", "Qwen/Qwen3-8B", "--task", "lora", "--tokens", "100M", "--max-time", "20h")
    code, document = _json(home, *flavor, command=("run", *work, "--canary", "--yes"))
    assert (code, len(hub.jobs()), document["job_id"]) == (4, 1, None)
    assert document["error"]["code"] == "nothing_fits"
    assert document["canary"]["progress"] == pytest.approx(0.0005)


@pytest.mark.parametrize(
    ("fate", "says"),
    [
        (Fate(running_secs=60.0, outcome="error", logs=((1.0, "step 1"), (59.0, "CUDA error"))), "exit code: 1"),
        (Fate(running_secs=60.0, outcome="oom", logs=((59.0, "CUDA error"),)), "OOMKilled"),
        (Fate(never_starts=True, outcome="error", message="No such image"), "No such image"),
        (Fate(running_secs=60.0, outcome="canceled", logs=((59.0, "CUDA error"),)), "stage cancelled"),
        (Fate(running_secs=None, logs=((59.0, "CUDA error"),)), "says no progress"),
        (Fate(running_secs=60.0, logs=((59.0, "done"),)), "came to its end"),
        (Fate(running_secs=60.0, logs=((59.0, "100%|##########| 9/9 [00:50<00:00, 9.0it/s]"),)), "came to its end"),
    ],
)
def test_a_canary_that_tells_nothing_stops_it(home: Program, hub: Hub, fate: Fate, says: str) -> None:
    """Exit code 1, the last lines of its log, no job, and what the canary cost is in the books."""
    hub.fate(fate)
    done = home.run(*UNKNOWN, "--json", *JOB)
    document = _document(done)
    assert (done.code, len(hub.jobs()), document["job_id"]) == (1, 1, None)
    assert document["error"]["code"] == "canary_failed"
    assert says in document["error"]["message"]
    assert (document["canary"]["measured"], document["canary"]["state"]) == (False, "SETTLED")
    assert not fate.logs or fate.logs[-1][1].split("|")[0] in done.err


def test_a_script_that_does_less_may_say_how_far_that_is(home: Program, hub: Hub) -> None:
    """It ended by itself after a minute, and said that this was a tenth."""
    hub.fate(Fate(running_secs=60.0, logs=((60.0, "hfplanner: progress=0.1"),)))
    code, document = _json(home)
    assert (code, document["canary"]["duration_secs"]["likely"]) == (0, 600)


def test_a_canary_whose_outcome_is_unknown_is_exit_code_5_and_is_gone_on_with(home: Program, hub: Hub) -> None:
    """Nothing is sent again while nobody knows; once it is found, the same command goes on."""
    hub.fate(STOPPED)
    hub.fault(method="POST", path="/api/jobs/alice", drop=True, times=1)
    done = home.run(*UNKNOWN, "--json", "--key", "k", *JOB)
    document = _document(done)
    assert (done.code, document["state"], document["canary"]["state"]) == (5, None, "UNKNOWN")
    assert len(hub.jobs()) == 1
    code, document = _json(home, "--key", "k")
    assert (code, len(hub.jobs()), document["canary"]["measured"]) == (0, 2, True)


def test_the_same_key_finds_both_and_sends_nothing(home: Program, hub: Hub) -> None:
    """Also where the recommendation is another one by then."""
    hub.fate(STOPPED)
    first = _json(home, "--key", "k")[1]
    code, again = _json(home, "--key", "k", "--cpu", "1")
    assert (code, again["job_id"], again["canary"]["job_id"]) == (0, first["job_id"], first["canary"]["job_id"])
    assert len(hub.jobs()) == 2
    code, other = _json(home, "--key", "k", command=(*UNKNOWN, "--name", "other"))
    assert (code, other["error"]["code"], len(hub.jobs())) == (1, "key_conflict", 2)


@pytest.mark.process
@pytest.mark.parametrize("kill", ["sending", "watching"])
def test_killed_at_any_point_the_same_command_goes_on(home: Program, hub: Hub, kill: str) -> None:
    """Killed while the canary's request is on its way, or while it is watched: two jobs in the end, never three."""
    hub.run_clock(0)
    hub.fate(STOPPED)
    if kill == "sending":
        hub.fault(method="POST", path="/api/jobs/alice", delay_secs=2, times=1)
    command = [sys.executable, "-m", "hfplanner", *UNKNOWN, "--json", "--key", "k", *JOB]
    with subprocess.Popen(
        command, cwd=home.home, env=home.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 30
        asked = "POST" if kill == "sending" else "GET"
        while time.monotonic() < until:
            seen = [one for one in hub.requests() if one.method == asked and one.path.startswith("/api/jobs/alice")]
            if [one for one in seen if kill == "sending" or "6b" in one.path.rpartition("/")[2]]:
                break
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    hub.clear_faults()
    time.sleep(2.5 if kill == "sending" else 0)
    hub.run_clock(1000)
    code, document = _json(home, "--key", "k")
    assert (code, len(hub.jobs()), document["canary"]["measured"]) == (0, 2, True)
    assert _document(home.run("ledger", "verify", "--json"))["problems"] == []


@pytest.mark.process
def test_ctrl_c_leaves_the_canary_running_and_says_how_to_go_on(home: Program, hub: Hub) -> None:
    """With a key the same command; without one its log."""
    hub.run_clock(0)
    hub.fate(STOPPED)
    command = [sys.executable, "-m", "hfplanner", *UNKNOWN, "--json", *JOB]
    with subprocess.Popen(
        command, cwd=home.home, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 30
        while not hub.jobs() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    (job,) = hub.jobs()
    assert "runs on until its timeout; the job was not sent" in err
    assert f"--log alice/{job['id']} instead of --canary" in err
    hub.run_clock(1000)
    hub.advance(3600)
    code, document = _json(home, "--log", f"alice/{job['id']}", command=("run", "--vram", "20GB", "--yes"))
    assert (code, len(hub.jobs()), document["state"]) == (0, 2, "LAUNCHED")


def test_a_measured_job_that_waits_too_long_is_sent_elsewhere(home: Program, hub: Hub) -> None:
    """One document tells of the canary and of the flavor that had no room; the same key sends nothing more."""
    hub.fate(STOPPED, Fate(scheduling_secs=None), Fate(scheduling_secs=1.0, running_secs=None))
    chain = ("--fallback", "a10g-small,l40sx1", "--max-wait", "1s", "--key", "k")
    code, document = _json(home, *chain)
    assert (code, document["canary"]["measured"], len(document["fallbacks"])) == (0, True, 1)
    _, first, second = hub.specs()
    assert (document["fallbacks"][0]["flavor"], document["flavor"]) == (first["flavor"], second["flavor"])
    code, again = _json(home, *chain)
    assert (code, again["job_id"], again["canary"]["job_id"]) == (0, document["job_id"], document["canary"]["job_id"])
    assert len(hub.specs()) == 3
