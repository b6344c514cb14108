import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hfplanner.budget.ledger.changes import Reservation
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.period import EPOCH
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.errors import HistoryError, LedgerError
from tests.hub.asking import ask
from tests.hub.control import Hub
from tests.program import REPOSITORY, Program

# A budget without periods and prices of any age: the answer is the same on every day.
POLICY = """
[[budget]]
name = "team"
limit_usd = "100"
period = "total"
{}
[limits]
max_price_age = "36500d"
"""
CHECK = ("budget", "check", "--flavor", "l4x1", "--timeout", "1h", "--json")
SECRET = "hush-hush-hush"  # noqa: S105 - opens nothing


@pytest.fixture
def policy(program: Program) -> Callable[[str], None]:
    """Return how to write the policy of the working directory, with a line of its budget."""

    def write(line: str = "") -> None:
        (program.home / "hfplanner.toml").write_text(POLICY.format(line), encoding="utf-8")

    return write


def _answer(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    done = program.run(*args)
    return done.code, json.loads(done.out)


def _codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def _online(program: Program, hub: Hub) -> Program:
    variables = (("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0"))
    return replace(program, environ=variables)


def test_a_check_makes_no_files(program: Program, policy: Callable[[], None]) -> None:
    """It only looks: no ledger, no history."""
    policy()
    assert program.run(*CHECK).code == 0
    assert [path.name for path in program.home.iterdir()] == ["hfplanner.toml"]


def test_what_the_ledger_holds_is_held(program: Program, policy: Callable[[], None]) -> None:
    """The books are those of this home."""
    policy()
    now = datetime.now(UTC)
    price = UsedPrice(micro_usd_per_minute=1_000_000, source="live", checked=now)
    wanted = Reservation(
        sid="a" * 32,
        key=None,
        spec_hash="spec",
        terms=JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=price, timeout_secs=5_940),
        windows=(BudgetWindow(budget="team", start=EPOCH, end=None, limit_micro_usd=100_000_000),),
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    with open_ledger(program.home / "ledger.sqlite3") as ledger:
        ledger.reserve(wanted)
    code, answer = _answer(program, *CHECK)
    (line,) = answer["budgets"]
    assert (code, answer["decision"]) == (0, "allowed")
    assert (line["held_micro_usd"], line["left_micro_usd"]) == (99_000_000, 1_000_000 - 799_980)
    code, answer = _answer(program, *CHECK, "--attempts", "2")
    assert (code, answer["decision"], _codes(answer)) == (3, "refused", ["over_budget"])


def test_a_ledger_that_cannot_be_read_blocks(program: Program, policy: Callable[[], None]) -> None:
    """In one document, as every decision."""
    policy()
    (program.home / "ledger.sqlite3").write_bytes(b"no database" * 1000)
    code, answer = _answer(program, *CHECK)
    assert (code, answer["decision"], _codes(answer)) == (3, "blocked", [LedgerError.code])


def test_a_history_that_cannot_be_read_blocks(program: Program, policy: Callable[[], None]) -> None:
    """Nobody knows what is left."""
    policy()
    (program.home / "history").mkdir()
    (program.home / "history" / "manifest.json").write_text("{", encoding="utf-8")
    code, answer = _answer(program, *CHECK)
    assert (code, answer["decision"], _codes(answer)) == (3, "blocked", [HistoryError.code])


def test_jobs_of_the_history_are_spent(program: Program, policy: Callable[[str], None]) -> None:
    """24 jobs, $57.09 by the report; none of them of a team that has none."""
    shutil.copy(REPOSITORY / "tests" / "readme_jobs.json", program.home)
    assert program.run("import", "readme_jobs.json").code == 0
    policy()
    code, answer = _answer(program, *CHECK)
    assert (code, answer["budgets"][0]["spent_micro_usd"]) == (0, 57_085_274)
    policy('scope = { labels = { team = "nobody" } }')
    _, answer = _answer(program, *CHECK, "--label", "team=nobody")
    assert answer["budgets"][0]["spent_micro_usd"] == 0


def test_a_project_only_tightens(program: Program, policy: Callable[[], None]) -> None:
    """The user's limit holds in a project whose policy says more."""
    policy()
    (program.home / "config").mkdir()
    ours = '[[budget]]\nname = "mine"\nlimit_usd = "0.50"\nperiod = "total"\n[limits]\nmax_price_age = "36500d"'
    (program.home / "config" / "hfplanner.toml").write_text(ours, encoding="utf-8")
    code, answer = _answer(program, *CHECK)
    assert (code, [line["name"] for line in answer["budgets"]]) == (3, ["mine", "team"])


def test_without_a_policy_it_is_allowed_and_said(program: Program) -> None:
    """Nothing limits spending."""
    code, answer = _answer(program, *CHECK)
    assert (code, answer["decision"], answer["budgets"]) == (0, "allowed", [])
    assert "no_policy" in [warning["code"] for warning in answer["warnings"]]


def test_secrets_stay_secret(program: Program, policy: Callable[[], None]) -> None:
    """What a job is given is neither shown nor needed for a decision."""
    policy()
    (program.home / "secrets.env").write_text(f"FILED={SECRET}\n", encoding="utf-8")
    done = program.run(
        *CHECK,
        "-e",
        f"A1={SECRET}",
        "-s",
        f"TOKEN={SECRET}",
        "-s",
        "MISSING",
        "--secrets-file",
        "secrets.env",
        "alpine",
        "true",
    )
    assert done.code == 0
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["-v", "./no-such-folder:/data"], "is no folder of this machine"),
        (["-v", "hf://nothing"], "is no volume"),
        (["--name", "a", "-l", "name=b"], "are both given"),
        (["-l", "te am=nlp"], "is not a label's key"),
        (["--attempts", "0"], "is not a whole number from 1"),
        (["--expose", "70000"], "is not a whole number from 1 to 65535"),
        (["--network-alias", "a"], "need a network group"),
        (["--env-file", "missing.env"], "cannot be read"),
        (["-e", "BAD NAME=1"], "'BAD NAME' is not a name of a variable"),
        (["-e", "A=1"], "is not a name of an environment variable"),
    ],
)
def test_what_the_hub_would_refuse_is_refused_here(args: list[str], sentence: str, program: Program) -> None:
    """As by `run`: exit code 2."""
    done = program.run(*CHECK, *args)
    assert done.code == 2
    assert sentence in done.err


