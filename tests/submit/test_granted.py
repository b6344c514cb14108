"""An answer that grants more than was asked raises the hold to what it says, in every budget, and says so (I20)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hfplanner.budget.caller import Caller
from hfplanner.budget.ledger.records import EntryKind, State
from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import UsedPrice
from hfplanner.catalog.listing import shipped_listing
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import Submitter, submit
from tests.hub.control import Fate, Hub
from tests.submit.submitter import CAP, LIMIT, PRICE, START, at_submitter, balance, charging, only, order, window

MINUTE = 167
H200 = UsedPrice(micro_usd_per_minute=83_333, source="live", checked=START)
DAYS = 10 * 24 * 3600
# What is changed in the answer, and what the job can cost then.
GRANTS: dict[str, tuple[dict[str, Any], int]] = {
    "a longer timeout": ({"timeout": 7200}, 120 * MINUTE),
    "a longer timeout, as a body says it": ({"timeoutSeconds": 7200}, 120 * MINUTE),
    "more attempts": ({"retry": 3}, 4 * CAP),
    "attempts that are no whole number": ({"retry": 1.5}, 3 * CAP),
    "a dearer flavor": ({"flavor": "h200"}, 60 * 83_333),
    "a flavor nobody knows": ({"flavor": "tpu-v9"}, 60 * 83_333),
    "all of it": ({"flavor": "h200", "timeout": DAYS, "retry": 3}, 4 * (DAYS // 60) * 83_333),
    "less of one and more of another": ({"timeout": 1800, "retry": 3}, 4 * 30 * MINUTE),
    "exposed ports": ({"expose": {"ports": [80]}}, CAP + 10_000),
}
NO_MORE: dict[str, dict[str, Any]] = {
    "as it was asked for": {},
    "a shorter timeout": {"timeout": 60},
    "nothing of it": {"timeout": None, "retry": None, "flavor": None, "labels": None, "owner": None},
    "a timeout that cannot be used": {"timeout": -5},
}


def price_of(flavor: str) -> UsedPrice:
    """Return the price of cpu-basic, and that of an H200 for all others."""
    return PRICE if flavor == "cpu-basic" else H200


def wide(**changes: Any) -> Any:  # noqa: ANN401 - of an order
    """Return an order that knows the prices."""
    return replace(order(**changes), price_of=price_of)


def asked_again(submitter: Submitter) -> None:
    """Reconcile, and see that nothing more changes and the books are right."""
    entries = list(submitter.ledger.entries())
    reconcile(submitter, replace(charging(), price_of=price_of), sweep=False)
    assert list(submitter.ledger.entries()) == entries
    assert submitter.ledger.verify() == ()


@pytest.mark.parametrize("name", GRANTS)
def test_what_the_answer_grants_is_held(hub: Hub, tmp_path: Path, name: str) -> None:
    """In the budget's window and in the submission, as an entry of its own; the warning says how much."""
    changes, cap = GRANTS[name]
    hub.default_fate(Fate(running_secs=None))
    hub.fault(method="POST", put=changes)
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(wide(), submitter)
        assert (done.submission.state, done.submission.cap_micro_usd, balance(submitter)) == (
            State.LAUNCHED,
            cap,
            (cap, 0),
        )
        assert "granted job" in done.warnings[0]
        assert (list(submitter.ledger.entries())[-1].kind, submitter.ledger.verify()) == (EntryKind.RAISE, ())
        over = [text for text in done.warnings if "no longer has room" in text]
        assert bool(over) is (cap > LIMIT + 5_000)
        hub.fault(method="GET", times=0, put={f"0.{key}": value for key, value in changes.items()})
        asked_again(submitter)


@pytest.mark.parametrize("name", NO_MORE)
def test_what_grants_no_more_changes_nothing(hub: Hub, tmp_path: Path, name: str) -> None:
    """What is held is never lowered by an answer, and what it leaves out is as it was asked for."""
    hub.fault(method="POST", put=NO_MORE[name])
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(wide(), submitter)
        assert (done.submission.cap_micro_usd, balance(submitter)) == (CAP, (CAP, 0))
        assert [entry.kind for entry in submitter.ledger.entries()] == [EntryKind.RESERVE]


