"""Every fault of the emulator on a job that takes another's place, and on one of a plan: as on one that is sent alone.

The table of outcomes is that of ``test_post_faults``; here it is the other two ways in which a job is reserved.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.errors import HubError, SubmissionUnknown
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import JobOrder, Submitter, submit, submit_instead
from hfplanner.submit.several import AtOnce, SentOrders, reserve_orders, send_reserved
from hfplanner.submit.waiting import cancel_waiting
from tests.hub.control import Fate, Hub
from tests.submit.submitter import CAP, at_submitter, balance, charging, order, posts
from tests.submit.test_post_faults import RATE_LIMITED, REJECTED, UNKNOWN

PLAN = ("night/1", "night/2", "night/3")


def ended_waiting(hub: Hub, submitter: Submitter) -> tuple[Submission, Settlement]:
    """Send a job that waits, give it up and cancel it."""
    hub.fate(Fate(scheduling_secs=None))
    sent = submit(order("once"), submitter)
    assert submitter.ledger.give_up(sent.submission.sid, "It waited.", submitter.clock())
    assert cancel_waiting(submitter.hub, sent, submitter.clock).has_waited
    return sent.submission, Settlement(cost_micro_usd=0, evidence="it never started", at=submitter.clock())


def stands(submitter: Submitter, key: str) -> State | None:
    """Return the state of the submission of a key."""
    found = submitter.ledger.by_key(key)
    return found and found.state


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_job_in_place_of_another_is_sent_once(hub: Hub, tmp_path: Path, name: str) -> None:
    """UNKNOWN and held, the one before settled; again nothing is sent; reconciled, it is found where it exists."""
    fault, exists = UNKNOWN[name]
    hub.default_fate(Fate(running_secs=None))
    with at_submitter(hub, tmp_path) as submitter:
        waits, cost = ended_waiting(hub, submitter)
        hub.fault(method="POST", path="/api/jobs/alice$", **fault)
        with pytest.raises(SubmissionUnknown) as raised:
            submit_instead(order("once/2"), waits, cost, submitter)
        assert raised.value.exit_code == 5
        again = submit_instead(order("once/2"), waits, cost, submitter)
        assert again.submission.sid == raised.value.submission_id
        assert (stands(submitter, "once"), stands(submitter, "once/2")) == (State.SETTLED, State.UNKNOWN)
        assert (balance(submitter), posts(hub), len(hub.jobs())) == ((CAP, 0), 2, 1 + exists)

        hub.clear_faults()
        done = reconcile(submitter, charging())
        sid = submitter.ledger.by_key("once/2").sid  # type: ignore[union-attr] # it is there
        assert (done.found, done.unknown) == (([sid], []) if exists else ([], [sid]))
        assert (balance(submitter), posts(hub), submitter.ledger.verify()) == ((CAP, 0), 2, ())


@pytest.mark.parametrize(
    "fault",
    [{"status": status} for status in REJECTED] + [{"status": 429, "headers": RATE_LIMITED}],
    ids=lambda fault: str(fault["status"]),
)
def test_a_rejected_job_in_place_of_another_holds_nothing(hub: Hub, tmp_path: Path, fault: dict[str, Any]) -> None:
    """VOID, and the one before has ended: its key may be used for the next flavor."""
    with at_submitter(hub, tmp_path) as submitter:
        waits, cost = ended_waiting(hub, submitter)
        hub.fault(method="POST", path="/api/jobs/alice$", before=True, **fault)
        with pytest.raises(HubError):
            submit_instead(order("once/2"), waits, cost, submitter)
        assert (stands(submitter, "once"), stands(submitter, "once/2")) == (State.SETTLED, State.VOID)
        assert (balance(submitter), submitter.ledger.verify()) == ((0, 0), ())
        assert (
            submit_instead(order("once/2", timeout_secs=60), waits, cost, submitter).submission.state is State.LAUNCHED
        )
        assert posts(hub) == 3


def send_plan(submitter: Submitter) -> SentOrders:
    """Reserve and send the jobs of a plan."""
    orders: list[JobOrder] = [order(key, labels={"part": key[-1]}) for key in PLAN]
    reserved = reserve_orders(orders, submitter, timedelta(hours=1))
    return send_reserved(orders, reserved, submitter, at_once=AtOnce())


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_job_of_a_plan_is_sent_once(hub: Hub, tmp_path: Path, name: str) -> None:
    """The second of three is UNKNOWN and held, the others are sent; the same plan again sends nothing."""
    fault, exists = UNKNOWN[name]
    hub.default_fate(Fate(running_secs=None))
    hub.fault(method="POST", nth=2, **fault)
    with at_submitter(hub, tmp_path) as submitter:
        expected = [State.LAUNCHED, State.UNKNOWN, State.LAUNCHED]
        for _ in range(2):
            sent = send_plan(submitter)
            assert [one.state for one in sent.submissions] == expected
            assert (balance(submitter), posts(hub), len(hub.jobs())) == ((3 * CAP, 0), 3, 2 + exists)

        hub.clear_faults()
        done = reconcile(submitter, charging())
        sid = sent.submissions[1].sid
        assert (done.found, done.unknown) == (([sid], []) if exists else ([], [sid]))
        assert (balance(submitter), posts(hub), submitter.ledger.verify()) == ((3 * CAP, 0), 3, ())


@pytest.mark.parametrize("status", REJECTED)
def test_a_rejected_job_lets_what_is_not_sent_of_its_plan_go(hub: Hub, tmp_path: Path, status: int) -> None:
    """The first runs, the second is VOID, and the third was never sent: of one job the money is held."""
    hub.default_fate(Fate(running_secs=None))
    hub.fault(method="POST", nth=2, before=True, status=status)
    with at_submitter(hub, tmp_path) as submitter:
        sent = send_plan(submitter)
        assert [one.state for one in sent.submissions] == [State.LAUNCHED, State.VOID, State.VOID]
        assert (balance(submitter), posts(hub), len(hub.jobs())) == ((CAP, 0), 2, 1)
        assert (sent.stopped is not None, submitter.ledger.verify()) == (True, ())
