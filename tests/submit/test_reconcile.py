"""Reconciling: what the Hub shows decides; what it does not show stays held; doing it twice changes nothing more."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.budget.ledger.changes import Reservation
from hfplanner.budget.ledger.records import SID_LABEL, State
from hfplanner.errors import SubmissionError, SubmissionUnknown, UsageError
from hfplanner.submit.identity import LEDGER_LABEL, copy_sid, labelled, spec_hash
from hfplanner.submit.reconciliation import Reconciled, reconcile
from hfplanner.submit.resolution import Word, resolve
from hfplanner.submit.send import Submitter, submit
from tests.hub.control import Fate, Hub
from tests.submit.submitter import CAP, PRICE, at_submitter, balance, charging, machine, only, order, states, window

MINUTE = 167
LOST = "submission {sid} was never found"


def lose_answer(hub: Hub, submitter: Submitter) -> str:
    """Submit a job whose answer is lost, and return the submission's id."""
    hub.fault(method="POST", drop=True)
    with pytest.raises(SubmissionUnknown):
        submit(order(), submitter)
    hub.clear_faults()
    return only(submitter).sid


def reserve(submitter: Submitter, sid: str) -> None:
    """Reserve as a submitter does that dies before it sends."""
    asked, now = order(), submitter.clock()
    wanted = Reservation(
        sid=sid,
        key=None,
        spec_hash=spec_hash("alice", asked.job.to_api()),
        terms=asked.terms,
        windows=(window(),),
        created_at=now,
        expires_at=now + timedelta(minutes=5),
    )
    submitter.ledger.reserve(wanted)


def again(submitter: Submitter) -> Reconciled:
    """Reconcile once more, and see that nothing changed."""
    entries = list(submitter.ledger.entries())
    done = reconcile(submitter, charging())
    assert list(submitter.ledger.entries()) == entries
    assert submitter.ledger.verify() == ()
    return done


def test_a_lost_answer_is_found_by_its_label(hub: Hub, tmp_path: Path) -> None:
    """The job exists and is listed: LAUNCHED, with the job's id, and the money stays held while it runs."""
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        done = reconcile(submitter, charging())

        assert done.found == [sid]
        assert (only(submitter).state, only(submitter).job_id) == (State.LAUNCHED, hub.jobs()[0]["id"])
        assert balance(submitter) == (CAP, 0)
        again(submitter)


def test_an_empty_listing_proves_nothing(hub: Hub, tmp_path: Path) -> None:
    """The job exists and is listed late: the money stays held until it is, and then it is found."""
    hub.configure(listing_lag_secs=600)
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        assert reconcile(submitter, charging()).unknown == [sid]
        assert (states(submitter), balance(submitter)) == ([State.UNKNOWN], (CAP, 0))

        hub.advance(601)
        assert reconcile(submitter, charging()).found == [sid]


def test_what_is_never_found_is_presumed_spent_until_it_is_found(hub: Hub, tmp_path: Path) -> None:
    """After timeout and two hours its cap is posted, with an alert; the job that turns up then counts instead."""
    hub.configure(listing_lag_secs=4 * 3600)
    hub.default_fate(Fate(scheduling_secs=5, running_secs=61))
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        hub.advance(3600 + 7200 + 1)
        done = reconcile(submitter, charging())
        assert (done.presumed, balance(submitter), only(submitter).presumed) == ([sid], (0, CAP), True)
        assert LOST.format(sid=sid).capitalize() in done.alerts[0]
        again(submitter)

        hub.advance(4 * 3600)
        done = reconcile(submitter, charging())
        assert (done.found, done.settled) == ([sid], [sid])
        assert (balance(submitter), only(submitter).presumed) == ((0, 2 * MINUTE), False)
        again(submitter)


def test_a_job_that_has_ended_is_settled_at_started_minutes(hub: Hub, tmp_path: Path) -> None:
    """61 seconds are two minutes; what was held beyond that is free again."""
    hub.default_fate(Fate(scheduling_secs=5, running_secs=61))
    with at_submitter(hub, tmp_path) as submitter:
        sid = submit(order(), submitter).submission.sid
        assert reconcile(submitter, charging()).settled == []

        hub.advance(70)
        assert reconcile(submitter, charging()).settled == [sid]
        assert (balance(submitter), only(submitter).posted_micro_usd) == ((0, 2 * MINUTE), 2 * MINUTE)
        again(submitter)


