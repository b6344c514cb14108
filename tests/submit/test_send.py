"""A job is sent once, with its money reserved before; what comes back decides what happens to the money."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hfplanner.budget.ledger.records import SID_LABEL, EntryKind, State
from hfplanner.errors import BudgetBlocked, BudgetRefused, HubError, JobSpecError, KeyConflict, SubmissionUnknown
from hfplanner.submit.identity import LEDGER_LABEL
from hfplanner.submit.send import submit
from tests.hub.control import Hub
from tests.submit.submitter import CAP, LIMIT, at_submitter, balance, machine, order, posts, states, window


def test_a_job_is_sent_with_its_labels_timeout_and_attempts_and_its_money_is_held(hub: Hub, tmp_path: Path) -> None:
    """What the Hub gets names the submission and the ledger, and says explicitly how long and how often."""
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)

        assert (done.submission.state, done.is_new, done.warnings) == (State.LAUNCHED, True, ())
        assert balance(submitter) == (CAP, 0)
        assert submitter.ledger.verify() == ()
        (spec,) = hub.specs()
        assert spec["labels"] == {SID_LABEL: done.submission.sid, LEDGER_LABEL: submitter.ledger.ledger_id}
        assert (spec["timeoutSeconds"], spec["attempts"]) == (3600, 1)
        assert done.job_id == hub.jobs()[0]["id"]
        assert done.url == f"{hub.url}/jobs/alice/{done.job_id}"


def test_of_the_answer_the_ledger_keeps_no_value_of_the_environment(hub: Hub, tmp_path: Path) -> None:
    """Whose job it is, its flavor, times and labels: yes. What it runs and with which variables: no (I17)."""
    secrets = {"env": {"WANDB_API_KEY": "w4ndb-k3y"}, "secrets": {"HF_TOKEN": "hf_s3cr3t"}}
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(**secrets, command=["sh", "-c", "PASSWORD=hunter2 run"]), submitter)
        kept = json.loads(submitter.ledger.answer(done.submission.sid))
    assert (kept["id"], kept["flavor"], kept["owner"]["name"]) == (done.job_id, "cpu-basic", "alice")
    assert (kept["timeout"], kept["status"], kept["labels"][SID_LABEL]) == (
        3600,
        {"stage": "SCHEDULING"},
        done.submission.sid,
    )
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not any(secret in content for secret in (b"w4ndb-k3y", b"hf_s3cr3t", b"hunter2")), file


def test_a_budget_with_too_little_left_sends_nothing(hub: Hub, tmp_path: Path) -> None:
    """Three jobs fit; the fourth is refused in a sentence with both amounts, and no request is made."""
    with at_submitter(hub, tmp_path) as submitter:
        for _ in range(3):
            submit(order(), submitter)
        with pytest.raises(BudgetRefused, match=r"may cost \$0\.01, and budget 'team' has \$0\.00 left"):
            submit(order(), submitter)

        assert balance(submitter) == (LIMIT, 0)
        assert posts(hub) == 3


def test_a_key_gives_what_became_of_it_and_sends_nothing_again(hub: Hub, tmp_path: Path) -> None:
    """The same key and job: the first submission. The same key and another job: an error. One request in all."""
    with at_submitter(hub, tmp_path) as submitter:
        first = submit(order("nightly"), submitter)
        again = submit(order("nightly"), submitter)
        with pytest.raises(KeyConflict):
            submit(order("nightly", command=["python", "-c", "1"]), submitter)

        assert (again.is_new, again.job_id, again.submission.sid) == (False, first.job_id, first.submission.sid)
        assert (posts(hub), balance(submitter)) == (1, (CAP, 0))


@pytest.mark.parametrize(
    ("status", "headers"),
    [(status, {}) for status in (400, 401, 402, 403, 404, 405, 413, 415, 422)]
    + [(429, {"RateLimit": '"api";r=0;t=60'})],
)
def test_a_rejection_lets_the_money_go(hub: Hub, tmp_path: Path, status: int, headers: dict[str, str | None]) -> None:
    """The Hub says with its JSON error that it made no job: nothing is held, and the key is free."""
    hub.fault(method="POST", before=True, status=status, headers=headers)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(HubError):
            submit(order("nightly"), submitter)
        assert (states(submitter), balance(submitter), posts(hub)) == ([State.VOID], (0, 0), 1)

        assert submit(order("nightly"), submitter).is_new
        assert submitter.ledger.verify() == ()


def test_a_hub_that_is_away_was_sent_nothing(hub: Hub, tmp_path: Path) -> None:
    """Connection refused: the money is let go."""
    with at_submitter(hub, tmp_path) as submitter, hub.down():
        with pytest.raises(HubError):
            submit(order(), submitter)
        assert (states(submitter), balance(submitter)) == ([State.VOID], (0, 0))


def test_a_sender_past_its_deadline_does_not_send(hub: Hub, tmp_path: Path) -> None:
    """A machine that slept between the mark and the request lets the money go instead of sending late."""
    ticks = iter([0.0, 1e6])
    slept = machine(tmp_path, boot_clock=lambda: next(ticks))
    with at_submitter(hub, tmp_path, machine=slept) as submitter:
        with pytest.raises(Exception, match="deadline"):
            submit(order(), submitter)
        assert (states(submitter), balance(submitter), posts(hub)) == ([State.VOID], (0, 0), 0)


@pytest.mark.parametrize("missing", ["flavor", "timeout_secs", "attempts"])
def test_a_job_that_leaves_its_money_to_the_hub_blocks(hub: Hub, tmp_path: Path, missing: str) -> None:
    """What the Hub would decide by itself is not known when the money is held."""
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(BudgetBlocked, match=missing.partition("_")[0]):
            submit(order(**{missing: None}), submitter)
        assert (states(submitter), posts(hub)) == ([], 0)


def test_a_job_without_a_price_blocks(hub: Hub, tmp_path: Path) -> None:
    """The most it can cost is not known."""
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(BudgetBlocked, match="price"):
            submit(replace(order(), price=None), submitter)
        assert (states(submitter), posts(hub)) == ([], 0)


def test_what_is_held_is_of_the_job_that_is_sent(hub: Hub, tmp_path: Path) -> None:
    """Timeout, attempts and ports have one holder: a port that is exposed is held with its surcharge, and sent."""
    with at_submitter(hub, tmp_path) as submitter:
        submit(order(expose=[8080], timeout_secs=3600), submitter)
        assert balance(submitter) == (60 * 167 + 10_000, 0)
        # Before it was sent, and not because the answer said so.
        assert [entry.kind for entry in submitter.ledger.entries()] == [EntryKind.RESERVE]
        assert hub.specs()[0]["expose"] == {"ports": [8080], "portsPublic": []}


def test_every_attempt_is_held(hub: Hub, tmp_path: Path) -> None:
    """Three attempts may each run to the timeout of a minute: exact to the millionth of a dollar."""
    with at_submitter(hub, tmp_path) as submitter:
        submit(order(attempts=3, timeout_secs=60), submitter)
        assert balance(submitter) == (501, 0)
        assert all(type(entry.held_micro_usd) is int for entry in submitter.ledger.entries())


def test_a_redirect_of_a_submission_is_not_followed(hub: Hub, tmp_path: Path) -> None:
    """To the Hub itself, before the first request had an effect: a second request would be a second chance to pay."""
    hub.fault(method="POST", before=True, status=307, headers={"Location": f"{hub.url}/api/jobs/alice"})
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(SubmissionUnknown):
            submit(order(), submitter)
        assert (states(submitter), balance(submitter), posts(hub)) == ([State.UNKNOWN], (CAP, 0), 1)


def test_many_submitters_of_a_budget_for_three_send_three(hub: Hub, tmp_path: Path) -> None:
    """Eight at once: three jobs, five refusals, and the limit is full."""
    hub.fault(method="POST", times=0, delay_secs=0.1)
    refused: list[BudgetRefused] = []

    def one() -> None:
        with at_submitter(hub, tmp_path) as submitter:
            try:
                submit(order(), submitter)
            except BudgetRefused as error:
                refused.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with at_submitter(hub, tmp_path) as submitter:
        assert (posts(hub), len(refused), balance(submitter)) == (3, 5, (LIMIT, 0))
        assert submitter.ledger.verify() == ()


def test_a_specification_that_carries_our_label_is_refused_before_money_is_held(hub: Hub, tmp_path: Path) -> None:
    """Copied from another job's labels: the job would be taken for that one."""
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(JobSpecError, match=SID_LABEL):
            submit(order(labels={SID_LABEL: "0" * 32}), submitter)
        assert (states(submitter), posts(hub)) == ([], 0)


