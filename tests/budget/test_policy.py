from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hfplanner.budget.ledger.limits import Waiver
from hfplanner.budget.period import Period
from hfplanner.budget.policy import JobLimits, Policy, UnknownSpending, WaiverRule, applied_budgets, tightened
from hfplanner.budget.scope import Scope
from hfplanner.errors import PolicyError
from tests.budget.checks import NOW, budget, policy, terms

WORD = Waiver(reason="deadline", author="grace", expires=NOW + timedelta(days=1))


def test_of_each_limit_the_stricter_counts() -> None:
    """Whoever says it; what only one says counts too."""
    ours = policy(limits=JobLimits(max_job_micro_usd=5, max_attempts=9, allow_flavors=frozenset({"a", "b"})))
    theirs = Policy(
        limits=JobLimits(
            max_job_micro_usd=7,
            max_attempts=2,
            max_timeout_secs=60,
            max_price_age=timedelta(days=900),
            allow_flavors=frozenset({"b", "c"}),
            deny_flavors=frozenset({"d"}),
            unknown_spending=UnknownSpending.WARN,
        )
    )
    limits = tightened(ours, theirs).limits
    assert (limits.max_job_micro_usd, limits.max_attempts, limits.max_timeout_secs) == (5, 2, 60)
    assert limits.max_price_age == timedelta(days=180)
    assert (limits.allow_flavors, limits.deny_flavors) == ({"b"}, {"d"})
    assert limits.unknown_spending is UnknownSpending.BLOCK


def test_of_two_budgets_of_one_name_the_lower_limit_counts() -> None:
    """The others of both stay."""
    found = tightened(policy(budget("a", 5), budget("b", 5)), policy(budget("b", 3), budget("c", 9)))
    assert [(b.name, b.limit_micro_usd) for b in found.budgets] == [("a", 5), ("b", 3), ("c", 9)]


@pytest.mark.parametrize(
    "other", [{"period": Period.DAY}, {"zone": ZoneInfo("Asia/Tokyo")}, {"scope": Scope(owners=frozenset("a"))}]
)
def test_one_name_for_two_budgets_is_an_error(other: dict[str, object]) -> None:
    """The ledger counts by name, so it would mix them up."""
    with pytest.raises(PolicyError, match="both have a budget 'a'"):
        tightened(policy(budget("a")), policy(budget("a", **other)))


def test_a_project_waives_no_budget_of_its_user() -> None:
    """Nor by repeating that budget; its own it may waive."""
    rule = WaiverRule(budget="a", waiver=WORD, source="hfplanner.toml")
    with pytest.raises(PolicyError, match="which is not its alone"):
        tightened(policy(budget("a")), policy(budget("a"), waivers=(rule,)))
    own = WaiverRule(budget="b", waiver=WORD, source="hfplanner.toml")
    assert tightened(policy(budget("a")), policy(budget("b"), waivers=(own,))).waivers == (own,)


def test_a_job_falls_under_every_budget_whose_scope_covers_it() -> None:
    """In the policy's order, each in its own period."""
    rules = policy(
        budget("mine", scope=Scope(owners=frozenset({"ada"})), period=Period.DAY),
        budget("yours", scope=Scope(owners=frozenset({"grace"}))),
        budget("all", period=Period.TOTAL),
    )
    applied = applied_budgets(rules, terms(), NOW)
    assert [(found.window.budget, found.window.start, found.window.end) for found in applied] == [
        ("mine", datetime(2026, 9, 15, tzinfo=UTC), datetime(2026, 9, 16, tzinfo=UTC)),
        ("all", datetime(1970, 1, 1, tzinfo=UTC), None),
    ]


def test_a_waiver_counts_until_it_expires_and_for_its_jobs_only() -> None:
    """At its last moment it is over; then it is named as expired."""
    rule = WaiverRule(budget="team", waiver=WORD, scope=Scope(labels={"stage": frozenset({"prod"})}))
    rules = policy(budget(), waivers=(rule,))
    job = terms(labels={"stage": "prod"})
    (during,), (after,) = (applied_budgets(rules, job, moment) for moment in (NOW, WORD.expires))
    assert (during.window.waiver, during.expired) == (WORD, ())
    assert (after.window.waiver, after.expired) == (None, (rule,))
    (other,) = applied_budgets(rules, terms(), NOW)
    assert (other.window.waiver, other.expired) == (None, ())


def test_a_waiver_does_not_count_for_a_name_that_is_not_known() -> None:
    """A limit does: unknown is taken for the worse."""
    rule = WaiverRule(budget="team", waiver=WORD, scope=Scope(owners=frozenset({"ada"})))
    rules = policy(budget(scope=Scope(owners=frozenset({"ada"}))), waivers=(rule,))
    (applied,) = applied_budgets(rules, terms(owner=""), NOW)
    assert applied.window.waiver is None
