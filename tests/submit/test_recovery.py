"""Books that were lost come back from the labels of the jobs, and books that were not are not counted twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from hfplanner.budget.caller import PERSON, Caller
from hfplanner.budget.ledger.records import State
from hfplanner.errors import JobSpecError, SubmissionUnknown
from hfplanner.submit.recovery import rebuild
from hfplanner.submit.send import submit
from tests.hub.control import Fate, Hub
from tests.submit.submitter import CAP, at_submitter, balance, charging, only, order, states

MINUTE = 167


def test_lost_books_come_back(hub: Hub, tmp_path: Path) -> None:
    """A job that ended, one that runs and a copy: settled, held and held, in a new ledger, once."""
    hub.fate(Fate(running_secs=30), Fate(running_secs=None), Fate(running_secs=None))
    with at_submitter(hub, tmp_path / "lost") as submitter:
        submit(order(), submitter)
        running = submit(order(), submitter)
        submitter.hub.duplicate_job("alice", str(running.job_id))
    hub.advance(60)
    with at_submitter(hub, tmp_path / "new") as submitter:
        done = rebuild(submitter, charging(), ["alice"])
        assert (done.jobs, done.adopted, done.settled, done.complete) == (3, 3, 1, True)
        assert balance(submitter) == (2 * CAP, MINUTE)
        assert submitter.ledger.get(running.submission.sid) is not None

        assert rebuild(submitter, charging(), ["alice"], of_ledger=None).adopted == 0
        assert (balance(submitter), submitter.ledger.verify()) == ((2 * CAP, MINUTE), ())


def test_a_submission_that_is_in_the_books_gets_its_job_and_is_held_once(hub: Hub, tmp_path: Path) -> None:
    """Its answer was lost, and somebody rebuilds instead of reconciling."""
    hub.fault(method="POST", drop=True)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown):
            submit(order(), submitter)
        assert rebuild(submitter, charging(), ["alice"]).adopted == 1
        assert (states(submitter), only(submitter).job_id) == ([State.LAUNCHED], hub.jobs()[0]["id"])
        assert (balance(submitter), submitter.ledger.verify()) == ((CAP, 0), ())


def test_whose_job_it_is_comes_back_with_the_books(hub: Hub, tmp_path: Path) -> None:
    """An agent and its session stand in labels of their own: a rebuilt ledger counts its jobs for it, and no copy."""
    caller = Caller("trainer", "ada@host 2026-09-01")
    with at_submitter(hub, tmp_path / "lost") as submitter:
        sent = submit(replace(order(), caller=caller), submitter)
        submit(order(), submitter)
        submitter.hub.duplicate_job("alice", str(sent.job_id))
    labels = [job["labels"] for job in hub.jobs()]
    assert labels[0]["hfplanner-agent"] == "trainer"
    assert "hfplanner-agent" not in labels[1]
    with at_submitter(hub, tmp_path / "new") as submitter:
        assert rebuild(submitter, charging(), ["alice"]).adopted == 3
        found = {one.job_id: one.terms.caller for one in submitter.ledger.submissions()}
        assert [found[job["id"]] for job in hub.jobs()] == [caller, PERSON, PERSON]


def test_the_labels_of_the_ledger_are_nobody_elses(hub: Hub, tmp_path: Path) -> None:
    """Who could say that another agent sent it would spend that one's money."""
    with at_submitter(hub, tmp_path) as submitter, pytest.raises(JobSpecError, match="hfplanner's own"):
        submit(order(labels={"hfplanner-agent": "other"}), submitter)
    assert hub.jobs() == []
