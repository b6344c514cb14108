"""What a ledger promises, on SQLite and on PostgreSQL. A job's cap is one minute at its price; amounts are in cents."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hfplanner.budget.ledger.changes import Existing, Refused, Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import Waiver
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import EntryKind, State
from hfplanner.errors import BudgetBlocked, KeyConflict
from tests.budget.books import (
    CENT,
    LATER,
    NOW,
    SENDER,
    adoption,
    launch,
    reservation,
    reserve,
    settled,
    terms,
    window,
)


def counters(ledger: Ledger, limit: int = 1000, budget: str = "team") -> tuple[int, int, int]:
    """Return what is posted and held of a month, and its overrun."""
    (found,) = ledger.balances([window(limit, budget)])
    return found.posted_micro_usd // CENT, found.held_micro_usd // CENT, found.overrun_micro_usd // CENT


def state(ledger: Ledger, sid: str = "s1") -> State | None:
    """Return the state of a submission."""
    found = ledger.get(sid)
    return None if found is None else found.state


@pytest.fixture(autouse=True)
def _books_are_right(ledger: Ledger) -> object:
    """After every test of this file the books add up."""
    yield
    assert ledger.verify() == ()


def test_what_is_reserved_is_read_back_as_it_was(ledger: Ledger) -> None:
    """Labels, price, notes and times to the microsecond, in another connection's eyes too."""
    job = terms(123, labels={"team": "yes", "ü": "\x00\ud800"}, attempts=3, has_ports=True)
    wanted = reservation("s1", key="nightly", terms=job, notes={"image": "python:3.12"})
    wanted = replace(wanted, created_at=NOW.replace(microsecond=1), windows=(window(10**9),))
    found = ledger.reserve(wanted)
    assert isinstance(found, Reserved)
    assert found.submission == ledger.get("s1") == ledger.by_key("nightly")
    assert (found.submission.terms, found.submission.notes) == (job, {"image": "python:3.12"})
    assert (found.submission.created_at, found.submission.expires_at) == (wanted.created_at, wanted.expires_at)
    assert found.submission.cap_micro_usd == job.cap_micro_usd
    assert found.submission.budgets == (("team", window().start),)


def test_a_limit_is_filled_to_its_last_cent_and_not_beyond(ledger: Ledger) -> None:
    """999 + 1 of 1,000 are reserved; of the next job's 1 nothing is left."""
    reserve(ledger, "s1", 999)
    reserve(ledger, "s2", 1)
    found = ledger.reserve(reservation("s3", 1))
    assert isinstance(found, Refused)
    assert found.over == ("team",)
    assert found.balances[0].left_micro_usd == 0
    assert state(ledger, "s3") is None
    assert counters(ledger) == (0, 1000, 0)


def test_all_budgets_or_none(ledger: Ledger) -> None:
    """A job that fits the team's budget but not the user's holds nothing of either; those too small are named."""
    team, user, project = window(1000), window(99, "user"), window(50, "project")
    found = ledger.reserve(reservation("s1", 100, team, user, project))
    assert isinstance(found, Refused)
    assert set(found.over) == {"user", "project"}
    assert [balance.window for balance in found.balances] == [team, user, project]
    assert (counters(ledger), counters(ledger, 99, "user")) == ((0, 0, 0), (0, 0, 0))


def test_periods_are_counted_apart(ledger: Ledger) -> None:
    """November's money says nothing about December's."""
    december = window(1000, start=window().end, end=None)
    reserve(ledger, "s1", 1000)
    later = NOW + timedelta(days=30)
    reserve(ledger, "s2", 1000, december, created_at=later, expires_at=later)
    assert isinstance(ledger.reserve(reservation("s3", 1)), Refused)


def test_what_is_spent_elsewhere_lowers_what_may_be_reserved(ledger: Ledger) -> None:
    """Of 1,000, 300 were spent outside of the ledger: 701 is too much, 700 is not."""
    month = window(1000, other_micro_usd=300 * CENT)
    assert isinstance(ledger.reserve(reservation("s1", 701, month)), Refused)
    reserve(ledger, "s2", 700, month)
    assert ledger.balances([month])[0].left_micro_usd == 0


