"""Books that were lost come back from the labels of the jobs, and books that were not are not counted twice."""

from pathlib import Path

import pytest

from hfplanner.budget.ledger.records import State
from hfplanner.errors import SubmissionUnknown
from hfplanner.submit.rebuild import rebuild
from hfplanner.submit.send import submit
from tests.hub.control import Fate, Hub
from tests.submit.desk import CAP, at_desk, balance, books, only, order, states

MINUTE = 167


def test_lost_books_come_back(hub: Hub, tmp_path: Path) -> None:
    """A job that ended, one that runs and a copy: settled, held and held, in a new ledger, once."""
    hub.fate(Fate(running_secs=30), Fate(running_secs=None), Fate(running_secs=None))
    with at_desk(hub, tmp_path / "lost") as desk:
        submit(order(), desk)
        running = submit(order(), desk)
        desk.hub.duplicate_job("alice", str(running.job_id))
    hub.advance(60)
    with at_desk(hub, tmp_path / "new") as desk:
        done = rebuild(desk, books(), ["alice"])
        assert (done.jobs, done.adopted, done.settled, done.complete) == (3, 3, 1, True)
        assert balance(desk) == (2 * CAP, MINUTE)
        assert desk.ledger.get(running.submission.sid) is not None

        assert rebuild(desk, books(), ["alice"], of_ledger=None).adopted == 0
        assert (balance(desk), desk.ledger.verify()) == ((2 * CAP, MINUTE), ())


def test_a_submission_that_is_in_the_books_gets_its_job_and_is_held_once(hub: Hub, tmp_path: Path) -> None:
    """Its answer was lost, and somebody rebuilds instead of reconciling."""
    hub.fault(method="POST", drop=True)
    with at_desk(hub, tmp_path) as desk:
        with pytest.raises(SubmissionUnknown):
            submit(order(), desk)
        assert rebuild(desk, books(), ["alice"]).adopted == 1
        assert (states(desk), only(desk).job_id) == ([State.LAUNCHED], hub.jobs()[0]["id"])
        assert (balance(desk), desk.ledger.verify()) == ((CAP, 0), ())
