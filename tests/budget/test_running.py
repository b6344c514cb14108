"""Caps on what runs at once: decided with the money, by what is open in the ledger at that moment."""

import subprocess
import sys
from dataclasses import replace

import pytest

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Verdict
from hfplanner.budget.ledger.changes import Adoption
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import RunningCaps
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State
from hfplanner.budget.policy import JobLimits
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import BudgetBlocked, BudgetRefused
from tests.budget.books import LATER, NOW, launch, reservation, reserve, settled, terms
from tests.budget.checks import policy
from tests.budget.running_worker import CAPS, HOUR, OWNERS
from tests.program import REPOSITORY

# A minute of a cent: 60 cents an hour.
CENT_A_MINUTE = terms(1)
_PROCESSES = 24
_ATTEMPTS = 25


def ask(ledger: Ledger, sid: str, caps: RunningCaps, job: JobTerms = CENT_A_MINUTE) -> Verdict:
    """Return what a check says of a job; the ledger must agree, and say it in the same words."""
    limits = JobLimits(
        max_running_jobs=caps.jobs,
        max_running_per_owner=caps.jobs_per_owner,
        max_running_micro_usd_per_hour=caps.micro_usd_per_hour,
    )
    decision = check_job(policy(limits=limits), job, ledger, now=NOW)
    assert decision.caps == caps
    wanted = reservation(sid, windows=(), terms=job, caps=caps)
    if decision.verdict is Verdict.ALLOWED:
        ledger.reserve(wanted)
    else:
        error = BudgetBlocked if decision.verdict is Verdict.BLOCKED else BudgetRefused
        with pytest.raises(error) as caught:
            ledger.reserve(wanted)
        assert str(caught.value) == next(decision.against).message
        assert ledger.get(sid) is None
    return decision.verdict


def test_so_many_jobs_may_be_running_and_one_that_ends_makes_room(ledger: Ledger) -> None:
    """What is reserved, sent, unknown or running counts; what is settled or void does not."""
    caps = RunningCaps(jobs=2)
    launch(ledger, "s1")
    reserve(ledger, "s2")
    assert ask(ledger, "s3", caps) is Verdict.REFUSED
    assert ledger.settle("s1", settled(1))
    assert ask(ledger, "s4", caps) is Verdict.ALLOWED
    assert ask(ledger, "s5", caps) is Verdict.REFUSED
    assert ledger.void("s2", from_state=State.RESERVED, reason="No.", at=NOW)
    assert ask(ledger, "s6", caps) is Verdict.ALLOWED


def test_each_owner_has_as_many(ledger: Ledger) -> None:
    """Names do not differ by case; one whose name is not known may be anybody, and may not submit."""
    caps = RunningCaps(jobs_per_owner=1)
    for sid, owner, expected in (
        ("s1", "ada", Verdict.ALLOWED),
        ("s2", "Ada", Verdict.REFUSED),
        ("s3", "grace", Verdict.ALLOWED),
        ("s4", "", Verdict.BLOCKED),
    ):
        assert ask(ledger, sid, caps, replace(CENT_A_MINUTE, owner=owner)) is expected
    reserve(ledger, "s5", windows=(), terms=replace(CENT_A_MINUTE, owner=""))
    assert ask(ledger, "s6", caps, replace(CENT_A_MINUTE, owner="eve")) is Verdict.REFUSED


def test_what_runs_costs_so_much_an_hour_to_half_a_cent(ledger: Ledger) -> None:
    """Two of 60 cents are within $1.196, three are not; whatever their timeout."""
    caps = RunningCaps(micro_usd_per_hour=2 * HOUR - 4_000)
    assert [ask(ledger, f"s{number}", caps) for number in range(3)] == [
        Verdict.ALLOWED,
        Verdict.ALLOWED,
        Verdict.REFUSED,
    ]


def test_what_an_hour_costs_is_never_taken_for_nothing(ledger: Ledger) -> None:
    """A job was adopted whose price nobody knows: until it has ended, nobody can tell what runs."""
    adopted = Adoption(
        sid="found",
        job_id="job-found",
        terms=replace(CENT_A_MINUTE, price=None),
        cap_micro_usd=1,
        windows=(),
        reason="Found.",
        at=LATER,
    )
    ledger.adopt(adopted)
    assert ask(ledger, "s1", RunningCaps(micro_usd_per_hour=10**9)) is Verdict.BLOCKED
    assert ask(ledger, "s2", RunningCaps(jobs=2)) is Verdict.ALLOWED
    assert ledger.settle("found", settled(1))
    assert ask(ledger, "s3", RunningCaps(micro_usd_per_hour=10**9)) is Verdict.ALLOWED


def test_a_schedule_that_is_held_may_be_running(ledger: Ledger) -> None:
    """It is not held back by a cap itself, since nobody knows when it runs; a job beside it is, until it is let go."""
    launch(ledger, "schedule")
    assert ask(ledger, "s1", RunningCaps(jobs=1)) is Verdict.REFUSED
    assert ledger.settle("schedule", settled(0))
    assert ask(ledger, "s2", RunningCaps(jobs=1)) is Verdict.ALLOWED


@pytest.mark.process
@pytest.mark.parametrize("cap", CAPS)
def test_24_processes_never_run_more_at_once_than_may(address: str, cap: str) -> None:
    """Jobs, jobs of each owner, or money an hour, in whichever way they are reserved; and the places are used."""
    open_ledger(address).close()
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.budget.running_worker", address, str(number), str(_ATTEMPTS), cap],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(_PROCESSES)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    said = [tuple(map(int, worker.communicate(timeout=300)[0].split())) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * _PROCESSES
    reserved, *seen = map(max, zip(*said, strict=True))
    caps = CAPS[cap]
    limits = (caps.jobs, caps.jobs_per_owner, caps.micro_usd_per_hour)
    (most,) = (number for number in limits if number is not None)
    (found,) = (number for number, limit in zip(seen, limits, strict=True) if limit is not None)
    assert reserved > 0
    # Some were left open on purpose, until there was room for none, or for a cheaper one only.
    assert most - HOUR * (caps.micro_usd_per_hour is not None) <= found <= most
    with open_ledger(address) as ledger:
        left = ledger.running()
        stands = (left.jobs, max(left.by_owner.values()), left.micro_usd_per_hour)
        assert all(now <= limit for now, limit in zip(stands, limits, strict=True) if limit is not None)
        assert len(left.by_owner) <= OWNERS
        assert ledger.verify() == ()