def test_a_job_under_no_budget_is_in_the_books_too(ledger: Ledger) -> None:
    """Without a policy its money is entered under no budget, and nothing limits it."""
    found = reserve(ledger, "s1", 10**9, windows=())
    assert found.budgets == ()
    assert [(entry.budget, entry.held_micro_usd) for entry in ledger.entries()] == [("", 10**9 * CENT)]


@pytest.mark.parametrize(
    "changed",
    [{"price": None}, {"timeout_secs": None}, {"timeout_secs": 0}, {"timeout_secs": -1}, {"attempts": 10**15}],
)
def test_an_unknown_or_uncountable_cap_is_not_reserved(ledger: Ledger, changed: dict[str, int | None]) -> None:
    """No price, no timeout, none above 0, more than can be counted: nothing is held for that."""
    with pytest.raises(BudgetBlocked):
        ledger.reserve(reservation("s1", windows=(), terms=terms(100, **changed)))
    assert state(ledger) is None


def test_a_key_with_the_same_job_returns_the_first_submission(ledger: Ledger) -> None:
    """A retry holds nothing more, whatever became of the first try."""
    first = reserve(ledger, "s1", key="nightly")
    assert ledger.reserve(reservation("s2", key="nightly")) == Existing(first)
    ledger.mark_sending("s1", SENDER, NOW)
    ledger.unknown("s1", "No answer.", NOW)
    again = ledger.reserve(reservation("s3", key="nightly"))
    assert isinstance(again, Existing)
    assert again.submission.state is State.UNKNOWN
    assert counters(ledger) == (0, 100, 0)


def test_a_key_with_another_job_is_a_conflict(ledger: Ledger) -> None:
    """The key stands for one job."""
    reserve(ledger, "s1", key="nightly")
    with pytest.raises(KeyConflict, match="nightly"):
        ledger.reserve(reservation("s2", key="nightly", spec_hash="another"))
    assert counters(ledger) == (0, 100, 0)


def test_a_key_that_no_job_came_of_is_free_for_any_job(ledger: Ledger) -> None:
    """Rejected as it was, corrected, sent under the same key; the first keeps its history, and may still turn up."""
    reserve(ledger, "s1", key="nightly")
    ledger.void("s1", from_state=State.RESERVED, reason="Never sent.", at=NOW)
    assert isinstance(ledger.reserve(reservation("s2", 2000, key="nightly")), Refused)
    assert ledger.by_key("nightly") == ledger.get("s1")
    second = reserve(ledger, "s3", key="nightly", spec_hash="corrected")
    assert ledger.by_key("nightly") == second
    assert ledger.found("s1", "job-1", "{}", LATER, "The job is there after all.")
    first = ledger.get("s1")
    assert first is not None
    assert (first.key, first.state) == ("nightly", State.ADOPTED)
    assert ledger.by_key("nightly") == second


def test_the_same_reservation_twice_holds_once(ledger: Ledger) -> None:
    """Whoever does not know whether it was recorded asks again; another job under the id is a conflict."""
    first = reserve(ledger, "s1")
    assert ledger.reserve(reservation("s1")) == Existing(first)
    with pytest.raises(KeyConflict, match="s1"):
        ledger.reserve(reservation("s1", spec_hash="another"))
    assert counters(ledger) == (0, 100, 0)


def test_a_waiver_lets_one_budget_be_exceeded_and_is_recorded(ledger: Ledger) -> None:
    """It holds for the budget that has it, until it expires; what goes beyond the limit is overrun."""
    waiver = Waiver(reason="a deadline", author="grace", expires=LATER)
    late = replace(waiver, expires=NOW)
    assert isinstance(ledger.reserve(reservation("s1", 150, window(100, waiver=late))), Refused)
    assert isinstance(ledger.reserve(reservation("s1", 150, window(100, waiver=waiver), window(9, "user"))), Refused)
    found = reserve(ledger, "s1", 150, window(100, waiver=waiver), window(500, "user"))
    assert "grace" in found.reason
    assert "a deadline" in found.reason
    assert counters(ledger, 100) == (0, 150, 50)
    assert isinstance(ledger.reserve(reservation("s2", 1, window(100))), Refused)


def test_a_waiver_that_is_not_needed_is_not_used(ledger: Ledger) -> None:
    """The record says what exceeded a limit, not what might have."""
    waiver = Waiver(reason="a deadline", author="grace", expires=LATER)
    assert "grace" not in reserve(ledger, "s1", 100, window(100, waiver=waiver)).reason


