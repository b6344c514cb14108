"""What was agreed to is what is sent: the decision stands on what is read after the answer (I16)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.terms import JobTerms
from hfplanner.submit.agree import agreed, changes_between
from tests.budget.checks import NOW, PRICE, budget, policy, reservation, terms

# An hour of the job at $0.60.
HOUR = 600_000


@dataclass
class Talk:
    """A person: what happens while the question is open, and what was shown and told."""

    meanwhile: Callable[[], object]
    questions: int = 0
    changed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def ask(self, _plan: object, changed: tuple[str, ...]) -> bool:
        """Let something happen, once, and say yes; say no where something is asked again."""
        self.questions += 1
        self.changed = changed
        if self.questions == 1:
            self.meanwhile()
        return not changed

    def tell(self, text: str) -> None:
        """Take in what is told."""
        self.told += (text,)


@dataclass(frozen=True)
class Plan:
    """A plan that is nothing but its decision."""

    decision: Decision


def _decided(job: JobTerms, **changes: object) -> Decision:
    cost = job.cap_micro_usd
    decision = Decision(verdict=Verdict.ALLOWED, terms=job, worst_case_micro_usd=cost, lines=(), reasons=())
    return replace(decision, **changes)  # type: ignore[arg-type]


def test_what_is_spent_while_the_question_is_open_refuses(tmp_path: Path) -> None:
    """A budget of one such job; another run reserves it before the answer: refused, not asked again."""
    rules = policy(budget("team", HOUR))
    with open_ledger(tmp_path / "ledger.sqlite3") as ledger:

        def plan() -> Plan:
            return Plan(check_job(rules, terms(), ledger, now=NOW))

        def spend() -> None:
            ledger.reserve(reservation("a" * 32, terms(), *plan().decision.windows))

        talk = Talk(spend)
        done = agreed(plan, talk.ask, talk.tell)
        assert done is not None
        assert (done.decision.verdict, talk.questions) == (Verdict.REFUSED, 1)


def test_a_question_of_one_month_answered_in_the_next_counts_in_the_next(tmp_path: Path) -> None:
    """Asked on 30 November at 23:59:52, answered ten seconds later: December, and that is said."""
    times = iter([datetime(2026, 11, 30, 23, 59, 52, tzinfo=UTC), datetime(2026, 12, 1, 0, 0, 2, tzinfo=UTC)])
    with open_ledger(tmp_path / "ledger.sqlite3") as ledger:
        talk = Talk(lambda: None)
        done = agreed(lambda: Plan(check_job(policy(budget()), terms(), ledger, now=next(times))), talk.ask, talk.tell)
        assert done is not None
        assert [window.start for window in done.decision.windows] == [datetime(2026, 12, 1, tzinfo=UTC)]
        assert talk.told == ("A new month of budget team has begun: the job counts in that of 2026-12-01.",)


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ({"price": replace(PRICE, micro_usd_per_minute=20_000)}, "The job may now cost $1.20, not $0.60."),
        ({"flavor": "h200"}, "The flavor is now h200, not l4x1."),
        ({"timeout_secs": 1800}, "The timeout is now 30m, not 1h."),
        ({"attempts": 2}, "The attempts are now 2, not 1."),
    ],
    ids=["dearer", "another flavor", "less time", "more attempts"],
)
def test_what_nobody_agreed_to_is_asked_again(now: dict[str, object], sentence: str) -> None:
    """The answer was to another job: what differs is shown, and a no to it sends nothing."""
    plans = iter([_decided(terms()), _decided(terms(**now)), _decided(terms(**now))])
    talk = Talk(lambda: None)
    assert agreed(lambda: Plan(next(plans)), talk.ask, talk.tell) is None
    assert (talk.questions, sentence in talk.changed) == (2, True)


def test_what_costs_nobody_anything_is_told_and_sent() -> None:
    """A lower price and more time need no second answer."""
    cheaper = terms(price=replace(PRICE, micro_usd_per_minute=1_000), timeout_secs=7200)
    plans = iter([_decided(terms()), _decided(cheaper)])
    talk = Talk(lambda: None)
    done = agreed(lambda: Plan(next(plans)), talk.ask, talk.tell)
    assert done is not None
    assert (done.decision.terms, talk.questions, len(talk.told)) == (cheaper, 1, 2)


def test_the_same_plan_is_sent_without_another_word() -> None:
    """Nothing changed: nothing is asked or told, whatever time has passed."""
    before = check_job(policy(), terms(), None, now=NOW)  # type: ignore[arg-type] - no budget, no books
    after = check_job(policy(), terms(), None, now=NOW + timedelta(hours=5))  # type: ignore[arg-type] - as above
    assert changes_between(before, after) == type(changes_between(before, before))()
