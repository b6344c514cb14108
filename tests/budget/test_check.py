from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.limits import Waiver
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import Sender
from hfplanner.budget.off_ledger import OffLedger, Spending
from hfplanner.budget.policy import NO_POLICY, JobLimits, Policy, UnknownSpending, WaiverRule
from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import JobTerms
from hfplanner.units import MAX_DURATION_SECS
from tests.budget.checks import NOW, PRICE, Figures, budget, policy, reservation, terms

SENDER = Sender(host="h", boot_id="b", pid=1, lock_path="/lock", deadline_boot_secs=1.0)


def _check(
    rules: Policy, job: JobTerms, off_ledger: OffLedger | None = None, figures: Figures | None = None
) -> Decision:
    asked = replace(off_ledger or OffLedger(), asked_schedules=True)
    return check_job(rules, job, figures or Figures(), asked, now=NOW)


def _codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_a_job_that_fits_is_allowed_and_its_sum_adds_up() -> None:
    """1.00 - (0.10 + 0.02) - (0.15 + 0.03 + 0.04) - 0.60 = 0.06."""
    off_ledger = OffLedger(
        by_budget={"team": Spending(spent_micro_usd=20_000, held_micro_usd=30_000, scheduled_micro_usd=40_000)}
    )
    decision = _check(policy(budget()), terms(), off_ledger, Figures({"team": 100_000}, {"team": 150_000}))
    assert (decision.verdict, decision.exit_code, decision.reasons) == (Verdict.ALLOWED, 0, ())
    (line,) = decision.to_json()["budgets"]
    assert decision.worst_case_micro_usd == 600_000
    names = ("limit_micro_usd", "spent_micro_usd", "held_micro_usd", "this_job_micro_usd", "left_micro_usd")
    assert [line[name] for name in names] == [1_000_000, 120_000, 220_000, 600_000, 60_000]


def test_what_is_reserved_against_holds_what_is_outside_the_ledger() -> None:
    """So the ledger, which cannot see it, keeps the limit all the same."""
    off_ledger = OffLedger(by_budget={"team": Spending(spent_micro_usd=1, held_micro_usd=2, scheduled_micro_usd=3)})
    (window,) = _check(policy(budget()), terms(), off_ledger).windows
    assert window.other_micro_usd == 6


@pytest.mark.parametrize(("limit", "verdict"), [(595_000, Verdict.ALLOWED), (594_999, Verdict.REFUSED)])
def test_a_limit_is_kept_to_half_a_cent(limit: int, verdict: Verdict) -> None:
    """Of the budget and of one job; once for the limit, whatever is spent and held."""
    assert _check(policy(budget(limit=limit)), terms()).verdict is verdict
    assert _check(policy(limits=JobLimits(max_job_micro_usd=limit)), terms()).verdict is verdict
    half = Figures(posted={"team": 400_000}, held={"team": 200_000})
    assert _check(policy(budget(limit=600_000 + limit)), terms(), figures=half).verdict is verdict


def test_20_dollars_are_enough_for_8_hours_at_2_50() -> None:
    """The price comes as 41,667 micro-USD a minute, so the job may cost $20.00016; nothing more fits beside it."""
    hours = terms(price=replace(PRICE, micro_usd_per_minute=41_667), timeout_secs=8 * 3600)
    rules = policy(budget(limit=20_000_000), limits=JobLimits(max_job_micro_usd=20_000_000))
    assert _check(rules, hours).verdict is Verdict.ALLOWED
    assert _check(rules, hours, figures=Figures(held={"team": 5_000})).verdict is Verdict.REFUSED


def test_a_limit_of_nothing_allows_nothing() -> None:
    """It is no rounded amount."""
    minute = terms(price=replace(PRICE, micro_usd_per_minute=1), timeout_secs=60)
    assert _check(policy(budget(limit=0)), minute).verdict is Verdict.REFUSED