@pytest.mark.parametrize(
    ("fate", "secs", "cost"),
    [
        (Fate(never_starts=True, outcome="error"), 60, 0),
        (Fate(running_secs=None), 3700, 60 * MINUTE),
        (Fate(running_secs=30, outcome="oom"), 60, MINUTE),
        (Fate(running_secs=30, outcome="deleted"), 60, MINUTE),
        (Fate(scheduling_secs=None), 60, None),
        (Fate(running_secs=500), 60, None),
    ],
    ids=[
        "never started",
        "timeout",
        "out of memory",
        "deleted",
        "still scheduling",
        "still running",
    ],
)
def test_each_end_has_its_cost(hub: Hub, tmp_path: Path, fate: Fate, secs: float, cost: int | None) -> None:
    """Known ends cost what they ran, unknown ends their upper bound, and what has not ended stays held."""
    hub.default_fate(fate)
    with at_submitter(hub, tmp_path) as submitter:
        submit(order(), submitter)
        hub.advance(secs)
        reconcile(submitter, charging())
        assert balance(submitter) == ((CAP, 0) if cost is None else (0, cost))
        again(submitter)


def test_a_cancelled_job_whose_end_is_not_told_costs_its_cap(hub: Hub, tmp_path: Path) -> None:
    """No end, no durations: at most timeout x price, until the bill says otherwise."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
        hub.advance(20)
        submitter.hub.cancel_job("alice", str(done.job_id))
        reconcile(submitter, charging())
        assert balance(submitter) == (0, CAP)


STARTED, FROM, TO = (f"2026-09-01T00:0{minute}:00.000Z" for minute in (1, 1, 3))
CONTRADICTIONS = {
    "started, no end, no seconds": {
        "status.stage": "CANCELED",
        "startedAt": STARTED,
        "finishedAt": None,
        "durations": {"schedulingSecs": 0, "runningSecs": 0, "totalSecs": 0},
    },
    "ended when it started, beside running seconds": {
        "status.stage": "ERROR",
        "startedAt": FROM,
        "finishedAt": FROM,
        "durations": {"runningSecs": 1500},
    },
    "ended before it started": {"status.stage": "ERROR", "startedAt": TO, "finishedAt": FROM},
    "started and ended, no second between": {
        "status.stage": "COMPLETED",
        "startedAt": FROM,
        "finishedAt": TO,
        "durations": {"runningSecs": 0},
    },
    "started, and nothing more": {"status.stage": "CANCELED", "startedAt": FROM, "finishedAt": None, "durations": None},
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_record_that_contradicts_itself_costs_its_cap_until_the_bill_says_otherwise(
    hub: Hub, tmp_path: Path, name: str
) -> None:
    """Never 0: what it cost is not known, and at most what was reserved (I18)."""
    with at_submitter(hub, tmp_path) as submitter:
        job_id = str(submit(order(), submitter).job_id)
        hub.fault(method="GET", times=0, put={f"0.{key}": value for key, value in CONTRADICTIONS[name].items()})
        reconcile(submitter, charging(), sweep=False)
        assert (balance(submitter), only(submitter).reason.partition("(")[2][:11]) == ((0, CAP), "upper bound")
        reconcile(submitter, charging({job_id: MINUTE}), sweep=False)
        assert balance(submitter) == (0, MINUTE)
        assert submitter.ledger.verify() == ()


def test_a_job_that_never_started_and_says_only_how_long_it_was_there_costs_nothing(hub: Hub, tmp_path: Path) -> None:
    """TotalSecs alone is no contradiction: that is what such a job says."""
    never = {"status.stage": "ERROR", "startedAt": None, "finishedAt": None, "durations": {"totalSecs": 90}}
    with at_submitter(hub, tmp_path) as submitter:
        submit(order(), submitter)
        hub.fault(method="GET", times=0, put={f"0.{key}": value for key, value in never.items()})
        reconcile(submitter, charging(), sweep=False)
        assert balance(submitter) == (0, 0)


def test_the_bill_wins_over_what_was_computed(hub: Hub, tmp_path: Path) -> None:
    """A settled job is corrected to its bill, once; a job that still runs is not."""
    with at_submitter(hub, tmp_path) as submitter:
        job_id = submit(order(), submitter).job_id
        assert job_id is not None
        assert reconcile(submitter, charging({job_id: 999})).corrected == []
        hub.advance(120)
        reconcile(submitter, charging())
        done = reconcile(submitter, charging({job_id: 999}))

        assert (done.corrected, balance(submitter)) == ([only(submitter).sid], (0, 999))
        assert reconcile(submitter, charging({job_id: 999})).corrected == []
        again(submitter)


def test_a_reservation_that_was_never_sent_expires(hub: Hub, tmp_path: Path) -> None:
    """Its submitter died before the request: after five minutes nothing is held."""
    with at_submitter(hub, tmp_path) as submitter:
        reserve(submitter, "a" * 32)
        assert reconcile(submitter, charging()).expired == []
        hub.advance(301)
        assert reconcile(submitter, charging()).expired == ["a" * 32]
        assert (states(submitter), balance(submitter)) == ([State.VOID], (0, 0))


def test_a_dead_sender_leaves_its_money_held(hub: Hub, tmp_path: Path) -> None:
    """Marked as being sent, and no process holds its lock: UNKNOWN, because the request may have been sent."""
    sid = "b" * 32
    with at_submitter(hub, tmp_path) as submitter:
        reserve(submitter, sid)
        here = machine(tmp_path)
        with here.sending(sid):
            submitter.ledger.mark_sending(sid, here.sender(sid), submitter.clock())
            assert reconcile(submitter, charging()).interrupted == []
            (tmp_path / "sending" / "kept").write_bytes(b"")
        (tmp_path / "sending" / f"{sid}.lock").touch()

        done = reconcile(submitter, charging())
        assert (done.interrupted, done.unknown, balance(submitter)) == ([sid], [sid], (CAP, 0))


def test_a_job_of_a_void_submission_is_adopted_and_told(hub: Hub, tmp_path: Path) -> None:
    """An operator said it never ran, and it runs: it is charged, and somebody is told."""
    hub.configure(listing_lag_secs=300)
    hub.default_fate(Fate(running_secs=None))
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        resolve(submitter.ledger, sid, Word(who="ada", why="not listed"), submitter.clock())
        assert balance(submitter) == (0, 0)

        hub.advance(301)
        done = reconcile(submitter, charging())
        assert (done.adopted, only(submitter).state) == ([sid], State.ADOPTED)
        assert "although submission" in done.alerts[0]
        again(submitter)


def test_a_copy_of_a_job_is_charged_too(hub: Hub, tmp_path: Path) -> None:
    """Somebody duplicates the job on the Hub, labels and all: it is adopted, not taken for the submission."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
        assert done.job_id is not None
        copy = submitter.hub.duplicate_job("alice", done.job_id).job_id
        found = reconcile(submitter, charging())

        assert len(found.adopted) == 1
        adopted = submitter.ledger.by_job(copy)
        assert adopted is not None
        assert (adopted.state, adopted.sid != done.submission.sid) == (State.ADOPTED, True)
        assert balance(submitter) == (2 * CAP, 0)
        again(submitter)