def test_a_limit_that_is_lowered_or_raised_counts_from_the_next_reservation(ledger: Ledger) -> None:
    """80 held of 100: under a limit of 50 they are 30 beyond it, under 90 they are within, and 10 are left."""
    reserve(ledger, "s1", 80, window(100))
    assert counters(ledger, 50) == (0, 80, 30)
    assert isinstance(ledger.reserve(reservation("s2", 1, window(50))), Refused)
    ledger.adopt(adoption("s3", "job-3", 5, window(50)))
    assert counters(ledger, 50) == (0, 85, 35)
    assert isinstance(ledger.reserve(reservation("s4", 6, window(90))), Refused)
    reserve(ledger, "s5", 5, window(90))
    assert counters(ledger, 90) == (0, 90, 0)


def test_one_caller_may_send(ledger: Ledger, address: str) -> None:
    """The second who wants to, and whoever comes after the expiry, is told not to."""
    reserve(ledger, "s1")
    reserve(ledger, "s2")
    with open_ledger(address) as other:
        assert other.mark_sending("s1", SENDER, NOW)
    assert not ledger.mark_sending("s1", SENDER, NOW)
    assert not ledger.mark_sending("s2", SENDER, NOW + timedelta(minutes=10))
    assert not ledger.mark_sending("never heard of", SENDER, NOW)
    found = ledger.get("s1")
    assert found is not None
    assert found.sender == SENDER
    assert state(ledger, "s2") is State.RESERVED


def test_an_answer_is_recorded_once_and_kept(ledger: Ledger) -> None:
    """The same again is no error; a job that another submission has is refused."""
    launch(ledger, "s1")
    assert ledger.answer("s1") == "{}"
    assert ledger.launched("s1", "job-s1", "{again}", LATER)
    assert ledger.answer("s1") == "{}"
    assert not ledger.launched("s1", "another", "{}", LATER)
    reserve(ledger, "s2")
    assert not ledger.launched("s2", "job-s2", "{}", LATER)
    ledger.mark_sending("s2", SENDER, NOW)
    assert not ledger.launched("s2", "job-s1", "{}", LATER)
    assert state(ledger, "s2") is State.SENDING


@pytest.mark.parametrize("source", [State.RESERVED, State.SENDING, State.UNKNOWN])
def test_void_releases_what_was_held_once(ledger: Ledger, source: State) -> None:
    """From the state that is named and no other; the operator's word is in the entries."""
    reserve(ledger, "s1")
    if source is not State.RESERVED:
        ledger.mark_sending("s1", SENDER, NOW)
    if source is State.UNKNOWN:
        ledger.unknown("s1", "No answer.", NOW)
    wrong = State.SENDING if source is State.RESERVED else State.RESERVED
    assert not ledger.void("s1", from_state=wrong, reason="No.", at=LATER)
    assert ledger.void("s1", from_state=source, reason="It was never there.", at=LATER, who="grace")
    assert not ledger.void("s1", from_state=source, reason="Again.", at=LATER)
    assert counters(ledger) == (0, 0, 0)
    *_, released = ledger.entries("s1")
    assert (released.kind, released.held_micro_usd, released.at) == (EntryKind.RELEASE, -100 * CENT, LATER)
    assert (released.who, released.reason) == ("grace", "It was never there.")


def test_a_job_that_exists_is_never_made_void(ledger: Ledger) -> None:
    """Not even by name."""
    launch(ledger)
    with pytest.raises(ValueError, match="LAUNCHED"):
        ledger.void("s1", from_state=State.LAUNCHED, reason="No.", at=LATER)


def test_settling_posts_the_cost_once(ledger: Ledger) -> None:
    """30 of the 100 that were held; the rest is free."""
    launch(ledger)
    assert ledger.settle("s1", settled(30))
    assert not ledger.settle("s1", settled(40))
    assert counters(ledger) == (30, 0, 0)
    found = ledger.get("s1")
    assert found is not None
    assert (found.posted_micro_usd, found.overrun_micro_usd, found.presumed) == (30 * CENT, 0, False)


def test_a_cost_above_the_cap_is_posted_all_the_same(ledger: Ledger) -> None:
    """Evidence is not refused: 130 of a cap and a limit of 100 are an overrun of 30, and nothing is left."""
    launch(ledger, "s1", 100, window(100))
    assert ledger.settle("s1", settled(130))
    found = ledger.get("s1")
    assert found is not None
    assert found.overrun_micro_usd == 30 * CENT
    assert counters(ledger, 100) == (130, 0, 30)
    assert isinstance(ledger.reserve(reservation("s2", 1, window(100))), Refused)


