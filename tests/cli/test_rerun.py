"""``rerun``: a job that ran is a new submission with the same specification."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.control import Fate, Hub
from tests.program import Program

POLICY = """
[[budget]]
name = "team"
limit_usd = "2.00"
period = "total"
"""
OURS = ("hfplanner-sid", "hfplanner-ledger")


@pytest.fixture
def home(program: Program, hub: Hub) -> Program:
    """Return the program with a policy, logged in to the emulator as alice."""
    (program.home / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    hub.set_clock(time.time())
    return replace(program, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token), ("HF_HUB_OFFLINE", "0")))


def bare(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the labels of its submission."""
    return {**spec, "labels": {key: value for key, value in spec["labels"].items() if key not in OURS}}


def test_what_was_run_is_sent_again_under_labels_of_its_own(home: Program, hub: Hub) -> None:
    """Equal bodies but for the submission; the ledger has two; a secret is given again."""
    job = ("--flavor", "l4x1", "--timeout", "20m", "--attempts", "2", "-e", "LR=3", "-s", "KEY=hush", "-l", "team=nlp")
    more = ("--expose", "8000", "--expose-public", "9000", "--ssh", "-v", "hf://buckets/acme/data:/data:ro")
    first = json.loads(home.run("run", "--yes", "--json", *job, *more, "python:3.12", "python", "-V").out)
    done = home.run("rerun", "-d", "--yes", "--json", "-s", "KEY=hush", f"alice/{first['job_id']}")
    again = json.loads(done.out)

    assert (done.code, again["state"], again["worst_case_micro_usd"]) == (0, "LAUNCHED", first["worst_case_micro_usd"])
    one, two = hub.specs()
    assert bare(one) == bare(two)
    assert (two["labels"]["hfplanner-sid"], two["labels"] == one["labels"]) == (again["submission_id"], False)
    assert (two["secrets"], two["timeoutSeconds"], two["attempts"]) == ({"KEY": "hush"}, 1200, 2)
    assert len(json.loads(home.run("ledger", "show", "--json").out)["submissions"]) == 2
    assert not any(asked.path.endswith("/duplicate") for asked in hub.requests())


def test_a_job_that_said_no_timeout_gets_the_services_own(home: Program, hub: Hub) -> None:
    """What was started past us is sent with everything explicit."""
    (job_id,) = hub.add_jobs(1, fate=Fate(running_secs=0), flavor="l4x1", labels={"name": "old"})
    assert home.run("rerun", "-d", "--yes", job_id).code == 0
    spec = hub.specs()[-1]
    assert (spec["timeoutSeconds"], spec["attempts"], spec["flavor"], spec["labels"]["name"]) == (
        1800,
        1,
        "l4x1",
        "old",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "has secrets whose values the Hub does not tell: 'KEY'.\nHint: Give them again: -s KEY"),
        (("-s", "KEY=a", "-s", "OTHER=b"), "has no secret 'OTHER'"),
    ],
)
def test_secrets_are_those_it_had(home: Program, hub: Hub, given: tuple[str, ...], said: str) -> None:
    """One that is missing, or was never there, is a usage error, and nothing is sent."""
    (job_id,) = hub.add_jobs(1, secrets={"KEY": "hush"})
    done = home.run("rerun", "-d", "--yes", *given, job_id)
    assert (done.code, len(hub.jobs())) == (2, 1)
    assert said in done.err


def test_a_dry_run_needs_no_secrets_and_sends_nothing(home: Program, hub: Hub) -> None:
    """It names them, and shows no value of a variable."""
    (job_id,) = hub.add_jobs(1, secrets={"KEY": "hush"}, environment={"LR": "3"}, flavor="l4x1")
    done = home.run("rerun", "--dry-run", "--json", job_id)
    assert (done.code, len(hub.jobs())) == (0, 1)
    assert json.loads(done.out)["spec"]["secrets"] == ["KEY"]


def test_it_is_refused_as_any_run_is(home: Program, hub: Hub) -> None:
    """A day of a100-large does not fit the budget: exit code 3, nothing sent."""
    (job_id,) = hub.add_jobs(1, flavor="a100-large", timeoutSeconds=86400, fate=Fate(running_secs=0))
    done = home.run("rerun", "-d", "--yes", job_id)
    assert (done.code, len(hub.jobs())) == (3, 1)


def test_a_lost_answer_is_found_by_the_label_of_the_new_submission(home: Program, hub: Hub) -> None:
    """Exit code 5; the same key sends nothing; reconciling finds the one new job."""
    (job_id,) = hub.add_jobs(1, flavor="l4x1", fate=Fate(running_secs=None))
    hub.fault(method="POST", path="/api/jobs/alice", drop=True)
    assert home.run("rerun", "-d", "--yes", "--key", "k", job_id).code == 5
    hub.clear_faults()
    done = home.run("rerun", "-d", "--yes", "--key", "k", "--json", job_id)
    assert (done.code, len(hub.jobs())) == (0, 2)
    assert json.loads(done.out)["job_id"] == next(job["id"] for job in hub.jobs() if job["id"] != job_id)


@pytest.mark.parametrize("job", ["a/b/c", "/abc", "alice/"])
def test_what_is_no_id(home: Program, job: str) -> None:
    """A usage error that says what is accepted."""
    done = home.run("rerun", "-d", "--yes", job)
    assert (done.code, "Accepted: ID or NAMESPACE/ID." in done.err) == (2, True)


def test_a_job_that_is_not_there(home: Program) -> None:
    """The Hub's words, exit code 1."""
    assert home.run("rerun", "-d", "--yes", "0" * 24).code == 1


def test_a_job_may_be_named_by_what_it_is_in_the_history(home: Program, hub: Hub) -> None:
    """The newest, the newest that failed, the newest of a name, whoever paid; a word that means nothing is told."""
    ids = hub.add_jobs(1, fate=Fate(running_secs=0, outcome="error"), flavor="l4x1", labels={"name": "sft"})
    ids += hub.add_jobs(1, fate=Fate(running_secs=0), flavor="cpu-basic", labels={"name": "eval"})
    hub.advance(600)
    assert home.run("sync").code == 0
    for said, flavor in (("@latest-failed", "l4x1"), ("@name=eval", "cpu-basic"), ("@name=sft", "l4x1")):
        done = home.run("rerun", "--dry-run", "--json", said)
        assert (done.code, json.loads(done.out)["flavor"]) == (0, flavor), done.err
    assert home.run("rerun", "--dry-run", "@lattest").code == 2
    assert home.run("rerun", "--dry-run", "@name=none").code == 1
