import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.control import Fate, Hub
from tests.program import REPOSITORY, Program

POLICY = """
[[budget]]
name = "team"
limit_usd = "2.00"
period = "total"
"""
RUN = ("run", "--flavor", "l4x1", "--timeout", "1h", "--yes")
JOB = ("python:3.12", "python", "-V")
# An hour of l4x1.
HOUR = 60 * 13333
DAY = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program with a policy, logged in to the emulator as alice."""
    (program.home / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    hub.set_clock(time.time())
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def _document(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    done = program.run(*args, "--json") if args[0] != "run" else program.run("run", "--json", *args[1:])
    return done.code, json.loads(done.out)


def test_a_run_is_one_job_with_everything_explicit(home: Program, hub: Hub) -> None:
    """The contract's keys; the Hub has one job with the timeout, the attempts and both labels."""
    code, document = _document(home, *RUN, "-l", "team=nlp", "-e", "LR=b", "-s", "KEY=hush", *JOB)

    assert code == 0
    assert document["state"] == "LAUNCHED"
    assert (document["flavor"], document["timeout_secs"], document["attempts"]) == ("l4x1", 3600, 1)
    assert (document["worst_case_micro_usd"], document["job_id"]) == (HOUR, hub.jobs()[0]["id"])
    (spec,) = hub.specs()
    assert (spec["timeoutSeconds"], spec["attempts"], spec["environment"]) == (3600, 1, {"LR": "b"})
    assert spec["secrets"] == {"KEY": "hush"}
    assert spec["labels"]["team"] == "nlp"
    assert spec["labels"]["hfplanner-sid"] == document["submission_id"]
    assert spec["labels"]["name"].startswith("python-3-12-")


def test_the_recommended_flavor_is_the_one_that_runs(home: Program, hub: Hub) -> None:
    """`recommend`, `budget check` and `run` say the same flavor and the same money."""
    recommended = json.loads(home.run("recommend", "--vram", "20GB", "--json").out)["options"][0]
    checked = json.loads(
        home.run("budget", "check", "--flavor", recommended["flavor"], "--timeout", "1h", "--json").out
    )
    code, document = _document(home, "run", "--vram", "20GB", "--timeout", "1h", "--yes", *JOB)

    assert (code, document["flavor"], hub.specs()[0]["flavor"]) == (0, recommended["flavor"], recommended["flavor"])
    assert document["worst_case_micro_usd"] == checked["worst_case_micro_usd"]
    assert checked["worst_case_micro_usd"] == 60 * recommended["price_micro_usd_per_minute"]


def test_a_check_says_what_a_dry_run_says(home: Program) -> None:
    """How long it likely takes and what that costs, in the same numbers and words."""
    needs = ("--vram", "20GB", "--duration", "10m@l4x1")
    planned = json.loads(home.run("run", *needs, "--dry-run", "--json", *JOB).out)
    checked = json.loads(home.run("check", *needs, "--json").out)
    for key in ("why", "duration_secs", "cost_micro_usd", "worst_case_micro_usd", "plan_warnings"):
        assert checked[key] == planned[key]
    (said,) = [line for line in home.run("check", *needs).out.splitlines() if line.startswith("Likely")]
    assert said in home.run("run", *needs, "--dry-run", *JOB).out


def test_a_timeout_is_derived_from_the_duration(home: Program, hub: Hub) -> None:
    """What `recommend` suggests is what is sent."""
    needs = ("--vram", "20GB", "--duration", "10m@l4x1")
    option = json.loads(home.run("recommend", *needs, "--json").out)["options"][0]
    code, document = _document(home, "run", *needs, "--yes", *JOB)
    assert (code, document["timeout_secs"]) == (0, option["suggested_timeout_secs"])
    assert hub.specs()[0]["timeoutSeconds"] == option["suggested_timeout_secs"]
    assert document["worst_case_micro_usd"] == option["worst_case_micro_usd"]


def test_a_money_cap_shortens_the_timeout(home: Program, hub: Hub) -> None:
    """One that nobody typed: the worst case fits, to the minute and half a cent."""
    _, document = _document(home, "run", "--flavor", "l4x1", "--yes", "--max-cost", "0.29", *JOB)
    assert document["timeout_secs"] == 22 * 60
    assert 290_000 < 22 * 13333 == document["worst_case_micro_usd"] <= 295_000 < 23 * 13333
    assert hub.specs()[0]["timeoutSeconds"] == 22 * 60