def test_a_refusal_names_the_budget_and_what_is_short() -> None:
    """And the exit code is 3."""
    decision = _check(policy(budget(), budget("small", 500_000)), terms())
    assert (decision.verdict, decision.exit_code, _codes(decision)) == (Verdict.REFUSED, 3, ["over_budget"])
    assert decision.reasons[0].message == "Budget 'small' has $0.50 of $0.50 left: $0.10 short of $0.60."


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (JobLimits(max_job_micro_usd=594_999), "over_max_job"),
        (JobLimits(max_price_micro_usd_per_hour=599_999), None),
        (JobLimits(max_price_micro_usd_per_hour=599_940), "over_max_price"),
        (JobLimits(max_timeout_secs=3599), "over_max_timeout"),
        (JobLimits(max_attempts=1), None),
        (JobLimits(allow_flavors=frozenset({"h200"})), "flavor_not_allowed"),
        (JobLimits(allow_flavors=frozenset()), "flavor_not_allowed"),
        (JobLimits(deny_flavors=frozenset({"l4x1"})), "flavor_not_allowed"),
        (JobLimits(deny_flavors=frozenset({"L4X1"})), "flavor_not_allowed"),
        (JobLimits(allow_flavors=frozenset({"L4x1"})), None),
        (JobLimits(max_job_micro_usd=600_000, max_timeout_secs=3600, allow_flavors=frozenset({"l4x1"})), None),
    ],
)
def test_a_limit_of_single_jobs_refuses(limits: JobLimits, code: str | None) -> None:
    """Each with a code of its own. A price per hour is compared as the Hub rounds it to the minute."""
    decision = _check(policy(limits=limits), terms())
    assert [found for found in _codes(decision) if found != "no_budget_applies"] == ([code] if code else [])


def test_a_flavor_that_a_policy_names_and_nobody_knows_is_told() -> None:
    """A line that forbids nothing because of a typing mistake does not do so in silence."""
    decision = _check(policy(budget(), limits=JobLimits(deny_flavors=frozenset({"a100-larg", "H200"}))), terms())
    (told,) = (reason.message for reason in decision.warnings if reason.code == "policy_flavor_unknown")
    assert told.startswith("The policy names the flavor 'a100-larg', which is none that this version knows.")
    assert "a100-large" in told.partition("Did you mean")[2]


def test_attempts_multiply_and_are_limited() -> None:
    """Two attempts cost at worst twice the timeout."""
    decision = _check(policy(budget(), limits=JobLimits(max_attempts=1)), terms(attempts=2))
    assert decision.worst_case_micro_usd == 1_200_000
    assert _codes(decision) == ["over_max_attempts", "over_budget"]


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (terms(price=None), "price_unknown"),
        (terms(price=replace(PRICE, micro_usd_per_minute=0)), "price_unknown"),
        (terms(price=replace(PRICE, micro_usd_per_minute=-1)), "price_unknown"),
        (terms(price=replace(PRICE, checked=NOW - timedelta(days=181))), "price_stale"),
        (terms(price=replace(PRICE, checked=NOW + timedelta(days=2))), "price_stale"),
        (terms(timeout_secs=None), "timeout_unknown"),
        (terms(timeout_secs=0), "timeout_unknown"),
        (terms(timeout_secs=-5), "timeout_unknown"),
        (terms(timeout_secs=float("nan")), "timeout_unknown"),
        (terms(timeout_secs=float("inf")), "timeout_unknown"),
        (terms(timeout_secs=MAX_DURATION_SECS + 1), "timeout_unknown"),
        (terms(attempts=0), "attempts_unknown"),
        (terms(attempts=2**53 - 1), "amount_unknown"),
    ],
)
def test_unknown_blocks(job: JobTerms, code: str) -> None:
    """Whatever decides the money and is missing, zero, negative, no number or too large; under any policy or budget."""
    for rules in (policy(), policy(budget(limit=2**53 - 1))):
        decision = _check(rules, job)
        assert decision.verdict is Verdict.BLOCKED
        assert [reason.code for reason in decision.against] == [code]
        assert decision.exit_code == 3


def test_a_limit_that_is_exceeded_refuses_although_something_is_unknown() -> None:
    """Whatever the price turns out to be, the flavor is denied."""
    decision = _check(policy(limits=JobLimits(deny_flavors=frozenset({"l4x1"}))), terms(price=None))
    assert decision.verdict is Verdict.REFUSED


def test_without_a_policy_nothing_limits_and_that_is_said() -> None:
    """Known costs are allowed, at an old price too; unknown ones still block."""
    old = terms(price=replace(PRICE, checked=NOW - timedelta(days=999)))
    decision = _check(NO_POLICY, old)
    assert (decision.verdict, _codes(decision)) == (Verdict.ALLOWED, ["price_stale", "no_policy"])
    assert _check(NO_POLICY, terms(timeout_secs=None)).verdict is Verdict.BLOCKED


