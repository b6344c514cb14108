"""What another process or an operator decides while a request is on its way gives way to the Hub's answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path

import httpx
import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.retry import RetryPolicy
from hfplanner.api.transport import Wire
from hfplanner.budget.ledger.records import State
from hfplanner.errors import LedgerError, SubmissionError, SubmissionUnknown
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.resolution import Word, resolve
from hfplanner.submit.send import Submitter, submit
from tests.hub.control import Hub
from tests.submit.submitter import CAP, at_submitter, balance, charging, only, order, posts, states

NEVER_RAN = Word(who="ada", why="not listed")


class Meanwhile(httpx.BaseTransport):
    """The network, where something happens between a request and the moment its answer is seen."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._happens = happens
        self._wire = Wire()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request; after a submission something happens."""
        answer = self._wire.handle_request(request)
        if request.method == "POST":
            try:
                self._happens()
            except BaseException:
                answer.close()
                raise
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()


def while_sent(hub: Hub, submitter: Submitter, happens: Callable[[], object]) -> Submitter:
    """Return the desk with a network where something happens while a submission is on its way."""
    carrier = Meanwhile(happens)
    client = JobsClient(hub.url, token=Token(hub.token), transport=carrier, retry=RetryPolicy(attempts=1))
    return replace(submitter, hub=client)


def take_for_dead(submitter: Submitter) -> str:
    """Say that nobody sends it any more, as a machine does that has waited too long; return its id."""
    sid = only(submitter).sid
    assert submitter.ledger.unknown(sid, "Its sender is silent.", submitter.clock())
    return sid


def test_what_is_on_its_way_is_in_the_books_before(hub: Hub, tmp_path: Path) -> None:
    """While the request is sent, another process reads its mark, its sender and its held money from the file."""
    seen: list[State] = []

    def look() -> None:
        with at_submitter(hub, tmp_path) as other:
            seen.append(only(other).state)
            assert balance(other) == (CAP, 0)
            assert only(other).sender is not None

    with at_submitter(hub, tmp_path) as submitter:
        submit(order(), while_sent(hub, submitter, look))
    assert seen == [State.SENDING]


def test_an_answer_after_an_operator_said_it_never_ran_is_charged(hub: Hub, tmp_path: Path) -> None:
    """The job exists: its money is held again, and the submitter is told."""
    with at_submitter(hub, tmp_path) as submitter:

        def decide() -> None:
            resolve(submitter.ledger, take_for_dead(submitter), NEVER_RAN, submitter.clock())
            assert balance(submitter) == (0, 0)

        done = submit(order(), while_sent(hub, submitter, decide))

        assert (done.submission.state, done.submission.job_id) == (State.ADOPTED, hub.jobs()[0]["id"])
        assert balance(submitter) == (CAP, 0)
        assert "decided otherwise. Its money is held." in done.warnings[0]
        assert submitter.ledger.verify() == ()


def test_an_answer_after_it_was_taken_as_spent_holds_its_money_again(hub: Hub, tmp_path: Path) -> None:
    """Presumed, then the answer: LAUNCHED, and its cost is open again."""
    with at_submitter(hub, tmp_path) as submitter:

        def decide() -> None:
            submitter.ledger.presume(take_for_dead(submitter), "Never found.", submitter.clock())
            assert balance(submitter) == (0, CAP)

        assert submit(order(), while_sent(hub, submitter, decide)).submission.state is State.LAUNCHED
        assert balance(submitter) == (CAP, 0)
        assert submitter.ledger.verify() == ()


def test_an_answer_for_a_submission_that_has_another_job_is_charged_beside_it(hub: Hub, tmp_path: Path) -> None:
    """An operator named a job, and then the Hub names another: both exist, and both are held."""
    with at_submitter(hub, tmp_path) as submitter:
        (other,) = hub.add_jobs(1)

        def decide() -> None:
            word = Word(who="ada", why="Seen on the page.", job_id=other)
            resolve(submitter.ledger, take_for_dead(submitter), word, submitter.clock())

        done = submit(order(), while_sent(hub, submitter, decide))

        beside = submitter.ledger.by_job(str(done.job_id))
        assert beside is not None
        assert (beside.state, done.submission.job_id) == (State.ADOPTED, other)
        assert beside.sid in done.warnings[0]
        assert (balance(submitter), submitter.ledger.verify()) == ((2 * CAP, 0), ())


def test_an_interrupted_request_is_unknown(hub: Hub, tmp_path: Path) -> None:
    """Ctrl-C after the request left: exit code 5 and what to do; the money stays held, and the job is found."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown, match="Interrupted") as raised:
            submit(order(), while_sent(hub, submitter, interrupt))
        assert (raised.value.exit_code, raised.value.submission_id) == (5, only(submitter).sid)
        assert "reconcile" in (raised.value.hint or "")
        assert (states(submitter), balance(submitter), posts(hub)) == ([State.UNKNOWN], (CAP, 0), 1)
        assert len(reconcile(submitter, charging()).found) == 1


@pytest.mark.parametrize("status", [None, 500], ids=["a job", "an error"])
def test_what_the_ledger_cannot_record_is_told_as_unknown(hub: Hub, tmp_path: Path, status: int | None) -> None:
    """The ledger fails after the request: exit code 5, not the sentence of a ledger that kept it from being sent.

    The lock of its sender stays, and nobody holds it: whoever reconciles knows at once.
    """
    if status is not None:
        hub.fault(method="POST", status=status)
    with at_submitter(hub, tmp_path) as submitter:
        broken = while_sent(hub, submitter, submitter.ledger.close)
        with pytest.raises(SubmissionUnknown, match=r"was sent|was created") as raised:
            submit(order(), broken)
    assert isinstance(raised.value.__cause__, LedgerError)
    assert (raised.value.exit_code, raised.value.job_id is None) == (5, status is not None)

    with at_submitter(hub, tmp_path) as submitter:
        done = reconcile(submitter, charging())
        assert (done.interrupted, done.found) == ([only(submitter).sid], [only(submitter).sid])
        assert (balance(submitter), submitter.ledger.verify()) == ((CAP, 0), ())


def test_a_reservation_that_expired_before_its_mark_is_not_sent(hub: Hub, tmp_path: Path) -> None:
    """Six minutes between reserving and marking (a laptop slept): nothing is sent, nothing is held, and it says so."""
    with at_submitter(hub, tmp_path) as submitter:
        start = submitter.clock()
        times = chain([start], repeat(start + timedelta(minutes=6)))
        with pytest.raises(SubmissionError, match="not sent"):
            submit(order(), replace(submitter, clock=lambda: next(times)))
        assert (states(submitter), balance(submitter), posts(hub)) == ([State.VOID], (0, 0), 0)


def test_a_reservation_that_another_let_go_is_not_sent(hub: Hub, tmp_path: Path) -> None:
    """Somebody reconciles with a clock that is ahead, between reserving and marking: nothing is sent."""
    with at_submitter(hub, tmp_path) as submitter:
        start = submitter.clock()
        looks = iter(range(9))

        def clock() -> object:
            if next(looks) == 1:
                sid = only(submitter).sid
                submitter.ledger.void(sid, from_state=State.RESERVED, reason="Expired.", at=start)
            return start

        done = submit(order(), replace(submitter, clock=clock))  # type: ignore[arg-type]
        assert (done.submission.state, done.job_id, posts(hub)) == (State.VOID, None, 0)