@pytest.mark.parametrize("command", [("budget", "check", "--timeout", "8h"), ("run", "--timeout", "8h", "--yes")])
def test_a_timeout_that_was_typed_is_judged_as_it_was_typed(home: Program, hub: Hub, command: tuple[str, ...]) -> None:
    """Eight hours at $2.50 do not cost $10: refused, with the timeout that would do, and nothing is sent."""
    done = home.run(*command, "--flavor", "a100-large", "--max-cost", "10", "--json", *JOB)
    document = json.loads(done.out)
    assert (done.code, document["decision"], document["job"]["timeout_secs"]) == (3, "refused", 8 * 3600)
    assert document["reasons"][0] == {
        "code": "over_max_cost",
        "message": "The job may cost $20.00, and --max-cost is $10.00: a --timeout of 4h costs no more.",
    }
    assert hub.jobs() == []


@pytest.mark.parametrize(("max_cost", "code"), [("20", 0), ("19.99", 3)])
def test_a_money_cap_is_kept_to_half_a_cent(home: Program, max_cost: str, code: int) -> None:
    """Eight hours at $2.50 an hour are $20.00016 by the minute: $20.00 is enough, once per limit."""
    (home.home / "hfplanner.toml").unlink()
    job = ("--flavor", "a100-large", "--timeout", "8h", "--max-cost", max_cost)
    assert home.run("budget", "check", *job, *JOB).code == code


def test_a_check_shortens_nothing(home: Program) -> None:
    """Without --timeout the suggested one is judged: in a check --max-cost is a limit."""
    job = ("--flavor", "l4x1", "--duration", "3h", "--max-cost", "1", "--json")
    done = home.run("budget", "check", *job, *JOB)
    document = json.loads(done.out)
    assert (done.code, document["reasons"][0]["code"]) == (3, "over_max_cost")
    assert document["job"]["timeout_secs"] > 3 * 3600


def test_a_run_beyond_the_budget_sends_nothing(home: Program, hub: Hub) -> None:
    """Two hours fit 2 USD, a third one does not: exit code 3, one document, no request."""
    assert [_document(home, *RUN, *JOB)[0] for _ in range(2)] == [0, 0]
    code, document = _document(home, *RUN, *JOB)
    assert (code, document["decision"], document["error"]["code"]) == (3, "refused", "refused")
    assert document["budgets"][0]["held_micro_usd"] == 2 * HOUR
    assert len(hub.jobs()) == 2


def test_an_unknown_flavor_blocks(home: Program, hub: Hub) -> None:
    """No price, no run."""
    code, document = _document(home, "run", "--flavor", "l4x2", "--timeout", "1h", "--yes", *JOB)
    assert (code, document["error"]["code"], hub.jobs()) == (3, "blocked", [])


def test_a_dry_run_sends_and_writes_nothing(home: Program, hub: Hub) -> None:
    """It shows the plan; secrets are names; no ledger is made."""
    code, document = _document(home, *RUN, "--dry-run", "-s", "KEY=hush", *JOB)
    assert (code, document["dry_run"], document["worst_case_micro_usd"]) == (0, True, HOUR)
    assert document["spec"]["secrets"] == ["KEY"]
    assert "hush" not in json.dumps(document)
    assert (hub.jobs(), (home.home / "ledger.sqlite3").exists()) == ([], False)


def test_a_key_makes_a_retry_safe(home: Program, hub: Hub) -> None:
    """The same submission, and one job; another job under the key is an error."""
    first, again = (_document(home, *RUN, "--key", "k", *JOB) for _ in range(2))
    assert (first[0], again[0], again[1]["submission_id"]) == (0, 0, first[1]["submission_id"])
    assert (again[1]["job_id"], len(hub.jobs())) == (first[1]["job_id"], 1)
    code, document = _document(home, *RUN, "--key", "k", "python:3.12", "python", "other.py")
    assert (code, document["error"]["code"], len(hub.jobs())) == (1, "key_conflict", 1)


def test_a_key_that_was_used_says_so_and_makes_no_plan(home: Program, hub: Hub) -> None:
    """When, as what, and what it costs: nothing is counted twice, also where a second one would not fit."""
    (home.home / "hfplanner.toml").write_text(POLICY.replace("2.00", "1.00"), encoding="utf-8")
    first = _document(home, *RUN, "--key", "k", *JOB)[1]
    again = home.run(*RUN, "--key", "k", "--detach", *JOB)
    assert again.code == 0
    assert re.search(rf"Key 'k' was sent on {DAY} as job {first['job_id']}: it may cost \$0\.80 at most", again.err)
    assert not {"Budget", "Allowed", "Refused"} & set(again.err.replace(":", " ").split())
    code, looked = _document(home, *RUN, "--key", "k", "--dry-run", *JOB)
    assert (code, looked["dry_run"], looked["job_id"], "budgets" in looked) == (0, True, first["job_id"], False)
    assert len(hub.jobs()) == 1


