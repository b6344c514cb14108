"""``scheduled``: schedules through the gate, and what a month of them costs."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.hub.control import Hub
from tests.program import Program

POLICY = """
[[budget]]
name = "month"
limit_usd = "100.00"
[[budget]]
name = "day"
limit_usd = "2.00"
period = "day"
"""
RUN = ("scheduled", "run", "--yes", "--flavor", "l4x1", "--timeout", "30m")
JOB = ("python:3.12", "python", "-V")
# Half an hour of l4x1.
ONE = 30 * 13333


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program with a policy, logged in to the emulator as alice."""
    (program.home / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    hub.set_clock(time.time())
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def document(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    """Run a command with ``--json``, before SCHEDULE where options have to stand there."""
    at = 2 if args[:2] == ("scheduled", "run") else len(args)
    done = program.run(*args[:at], "--json", *args[at:])
    return done.code, json.loads(done.out)


def schedules(hub: Hub) -> list[dict[str, Any]]:
    """Return the bodies that asked for schedules."""
    return [
        asked.json() for asked in hub.requests() if asked.method == "POST" and asked.path == "/api/scheduled-jobs/alice"
    ]


def test_a_schedule_is_made_once_with_everything_explicit(home: Program, hub: Hub) -> None:
    """One POST with the timeout, the attempts and both labels; what a run and a month cost is said."""
    code, made = document(home, *RUN, "-l", "team=nlp", "--concurrency", "@daily", *JOB)
    assert (code, made["state"], made["runs"]) == (0, "LAUNCHED", 30)
    assert (made["worst_case_micro_usd"], made["monthly_worst_case_micro_usd"]) == (ONE, 30 * ONE)
    (body,) = schedules(hub)
    assert (body["schedule"], body["concurrency"], "suspend" in body) == ("@daily", True, False)
    spec = body["jobSpec"]
    assert (spec["timeoutSeconds"], spec["attempts"], spec["flavor"]) == (1800, 1, "l4x1")
    assert (spec["labels"]["team"], spec["labels"]["hfplanner-sid"]) == ("nlp", made["submission_id"])
    assert document(home, "ledger", "verify")[1]["ok"]


def test_the_same_key_makes_one_schedule(home: Program, hub: Hub) -> None:
    """Again, the same; with another timetable, or as a job, a conflict."""
    first = document(home, *RUN, "--key", "k", "@daily", *JOB)[1]
    code, again = document(home, *RUN, "--key", "k", "@daily", *JOB)
    assert (code, again["id"], again["is_new"], len(schedules(hub))) == (0, first["id"], False, 1)
    code, other = document(home, *RUN, "--key", "k", "@weekly", *JOB)
    assert (code, other["error"]["code"], len(schedules(hub))) == (1, "key_conflict", 1)
    job = home.run("run", "--yes", "--json", "--flavor", "l4x1", "--timeout", "30m", "--key", "k", *JOB)
    assert (job.code, hub.jobs()) == (1, [])


def test_a_lost_answer_is_found_by_its_label(home: Program, hub: Hub) -> None:
    """Exit code 5 and held; the same key sends nothing; reconciling finds the one schedule."""
    hub.fault(method="POST", path="/api/scheduled-jobs/alice", drop=True)
    code, lost = document(home, *RUN, "--key", "k", "@daily", *JOB)
    assert (code, lost["state"], lost["id"]) == (5, "UNKNOWN", None)
    hub.clear_faults()
    assert document(home, "ledger", "reconcile")[1]["found"] == [lost["submission_id"]]
    code, found = document(home, *RUN, "--key", "k", "@daily", *JOB)
    assert (code, found["submission_id"], len(schedules(hub))) == (0, lost["submission_id"], 1)
    assert [one["id"] for one in document(home, "scheduled", "ps")[1]["schedules"]] == [found["id"]]
    assert document(home, "ledger", "verify")[1]["ok"]


def test_a_rejection_holds_nothing(home: Program, hub: Hub) -> None:
    """The Hub's own refusal: exit code 1."""
    hub.fault(method="POST", path="/api/scheduled-jobs/alice", status=403, before=True)
    assert document(home, *RUN, "@daily", *JOB)[0] == 1
    budgets = document(home, "budget", "show")[1]["budgets"]
    assert [one["held_micro_usd"] for one in budgets] == [0, 0]


@pytest.mark.parametrize("budget", ["day", "month"])
def test_runs_that_do_not_fit_a_budget_are_refused(home: Program, hub: Hub, budget: str) -> None:
    """Exit code 3 and the budget that has too little left; nothing is sent. One run every second: on any day."""
    policy = f'[[budget]]\nname = "tight"\nlimit_usd = "30.00"\nperiod = "{budget}"\n'
    (home.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    job = ("--flavor", "h200", "--timeout", "8h", "* * * * * *")
    code, refused = document(home, "scheduled", "run", "--yes", *job, *JOB)
    said = [(reason["code"], "tight" in reason["message"]) for reason in refused["reasons"]]
    assert (code, said, schedules(hub)) == (3, [("over_budget", True)], [])


def test_a_run_that_is_too_dear_is_refused(home: Program, hub: Hub) -> None:
    """Each run keeps the limits of a job."""
    (home.home / "hfplanner.toml").write_text('[limits]\nmax_job_usd = "1.00"\n', encoding="utf-8")
    assert document(home, "scheduled", "run", "--yes", "--flavor", "l4x1", "--timeout", "8h", "@daily", *JOB)[0] == 3
    assert schedules(hub) == []


@pytest.mark.parametrize(("unknown", "code"), [("block", 3), ("warn", 0)])
def test_a_budget_without_end_has_no_bound_for_a_schedule(home: Program, unknown: str, code: int) -> None:
    """It blocks, unless the policy says that what is not known only warns."""
    policy = (
        f'[[budget]]\nname = "all"\nlimit_usd = "100.00"\nperiod = "total"\n[limits]\nunknown_spending = "{unknown}"\n'
    )
    (home.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    done = home.run(*RUN, "@daily", *JOB)
    assert (done.code, "does not end" in done.err) == (code, True)


def test_right_after_it_was_made_it_is_counted_once(home: Program) -> None:
    """The ledger holds it, so what the Hub lists is not counted beside that."""
    (home.home / "hfplanner.toml").write_text('[[budget]]\nname = "month"\nlimit_usd = "100.00"\n', encoding="utf-8")
    job = ("--flavor", "cpu-basic", "--timeout", "5m", "* * * * * *")
    assert document(home, "scheduled", "run", "--yes", *job, *JOB)[0] == 0
    (shown,) = document(home, "budget", "show")[1]["budgets"]
    assert shown["parts"]["scheduled_micro_usd"] == 0 < shown["parts"]["submissions_held_micro_usd"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("@sometimes",), "'@sometimes' is no schedule"),
        (("MON * * * *",), "is no schedule"),
        (("--suspend", "--no-suspend", "@daily"), "--suspend and --no-suspend are both given"),
        (("@daily", "--flavor"), "is an option, not an image"),
    ],
)
def test_what_is_no_schedule(home: Program, hub: Hub, args: tuple[str, ...], said: str) -> None:
    """A usage error before anything is asked."""
    done = home.run(*RUN, *args, *JOB)
    assert (done.code, said in done.err, schedules(hub)) == (2, True, [])


def test_ps_says_what_a_month_costs(home: Program) -> None:
    """Each and all; paused ones cost nothing and are shown with --all; the filters of `hf`."""
    first = document(home, *RUN, "-l", "team=a", "--name", "one", "@daily", *JOB)[1]["id"]
    second = document(home, *RUN, "--suspend", "-l", "team=b", "@hourly", *JOB)[1]["id"]
    listed = document(home, "scheduled", "ps")[1]
    assert [one["id"] for one in listed["schedules"]] == [first]
    assert listed["monthly_worst_case_micro_usd"] == 30 * ONE
    every = document(home, "scheduled", "ps", "--all")[1]
    assert {one["id"]: one["monthly_worst_case_micro_usd"] for one in every["schedules"]} == {
        first: 30 * ONE,
        second: 0,
    }
    assert home.run("scheduled", "ps", "-q", "--status", "suspended").out.split() == [second]
    assert home.run("scheduled", "ps", "-q", "-a", "-l", "team=a", "--name", "one").out.split() == [first]
    assert home.run("scheduled", "ps", "--all", "--status", "active").code == 2
    assert "All of them cost $12.00 at most in the next 30 days." in home.run("scheduled", "ps").out


def test_a_life(home: Program) -> None:
    """Inspected, paused, resumed, deleted; its variables are named and not shown."""
    own_id = document(home, *RUN, "-e", "KEY=hush", "@daily", *JOB)[1]["id"]
    shown = home.run("scheduled", "inspect", own_id, "--json").out
    assert (json.loads(shown)["environment"], "hush" in shown) == (["KEY"], False)
    assert document(home, "scheduled", "suspend", f"alice/{own_id}") == (0, {"id": own_id, "state": "suspended"})
    code, resumed = document(home, "scheduled", "resume", own_id)
    assert (code, resumed["state"], resumed["monthly_worst_case_micro_usd"]) == (0, "resumed", 30 * ONE)
    assert document(home, "scheduled", "delete", own_id)[1]["state"] == "deleted"
    assert document(home, "scheduled", "inspect", own_id)[0] == 1
    assert document(home, "scheduled", "ps", "--all")[1]["schedules"] == []


def test_a_paused_schedule_that_does_not_fit_stays_paused(home: Program) -> None:
    """Making it paused is free, whatever it would cost; resuming it is refused."""
    code, made = document(
        home, "scheduled", "run", "--yes", "--suspend", "--flavor", "h200", "--timeout", "8h", "@hourly", *JOB
    )
    assert (code, made["monthly_worst_case_micro_usd"]) == (0, 0)
    assert document(home, "scheduled", "resume", made["id"])[0] == 3
    assert document(home, "scheduled", "inspect", made["id"])[1]["suspend"]


def test_many_at_once_never_exceed_a_budget(home: Program, hub: Hub) -> None:
    """Six processes, room for some: what they cost together stays within the limit."""
    policy = '[[budget]]\nname = "month"\nlimit_usd = "20.00"\nperiod = "month"\n'
    (home.home / "hfplanner.toml").write_text(policy, encoding="utf-8")
    job = ("scheduled", "run", "--yes", "--flavor", "cpu-basic", "--timeout", "30m", "* * * * * *", *JOB)
    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda _: home.run(*job).code, range(6)))
    assert set(codes) <= {0, 3}
    assert codes.count(0) == len(schedules(hub)) > 0
    (budget,) = document(home, "budget", "show")[1]["budgets"]
    assert budget["left_micro_usd"] >= -5000
    assert document(home, "ledger", "verify")[1]["ok"]