def test_options_of_a_job_are_read_as_hf_reads_them(program: Program, policy: Callable[[str], None]) -> None:
    """A label without value, a port, and a name made of the image."""
    policy('scope = { labels = { draft = "" } }')
    code, answer = _answer(program, *CHECK, "-l", "draft", "--expose", "8000", "python:3.12", "python", "-V")
    assert (code, answer["job"]["has_ports"], answer["budgets"][0]["name"]) == (0, True, "team")
    assert answer["job"]["labels"]["name"].startswith("python-3-12-")


def test_the_hub_says_who_pays_and_submits(program: Program, policy: Callable[[str], None], hub: Hub) -> None:
    """Where a budget depends on it and nobody says so; and no more of it than is needed."""
    policy('scope = { namespace = "alice", owner = "alice" }')
    code, answer = _answer(_online(program, hub), *CHECK)
    assert (code, answer["job"]["namespace"], answer["job"]["owner"]) == (0, "alice", "alice")
    assert [warning["code"] for warning in answer["warnings"]] == []
    code, answer = _answer(_online(program, hub), *CHECK, "--namespace", "acme")
    assert (answer["job"]["namespace"], answer["budgets"]) == ("acme", [])


def test_runs_of_schedules_are_committed(program: Program, policy: Callable[[], None], hub: Hub) -> None:
    """In a budget that never ends they never end either: that is not known, and blocks."""
    policy()
    spec = {"dockerImage": "python:3.12", "flavor": "cpu-basic"}
    made = ask(hub, "POST", "/api/scheduled-jobs/alice", {"jobSpec": spec, "schedule": "@hourly"})
    assert made.status == 200
    code, answer = _answer(_online(program, hub), *CHECK)
    assert (code, answer["decision"], _codes(answer)) == (3, "blocked", ["spending_unknown"])
    assert ask(hub, "POST", f"/api/scheduled-jobs/alice/{made.json()['id']}/suspend").status < 300
    assert _answer(_online(program, hub), *CHECK)[0] == 0


