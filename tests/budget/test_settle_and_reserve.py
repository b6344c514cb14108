"""A job that has ended is settled and another reserved in its place in one transaction. Amounts are in cents."""

from collections.abc import Iterator

import pytest

from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.records import Existing, Refused, Reserved, Settlement, State
from hfplanner.errors import KeyConflict, LedgerError
from tests.budget.books import CENT, LATER, NOW, SENDER, reservation, reserve, window

_COST = Settlement(cost_micro_usd=10 * CENT, evidence="seen", at=LATER)


@pytest.fixture(autouse=True)
def _books_are_right(ledger: Ledger) -> Iterator[None]:
    """After every test of this file the books add up."""
    yield
    assert ledger.verify() == ()


def launched(ledger: Ledger, sid: str, cap: int) -> None:
    """Make a submission whose job exists."""
    reserve(ledger, sid, cap)
    assert ledger.mark_sending(sid, SENDER, NOW)
    assert ledger.launched(sid, f"job-{sid}", "{}", NOW)


def held(ledger: Ledger) -> tuple[int, int]:
    """Return what the budget holds and has posted, in cents."""
    balance = ledger.balances([window()])[0]
    return balance.held_micro_usd // CENT, balance.posted_micro_usd // CENT


@pytest.mark.parametrize("cap", [300, 700, 990])
def test_the_next_has_the_money_of_the_one_before(ledger: Ledger, cap: int) -> None:
    """700 of 1,000 are held for the first; the next may hold all that is left once the first has cost its 10."""
    launched(ledger, "first", 700)
    found = ledger.settle_and_reserve("first", _COST, reservation("next", cap, key="k/2"))
    assert isinstance(found, Reserved)
    assert held(ledger) == (cap, 10)
    assert ledger.get("first").state is State.SETTLED  # type: ignore[union-attr] # it was reserved


def test_refused_nothing_is_written(ledger: Ledger) -> None:
    """Where the next is too dear, the first is not settled either, and holds what it held."""
    launched(ledger, "first", 700)
    before = list(ledger.entries())
    found = ledger.settle_and_reserve("first", _COST, reservation("next", 991, key="k/2"))
    assert isinstance(found, Refused)
    assert (held(ledger), list(ledger.entries()), ledger.get("next")) == ((700, 0), before, None)


def test_again_nothing_more_is_reserved(ledger: Ledger) -> None:
    """The second time the next is there already, and the first keeps its cost."""
    launched(ledger, "first", 700)
    ledger.settle_and_reserve("first", _COST, reservation("next", 500, key="k/2"))
    again = ledger.settle_and_reserve("first", _COST, reservation("other", 500, key="k/2"))
    assert isinstance(again, Existing)
    assert again.submission.sid == "next"
    assert held(ledger) == (500, 10)


def test_another_job_under_its_key_is_a_conflict_and_settles_nothing(ledger: Ledger) -> None:
    """The key of the next belongs to one job."""
    launched(ledger, "first", 700)
    reserve(ledger, "next", 100, key="k/2")
    with pytest.raises(KeyConflict):
        ledger.settle_and_reserve("first", _COST, reservation("other", 100, key="k/2", spec_hash="another"))
    assert held(ledger) == (800, 0)


@pytest.mark.parametrize("state", [State.RESERVED, State.SENDING, State.UNKNOWN])
def test_what_may_run_frees_no_money(ledger: Ledger, state: State) -> None:
    """A submission of which no job is known to have ended is not replaced."""
    reserve(ledger, "first", 700)
    if state is not State.RESERVED:
        ledger.mark_sending("first", SENDER, NOW)
    if state is State.UNKNOWN:
        ledger.unknown("first", "No answer.", NOW)
    with pytest.raises(LedgerError, match="no job that has ended"):
        ledger.settle_and_reserve("first", _COST, reservation("next", 100, key="k/2"))
    assert (held(ledger), ledger.get("next")) == ((700, 0), None)