def test_a_job_no_budget_is_about_is_allowed_and_that_is_said() -> None:
    """The books are not even asked: there are none here."""
    rules = policy(budget(limit=1, scope=Scope(owners=frozenset({"grace"}))))
    decision = check_job(rules, terms(), None, now=NOW)
    assert (decision.verdict, _codes(decision)) == (Verdict.ALLOWED, ["no_budget_applies"])


def test_a_waiver_lets_a_budget_be_exceeded_and_is_named() -> None:
    """It goes into the window, where the ledger records it."""
    word = Waiver(reason="deadline", author="grace", expires=NOW + timedelta(days=1))
    rules = policy(budget(limit=1), waivers=(WaiverRule(budget="team", waiver=word),))
    decision = _check(rules, terms())
    assert (decision.verdict, _codes(decision)) == (Verdict.ALLOWED, ["waived"])
    assert decision.windows[0].waiver == word
    assert "grace" in decision.reasons[0].message


def test_a_waiver_that_has_expired_is_named_and_lets_nothing_through() -> None:
    """At its last moment already."""
    word = Waiver(reason="deadline", author="grace", expires=NOW)
    decision = _check(policy(budget(limit=1), waivers=(WaiverRule(budget="team", waiver=word),)), terms())
    assert (decision.verdict, _codes(decision)) == (Verdict.REFUSED, ["over_budget", "waiver_expired"])


def test_spending_that_is_not_known_blocks_or_warns_as_the_policy_says() -> None:
    """Once, though two budgets have it."""
    unknown = Spending(unknown=("What 1 job costs is not known",))
    off_ledger = OffLedger(by_budget={"team": unknown, "all": unknown})
    budgets = (budget(), budget("all"))
    decision = _check(policy(*budgets), terms(), off_ledger)
    assert (decision.verdict, _codes(decision)) == (Verdict.BLOCKED, ["spending_unknown"])
    warned = _check(policy(*budgets, limits=JobLimits(unknown_spending=UnknownSpending.WARN)), terms(), off_ledger)
    assert (warned.verdict, _codes(warned)) == (Verdict.ALLOWED, ["spending_unknown"])


def test_spending_of_another_budget_that_is_not_known_does_not_matter() -> None:
    """Only budgets the job falls under decide."""
    off_ledger = OffLedger(by_budget={"other": Spending(unknown=("What 1 job costs is not known",))})
    assert _check(policy(budget()), terms(), off_ledger).verdict is Verdict.ALLOWED


def test_who_submits_is_not_known() -> None:
    """Then the budgets of any owner count, and that is said."""
    rules = policy(budget(limit=1, scope=Scope(owners=frozenset({"ada"}))))
    decision = _check(rules, terms(owner=""))
    assert (decision.verdict, _codes(decision)) == (Verdict.REFUSED, ["over_budget", "owner_unknown"])


def test_schedules_nobody_asked_for_are_named() -> None:
    """The sum may lack their runs."""
    decision = check_job(policy(budget()), terms(), Figures(), now=NOW)
    assert (decision.verdict, _codes(decision)) == (Verdict.ALLOWED, ["schedules_not_counted"])


def test_a_history_with_gaps_is_named() -> None:
    """The sum may lack jobs."""
    decision = _check(policy(budget()), terms(), OffLedger(gaps=("hub: it stopped half-way",)))
    assert (decision.verdict, _codes(decision)) == (Verdict.ALLOWED, ["history_incomplete"])


def test_the_ledger_is_asked_for_what_is_held_and_posted(tmp_path: Path) -> None:
    """A reservation of the same period is held, and what it cost is spent once it is settled."""
    rules, job = policy(budget(limit=1_500_000)), terms()
    with open_ledger(tmp_path / "ledger.sqlite3") as ledger:
        first = check_job(rules, job, ledger, now=NOW)
        ledger.reserve(reservation("a" * 32, job, *first.windows))
        (held,) = check_job(rules, job, ledger, now=NOW).lines
        assert (held.spent_micro_usd, held.held_micro_usd, held.left_micro_usd) == (0, 600_000, 300_000)
        (october,) = check_job(rules, job, ledger, now=NOW + timedelta(days=31)).lines
        assert october.held_micro_usd == 0
        assert ledger.mark_sending("a" * 32, SENDER, NOW)
        assert ledger.launched("a" * 32, "job", "{}", NOW)
        assert ledger.settle("a" * 32, Settlement(cost_micro_usd=250_000, evidence="durations", at=NOW))
        (settled,) = check_job(rules, job, ledger, now=NOW).lines
        assert (settled.spent_micro_usd, settled.held_micro_usd, settled.left_micro_usd) == (250_000, 0, 650_000)