def test_a_hub_that_does_not_answer_blocks_where_it_decides(
    program: Program, policy: Callable[[str], None], hub: Hub
) -> None:
    """And only there."""
    policy('scope = { namespace = "alice" }')
    hub.account(hub.token, None)
    code, answer = _answer(_online(program, hub), *CHECK)
    assert (code, answer["decision"]) == (3, "blocked")
    code, answer = _answer(_online(program, hub), *CHECK, "--namespace", "alice")
    assert (code, answer["decision"]) == (0, "allowed")


def test_a_policy_may_be_named(program: Program, tmp_path: Path) -> None:
    """By an option or a variable."""
    named = tmp_path / "team.toml"
    named.write_text(POLICY.format("").replace('"100"', '"0.10"'), encoding="utf-8")
    assert program.run(*CHECK, "--policy", "team.toml").code == 3
    assert replace(program, environ=(("HFPLANNER_POLICY", str(named)),)).run(*CHECK).code == 3
    assert program.run(*CHECK).code == 0


def test_the_bill_counts_in_what_is_spent(program: Program, hub: Hub, policy: Callable[[], None]) -> None:
    """A job outside the ledger counts at what the service billed, once `sync` has read the bill."""
    policy()
    online = _online(program, hub)
    hub.set_clock(datetime.now(UTC))
    (job_id,) = hub.add_jobs(1, flavor="l4x1", first=datetime.now(UTC) - timedelta(hours=1))
    assert online.run("sync", "--quiet").code == 0
    shown = json.loads(online.run("budget", "show", "--json").out)["budgets"][0]
    billed = json.loads(online.run("report", "--json").out)
    assert shown["spent_micro_usd"] == billed["cost_micro_usd"]["high"] > 0
    assert job_id


@pytest.mark.parametrize("command", [("budget", "check"), ("check",)])
@pytest.mark.parametrize(
    "options",
    [
        ("--key", "k7", "--yes", "--detach", "--dry-run"),
        ("-d", "-y"),
        ("--canary",),
        ("--fallback", "auto", "--max-wait", "20m"),
    ],
    ids=" ".join,
)
def test_a_check_takes_every_option_of_run(
    command: tuple[str, ...], options: tuple[str, ...], program: Program, policy: Callable[[], None]
) -> None:
    """A command line of `run` is one of a check; what says how the job is sent changes no sum."""
    policy()
    job = ("--json", "--flavor", "L4X1", "--timeout", "1h", "--namespace", "acme", "--offline")
    plain = program.run(*command, *job, "python:3.12", "python", "-V")
    asked = program.run(*command, *job, *options, "python:3.12", "python", "-V")
    assert (asked.code, json.loads(asked.out)) == (0, json.loads(plain.out))
    of_a_submission = {"--canary", "--fallback"} & set(options)
    assert bool(of_a_submission) == ("The check is of the job itself" in asked.err)


def test_the_ledger_may_be_named(program: Program, policy: Callable[[], None], hub: Hub) -> None:
    """What is held in another ledger is held against a check that names it, and against no other."""
    policy()
    hub.set_clock(datetime.now(UTC))
    run = ("run", "--json", "--yes", "--flavor", "l4x1", "--timeout", "1h", "--ledger", "team.sqlite3")
    assert _online(program, hub).run(*run, "python:3.12", "python", "-V").code == 0
    for command in (CHECK, ("budget", "show", "--json")):
        held = [
            json.loads(program.run(*command, *named).out)["budgets"][0]["held_micro_usd"]
            for named in ((), ("--ledger", "team.sqlite3"))
        ]
        assert held == [0, 60 * 13333]


def test_the_users_policy_holds_wherever_the_history_is(program: Program, tmp_path: Path) -> None:
    """`HFPLANNER_HOME` moves history and ledger; a limit in the user's folder for configuration stays one."""
    named = tmp_path / "configuration"
    (named / "hfplanner").mkdir(parents=True)
    (named / "hfplanner" / "hfplanner.toml").write_text('[limits]\nmax_job_usd = "0.10"\n', encoding="utf-8")
    at_home = replace(program, environ=(("XDG_CONFIG_HOME", str(named)),))
    assert at_home.run(*CHECK).code == 3
    assert program.run(*CHECK).code == 0
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "hfplanner.toml").write_text('[limits]\nmax_job_usd = "5"\n', encoding="utf-8")
    assert at_home.run(*CHECK).code == 0