def test_a_retry_is_a_retry_when_the_recommendation_has_changed(home: Program, hub: Hub) -> None:
    """What was left to the plan is taken as it was planned: a retry finds its job though another flavor is best now."""
    needs = ("run", "--vram", "20GB", "--duration", "10m@l4x1", "--yes", "--key", "k")
    first = _document(home, *needs, *JOB)[1]
    code, again = _document(home, "run", "--cpu", "1", "--yes", "--key", "k", *JOB)
    assert (code, again["submission_id"], again["flavor"]) == (0, first["submission_id"], first["flavor"])
    code, other = _document(home, "run", "--flavor", "h200", "--timeout", "1h", "--yes", "--key", "k", *JOB)
    assert (code, other["error"]["code"], len(hub.jobs())) == (1, "key_conflict", 1)


@pytest.mark.process
def test_ctrl_c_while_the_request_is_on_its_way_is_one_document(home: Program, hub: Hub) -> None:
    """Exit code 5, state UNKNOWN, the submission to look for and what to do; the money is held, the job is found."""
    hub.fault(method="POST", path="/api/jobs/alice", delay_secs=20)
    command = [sys.executable, "-m", "hfplanner", *RUN, "--json", *JOB]
    with subprocess.Popen(
        command, cwd=home.home, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 30
        while not any(asked.method == "POST" for asked in hub.requests()) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    document = json.loads(out)
    assert (process.returncode, document["state"], document["job_id"]) == (5, "UNKNOWN", None)
    assert "reconcile" in document["error"]["hint"]
    assert "Interrupted" in err
    hub.clear_faults()
    assert _document(home, "ledger", "show")[1]["submissions"][0]["submission_id"] == document["submission_id"]
    assert len(_document(home, "ledger", "reconcile")[1]["found"]) == len(hub.jobs())


def test_an_unknown_outcome_is_exit_code_5_and_is_found_later(home: Program, hub: Hub) -> None:
    """The answer is lost: the money is held, `reconcile` finds the job, `verify` proves the books."""
    hub.fault(method="POST", path="/api/jobs/alice", drop=True)
    code, document = _document(home, *RUN, "--key", "k", *JOB)
    assert (code, document["state"], document["job_id"]) == (5, "UNKNOWN", None)
    assert document["error"]["code"] == "submission_unknown"
    hub.clear_faults()

    code, found = _document(home, "ledger", "reconcile")
    assert (code, found["found"]) == (0, [document["submission_id"]])
    assert _document(home, *RUN, "--key", "k", *JOB)[1]["job_id"] == hub.jobs()[0]["id"]
    assert _document(home, "ledger", "verify")[1]["ok"]
    assert len(hub.jobs()) == 1


def test_a_spending_command_reconciles_first(home: Program, hub: Hub) -> None:
    """Ended jobs are settled before the next is decided, so that their money is free again."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=61))
    assert [_document(home, *RUN, *JOB)[0] for _ in range(2)] == [0, 0]
    hub.advance(100)
    code, _ = _document(home, *RUN, *JOB)
    shown = _document(home, "budget", "show")[1]["budgets"][0]
    assert (code, shown["spent_micro_usd"], shown["held_micro_usd"]) == (0, 2 * 2 * 13333, HOUR)


def test_a_rejection_is_told_in_the_hubs_words(home: Program, hub: Hub) -> None:
    """402: exit code 1, nothing held."""
    hub.broke("alice")
    code, document = _document(home, *RUN, *JOB)
    assert (code, document["error"]["code"]) == (1, "hub_payment_required")
    assert "credit" in document["error"]["message"]
    assert _document(home, "budget", "show")[1]["budgets"][0]["held_micro_usd"] == 0


def test_a_resolution_is_recorded(home: Program, hub: Hub) -> None:
    """Who and why are in the entries of the submission."""
    hub.configure(listing_lag_secs=1e6)
    hub.fault(method="POST", path="/api/jobs/alice", drop=True)
    sid = _document(home, *RUN, *JOB)[1]["submission_id"]
    hub.clear_faults()
    assert _document(home, "ledger", "reconcile")[0] == 5
    code, done = _document(home, "ledger", "resolve", sid, "--void", "--reason", "It is gone.", "--who", "ada")
    assert (code, done["state"], done["reason"]) == (0, "VOID", "It is gone.")
    entries = _document(home, "ledger", "show", sid)[1]["entries"]
    assert [(entry["kind"], entry["who"]) for entry in entries] == [("RESERVE", ""), ("RELEASE", "ada")]


def test_lost_books_are_made_again_from_the_labels(home: Program, hub: Hub) -> None:
    """The ledger's file is gone: running jobs are held again, ended ones are spent."""
    hub.fate(Fate(scheduling_secs=1, running_secs=61), Fate(scheduling_secs=1, running_secs=None))
    assert [_document(home, *RUN, *JOB)[0] for _ in range(2)] == [0, 0]
    hub.advance(120)
    (home.home / "ledger.sqlite3").unlink()

    code, rebuilt = _document(home, "ledger", "rebuild")
    assert (code, rebuilt["jobs"], rebuilt["adopted"], rebuilt["settled"]) == (0, 2, 2, 1)
    shown = _document(home, "budget", "show")[1]["budgets"][0]
    assert (shown["spent_micro_usd"], shown["held_micro_usd"]) == (2 * 13333, HOUR)
    assert _document(home, "ledger", "rebuild")[1]["adopted"] == 0
    assert _document(home, "ledger", "verify")[1]["ok"]


def test_a_job_is_followed_to_its_end(home: Program, hub: Hub) -> None:
    """Its log comes on stdout, what it cost on stderr; it is settled."""
    hub.default_fate(
        Fate(scheduling_secs=2, running_secs=90, logs=((1, "step 1\tdone"), (5, "\x1b]0;title\x07step 2")))
    )
    hub.run_clock(60)
    done = home.run(*RUN, *JOB)
    assert done.code == 0, done.err
    assert "step 1  done" in done.out
    assert "\x1b" not in done.out
    assert f"completed. It cost ${2 * 13333 / 1e6:.2f} of at most" in done.err
    assert _document(home, "ledger", "show")[1]["submissions"][0]["state"] == "SETTLED"


def test_a_followed_job_that_fails_fails_the_command(home: Program, hub: Hub) -> None:
    """As for `hf jobs run`: exit code 1, with the Hub's reason."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=20, outcome="oom"))
    hub.run_clock(60)
    done = home.run(*RUN, *JOB)
    assert done.code == 1
    assert "OOMKilled" in done.err


@pytest.mark.process
def test_ctrl_c_leaves_the_job_running_and_says_so(home: Program, hub: Hub) -> None:
    """The interrupt ends the following, not the job."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=None))
    command = [sys.executable, "-m", "hfplanner", *RUN, *JOB]
    with subprocess.Popen(
        command, cwd=home.home, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "Job " in process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "was not cancelled" in err
    assert hub.jobs()[0]["status"]["stage"] in {"SCHEDULING", "RUNNING"}


def _screens(answer: bytes, home: Program, meanwhile: Callable[[], object] = lambda: None) -> Iterator[bytes]:
    """Run it on a terminal, answer its question after something else has happened, and yield what it shows."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home.home)
        args = [sys.executable, "-m", "hfplanner", "run", "--flavor", "l4x1", "--timeout", "1h", "--detach", *JOB]
        os.execve(  # noqa: S606 - a terminal of its own
            sys.executable, args, home.environment() | {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}
        )
    shown = b""
    while select.select([terminal], [], [], 30)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        shown += piece
        yield piece
        if shown.endswith(b"[y/N]: "):
            meanwhile()
            os.write(terminal, answer)
    os.waitpid(pid, 0)


@pytest.mark.process
@pytest.mark.parametrize(("answer", "jobs"), [(b"y\n", 1), (b"n\n", 0), (b"\n", 0)])
def test_a_person_is_asked(home: Program, hub: Hub, answer: bytes, jobs: int) -> None:
    """The plan with its cost is shown before the question; only a yes runs it."""
    shown = b"".join(_screens(answer, home)).decode()
    assert "$0.80" in shown.partition("Run it?")[0]
    assert len(hub.jobs()) == jobs


@pytest.mark.process
def test_what_is_spent_while_the_question_is_open_is_not_overspent(home: Program, hub: Hub) -> None:
    """Room for two; two others run while the question is open: the yes is refused, with the arithmetic of now."""

    def spend() -> None:
        assert [_document(home, *RUN, *JOB)[0] for _ in range(2)] == [0, 0]

    shown = b"".join(_screens(b"y\n", home, spend)).decode()
    before, _, after = shown.partition("Run it?")
    assert "Allowed" in before
    assert "Error: Budget 'team' has $0.40 of $2.00 left" in after
    assert len(hub.jobs()) == 2


def test_a_pipe_is_not_asked(home: Program, hub: Hub) -> None:
    """Without a terminal and without --yes: exit code 2, nothing sent."""
    done = home.run("run", "--flavor", "l4x1", "--timeout", "1h", *JOB)
    assert (done.code, hub.jobs()) == (2, [])
    assert "--yes" in done.err


@pytest.mark.parametrize("timeout", ["0", "-5m", "0.5s", "soon", "NaN", "1e400d"])
def test_a_timeout_the_hub_would_misread_is_refused(home: Program, hub: Hub, timeout: str) -> None:
    """Exit code 2, with the accepted forms."""
    done = home.run("run", "--flavor", "l4x1", f"--timeout={timeout}", "--yes", *JOB)
    assert (done.code, hub.jobs()) == (2, [])


def test_a_damaged_ledger_sends_nothing(home: Program, hub: Hub) -> None:
    """Fail closed: exit code 3."""
    (home.home / "ledger.sqlite3").write_bytes(b"not a database" * 100)
    code, document = _document(home, *RUN, *JOB)
    assert (code, document["error"]["code"], hub.jobs()) == (3, "ledger", [])


def test_without_a_token_nothing_is_sent(home: Program, hub: Hub) -> None:
    """A known error with what to do."""
    done = replace(home, environ=(("HF_ENDPOINT", hub.url), ("HF_HUB_OFFLINE", "0"))).run(*RUN, *JOB)
    assert (done.code, hub.jobs()) == (1, [])
    assert "hf auth login" in done.err


def test_offline_nothing_is_sent(program: Program) -> None:
    """A known error, as for whatever else asks the Hub; --dry-run works."""
    for command in ((*RUN, *JOB), ("sync",), ("scheduled", "ps"), ("rerun", "--yes", "687fb701029421ae5549d998")):
        assert program.run(*command).code == 1
    assert program.run(*RUN, "--dry-run", *JOB).code == 0


@pytest.mark.process
def test_sixteen_runs_at_once_never_exceed_the_budget(home: Program, hub: Hub, wait_all: Callable[..., Any]) -> None:
    """Of sixteen processes that want an hour each, two get it."""
    command = [sys.executable, "-m", "hfplanner", *RUN, "--json", *JOB]
    processes = [
        subprocess.Popen(
            command, cwd=home.home, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(16)
    ]
    assert sorted(wait_all(processes)) == [0, 0] + [3] * 14
    assert len(hub.jobs()) == 2


@pytest.fixture
def wait_all() -> Callable[[list[subprocess.Popen[bytes]]], list[int]]:
    """Return how to wait for processes, and get their exit codes."""

    def wait(processes: list[subprocess.Popen[bytes]]) -> list[int]:
        for process in processes:
            process.communicate(timeout=120)
        return [process.returncode for process in processes]

    return wait


def test_a_budget_sees_what_was_reserved_without_it(home: Program, hub: Hub) -> None:
    """A job sent under another policy, into the same ledger, is held in every budget it falls under, synced or not."""
    (home.home / "other.toml").write_text(POLICY.replace("team", "other"), encoding="utf-8")
    for _ in range(2):
        assert _document(home, *RUN, "--policy", "other.toml", *JOB)[0] == 0
    code, document = _document(home, *RUN, *JOB)
    assert (code, document["budgets"][0]["held_micro_usd"]) == (3, 2 * HOUR)
    assert home.run("sync", "--quiet").code == 0
    assert _document(home, *RUN, *JOB)[1]["budgets"][0]["held_micro_usd"] == 2 * HOUR
    assert len(hub.jobs()) == 2


def test_a_money_cap_on_a_named_flavor_keeps_what_is_known_of_the_duration(home: Program, hub: Hub) -> None:
    """The timeout is what the money pays for, and that it is too short for the job is said."""
    done = home.run("run", "--flavor", "l4x1", "--duration", "3h", "--max-cost", "1", "--dry-run", "--json", *JOB)
    document = json.loads(done.out)
    assert (document["timeout_secs"], document["timeout_basis"]) == (75 * 60, "max_cost")
    assert document["duration_secs"]["likely"] == 3 * 3600
    assert "likely needs 3h, and is stopped after 1h15m" in done.err
    assert hub.jobs() == []


@pytest.mark.parametrize("args", [("--key", "", *JOB), ("", "python"), ("--namespace", "..", *JOB)])
def test_what_cannot_be_meant_is_not_sent(home: Program, hub: Hub, args: tuple[str, ...]) -> None:
    """An empty key of a script whose variable is not set, an empty image, a namespace that is a path: exit code 2."""
    assert home.run(*RUN, *args).code == 2
    assert hub.jobs() == []


def test_looking_at_a_ledger_that_is_named_makes_none(home: Program, hub: Hub) -> None:
    """A path that is mistyped is an error, not books without a problem; an unknown address is a usage error."""
    assert home.run("ledger", "verify", "--ledger", "typo.sqlite3").code == 3
    assert home.run("ledger", "verify", "--ledger", "mysql://x/y").code == 2
    assert [path.name for path in home.home.iterdir()] == ["hfplanner.toml"]
    assert hub.requests() == []


def test_a_resolution_names_a_job_that_can_be(home: Program, hub: Hub) -> None:
    """A typo is not taken for a job."""
    done = home.run("ledger", "resolve", "0" * 32, "--job", "nope", "--reason", "x")
    assert (done.code, hub.jobs()) == (2, [])


def test_a_followed_job_on_another_flavor_is_settled_at_the_price_of_that_one(home: Program, hub: Hub) -> None:
    """The same price as `ledger reconcile` takes: following is no other way to the money."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=30))
    hub.fault(method="GET", path="/api/jobs/alice/[0-9a-f]{24}$", times=0, put={"flavor": "t4-small"})
    hub.run_clock(60)
    done = home.run(*RUN, *JOB)
    assert done.code == 0, done.err
    assert _document(home, "ledger", "show")[1]["submissions"][0]["posted_micro_usd"] == 6667


def test_no_more_run_at_once_than_the_policy_says(home: Program, hub: Hub) -> None:
    """Without any budget, too: the second job is refused by the check and by run, until the first has ended."""
    (home.home / "hfplanner.toml").write_text("[limits]\nmax_running_jobs = 1\n", encoding="utf-8")
    assert _document(home, *RUN, *JOB)[0] == 0
    for line in (("budget", "check", *RUN[1:-1], *JOB), ("run", *RUN[1:], *JOB)):
        done = home.run(*line)
        assert done.code == 3
        assert "1 is the most (max_running_jobs)" in done.out + done.err
    assert len(hub.jobs()) == 1
    hub.advance(3700)
    assert home.run("ledger", "reconcile").code == 0
    assert _document(home, *RUN, *JOB)[0] == 0


SUBMISSION = {
    "submission_id", "state", "job_id", "url", "flavor", "timeout_secs", "attempts", "worst_case_micro_usd",
}  # fmt: skip


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--dry-run",), 0), (("--timeout", "4h"), 3)])
def test_every_answer_has_the_keys_of_a_submission(
    options: tuple[str, ...], code: int, home: Program, hub: Hub
) -> None:
    """Sent, shown or refused: what was not sent has no id, no state, no job and no address."""
    done, document = _document(home, *RUN, *options, *JOB)
    assert (done, len(hub.jobs())) == (code, 0 if options else 1)
    assert document.keys() >= SUBMISSION
    assert (document["flavor"], document["attempts"]) == ("l4x1", 1)
    assert document["worst_case_micro_usd"] == HOUR * (document["timeout_secs"] // 3600)
    if options:
        assert {document[name] for name in ("submission_id", "state", "job_id", "url")} == {None}


def test_an_unknown_submission_says_what_is_held(home: Program, hub: Hub) -> None:
    """Exit code 5: where, how long and for how much, as the ledger has it."""
    hub.fault(method="POST", status=500)
    code, document = _document(home, *RUN, *JOB)
    assert (code, document["state"], document["job_id"]) == (5, "UNKNOWN", None)
    assert document.keys() >= SUBMISSION
    assert (document["flavor"], document["timeout_secs"], document["worst_case_micro_usd"]) == ("l4x1", 3600, HOUR)


def test_a_flavor_is_read_in_any_case(home: Program, hub: Hub) -> None:
    """The Hub spells all of them in lower case, and that is what is sent."""
    code, document = _document(home, "run", "--yes", "--flavor", "L4x1", "--timeout", "1h", *JOB)
    assert (code, document["flavor"], hub.specs()[0]["flavor"]) == (0, "l4x1", "l4x1")