def test_a_script_on_a_schedule(home: Program, hub: Hub) -> None:
    """The header is read; a network group is refused; a command of a package needs no upload."""
    done = home.run(
        "scheduled",
        "uv",
        "run",
        "--yes",
        "--flavor",
        "cpu-basic",
        "--timeout",
        "5m",
        "--with",
        "rich",
        "@daily",
        "lighteval",
        "baseline",
    )
    assert done.code == 0
    assert schedules(hub)[0]["jobSpec"]["command"] == ["uv", "run", "--with", "rich", "lighteval", "baseline"]
    (home.home / "grouped.py").write_text('# /// script\n# [tool.hf-jobs]\n# network_group = "g"\n# ///\n')
    done = home.run("scheduled", "uv", "run", "--yes", "@daily", "grouped.py")
    assert (done.code, "joins no network group" in done.err) == (2, True)


def test_one_that_was_made_paused_counts_as_soon_as_it_runs(home: Program, hub: Hub) -> None:
    """Only a run is held for it, so what the Hub lists is counted: at once, and not after the ledger lets it go."""
    (home.home / "hfplanner.toml").write_text('[[budget]]\nname = "month"\nlimit_usd = "100.00"\n', encoding="utf-8")
    job = ("--flavor", "h200", "--timeout", "1m", "--suspend", "* * * * * *")
    own_id = document(home, "scheduled", "run", "--yes", *job, *JOB)[1]["id"]
    answer = httpx.post(
        f"{hub.url}/api/scheduled-jobs/alice/{own_id}/resume", headers={"Authorization": f"Bearer {hub.token}"}
    )
    assert answer.status_code == 200
    (shown,) = document(home, "budget", "show")[1]["budgets"]
    assert shown["parts"]["scheduled_micro_usd"] > 0


