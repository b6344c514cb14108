"""Every fault of the emulator on a run of a schedule that is started by hand: its class, one POST, money held."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfplanner.budget.ledger.records import State
from hfplanner.errors import HubError, Outcome, SubmissionUnknown
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import JobOrder, Submitter, submit
from hfplanner.submit.triggers import Trigger
from tests.hub.control import Fate, Hub
from tests.submit.submitter import CAP, at_submitter, balance, charging, only, order, states
from tests.submit.test_post_faults import LAUNCHED, RATE_LIMITED, REJECTED, UNKNOWN


@contextmanager
def at_schedule(hub: Hub, folder: Path) -> Iterator[tuple[Submitter, JobOrder]]:
    """Open a submitter, and return with it the order of a run of a paused schedule that never ran."""
    hub.default_fate(Fate(running_secs=None))
    with at_submitter(hub, folder) as submitter:
        wanted = order("once")
        made = submitter.hub.scheduled.create("alice", wanted.job.to_api(), schedule="@daily", suspend=True)
        yield submitter, replace(wanted, trigger=Trigger.of(made, "alice", submitter.hub))


def runs(hub: Hub) -> int:
    """Return how often the Hub was asked for a run."""
    return sum(asked.method == "POST" and asked.path.endswith("/run") for asked in hub.requests())


@pytest.mark.parametrize("name", sorted({*UNKNOWN} - {"a request that is cut in its body"}))
def test_what_proves_nothing_is_held_until_the_run_is_found(hub: Hub, tmp_path: Path, name: str) -> None:
    """UNKNOWN and held; the same key sends nothing; reconciled, the run is found where there is one."""
    fault, exists = UNKNOWN[name]
    with at_schedule(hub, tmp_path) as (submitter, wanted):
        hub.fault(method="POST", **fault)
        with pytest.raises(SubmissionUnknown):
            submit(wanted, submitter)
        assert submit(wanted, submitter).submission.state is State.UNKNOWN
        assert (balance(submitter), runs(hub), len(hub.jobs())) == ((CAP, 0), 1, exists)
        hub.clear_faults()
        done = reconcile(submitter, charging())
        sid = only(submitter).sid
        assert (done.found, done.unknown, done.adopted) == (([sid], [], []) if exists else ([], [sid], []))
        assert (balance(submitter), runs(hub), submitter.ledger.verify()) == ((CAP, 0), 1, ())


@pytest.mark.parametrize("name", LAUNCHED)
def test_an_answer_with_an_id_is_a_run(hub: Hub, tmp_path: Path, name: str) -> None:
    """LAUNCHED and held; reconciling finds nothing more."""
    with at_schedule(hub, tmp_path) as (submitter, wanted):
        hub.fault(method="POST", **LAUNCHED[name])
        done = submit(wanted, submitter)
        assert (done.submission.state, done.job_id) == (State.LAUNCHED, hub.jobs()[0]["id"])
        assert reconcile(submitter, charging()).adopted == []
        assert (balance(submitter), runs(hub)) == ((CAP, 0), 1)


@pytest.mark.parametrize(
    "fault",
    [{"status": status} for status in REJECTED] + [{"status": 429, "headers": RATE_LIMITED}],
    ids=lambda fault: str(fault["status"]),
)
def test_the_hubs_own_refusal_lets_the_money_go(hub: Hub, tmp_path: Path, fault: dict[str, Any]) -> None:
    """VOID, nothing held, one POST."""
    with at_schedule(hub, tmp_path) as (submitter, wanted):
        hub.fault(method="POST", before=True, **fault)
        with pytest.raises(HubError) as raised:
            submit(wanted, submitter)
        assert raised.value.outcome is Outcome.REJECTED
        assert (states(submitter), balance(submitter), runs(hub), hub.jobs()) == ([State.VOID], (0, 0), 1, [])


def test_a_sweep_leaves_a_run_to_whoever_starts_it(hub: Hub, tmp_path: Path) -> None:
    """While its sender is at work another process finds the job by its schedule's labels, and does not take it."""
    with at_schedule(hub, tmp_path) as (submitter, wanted):
        hub_of = submitter.hub.scheduled
        seen: list[list[str]] = []

        class Slow(Trigger):
            """A run whose answer comes after somebody else has reconciled."""

            def start(self, namespace: str, hub: Any) -> Any:  # noqa: ANN401 - as the class it extends
                """Start it, and let others look before it is told."""
                launched = super().start(namespace, hub)
                labels = {"hfplanner-ledger": submitter.ledger.ledger_id, "hfplanner-sid": "0" * 32}
                submitter.hub.set_labels("alice", launched.job_id, labels)
                seen.append(reconcile(submitter, charging()).adopted)
                return launched

        assert wanted.trigger is not None
        slow = Slow(schedule_id=wanted.trigger.schedule_id)
        done = submit(replace(wanted, trigger=slow), submitter)
        assert (seen, done.submission.state, hub_of.list("alice")[0].id) == ([[]], State.LAUNCHED, slow.schedule_id)
        assert (reconcile(submitter, charging()).adopted, balance(submitter)) == ([], (CAP, 0))
