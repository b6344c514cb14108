"""What the ledger holds agents to: their budgets, and a person's approval that is used once."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hfplanner.budget.caller import Caller
from hfplanner.budget.ledger.approving import approval_digest, plan_digest
from hfplanner.budget.ledger.changes import Refused, Reserved
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.errors import BudgetBlocked, BudgetRefused
from tests.budget.agent_worker import DEAR, agent_reservation, request, session_window
from tests.budget.books import CENT, LATER, NOW, reserve
from tests.program import REPOSITORY

_PROCESSES, _ATTEMPTS, _LIMIT = 24, 12, 150


def approved(ledger: Ledger, code: str = "c1") -> None:
    """Let the dear job through, once."""
    ledger.request_approval(request(code))
    ledger.approve(code, "grace", NOW)


def test_a_job_above_the_threshold_needs_an_approval_that_is_given(ledger: Ledger) -> None:
    """Not asked for, or asked for only: nothing is held. Given: it is, once."""
    for _ in range(2):
        with pytest.raises(BudgetBlocked, match="needs a person's approval"):
            ledger.reserve(agent_reservation("s1", DEAR, 1000))
        ledger.request_approval(request("c1"))
    assert ledger.get("s1") is None
    ledger.approve("c1", "grace", NOW)
    found = ledger.reserve(agent_reservation("s1", DEAR, 1000))
    assert isinstance(found, Reserved)
    assert "c1" in found.submission.reason
    with pytest.raises(BudgetBlocked):
        ledger.reserve(agent_reservation("s2", DEAR, 1000))
    kept = ledger.approval("c1")
    assert kept is not None
    assert (kept.approved_by, kept.approved_at, kept.used_by) == ("grace", NOW, "s1")
    assert ledger.verify() == ()


def test_what_is_refused_uses_no_approval_up(ledger: Ledger) -> None:
    """The session's budget has too little left: the approval is there for when it has more."""
    approved(ledger)
    assert isinstance(ledger.reserve(agent_reservation("s1", DEAR, DEAR - 1)), Refused)
    assert isinstance(ledger.reserve(agent_reservation("s1", DEAR, DEAR)), Reserved)


def test_an_approval_is_of_one_job_agent_and_price(ledger: Ledger) -> None:
    """Another specification, another agent, another price, or a cost above the approved one: none counts."""
    approved(ledger)
    wanted = agent_reservation("s1", DEAR, 1000)
    assert wanted.terms.price is not None
    other_price = replace(wanted.terms.price, micro_usd_per_minute=DEAR * CENT - 1)
    for changed in (
        replace(wanted, spec_hash="other"),
        replace(wanted, windows=(), terms=replace(wanted.terms, caller=Caller("other", "s1"))),
        replace(wanted, terms=replace(wanted.terms, price=other_price)),
        replace(wanted, terms=replace(wanted.terms, attempts=2)),
    ):
        with pytest.raises(BudgetBlocked):
            ledger.reserve(changed)
    assert isinstance(ledger.reserve(wanted), Reserved)


