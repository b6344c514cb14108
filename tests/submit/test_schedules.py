"""Creating a schedule is a POST like that of a job: sent once, held while unknown, let go once the Hub lists it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.budget.ledger.records import SID_LABEL, State
from hfplanner.budget.off_ledger import Spending
from hfplanner.budget.off_ledger_reading import read_off_ledger
from hfplanner.budget.policy import Budget, Period, Policy, applied_budgets
from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import BudgetRefused, HubError, Outcome, SubmissionUnknown
from hfplanner.submit.identity import LEDGER_LABEL
from hfplanner.submit.kept_schedules import with_kept_schedules
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import Submitter, submit
from hfplanner.submit.timetable import When
from tests.hub.control import Fate, Hub
from tests.submit.submitter import (
    CAP,
    HELD,
    START,
    at_submitter,
    balance,
    charging,
    only,
    order,
    posts_of_schedules,
    scheduled,
    states,
    window,
)
from tests.submit.test_post_faults import REJECTED, UNKNOWN

TODAY = window(budget="day", end=datetime(2026, 9, 2, tzinfo=UTC))


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
        assert (states(submitter), balance(submitter), posts_of_schedules(hub)) == ([State.UNKNOWN], (HELD, 0), 1)
        there = submitter.hub.scheduled.list("alice")
        assert len(there) == exists

        hub.clear_faults()
        done = reconcile(submitter, charging())
        sid = only(submitter).sid
        assert (done.found, done.unknown, done.complete) == (([sid], [], True) if exists else ([], [sid], True))
        assert (balance(submitter), posts_of_schedules(hub), submitter.ledger.verify()) == ((HELD, 0), 1, ())


@pytest.mark.parametrize("status", REJECTED)
def test_the_hubs_own_refusal_lets_the_money_go(hub: Hub, tmp_path: Path, status: int) -> None:
    """VOID, nothing held, one POST."""
    hub.fault(method="POST", before=True, status=status)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(HubError) as raised:
            submit(scheduled(), submitter)
        assert raised.value.outcome is Outcome.REJECTED
        assert (states(submitter), balance(submitter), posts_of_schedules(hub)) == ([State.VOID], (0, 0), 1)


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
        assert (states(submitter), balance(submitter), posts_of_schedules(hub)) == ([State.VOID], (0, 0), 0)


def test_two_at_once_are_never_both_made_where_one_fits_a_shorter_period(hub: Hub, tmp_path: Path) -> None:
    """The second sees the money of the first, whatever that will cost today."""
    today = replace(TODAY, limit_micro_usd=CAP)
    with at_submitter(hub, tmp_path) as submitter:
        submit(scheduled(beside=((today, CAP),)), submitter)
        wanted = replace(scheduled(beside=((today, CAP),)), windows=(window(limit_micro_usd=10 * CAP),))
        with pytest.raises(BudgetRefused):
            submit(wanted, submitter)
        assert posts_of_schedules(hub) == 1
    assert timedelta(days=1) == today.end - START


def day_of(submitter: Submitter, listed: list[ScheduledJobInfo]) -> Spending:
    """Return what a budget of one day counts beside the ledger, with these schedules listed."""
    now = submitter.clock()
    rules = Policy(budgets=(Budget(name="day", limit_micro_usd=10**9, period=Period.DAY),))
    schedules = with_kept_schedules(listed, submitter.ledger)
    applied = applied_budgets(rules, None, now)
    return read_off_ledger(applied, submitter.ledger, now=now, listing=shipped_listing(), schedules=schedules).of("day")


@pytest.mark.parametrize("is_lost", [True, False], ids=["UNKNOWN", "LAUNCHED"])
def test_its_runs_of_the_next_period_count_before_it_is_listed(hub: Hub, tmp_path: Path, *, is_lost: bool) -> None:
    """Made late in the evening, what is held is of that day; in the next its other runs count, listed or not, once."""
    hub.set_clock(START + timedelta(hours=22, minutes=58))
    if is_lost:
        hub.fault(method="POST", drop=True)
    with at_submitter(hub, tmp_path) as submitter:
        try:
            submit(scheduled("once"), submitter)
        except SubmissionUnknown:
            assert is_lost
        (made_one,) = submitter.hub.scheduled.list("alice")
        before = day_of(submitter, [])
        assert (before.scheduled_micro_usd, before.held_schedules) == (0, ((only(submitter).sid, CAP),))
        assert day_of(submitter, [made_one]) == before
        hub.advance(4320)
        after = day_of(submitter, [])
        assert (after.scheduled_runs, after.scheduled_micro_usd, after.held_schedules) == (23, 23 * CAP, ())
        assert day_of(submitter, [made_one]) == after


def test_one_that_turns_up_after_it_was_let_go_is_let_go_again(hub: Hub, tmp_path: Path) -> None:
    """An operator said that it was never made, its answer comes: held again, and no longer once it is listed."""
    hub.fault(method="POST", drop=True)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown):
            submit(scheduled("once"), submitter)
        (made_one,) = submitter.hub.scheduled.list("alice")
        sid = only(submitter).sid
        assert submitter.ledger.void(sid, from_state=State.UNKNOWN, reason="No.", at=submitter.clock(), who="ada")
        assert submitter.ledger.found(sid, made_one.id, "", submitter.clock(), "The Hub's answer came late.")
        assert (states(submitter), balance(submitter)) == ([State.ADOPTED], (HELD, 0))
        hub.advance(360)
        reconcile(submitter, charging())
        assert (states(submitter), balance(submitter)) == ([State.SETTLED], (0, 0))


def test_what_is_held_and_listed_counts_once(hub: Hub, tmp_path: Path) -> None:
    """Right after it was made both the ledger and the Hub have it; minutes later the Hub's listing counts alone."""
    hub.set_clock(START + timedelta(hours=22, minutes=30))
    with at_submitter(hub, tmp_path) as submitter:
        submit(scheduled(), submitter)
        listed = list(submitter.hub.scheduled.list("alice"))
        now = day_of(submitter, listed)
        assert (now.scheduled_micro_usd, now.held_schedules) == (0, ((only(submitter).sid, CAP),))
        hub.advance(360)
        reconcile(submitter, charging())
        assert day_of(submitter, listed).scheduled_micro_usd == CAP


def test_a_schedule_of_another_ledger_is_not_ours(hub: Hub, tmp_path: Path) -> None:
    """It carries the label of the same submission and of other books: what is unknown stays unknown."""
    hub.fault(method="POST", drop=True, before=True)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown):
            submit(scheduled("once"), submitter)
        labels = {SID_LABEL: only(submitter).sid, LEDGER_LABEL: "0" * 32}
        body = order(labels=labels).job.to_api()
        submitter.hub.scheduled.launch("alice", When(schedule="@hourly").body(body))
        reconcile(submitter, charging())
        assert (states(submitter), balance(submitter)) == ([State.UNKNOWN], (HELD, 0))