def test_an_answer_that_differs_from_what_was_asked_is_told(hub: Hub, tmp_path: Path) -> None:
    """The job exists and is recorded; that it is on another flavor, with another timeout, is a warning."""
    hub.fault(method="POST", put={"flavor": "h200", "timeout": 86400, "retry": 3})
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
    assert done.submission.state is State.LAUNCHED
    assert done.warnings[-3:] == (
        "The Hub says flavor h200; cpu-basic was asked for.",
        "The Hub says timeout 86400; 3600 was asked for.",
        "The Hub says attempts 4; 1 was asked for.",
    )


def test_one_key_in_many_threads_is_one_request(hub: Hub, tmp_path: Path) -> None:
    """Eight submitters of one key at once: one job, and nobody reserves twice."""
    hub.fault(method="POST", delay_secs=0.2)
    found: list[str] = []

    def one() -> None:
        with at_submitter(hub, tmp_path) as submitter:
            found.append(submit(order("nightly"), submitter).submission.sid)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with at_submitter(hub, tmp_path) as submitter:
        assert (len(found), len(set(found)), posts(hub), balance(submitter)) == (8, 1, 1, (CAP, 0))


def test_a_job_that_falls_under_no_budget_is_in_the_books_too(hub: Hub, tmp_path: Path) -> None:
    """Without a policy nothing limits it; it is recorded all the same."""
    with at_submitter(hub, tmp_path) as submitter:
        assert submit(order(windows=()), submitter).submission.state is State.LAUNCHED
        assert submitter.ledger.verify() == ()


def test_every_window_holds_the_money_or_none(hub: Hub, tmp_path: Path) -> None:
    """Two budgets, the second too small: the first holds nothing."""
    small = window(budget="ada", limit_micro_usd=CAP - 5001)
    with at_submitter(hub, tmp_path) as submitter:
        with pytest.raises(BudgetRefused, match="ada"):
            submit(order(windows=(window(), small)), submitter)
        assert (balance(submitter), posts(hub)) == ((0, 0), 0)