def test_a_plan_is_approved_as_a_whole(ledger: Ledger) -> None:
    """Two jobs, each below the threshold and together above it: one word is for both, in any order, once."""
    plan = [agent_reservation(sid, DEAR // 2, 1000) for sid in ("s1", "s2")]
    with pytest.raises(BudgetBlocked):
        ledger.reserve_all(plan)
    assert ledger.get("s1") is None
    asked = request("c1")
    digests = [approval_digest(one.spec_hash, one.terms) for one in plan]
    ledger.request_approval(replace(asked, digest=plan_digest(digests)))
    ledger.approve("c1", "grace", NOW)
    found = ledger.reserve_all(plan[::-1])
    assert isinstance(found, tuple)
    assert all(isinstance(one, Reserved) for one in found)
    with pytest.raises(BudgetBlocked):
        ledger.reserve_all([replace(one, sid=f"{one.sid}-again") for one in plan])
    assert ledger.verify() == ()


def test_an_approval_ends(ledger: Ledger) -> None:
    """Neither the word nor the job comes after its time; what waits is asked for again, what has ended is new."""
    first = ledger.request_approval(request("c1"))
    assert ledger.request_approval(request("c2")) == first
    assert ledger.approval_of(request("c1").digest, DEAR * CENT, NOW) == first
    assert ledger.approval_of(request("c1").digest, DEAR * CENT + 1, NOW) is None
    with pytest.raises(BudgetRefused, match="expired"):
        ledger.approve("c1", "grace", LATER)
    with pytest.raises(BudgetRefused, match="no approval"):
        ledger.approve("c2", "grace", NOW)
    ledger.approve("c1", "grace", NOW)
    assert ledger.approve("c1", "ada", LATER).approved_by == "grace"
    late = replace(agent_reservation("s1", DEAR, 1000), created_at=LATER, expires_at=LATER + timedelta(minutes=5))
    with pytest.raises(BudgetBlocked):
        ledger.reserve(late)
    assert ledger.open_approvals(LATER) == ()


def test_a_persons_job_counts_for_no_agent(ledger: Ledger) -> None:
    """And an agent's counts for no other session."""
    reserve(ledger, "p1", 100)
    assert isinstance(ledger.reserve(agent_reservation("s1", 10, 10)), Reserved)
    (balance,) = ledger.balances([session_window(10)])
    assert (balance.held_micro_usd, balance.left_micro_usd) == (10 * CENT, 0)
    assert isinstance(ledger.reserve(agent_reservation("s2", 1, 10)), Refused)
    assert ledger.verify() == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM approval_steps WHERE step = 'APPROVED'", "before anybody had given it"),
        ("DELETE FROM approvals", "without having been asked for"),
        ("UPDATE approvals SET expires_us = 1000000000000000, created_us = 1", "not in its time"),
        ("UPDATE approvals SET worst_case_micro_usd = 1", "did not reserve that much"),
        ("UPDATE approval_steps SET sid = 'other' WHERE step = 'USED'", "did not reserve that much"),
    ],
)
def test_verify_finds_an_approval_that_somebody_changed(quick_path: Path, change: str, said: str) -> None:
    """Whatever is taken away or changed of who said what."""
    path = quick_path / "ledger.sqlite3"
    with open_ledger(str(path)) as ledger:
        approved(ledger)
        assert isinstance(ledger.reserve(agent_reservation("s1", DEAR, 1000)), Reserved)
    with sqlite3.connect(path) as books:
        for (name,) in books.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            books.execute(f"DROP TRIGGER {name}")
        books.execute(change)
    books.close()
    with open_ledger(str(path)) as ledger:
        assert said in " ".join(problem.message for problem in ledger.verify() if problem.code == "approval")


def test_a_digest_says_everything_that_is_approved() -> None:
    """Specification, agent and price."""
    wanted = agent_reservation("s1", DEAR, 1)
    digest = approval_digest("spec", wanted.terms)
    assert digest == approval_digest("spec", replace(wanted.terms, caller=Caller("trainer", "other session")))
    assert digest != approval_digest("spec", replace(wanted.terms, caller=Caller("other", "s1")))
    assert digest != approval_digest("other", wanted.terms)


@pytest.mark.process
def test_24_processes_of_an_agent_never_pass_its_session_or_use_an_approval_twice(address: str) -> None:
    """The session's limit is used to the last cent and never passed; one of many who try gets the approved job."""
    with open_ledger(address) as ledger:
        approved(ledger)
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.budget.agent_worker", address, *map(str, (number, _ATTEMPTS, _LIMIT))],
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
    held, through = map(sum, zip(*said, strict=True))
    assert (_LIMIT - 2 <= held <= _LIMIT, through <= 1) == (True, True)
    with open_ledger(address) as ledger:
        (balance,) = ledger.balances([session_window(_LIMIT)])
        assert balance.held_micro_usd == held * CENT
        used = ledger.approval("c1")
        assert used is not None
        assert (used.used_by is not None) == (through == 1)
        assert ledger.verify() == ()
