"""Every fault of the emulator on a submission, through the ledger: its class, one POST, and money held while it must.

The table of outcomes is closed: what proves that nothing was sent or done lets the money go, a job's id launches, and
everything else is unknown, whatever it looks like.
"""

from pathlib import Path
from typing import Any

import pytest

from hfplanner.budget.ledger.records import State
from hfplanner.errors import HubError, Outcome, SubmissionUnknown
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import submit
from tests.hub.control import Fate, Hub
from tests.reliability.test_faults import FAULTS
from tests.submit.submitter import CAP, at_submitter, balance, charging, only, order, posts, states

REJECTED = (400, 401, 402, 403, 404, 405, 413, 415, 422)
RATE_LIMITED = {"RateLimit": '"api";r=0;t=60'}
# Name, what is done, and whether the job exists afterwards.
UNKNOWN: dict[str, tuple[dict[str, Any], bool]] = {
    **{name: (fault, exists) for name, (fault, _, exists) in FAULTS.items()},
    **{
        f"{status} {when}": ({"status": status, "before": before}, not before)
        for status in (
            300,
            301,
            302,
            303,
            307,
            308,
            406,
            408,
            409,
            410,
            418,
            425,
            429,
            451,
            500,
            501,
            502,
            503,
            504,
            599,
        )
        for when, before in (("before the effect", True), ("after the effect", False))
    },
    **{f"{status} without the Hub's words": ({"status": status, "body": "<html>"}, True) for status in REJECTED},
    **{f"{status} with a list": ({"status": status, "body": "[]"}, True) for status in REJECTED},
    "429 with requests left": ({"status": 429, "headers": {"RateLimit": '"api";r=1;t=60'}}, True),
    "a request that is cut in its head": ({"cut_request_at": 20}, False),
    "a request that is cut in its body": ({"cut_request_at": 400}, False),
    "an answer that is cut in its head": ({"cut_at": 9}, True),
    "an answer that is cut in its body": ({"cut_body_at": 9}, True),
    "an answer that is cut by a reset": ({"cut_body_at": 9, "reset": True}, True),
    "an answer without an id": ({"remove": ["id"]}, True),
    "204 without a body": ({"status": 204, "body": ""}, True),
}
LAUNCHED: dict[str, dict[str, Any]] = {
    "200": {},
    "201": {"status": 201},
    "202": {"status": 202},
    "299": {"status": 299},
    "a body that ends with the connection": {"framing": "close"},
    "a body in chunks": {"framing": "chunked"},
    "a slow answer": {"delay_secs": 0.2},
    "nothing but an id": {"remove": ["status", "owner", "flavor", "createdAt", "environment", "labels"]},
    "unknown fields and a stage of the future": {"put": {"brandNew": {"a": [1]}, "status.stage": "PAUSED"}},
    "fields of other kinds": {"put": {"timeout": "soon", "status": "RUNNING", "labels": [1]}},
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_fault_that_proves_nothing_holds_the_money_until_the_job_is_found(
    hub: Hub, tmp_path: Path, name: str
) -> None:
    """UNKNOWN and held; asked again with the same key nothing is sent; reconciled, the job is found where it exists."""
    fault, exists = UNKNOWN[name]
    hub.default_fate(Fate(running_secs=None))
    hub.fault(method="POST", **fault)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown) as raised:
            submit(order("once"), submitter)
        assert raised.value.exit_code == 5
        assert submit(order("once"), submitter).submission.sid == raised.value.submission_id
        assert (states(submitter), balance(submitter), posts(hub)) == ([State.UNKNOWN], (CAP, 0), 1)
        assert len(hub.jobs()) == exists

        hub.clear_faults()
        done = reconcile(submitter, charging())
        sid = only(submitter).sid
        assert (done.found, done.unknown, done.complete) == (([sid], [], True) if exists else ([], [sid], True))
        assert (balance(submitter), posts(hub), submitter.ledger.verify()) == ((CAP, 0), 1, ())


@pytest.mark.parametrize("name", LAUNCHED)
def test_an_answer_with_an_id_is_a_job(hub: Hub, tmp_path: Path, name: str) -> None:
    """LAUNCHED and held, and the raw answer kept, however odd the rest of it is."""
    hub.fault(method="POST", **LAUNCHED[name])
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
        assert (done.submission.state, done.job_id) == (State.LAUNCHED, hub.jobs()[0]["id"])
        assert (balance(submitter), posts(hub)) == ((CAP, 0), 1)
        assert str(done.job_id) in submitter.ledger.answer(done.submission.sid)


@pytest.mark.parametrize(
    "fault",
    [{"status": status} for status in REJECTED] + [{"status": 429, "headers": RATE_LIMITED}],
    ids=lambda fault: str(fault["status"]),
)
def test_the_hubs_own_refusal_lets_the_money_go(hub: Hub, tmp_path: Path, fault: dict[str, Any]) -> None:
    """VOID, nothing held, one POST."""
    hub.fault(method="POST", before=True, **fault)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(HubError) as raised:
            submit(order(), submitter)
        assert raised.value.outcome is Outcome.REJECTED
        assert (states(submitter), balance(submitter), posts(hub), hub.jobs()) == ([State.VOID], (0, 0), 1, [])
        assert submitter.ledger.verify() == ()