def test_budget_show_says_who_went_past_the_gate(home: Program, hub: Hub) -> None:
    """Jobs of the website are named with their cost and who started them; a job of ours is not among them."""
    (home.home / "hfplanner.toml").write_text('[[budget]]\nname = "month"\nlimit_usd = "100.00"\n', encoding="utf-8")
    assert home.run("run", "-d", "--yes", "--flavor", "cpu-basic", "--timeout", "5m", *JOB).code == 0
    hub.add_jobs(2, flavor="l4x1", timeoutSeconds=1800)
    assert home.run("sync").code == 0
    outside = document(home, "budget", "show")[1]["outside_the_gate"]
    assert [(one["name"], one["jobs"]) for one in outside["people"]] == [("alice", 2)]
    shown = home.run("budget", "show").out
    assert "Outside the gate this month: $" in shown
    assert "by 1 person: alice $" in shown


def test_budget_show_says_what_schedules_hold(home: Program, hub: Hub) -> None:
    """One that was made past us counts until the period ends."""
    (home.home / "hfplanner.toml").write_text('[[budget]]\nname = "month"\nlimit_usd = "100.00"\n', encoding="utf-8")
    body = {"jobSpec": hub_spec(), "schedule": "* * * * * *"}
    answer = httpx.post(
        f"{hub.url}/api/scheduled-jobs/alice", json=body, headers={"Authorization": f"Bearer {hub.token}"}
    )
    assert answer.status_code == 200
    assert "month: schedules hold $" in home.run("budget", "show").out


