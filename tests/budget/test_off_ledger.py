from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import SID_LABEL, Sender
from hfplanner.budget.off_ledger import OffLedger, Spending
from hfplanner.budget.off_ledger_jobs import JobEvidence, started_outside
from hfplanner.budget.off_ledger_reading import read_off_ledger
from hfplanner.budget.policy import Policy, applied_budgets
from hfplanner.budget.scope import Scope
from hfplanner.catalog.listing import shipped_listing
from hfplanner.plan.outside import OutsideTheGate
from tests.budget.checks import budget, policy, reservation, terms
from tests.history.jobs import job, jobs_frame

# The day of the shipped listing, whose prices hold from then on.
NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SID = "5" * 32
SENDER = Sender(host="h", boot_id="b", pid=1, lock_path="/lock", deadline_boot_secs=1.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Return empty books."""
    with open_ledger(tmp_path / "ledger.sqlite3") as found:
        yield found


def _ran(job_id: str, *, created: datetime = NOW - 5 * HOUR, minutes: int = 60, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's value
    """Return a job of acme on an l4x1 that ran for an hour: 799,980 micro-USD."""
    given = {
        "namespace": "acme",
        "initiator_type": "user",
        "initiator": "ada",
        "flavor": "l4x1",
        "created_at": created,
        "started_at": created,
        "finished_at": created + timedelta(minutes=minutes),
        "seen_at": NOW,
    }
    return {**job(job_id), **given, **values}


def _runs(job_id: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's value
    """Return a job that runs for five hours, with a timeout of ten."""
    return _ran(job_id, stage="running", finished_at=None, timeout_secs=36_000.0, **values)


def _outside(rules: Policy, books: Ledger, *rows: dict[str, Any], **evidence: Any) -> OffLedger:  # noqa: ANN401 - of any kind
    applied = applied_budgets(rules, None, NOW)
    frame = jobs_frame(*rows).lazy()
    return read_off_ledger(applied, books, now=NOW, listing=shipped_listing(), jobs=lambda: frame, **evidence)


def _spending(rules: Policy, books: Ledger, *rows: dict[str, Any]) -> Spending:
    return _outside(rules, books, *rows).of("team")


def test_jobs_outside_the_ledger_are_spent_or_held(ledger: Ledger) -> None:
    """An ended one at what it cost, one that goes on at its worst case, one that never started at nothing."""
    never = _ran("c", stage="cancelled", started_at=None, finished_at=NOW, total_secs=60.0)
    found = _spending(policy(budget()), ledger, _ran("a"), _runs("b"), never)
    assert (found.spent_jobs, found.spent_micro_usd) == (2, 60 * 13_333)
    assert (found.held_jobs, found.held_micro_usd) == (1, 600 * 13_333)
    assert found.unknown == ()


def test_a_job_counts_in_the_period_it_was_created_in(ledger: Ledger) -> None:
    """The first moment of September is in, the last of August is not."""
    september = datetime(2026, 9, 1, tzinfo=UTC)
    rows = [_ran("a", created=september), _ran("b", created=september - timedelta(microseconds=1))]
    assert _spending(policy(budget()), ledger, *rows).spent_jobs == 1


@pytest.mark.parametrize(
    ("scope", "values", "counts"),
    [
        (Scope(namespaces=frozenset({"ACME"})), {}, True),
        (Scope(namespaces=frozenset({"other"})), {}, False),
        (Scope(namespaces=frozenset({"other"})), {"namespace": None}, True),
        (Scope(owners=frozenset({"ada"})), {}, True),
        (Scope(owners=frozenset({"ada"})), {"created_by": "grace"}, False),
        (Scope(owners=frozenset({"ada"})), {"initiator": None}, True),
        (Scope(owners=frozenset({"ada"})), {"initiator_type": "webhook", "owner_type": "user", "owner": "ada"}, True),
        (Scope(labels={"team": frozenset({"nlp"})}), {"labels": [{"key": "team", "value": "nlp"}]}, True),
        (Scope(labels={"team": frozenset({"nlp"})}), {"labels": [{"key": "name", "value": "nlp"}]}, False),
        (Scope(labels={"team": frozenset({"nlp"})}), {"labels": None}, False),
    ],
)
def test_a_job_counts_for_the_budgets_it_is_of(
    scope: Scope, values: dict[str, Any], *, counts: bool, ledger: Ledger
) -> None:
    """As a job that is asked about does: a name that is not known may be any, a label that is not there is not."""
    assert _spending(policy(budget(scope=scope)), ledger, _ran("a", **values)).spent_jobs == counts


@pytest.mark.parametrize(
    "values",
    [
        {"flavor": "nowhere"},
        {"flavor": None},
        {"stage": "running", "finished_at": None},
        {"stage": "cancelled", "finished_at": None},
        {"stage": "PAUSED", "finished_at": None},
    ],
)
def test_a_job_without_a_bound_is_named(values: dict[str, Any], ledger: Ledger) -> None:
    """No price, no end and no timeout: unknown, never free."""
    found = _spending(policy(budget()), ledger, _ran("odd", **values))
    assert len(found.unknown) == 1
    assert "odd" in found.unknown[0]


def test_an_unpriced_job_of_another_period_or_scope_does_not_matter(ledger: Ledger) -> None:
    """It changes nothing of what is left."""
    old = _ran("a", flavor="nowhere", created=NOW - timedelta(days=40))
    other = _ran("b", flavor="nowhere", namespace="other")
    found = _spending(policy(budget(scope=Scope(namespaces=frozenset({"acme"})))), ledger, old, other)
    assert found == Spending()


def test_a_bill_wins_where_the_job_has_ended(ledger: Ledger) -> None:
    """What a running job was charged so far is no bound of what it may still cost."""
    bills = pl.LazyFrame({"job_id": ["a", "b"], "bill_micro_usd": [5, 5]})
    found = _outside(policy(budget()), ledger, _ran("a"), _runs("b"), bills=bills).of("team")
    assert (found.spent_micro_usd, found.held_micro_usd) == (5, 600 * 13_333)


def _reserve(ledger: Ledger, *windows: BudgetWindow) -> None:
    ledger.reserve(reservation(SID, terms(), *windows, at=NOW))
    assert ledger.mark_sending(SID, SENDER, NOW)


def _windows(rules: Policy) -> list[BudgetWindow]:
    return [applied.window for applied in applied_budgets(rules, None, NOW)]


def test_a_job_of_the_ledger_is_not_counted_again(ledger: Ledger) -> None:
    """It is found by its id, whatever its labels."""
    rules = policy(budget())
    _reserve(ledger, *_windows(rules))
    assert ledger.launched(SID, "a", "{}", NOW)
    assert _spending(rules, ledger, _ran("a"), _ran("b")).spent_jobs == 1


def test_many_jobs_are_looked_up_at_once(ledger: Ledger) -> None:
    """More than one statement can name; those without a submission are left out."""
    _reserve(ledger)
    assert ledger.launched(SID, "a", "{}", NOW)
    found = ledger.by_jobs([*(f"{number:024x}" for number in range(1200)), "a", "a"])
    assert {job_id: submission.sid for job_id, submission in found.items()} == {"a": SID}
    assert ledger.by_jobs([]) == {}


def test_a_job_whose_submission_has_no_answer_is_found_by_its_label(ledger: Ledger) -> None:
    """Its money is held; a copy with the same label is another job, which nothing is held for."""
    rules = policy(budget())
    _reserve(ledger, *_windows(rules))
    assert ledger.unknown(SID, "no answer", NOW)
    labels = [{"key": SID_LABEL, "value": SID}]
    copies = [_runs("a", labels=labels), _runs("copy", created=NOW - HOUR, labels=labels)]
    assert _spending(rules, ledger, copies[0]).held_jobs == 0
    assert _spending(rules, ledger, *copies).held_jobs == 1


def test_a_label_proves_nothing_where_the_ledger_holds_nothing(ledger: Ledger) -> None:
    """Anybody can set one."""
    stranger = _runs("a", labels=[{"key": SID_LABEL, "value": "f" * 32}])
    assert _spending(policy(budget()), ledger, stranger).held_jobs == 1


def test_a_budget_that_came_later_counts_it_from_the_ledger(ledger: Ledger) -> None:
    """Before and after it is settled: in no budget is it counted again from the history."""
    _reserve(ledger, *_windows(policy(budget("old"))))
    assert ledger.launched(SID, "a", "{}", NOW)
    rules = policy(budget("old"), budget())
    for expected in ((0, terms().cap_micro_usd), (1, 0)):
        assert _outside(rules, ledger, _ran("a")).by_budget == {"old": Spending(), "team": Spending()}
        for balance in ledger.balances(_windows(rules)):
            assert (balance.posted_micro_usd, balance.held_micro_usd) == expected
        ledger.settle(SID, Settlement(cost_micro_usd=1, evidence="durations", at=NOW))


def test_a_job_that_only_the_hub_tells_to_be_of_a_budget_is_counted_by_its_record(ledger: Ledger) -> None:
    """Reserved for ada, and the Hub says that grace started it: it is in the books of both, once in each."""
    ada, grace = (budget(name, scope=Scope(owners=frozenset({name}))) for name in ("ada", "grace"))
    _reserve(ledger, *_windows(policy(ada)))
    assert ledger.launched(SID, "a", "{}", NOW)
    found = _outside(policy(ada, grace), ledger, _ran("a", created_by="grace"))
    assert (found.of("ada").spent_jobs, found.of("grace").spent_jobs) == (0, 1)


def test_a_job_counts_in_the_period_that_the_ledger_says(ledger: Ledger) -> None:
    """Reserved in the last second of August, created by the Hub in September: it is August's money, and only that."""
    august = datetime(2026, 8, 31, 23, 59, 59, tzinfo=UTC)
    windows = [applied.window for applied in applied_budgets(policy(budget()), None, august)]
    ledger.reserve(reservation(SID, terms(), *windows, at=august))
    assert ledger.mark_sending(SID, SENDER, august)
    assert ledger.launched(SID, "a", "{}", august)
    september = datetime(2026, 9, 1, tzinfo=UTC)
    assert _spending(policy(budget()), ledger, _ran("a", created=september)) == Spending()
    assert ledger.balances(windows)[0].held_micro_usd == terms().cap_micro_usd


def test_the_newest_sighting_is_told(ledger: Ledger) -> None:
    """A history that nobody brings up to date says little about today."""
    rows = [_ran("a", seen_at=NOW - HOUR), _ran("b", seen_at=NOW - 2 * HOUR)]
    assert _outside(policy(budget()), ledger, *rows).history_seen_at == NOW - HOUR


def test_who_went_past_the_ledger_is_told_with_what_it_cost(ledger: Ledger) -> None:
    """Each person's jobs of the month, the most first; what the ledger charges and what is older is not among them."""
    rows = [
        _ran("a"),
        _ran("b"),
        _runs("c", created_by="bob"),
        _ran("d", initiator_type=None, initiator=None, owner_type=None, minutes=6),
        _ran("e", created=NOW - timedelta(days=30), created_by="carol"),
    ]
    evidence = JobEvidence(jobs=jobs_frame(*rows).lazy(), listing=shipped_listing(), now=NOW)
    (month,) = applied_budgets(policy(budget("every")), None, NOW)
    outside = started_outside(month, ledger, evidence)
    found = [(name, one.spent_micro_usd, one.held_micro_usd) for name, one in outside.people]
    assert found == [("bob", 0, 7_999_800), ("ada", 2 * 799_980, 0), (None, 6 * 13_333, 0)]


def test_what_went_past_the_ledger_is_told_by_what_started_it(ledger: Ledger) -> None:
    """A sandbox by its label, whoever made it; runs of schedules, webhooks and duplicates by their initiator."""
    rows = [
        _ran("a", labels=[{"key": "hf-sandbox", "value": "1"}], minutes=5),
        _ran("b", initiator_type="webhook", initiator="hook", minutes=4),
        _ran("c", initiator_type="scheduled-job", initiator="nightly", minutes=3),
        _ran("d", initiator_type="duplicated-job", initiator="b", minutes=2),
        _ran("e", minutes=1),
    ]
    evidence = JobEvidence(jobs=jobs_frame(*rows).lazy(), listing=shipped_listing(), now=NOW)
    (month,) = applied_budgets(policy(budget("every")), None, NOW)
    outside = started_outside(month, ledger, evidence)
    assert [(kind, one.spent_micro_usd) for kind, one in outside.kinds] == [
        ("sandbox", 5 * 13_333),
        ("webhook", 4 * 13_333),
        ("schedule", 3 * 13_333),
        ("duplicate", 2 * 13_333),
        ("job", 13_333),
    ]
    told = OutsideTheGate(start=month.window.start, people=outside.people, kinds=outside.kinds).words()
    assert told is not None
    assert told.endswith("Of it $0.07 by sandboxes, $0.05 by webhooks, $0.04 by schedules, $0.03 by duplicates.")