def test_adopted_jobs_may_exceed_the_limit_and_block_what_comes(hub: Hub, tmp_path: Path) -> None:
    """Evidence is booked even beyond the limit; nothing more may be reserved then."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
        assert done.job_id is not None
        for _ in range(4):
            submitter.hub.duplicate_job("alice", done.job_id)
        reconcile(submitter, charging())
        assert balance(submitter) == (5 * CAP, 0)
        with pytest.raises(Exception, match="left"):
            submit(order(), submitter)
        assert submitter.ledger.verify() == ()


def test_a_listing_that_ignores_the_filter_deceives_nobody(hub: Hub, tmp_path: Path) -> None:
    """Jobs without the label are not taken for ours."""
    hub.configure(listing_lag_secs=600)
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        hub.add_jobs(3, first=submitter.clock() - timedelta(hours=1))
        hub.fault(method="GET", path="label=", times=0, put={"0.labels": {"other": "label"}})
        assert reconcile(submitter, charging()).unknown == [sid]


def test_what_the_hub_does_not_tell_is_a_gap(hub: Hub, tmp_path: Path) -> None:
    """A failing listing: said, nothing let go; the next time it is made up for."""
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        hub.fault(method="GET", times=0, status=503)
        done = reconcile(submitter, charging())
        assert (done.complete, done.unknown, balance(submitter)) == (False, [sid], (CAP, 0))
        hub.clear_faults()
        assert reconcile(submitter, charging()).found == [sid]


def test_a_job_the_hub_does_not_show_keeps_its_money_until_its_longest_life_is_over(hub: Hub, tmp_path: Path) -> None:
    """404 may be a token that may not see it; after timeout and two hours its cap is posted."""
    with at_submitter(hub, tmp_path) as submitter:
        sid = submit(order(), submitter).submission.sid
        hub.fault(method="GET", times=0, status=404)
        assert balance(submitter) == (CAP, 0)
        done = reconcile(submitter, charging(), sweep=False)
        assert (done.settled, balance(submitter)) == ([], (CAP, 0))
        hub.advance(3600 + 7200 + 1)
        assert reconcile(submitter, charging(), sweep=False).settled == [sid]
        assert balance(submitter) == (0, CAP)


def asked_jobs(hub: Hub) -> list[str]:
    """Return what was asked about jobs, in order."""
    return [asked.path for asked in hub.requests() if asked.method == "GET" and asked.path.startswith("/api/jobs/")]


def open_jobs(hub: Hub, submitter: Submitter, count: int) -> list[str]:
    """Submit jobs that go on running, and return their ids."""
    hub.default_fate(Fate(scheduling_secs=1, running_secs=None))
    wide = (window(limit_micro_usd=count * CAP),)
    return [str(submit(order(windows=wide), submitter).job_id) for _ in range(count)]


def test_what_is_open_is_asked_for_in_one_listing(hub: Hub, tmp_path: Path) -> None:
    """Fifteen open jobs, of which some have ended: one question before the next is sent, and those are settled."""
    with at_submitter(hub, tmp_path) as submitter:
        ids = open_jobs(hub, submitter, 15)
        for job_id in ids[:3]:
            submitter.hub.cancel_job("alice", job_id)
        done = reconcile(submitter, charging(), sweep=False)
        assert (len(done.settled), done.gaps, asked_jobs(hub)) == (3, [], ["/api/jobs/alice"])
        assert reconcile(submitter, charging(), sweep=False).settled == []


def test_a_lost_answer_is_found_in_that_listing(hub: Hub, tmp_path: Path) -> None:
    """An open job and an unknown one: one listing shows both."""
    with at_submitter(hub, tmp_path) as submitter:
        open_jobs(hub, submitter, 1)
        hub.fault(method="POST", drop=True)
        with pytest.raises(SubmissionUnknown) as raised:
            submit(order(windows=(window(limit_micro_usd=9 * CAP),)), submitter)
        hub.clear_faults()
        done = reconcile(submitter, charging(), sweep=False)
        assert (done.found, asked_jobs(hub)) == ([raised.value.submission_id], ["/api/jobs/alice"])


def test_what_the_listing_does_not_show_is_asked_for_at_once(hub: Hub, tmp_path: Path) -> None:
    """A listing that is late: each job is asked for by itself, several at a time."""
    hub.configure(listing_lag_secs=1e6)
    with at_submitter(hub, tmp_path) as submitter:
        ids = open_jobs(hub, submitter, 12)
        hub.fault(method="GET", path="/api/jobs/alice/[0-9a-f]+", times=0, delay_secs=0.3)
        began = time.monotonic()
        done = reconcile(submitter, charging(), sweep=False)
        assert time.monotonic() - began < 12 * 0.3
        assert (done.gaps, {path.rpartition("/")[2] for path in asked_jobs(hub)[1:]}) == ([], set(ids))


@pytest.mark.parametrize("path", ["", "/api/jobs/alice/[0-9a-f]+"], ids=["every question", "single jobs"])
def test_a_hub_that_hangs_costs_a_few_seconds_and_is_told(hub: Hub, tmp_path: Path, path: str) -> None:
    """The time is up: one sentence says how many jobs are not up to date; nothing is let go, and a job can be sent."""
    hub.configure(listing_lag_secs=1e6)
    patient = JobsClient(hub.url, token=Token(hub.token))
    with at_submitter(hub, tmp_path) as submitter, patient:
        open_jobs(hub, submitter, 15)
        hub.fault(method="GET", path=path, times=0, delay_secs=60)
        began = time.monotonic()
        done = reconcile(replace(submitter, hub=patient), charging(), sweep=False, within_secs=1.0)
        assert time.monotonic() - began < 5
        assert "15 jobs" in done.gaps[-1]
        assert balance(submitter) == (15 * CAP, 0)
        assert submit(order(windows=(window(limit_micro_usd=99 * CAP),)), replace(submitter, hub=patient)).job_id


def test_a_label_made_by_hand_is_charged(hub: Hub, tmp_path: Path) -> None:
    """A job with the ledger's label that no ledger knows is adopted under its own id."""
    with at_submitter(hub, tmp_path) as submitter:
        labels = {SID_LABEL: "c" * 32, LEDGER_LABEL: submitter.ledger.ledger_id}
        hub.add_jobs(1, labels=labels, timeoutSeconds=3600, fate=Fate(running_secs=None))
        assert reconcile(submitter, charging()).adopted == ["c" * 32]
        again(submitter)


