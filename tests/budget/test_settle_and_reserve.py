"""A job that has ended is settled and another reserved in its place in one transaction. Amounts are in cents."""

from collections.abc import Iterator

import pytest

from hfplanner.budget.ledger.changes import Existing, Refused, Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.records import GIVEN_UP, State
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


@pytest.mark.parametrize(("cap", "fits"), [(990, True), (991, False)])
def test_a_rehearsal_says_what_would_be_and_writes_nothing(ledger: Ledger, cap: int, *, fits: bool) -> None:
    """The same answer as in earnest, and the books as they were, however often."""
    launched(ledger, "first", 700)
    before = list(ledger.entries())
    for _ in range(2):
        found = ledger.rehearse_replacement("first", _COST, reservation("next", cap, key="k/2"))
        assert isinstance(found, Reserved if fits else Refused)
        assert (held(ledger), list(ledger.entries()), ledger.get("next")) == ((700, 0), before, None)
    done = ledger.settle_and_reserve("first", _COST, reservation("next", cap, key="k/2"))
    assert isinstance(done, Reserved if fits else Refused)


def test_that_a_job_is_given_up_is_noted_once(ledger: Ledger) -> None:
    """It says when, changes no money and no state, and stays when the job is settled."""
    launched(ledger, "first", 700)
    before = list(ledger.entries())
    assert ledger.give_up("first", "It waited.", LATER)
    assert ledger.give_up("first", "It waited.", LATER + (LATER - NOW))
    (noted,) = ledger.submissions()
    assert (noted.is_given_up, noted.notes[GIVEN_UP], noted.state) == (True, "2026-11-24T13:00:00Z", State.LAUNCHED)
    assert (held(ledger), list(ledger.entries())) == ((700, 0), before)
    assert ledger.settle("first", _COST)
    assert ledger.get("first").is_given_up  # type: ignore[union-attr] # it was reserved


@pytest.mark.parametrize("state", [State.RESERVED, State.SENDING, State.UNKNOWN, State.SETTLED])
def test_what_has_no_job_that_waits_is_not_given_up(ledger: Ledger, state: State) -> None:
    """What may not exist, or has ended, is not ours to give up."""
    if state is State.SETTLED:
        launched(ledger, "first", 700)
        ledger.settle("first", _COST)
    else:
        reserve(ledger, "first", 700)
    if state in {State.SENDING, State.UNKNOWN}:
        ledger.mark_sending("first", SENDER, NOW)
    if state is State.UNKNOWN:
        ledger.unknown("first", "No answer.", NOW)
    assert not ledger.give_up("first", "It waited.", LATER)
    assert not ledger.get("first").is_given_up  # type: ignore[union-attr] # it was reserved