def test_a_cost_below_zero_is_no_cost(ledger: Ledger) -> None:
    """Money does not come back from a job."""
    launch(ledger)
    with pytest.raises(ValueError, match="below 0"):
        ledger.settle("s1", settled(-1))


def test_the_bill_overrules_and_is_not_overruled(ledger: Ledger) -> None:
    """30 by the clock, 35 by the bill; the clock again changes nothing, a later bill does."""
    launch(ledger)
    ledger.settle("s1", settled(30))
    assert not ledger.correct("s1", settled(30))
    assert ledger.correct("s1", settled(35, "bill"))
    assert not ledger.correct("s1", settled(30))
    assert ledger.correct("s1", settled(33, "bill"))
    assert counters(ledger) == (33, 0, 0)
    kinds = [(entry.kind, entry.posted_micro_usd) for entry in ledger.entries("s1")][-2:]
    assert kinds == [(EntryKind.CORRECT, 5 * CENT), (EntryKind.CORRECT, -2 * CENT)]


def unknown(ledger: Ledger) -> None:
    """Bring ``s1`` to UNKNOWN."""
    reserve(ledger)
    ledger.mark_sending("s1", SENDER, NOW)
    assert ledger.unknown("s1", "No answer.", NOW)
    assert not ledger.unknown("s1", "No answer.", NOW)


def test_an_unknown_outcome_holds_its_money(ledger: Ledger) -> None:
    """Nothing settles it but evidence, a presumption, or somebody's word."""
    unknown(ledger)
    assert not ledger.settle("s1", settled(1))
    assert not ledger.correct("s1", settled(1))
    assert counters(ledger) == (0, 100, 0)
    assert ledger.launched("s1", "job-1", "{}", LATER, "Found by its label.", "grace")
    assert state(ledger) is State.LAUNCHED


def test_presumed_spending_is_the_cap_until_the_job_is_found(ledger: Ledger) -> None:
    """Found, its money is held again, and it is settled as any other."""
    unknown(ledger)
    assert ledger.presume("s1", "Nothing was found for a day.", LATER)
    found = ledger.get("s1")
    assert found is not None
    assert (found.state, found.presumed, found.posted_micro_usd) == (State.SETTLED, True, 100 * CENT)
    assert counters(ledger) == (100, 0, 0)
    assert not ledger.launched("s1", "job-1", "{}", LATER)
    assert ledger.found("s1", "job-1", "{}", LATER, "Found by its label.")
    assert ledger.found("s1", "job-1", "{}", LATER, "Found again.")
    assert (state(ledger), counters(ledger)) == (State.LAUNCHED, (0, 100, 0))
    assert ledger.settle("s1", settled(40))
    assert not ledger.found("s1", "another job", "{}", LATER, "A copy.")


def test_evidence_undoes_a_presumption(ledger: Ledger) -> None:
    """The bill says it cost what was presumed: the amount stays, the doubt goes."""
    unknown(ledger)
    ledger.presume("s1", "Nothing was found for a day.", LATER)
    assert ledger.correct("s1", Settlement(cost_micro_usd=100 * CENT, evidence="bill", at=LATER))
    found = ledger.get("s1")
    assert found is not None
    assert (found.presumed, found.posted_micro_usd) == (False, 100 * CENT)


def test_a_void_job_that_turns_up_is_charged_beyond_the_limit(ledger: Ledger) -> None:
    """Its 100 of a limit of 100 have gone to another meanwhile: 100 beyond it."""
    reserve(ledger, "s1", 100, window(100))
    ledger.void("s1", from_state=State.RESERVED, reason="Expired.", at=NOW)
    reserve(ledger, "s2", 100, window(100))
    assert ledger.found("s1", "job-1", "{}", LATER, "It is there after all.")
    assert (state(ledger), counters(ledger, 100)) == (State.ADOPTED, (0, 200, 100))
    assert ledger.settle("s1", settled(20))
    assert counters(ledger, 100) == (20, 100, 20)


