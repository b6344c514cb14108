"""Creating a schedule is a POST like that of a job: sent once, held while unknown, let go once the Hub lists it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hfplanner.budget.ledger.records import BudgetWindow, State
from hfplanner.errors import BudgetRefused, HubError, Outcome, SubmissionUnknown
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import JobOrder, submit
from hfplanner.submit.timetable import Timetable, When
from tests.hub.control import Fate, Hub
from tests.submit.submitter import CAP, START, at_submitter, balance, charging, only, order, states, window
from tests.submit.test_post_faults import REJECTED, UNKNOWN

HELD = 2 * CAP
TODAY = window(budget="day", end=datetime(2026, 9, 2, tzinfo=UTC))


def scheduled(key: str | None = None, beside: tuple[tuple[BudgetWindow, int], ...] = ()) -> JobOrder:
    """Return an order of a schedule of which two runs are held."""
    job = order(key)
    timetable = Timetable(
        when=When(schedule="@hourly"), one=job.terms, held=replace(job.terms, attempts=2), beside=beside
    )
    return replace(job, timetable=timetable)


def made(hub: Hub) -> int:
    """Return how many requests for a schedule the Hub has got."""
    return sum(asked.method == "POST" and asked.path == "/api/scheduled-jobs/alice" for asked in hub.requests())


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_fault_that_proves_nothing_holds_the_money_until_the_schedule_is_found(
    hub: Hub, tmp_path: Path, name: str
) -> None:
    """UNKNOWN and held; asked again with the same key nothing is sent; reconciled, it is found where it exists."""
    fault, exists = UNKNOWN[name]
    hub.fault(method="POST", **fault)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown) as raised:
            submit(scheduled("once"), submitter)
        assert submit(scheduled("once"), submitter).submission.sid == raised.value.submission_id
        assert (states(submitter), balance(submitter), made(hub)) == ([State.UNKNOWN], (HELD, 0), 1)
        there = submitter.hub.scheduled.list("alice")
        assert len(there) == exists

        hub.clear_faults()
        done = reconcile(submitter, charging())
        sid = only(submitter).sid
        assert (done.found, done.unknown, done.complete) == (([sid], [], True) if exists else ([], [sid], True))
        assert (balance(submitter), made(hub), submitter.ledger.verify()) == ((HELD, 0), 1, ())


@pytest.mark.parametrize("status", REJECTED)
def test_the_hubs_own_refusal_lets_the_money_go(hub: Hub, tmp_path: Path, status: int) -> None:
    """VOID, nothing held, one POST."""
    hub.fault(method="POST", before=True, status=status)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(HubError) as raised:
            submit(scheduled(), submitter)
        assert raised.value.outcome is Outcome.REJECTED
        assert (states(submitter), balance(submitter), made(hub)) == ([State.VOID], (0, 0), 1)


def test_it_is_held_for_as_long_as_somebody_may_not_have_seen_it(hub: Hub, tmp_path: Path) -> None:
    """Four minutes later it is held, six minutes later it is not, and nothing is posted for it."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(scheduled(), submitter)
        assert (done.submission.state, done.url, balance(submitter)) == (State.LAUNCHED, None, (HELD, 0))
        assert done.job_id == submitter.hub.scheduled.list("alice")[0].id
        for secs, held in ((240, HELD), (120, 0)):
            hub.advance(secs)
            reconcile(submitter, charging(), sweep=False)
            assert balance(submitter) == (held, 0)
        assert (states(submitter), submitter.ledger.verify()) == ([State.SETTLED], ())


def test_one_that_was_deleted_holds_nothing(hub: Hub, tmp_path: Path) -> None:
    """As soon as the time is over in which it may only be listed late."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(scheduled(), submitter)
        submitter.hub.scheduled.delete("alice", str(done.job_id))
        hub.advance(360)
        reconcile(submitter, charging())
        assert (states(submitter), balance(submitter)) == ([State.SETTLED], (0, 0))


def test_a_run_of_it_is_charged_by_itself(hub: Hub, tmp_path: Path) -> None:
    """It carries the schedule's labels, and is a job of its own in the books."""
    hub.default_fate(Fate(running_secs=None))
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(scheduled(), submitter)
        job = submitter.hub.scheduled.run("alice", str(done.job_id))
        reconcile(submitter, charging())
        assert balance(submitter) == (HELD + CAP, 0)
        hub.advance(360)
        reconcile(submitter, charging())
        found = submitter.ledger.by_job(job.job_id)
        assert (found and found.state, balance(submitter)) == (State.ADOPTED, (CAP, 0))
        assert submitter.ledger.verify() == ()


@pytest.mark.parametrize("left", [0, 1])
def test_a_budget_of_a_shorter_period_is_looked_at_beside(hub: Hub, tmp_path: Path, left: int) -> None:
    """What is spent outside leaves one run today, or one and no more: a run today does not fit, or does."""
    spent = 3 * CAP - left * CAP
    today = replace(TODAY, other_micro_usd=spent)
    with at_submitter(hub, tmp_path) as submitter:
        wanted = scheduled(beside=((today, CAP),))
        if left:
            assert submit(wanted, submitter).submission.state is State.LAUNCHED
            return
        with pytest.raises(BudgetRefused, match="budget 'day' has"):
            submit(wanted, submitter)
        assert (states(submitter), balance(submitter), made(hub)) == ([State.VOID], (0, 0), 0)


def test_two_at_once_are_never_both_made_where_one_fits_a_shorter_period(hub: Hub, tmp_path: Path) -> None:
    """The second sees the money of the first, whatever that will cost today."""
    today = replace(TODAY, limit_micro_usd=CAP)
    with at_submitter(hub, tmp_path) as submitter:
        submit(scheduled(beside=((today, CAP),)), submitter)
        wanted = replace(scheduled(beside=((today, CAP),)), windows=(window(limit_micro_usd=10 * CAP),))
        with pytest.raises(BudgetRefused):
            submit(wanted, submitter)
        assert made(hub) == 1
    assert timedelta(days=1) == today.end - START
