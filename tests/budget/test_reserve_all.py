"""Several reservations in one transaction, on SQLite and PostgreSQL: all of them, or nothing. Amounts are in cents."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hfplanner.budget.ledger.changes import Existing, Refused, Reservation, Reserved
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow, RunningCaps, Waiver
from hfplanner.budget.ledger.records import EntryKind, State
from hfplanner.errors import BudgetBlocked, BudgetRefused, KeyConflict
from hfplanner.units import MAX_MICRO_USD
from tests.budget.books import CENT, LATER, NOW, SENDER, labels, reservation, reserve, terms, window
from tests.program import REPOSITORY

_PROCESSES = 12
_PLANS = 8


@pytest.fixture(autouse=True)
def _books_are_right(ledger: Ledger) -> Iterator[None]:
    """After every test of this file the books add up."""
    yield
    assert ledger.verify() == ()


def plan(count: int, cap: int, *windows: BudgetWindow, **changed: Any) -> list[Reservation]:  # noqa: ANN401 - a field's value
    """Return the reservations of a plan of so many jobs, with the keys ``k0``, ``k1``, ..."""
    return [reservation(f"s{number}", cap, *windows, key=f"k{number}", **changed) for number in range(count)]


def held(ledger: Ledger, budget: BudgetWindow) -> int:
    """Return what a budget holds, in cents."""
    return ledger.balances([budget])[0].held_micro_usd // CENT


def test_a_plan_that_fits_is_in_the_books_whole(ledger: Ledger) -> None:
    """Ten jobs of 100 fill a budget of 1,000: each is a submission of its own, with an entry of its own."""
    found = ledger.reserve_all(plan(10, 100))
    assert not isinstance(found, Refused)
    assert [type(one) for one in found] == [Reserved] * 10
    assert [one.submission for one in found] == [ledger.get(f"s{number}") for number in range(10)]
    entries = list(ledger.entries())
    assert [(entry.sid, entry.kind, entry.held_micro_usd) for entry in entries] == [
        (f"s{number}", EntryKind.RESERVE, 100 * CENT) for number in range(10)
    ]
    assert held(ledger, window()) == 1000


def test_a_plan_of_which_one_job_is_too_much_is_not_in_the_books_at_all(ledger: Ledger) -> None:
    """Eleven jobs of 100 do not fit 1,000, though ten would; the budget is shown as it stands without them."""
    reserve(ledger, "before", 50)
    found = ledger.reserve_all(plan(10, 100))
    assert isinstance(found, Refused)
    assert found.over == ("team",)
    assert [balance.held_micro_usd // CENT for balance in found.balances] == [50]
    assert [one.sid for one in ledger.submissions()] == ["before"]
    assert [entry.sid for entry in ledger.entries()] == ["before"]
    assert held(ledger, window()) == 50


def test_jobs_of_different_budgets_are_decided_together(ledger: Ledger) -> None:
    """One team's jobs fit and the other's do not: neither holds anything, and the one that is too small is named."""
    mine, yours = window(1000, "mine"), window(150, "yours")
    wanted = [reservation("s1", 100, mine), reservation("s2", 100, yours), reservation("s3", 100, yours)]
    found = ledger.reserve_all(wanted)
    assert isinstance(found, Refused)
    assert found.over == ("yours",)
    assert [(one.window, one.held_micro_usd) for one in found.balances] == [(mine, 0), (yours, 0)]
    assert list(ledger.submissions()) == []
    assert isinstance(ledger.reserve_all(wanted[:2]), tuple)
    assert (held(ledger, mine), held(ledger, yours)) == (100, 100)


def test_the_same_keys_again_reserve_nothing_twice(ledger: Ledger) -> None:
    """The second time all are there already, whatever became of them meanwhile, and no budget is asked."""
    ledger.reserve_all(plan(10, 100))
    assert ledger.mark_sending("s3", SENDER, NOW)
    again = [replace(one, sid=f"again-{one.sid}") for one in plan(10, 100)]
    found = ledger.reserve_all(again)
    assert not isinstance(found, Refused)
    assert [(type(one), one.submission.sid) for one in found] == [(Existing, f"s{number}") for number in range(10)]
    assert found[3].submission.state is State.SENDING
    assert held(ledger, window()) == 1000


def test_only_what_is_missing_of_a_plan_is_reserved(ledger: Ledger) -> None:
    """Of a plan whose first jobs are there, and one of which is VOID, only the others hold money: or none of them."""
    ledger.reserve_all(plan(3, 100))
    assert ledger.void("s1", from_state=State.RESERVED, reason="No.", at=LATER)
    again = [replace(one, sid=f"again-{one.sid}") for one in plan(10, 100)]
    assert isinstance(ledger.reserve_all([*again, reservation("more", 1, key="more")]), Refused)
    assert held(ledger, window()) == 200
    found = ledger.reserve_all(again)
    assert not isinstance(found, Refused)
    assert [type(one) for one in found] == [Existing, Reserved, Existing, *[Reserved] * 7]
    assert ledger.by_key("k1") == ledger.get("again-s1")
    assert held(ledger, window()) == 1000


def test_a_key_of_another_job_refuses_the_whole_plan(ledger: Ledger) -> None:
    """The last key was used for something else: nothing is held for the others either."""
    reserve(ledger, "other", 10, key="k4", spec_hash="other")
    with pytest.raises(KeyConflict, match="k4"):
        ledger.reserve_all(plan(5, 100))
    assert [one.sid for one in ledger.submissions()] == ["other"]
    assert held(ledger, window()) == 10


@pytest.mark.parametrize("caps", [RunningCaps(jobs=5), RunningCaps(jobs_per_owner=5)], ids=["all", "of an owner"])
def test_a_plan_counts_whole_under_a_cap_on_what_runs_at_once(ledger: Ledger, caps: RunningCaps) -> None:
    """Five may be running, and one is: four more are a plan, five are not: the last one counts the others."""
    reserve(ledger, "before", 1)
    with pytest.raises(BudgetRefused, match=r"^5 jobs"):
        ledger.reserve_all(plan(5, 1, caps=caps))
    assert held(ledger, window()) == 1
    assert isinstance(ledger.reserve_all(plan(4, 1, caps=caps)), tuple)


def test_a_plan_counts_whole_under_a_cap_on_what_runs_cost_an_hour(ledger: Ledger) -> None:
    """Jobs of a cent a minute cost 60 cents an hour: three of them are within 180."""
    caps = RunningCaps(micro_usd_per_hour=180 * CENT)
    with pytest.raises(BudgetRefused, match="max_running_usd_per_hour"):
        ledger.reserve_all(plan(4, 1, caps=caps))
    assert list(ledger.submissions()) == []
    assert isinstance(ledger.reserve_all(plan(3, 1, caps=caps)), tuple)


def test_one_job_whose_cost_is_not_known_blocks_the_plan(ledger: Ledger) -> None:
    """So does a sum that cannot be counted, though each of its parts can."""
    unpriced = reservation("s9", terms=terms(1, price=None, labels=labels((window(),))))
    with pytest.raises(BudgetBlocked, match="not known"):
        ledger.reserve_all([*plan(2, 100), unpriced])
    most = MAX_MICRO_USD // CENT
    with pytest.raises(BudgetBlocked, match="more than can be counted"):
        ledger.reserve_all(plan(2, most))
    assert list(ledger.submissions()) == []


def test_a_waiver_makes_room_for_the_plan_and_is_recorded_with_each_job(ledger: Ledger) -> None:
    """Until it expires; the window then stands beyond its limit, as one job would have left it."""
    waiver = Waiver(reason="demo", author="ada", expires=LATER)
    found = ledger.reserve_all(plan(3, 100, window(150, waiver=waiver)))
    assert not isinstance(found, Refused)
    assert {one.submission.reason for one in found} == {"Its money is held (budget team waived by ada: demo)."}
    assert ledger.balances([window(150)])[0].overrun_micro_usd == 150 * CENT
    late = replace(waiver, expires=NOW)
    assert isinstance(ledger.reserve_all([reservation("s9", 1, window(150, waiver=late))]), Refused)


def test_nothing_is_asked_of_the_books_for_nothing(ledger: Ledger) -> None:
    """An empty plan is reserved."""
    assert ledger.reserve_all([]) == ()


@pytest.mark.parametrize(
    "wanted",
    [
        [reservation("s1"), reservation("s1", key="k")],
        [reservation("s1", key="k"), reservation("s2", key="k")],
        [reservation("s1", 1, window(10)), reservation("s2", 1, window(20))],
    ],
    ids=["id", "key", "limit"],
)
def test_a_plan_that_contradicts_itself_is_no_plan(ledger: Ledger, wanted: list[Reservation]) -> None:
    """Two jobs of one id or key, and one budget with two limits."""
    with pytest.raises(ValueError, match=r"same id or key|two limits"):
        ledger.reserve_all(wanted)
    assert list(ledger.submissions()) == []


@pytest.mark.process
def test_many_processes_reserve_plans_and_each_is_there_whole_or_not_at_all(ledger: Ledger, address: str) -> None:
    """Processes reserve plans of two to six jobs, in two orders of budgets, until too little is left for any.

    No plan is there in part, whoever was told so; the budgets are full to the last job, and not beyond.
    """
    command = [sys.executable, "-m", "tests.budget.plan_worker", address]
    workers = [
        subprocess.Popen([*command, str(number), str(_PLANS)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for number in range(_PROCESSES)
    ]
    told = [line.split() for worker in workers for line in worker.communicate(timeout=240)[0].splitlines()]
    assert [worker.returncode for worker in workers] == [0] * _PROCESSES
    there = {one.sid for one in ledger.submissions()}
    assert {sid for sid, word in told if word == "reserved"} == there
    by_plan: dict[str, set[str]] = {}
    for sid, word in told:
        by_plan.setdefault(sid.rpartition("-")[0], set()).add(word)
    assert all(len(words) == 1 for words in by_plan.values())
    assert {"reserved"} in by_plan.values()
    assert {"refused"} in by_plan.values()
    for balance in ledger.balances([window(1000, "first"), window(900, "second")]):
        assert balance.left_micro_usd >= 0
        assert balance.overrun_micro_usd == 0