def test_only_a_reservation_proves_that_a_found_job_is_another(ledger: Ledger) -> None:
    """What was never sent has no job."""
    reserve(ledger)
    assert not ledger.found("s1", "job-1", "{}", LATER, "A label of ours.")
    assert not ledger.found("never heard of", "job-1", "{}", LATER, "A label of ours.")


def test_a_job_is_adopted_once(ledger: Ledger) -> None:
    """Beyond the limit if it must be; asked again, the same submission is returned."""
    first = ledger.adopt(adoption("found", "job-9", 1500))
    assert (first.state, first.job_id, first.cap_micro_usd) == (State.ADOPTED, "job-9", 1500 * CENT)
    assert ledger.adopt(adoption("another id", "job-9", 7)) == first == ledger.by_job("job-9")
    assert counters(ledger) == (0, 1500, 500)
    assert ledger.settle(first.sid, settled(10))


@pytest.mark.parametrize(
    ("before", "expected", "held"),
    [
        (lambda ledger: ledger.void("s1", from_state=State.SENDING, reason="Rejected.", at=NOW), State.ADOPTED, 70),
        (lambda _: None, State.LAUNCHED, 100),
        (lambda ledger: ledger.unknown("s1", "No answer.", NOW), State.LAUNCHED, 100),
    ],
    ids=["void", "sending", "unknown"],
)
def test_an_adopted_job_goes_to_the_submission_it_belongs_to(
    ledger: Ledger, before: Callable[[Ledger], object], expected: State, held: int
) -> None:
    """A submission without a job gets it; of one that was VOID nothing was held, so the adoption's cap counts."""
    reserve(ledger, "s1", 100, window(1000), window(1000, "user"))
    ledger.mark_sending("s1", SENDER, NOW)
    before(ledger)
    found = ledger.adopt(adoption("s1", "job-1", 70))
    assert (found.sid, found.state, found.job_id) == ("s1", expected, "job-1")
    assert counters(ledger)[1] == held


def test_a_copy_of_a_job_gets_an_id_of_its_own(ledger: Ledger) -> None:
    """A duplicated job carries the label of the first: it is charged beside it."""
    launch(ledger, "s1")
    copy = ledger.adopt(adoption("s1", "job-2", 70))
    assert copy.sid != "s1"
    assert counters(ledger) == (0, 170, 0)


def test_submissions_come_newest_first_and_by_state(ledger: Ledger) -> None:
    """Over several pages, with the budgets of each."""
    for number in range(7):
        reserve(ledger, f"s{number}", 1, created_at=NOW + timedelta(seconds=number))
    for number in (1, 3, 5):
        ledger.void(f"s{number}", from_state=State.RESERVED, reason="Cancelled.", at=LATER)
    launch(ledger, "s9", 1)
    assert [found.sid for found in ledger.submissions()] == ["s6", "s5", "s4", "s3", "s2", "s1", "s9", "s0"]
    assert [found.sid for found in ledger.submissions([State.VOID, State.LAUNCHED])] == ["s5", "s3", "s1", "s9"]
    assert [found.sid for found in ledger.submissions([State.RESERVED], 2)] == ["s6", "s4"]
    assert list(ledger.submissions([])) == list(ledger.submissions(limit=0)) == []
    assert all(found.budgets == (("team", window().start),) for found in ledger.submissions())


def test_pages_of_submissions_leave_nothing_out(ledger: Ledger) -> None:
    """1,100 submissions of the same instant are three pages, and so are their entries."""
    ledger.reserve_all([reservation(f"s{number:04}", 1, windows=()) for number in range(1100)])
    assert [found.sid for found in ledger.submissions()] == [f"s{number:04}" for number in reversed(range(1100))]
    assert [entry.sid for entry in ledger.entries()] == [f"s{number:04}" for number in range(1100)]


def test_the_books_have_one_id_for_ever(ledger: Ledger, address: str) -> None:
    """It tells these books from all others, in the label of each job."""
    with open_ledger(address) as again:
        assert again.ledger_id == ledger.ledger_id
    assert len(bytes.fromhex(ledger.ledger_id)) == 16


def test_two_windows_of_one_name_are_a_mistake(ledger: Ledger) -> None:
    """The policy names each budget once."""
    with pytest.raises(ValueError, match="twice"):
        ledger.reserve(reservation("s1", 1, window(5), window(6)))
    with pytest.raises(ValueError, match="no name"):
        ledger.reserve(reservation("s1", 1, window(5, "")))