@pytest.mark.parametrize("name", GRANTS)
def test_what_a_listing_shows_later_is_held_too(hub: Hub, tmp_path: Path, name: str) -> None:
    """The answer was as asked, or lost; the job is not: the next spending command raises the hold, with an alert."""
    changes, cap = GRANTS[name]
    hub.default_fate(Fate(running_secs=None))
    with at_submitter(hub, tmp_path) as submitter:
        submit(wide(), submitter)
        hub.fault(method="GET", times=0, put={f"0.{key}": value for key, value in changes.items()})
        done = reconcile(submitter, replace(charging(), price_of=price_of), sweep=False)
        assert balance(submitter) == (cap, 0)
        assert "more than was asked for" in done.alerts[0]
        asked_again(submitter)


def test_a_job_of_somebody_else_counts_in_the_budgets_of_both(hub: Hub, tmp_path: Path) -> None:
    """Whoever the Hub says pays: the hold of who asked stays, and the other's budget has it, too."""
    ours = window(budget="ours", scope=Scope(namespaces=frozenset({"alice"})))
    theirs = window(budget="theirs", scope=Scope(namespaces=frozenset({"umbrella"})))
    hub.fault(method="POST", put={"owner.name": "umbrella"})
    with at_submitter(hub, tmp_path) as submitter:
        before = submitter.ledger.balances([theirs])[0].held_micro_usd
        done = submit(wide(windows=(ours,)), submitter)
        held = [one.held_micro_usd for one in submitter.ledger.balances([ours, theirs])]
        assert (before, held, submitter.ledger.verify()) == (0, [CAP, CAP], ())
        assert any("umbrella" in text for text in done.warnings)


def test_a_job_that_lost_its_labels_still_counts_where_they_count(hub: Hub, tmp_path: Path) -> None:
    """The budget of the label keeps its hold, and what is missing is told."""
    nlp = window(scope=Scope(labels={"team": frozenset({"nlp"})}))
    hub.fault(method="POST", put={"labels": {}})
    with at_submitter(hub, tmp_path) as submitter:
        asked = wide(windows=(nlp,), labels={"team": "nlp"})
        done = submit(asked, submitter)
        assert submitter.ledger.balances([nlp])[0].held_micro_usd == CAP
        assert "The job lacks the label team; it was asked for." in done.warnings


def test_the_worst_case_of_the_worst_answer_can_be_counted(hub: Hub, tmp_path: Path) -> None:
    """A timeout of ages, attempts without end: held at what can be counted, never an error after the job exists."""
    hub.fault(method="POST", put={"flavor": "h200", "timeout": 10**15, "retry": 10**15})
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(wide(), submitter)
        assert 10**12 < done.submission.cap_micro_usd < 2**53
        assert (only(submitter).state, submitter.ledger.verify()) == (State.LAUNCHED, ())


def test_the_case_of_the_issue(hub: Hub, tmp_path: Path) -> None:
    """l4x1, 30 minutes, 1 attempt were asked for; h200x8, 10 days, 4 attempts are granted: $38,399.85 are held."""
    dearest = {flavor.name: flavor.price_micro_usd_per_minute for flavor in shipped_listing().flavors}["h200x8"]
    hub.fault(method="POST", put={"flavor": "h200x8", "timeout": DAYS, "retry": 3})
    with at_submitter(hub, tmp_path) as submitter:
        done = submit(order(), submitter)
        assert done.submission.cap_micro_usd == 4 * (DAYS // 60) * (dearest or 0)
        assert any("no longer has room" in text for text in done.warnings)


def test_the_labels_of_an_agent_are_no_more_than_was_asked_for(hub: Hub, tmp_path: Path) -> None:
    """They are hfplanner's own: nothing is warned of, and no hold is raised."""
    with at_submitter(hub, tmp_path) as submitter:
        submit(replace(wide(), caller=Caller("codex", "a session")), submitter)
        assert "hfplanner-agent" in hub.jobs()[0]["labels"]
        assert [entry.kind for entry in submitter.ledger.entries()] == [EntryKind.RESERVE]
        asked_again(submitter)