def test_a_label_that_is_no_id_is_kept_out_of_the_books(hub: Hub, tmp_path: Path) -> None:
    """Whoever labels by hand may write anything; the job is adopted under an id of ours."""
    with at_submitter(hub, tmp_path) as submitter:
        labels = {SID_LABEL: "not-an-id", LEDGER_LABEL: submitter.ledger.ledger_id}
        (job_id,) = hub.add_jobs(1, labels=labels, timeoutSeconds=3600, fate=Fate(running_secs=None))
        assert reconcile(submitter, charging()).adopted == [copy_sid(submitter.ledger.ledger_id, job_id)]
        again(submitter)


def test_a_copy_alone_is_not_taken_for_the_submission(hub: Hub, tmp_path: Path) -> None:
    """Only a duplicate is listed: it is charged, and the submission stays unknown with its money held."""
    copied = {"initiator": {"type": "duplicated-job", "id": "687fb701029421ae5549d998"}}
    hub.fault(method="POST", before=True, drop=True)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown):
            submit(order(), submitter)
        sid = only(submitter).sid
        labels = {SID_LABEL: sid, LEDGER_LABEL: submitter.ledger.ledger_id}
        hub.add_jobs(1, labels=labels, timeoutSeconds=3600, extra=copied, fate=Fate(running_secs=None))
        done = reconcile(submitter, charging())
        assert (done.unknown, len(done.adopted), balance(submitter)) == ([sid], 1, (2 * CAP, 0))
        again(submitter)