def hub_spec() -> dict[str, Any]:
    """Return a job of five minutes."""
    what = {"dockerImage": "python:3.12", "command": ["id"], "arguments": [], "environment": {}}
    return {**what, "flavor": "cpu-basic", "timeoutSeconds": 300}


def test_schedules_that_were_made_past_us_are_named(home: Program, hub: Hub) -> None:
    """Who made how many, and what they may cost until the month ends; offline, too, after a sync; none of ours."""
    (home.home / "hfplanner.toml").write_text('[[budget]]\nname = "month"\nlimit_usd = "100.00"\n', encoding="utf-8")
    assert document(home, *RUN, "@yearly", *JOB)[0] == 0
    body = {"jobSpec": hub_spec(), "schedule": "* * * * * *", "concurrency": True}
    httpx.post(f"{hub.url}/api/scheduled-jobs/alice", json=body, headers={"Authorization": f"Bearer {hub.token}"})
    (made,) = document(home, "budget", "show")[1]["outside_the_gate"]["schedules"]
    assert (made["made_by"], made["schedule"], made["worst_case_micro_usd"] > 0) == ("alice", "* * * * * *", True)
    assert "Made past the gate: 1 schedule (alice 1), at most $" in home.run("budget", "show").out
    synced = home.run("sync").out
    assert "2 schedules" in synced
    offline = json.loads(home.run("budget", "show", "--offline", "--json").out)
    assert [one["id"] for one in offline["outside_the_gate"]["schedules"]] == [made["id"]]
    report = json.loads(home.run("report", "--json").out)
    assert report["forecast"]["scheduled"]["schedules"] >= 1


def test_what_hf_takes_is_taken(home: Program) -> None:
    """`list` and `ls` are `ps`, several schedules are shown at once, and no column is left out with --no-truncate."""
    made = [document(home, *RUN, "@daily", "python:3.12", "python", "-c", str(n))[1]["id"] for n in range(2)]
    for name in ("ps", "list", "ls"):
        assert {one["id"] for one in document(home, "scheduled", name)[1]["schedules"]} == set(made)
    code, shown = document(home, "scheduled", "inspect", *made)
    assert (code, [one["id"] for one in shown]) == (0, made)
    assert document(home, "scheduled", "inspect", made[0])[1]["id"] == made[0]
    people = home.run("scheduled", "inspect", *made, "--no-truncate").out
    assert [line for line in people.splitlines() if line.startswith("Schedule ")] == [
        f"Schedule {one}: @daily" for one in made
    ]
    narrow = replace(home, width=40)
    assert "No room for" in narrow.run("scheduled", "ps").out
    assert "No room for" not in narrow.run("scheduled", "ps", "--no-truncate").out