def test_a_job_that_ran_on_another_flavor_costs_what_that_costs(hub: Hub, tmp_path: Path) -> None:
    """Reserved for cpu-basic, run on h200: settled at the price of h200, with an alert, beyond what was reserved."""
    hub.default_fate(Fate(running_secs=61))
    with at_submitter(hub, tmp_path) as submitter:
        submit(order(), submitter)
        hub.advance(120)
        hub.fault(method="GET", times=0, put={"0.flavor": "h200"})
        dear = replace(PRICE, micro_usd_per_minute=83_333)
        done = reconcile(
            submitter, replace(charging(), price_of=lambda name: dear if name == "h200" else PRICE), sweep=False
        )
        assert balance(submitter) == (0, 2 * 83_333)
        assert "more than the" in done.alerts[0]


def test_an_operators_word_names_no_job_of_another_submission(hub: Hub, tmp_path: Path) -> None:
    """One job is in the books once."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
        hub.fault(method="POST", before=True, drop=True)
        with pytest.raises(SubmissionUnknown) as raised:
            submit(order(), submitter)
        word = Word(who="ada", why="Seen.", job_id=done.job_id)
        with pytest.raises(SubmissionError, match=f"as submission {done.submission.sid}"):
            resolve(submitter.ledger, raised.value.submission_id, word, submitter.clock())


def test_an_operators_word_is_recorded(hub: Hub, tmp_path: Path) -> None:
    """Who, why and when are in the entries; only an unknown submission takes a word."""
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        word = Word(who="ada", why="The namespace was deleted.")
        assert resolve(submitter.ledger, sid, word, submitter.clock()).state is State.VOID
        released = list(submitter.ledger.entries(sid))[-1]
        assert (released.who, released.reason, released.held_micro_usd) == ("ada", "The namespace was deleted.", -CAP)
        with pytest.raises(SubmissionError, match="VOID"):
            resolve(submitter.ledger, sid, word, submitter.clock())
        with pytest.raises(UsageError):
            resolve(submitter.ledger, "no such", word, submitter.clock())
        with pytest.raises(UsageError):
            Word(who=" ", why="x")


def test_a_word_may_name_the_job(hub: Hub, tmp_path: Path) -> None:
    """The operator found it: LAUNCHED, and settled as any other."""
    hub.configure(listing_lag_secs=600)
    with at_submitter(hub, tmp_path) as submitter:
        sid = lose_answer(hub, submitter)
        job_id = hub.jobs()[0]["id"]
        word = Word(who="ada", why="Seen on the page.", job_id=job_id)
        assert resolve(submitter.ledger, sid, word, submitter.clock()).job_id == job_id
        assert balance(submitter) == (CAP, 0)


def test_our_labels_are_added_to_those_of_the_job() -> None:
    """Nothing of the specification is lost."""
    spec = {"flavor": "l4x1", "labels": {"team": "nlp"}}
    assert labelled(spec, sid="1", ledger_id="2")["labels"] == {"team": "nlp", SID_LABEL: "1", LEDGER_LABEL: "2"}
    assert spec["labels"] == {"team": "nlp"}
