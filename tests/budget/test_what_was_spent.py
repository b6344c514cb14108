"""What was spent or is held counts by when and for whom it was, whatever the budget is called or says now (I15)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Verdict
from hfplanner.budget.ledger.changes import Adoption, Existing, Refused, Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import Sender, State
from hfplanner.budget.period import Period
from hfplanner.budget.policy import Budget, Policy, applied_budgets
from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import UsedPrice
from hfplanner.errors import BudgetBlocked
from tests.budget.checks import budget, policy, reservation, terms

# A Wednesday in the middle of a month, so that it is one week, one month and one day in all of these zones.
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
JOB = terms(price=UsedPrice(micro_usd_per_minute=13_333, source="live", checked=NOW), timeout_secs=1800)
COST = 399_990
LIMIT = 500_000
TEAM = budget(limit=LIMIT)
SENDER = Sender(host="h", boot_id="b", pid=1, lock_path="/lock", deadline_boot_secs=1.0)

CHANGES: dict[str, Callable[[Budget], Budget]] = {
    "month to total": lambda old: replace(old, period=Period.TOTAL),
    "month to week": lambda old: replace(old, period=Period.WEEK),
    "month to day": lambda old: replace(old, period=Period.DAY),
    "another time zone": lambda old: replace(old, zone=ZoneInfo("Europe/Berlin")),
    "renamed": lambda old: replace(old, name="research"),
    "narrower": lambda old: replace(old, scope=Scope(namespaces=frozenset({"ACME"}))),
    "renamed, narrower and for good": lambda old: replace(
        old, name="ada", scope=Scope(owners=frozenset({"ada"})), period=Period.TOTAL
    ),
}


def windows(rules: Policy, at: datetime = NOW) -> tuple[BudgetWindow, ...]:
    """Return what a job of :data:`JOB` is counted against."""
    return tuple(applied.window for applied in applied_budgets(rules, JOB, at))


def ask(ledger: Ledger, sid: str, rules: Policy) -> tuple[Verdict, Reserved | Existing | Refused]:
    """Return what a check says of a job, and what the ledger does whatever the check said."""
    verdict = check_job(rules, JOB, ledger, now=NOW).verdict
    return verdict, ledger.reserve(reservation(sid, JOB, *windows(rules), at=NOW))


def settle(ledger: Ledger, sid: str, cost: int = COST) -> None:
    """Bring a submission that is reserved to its end."""
    assert ledger.mark_sending(sid, SENDER, NOW)
    assert ledger.launched(sid, f"job-{sid}", "{}", NOW)
    assert ledger.settle(sid, Settlement(cost_micro_usd=cost, evidence="durations", at=NOW))


@pytest.mark.parametrize("is_settled", [False, True], ids=["held", "settled"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_budget_that_is_changed_forgets_nothing(
    ledger: Ledger, change: Callable[[Budget], Budget], *, is_settled: bool
) -> None:
    """$0.39999 of $0.50: the next job is refused before and after the change, by the check and by the ledger."""
    assert isinstance(ask(ledger, "first", policy(TEAM))[1], Reserved)
    if is_settled:
        settle(ledger, "first")
    for rules in (policy(TEAM), policy(change(TEAM))):
        verdict, answer = ask(ledger, "second", rules)
        assert verdict is Verdict.REFUSED
        assert isinstance(answer, Refused)
        (balance,) = answer.balances
        assert balance.posted_micro_usd + balance.held_micro_usd == COST
    assert ledger.verify() == ()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_settled_or_let_go_is_so_in_every_budget(ledger: Ledger, change: Callable[[Budget], Budget]) -> None:
    """Both policies have counters when a job costs less than was held, or nothing: both have that much more left."""
    old, new = policy(TEAM), policy(change(TEAM))
    ask(ledger, "first", old)
    assert isinstance(ask(ledger, "refused", new)[1], Refused)
    settle(ledger, "first", 100_000)
    assert isinstance(ask(ledger, "second", new)[1], Reserved)
    assert isinstance(ask(ledger, "third", old)[1], Refused)
    assert ledger.void("second", from_state=State.RESERVED, reason="No.", at=NOW)
    assert isinstance(ask(ledger, "fourth", old)[1], Reserved)
    for rules in (old, new):
        (balance,) = ledger.balances(windows(rules))
        assert (balance.posted_micro_usd, balance.held_micro_usd) == (100_000, COST)
    assert ledger.verify() == ()


def test_two_members_whose_files_differ_in_time_zone_share_one_limit(ledger: Ledger) -> None:
    """Of four jobs of $0.20, asked for in turn, two fit in $0.50: whoever asks."""
    members = [policy(replace(TEAM, zone=ZoneInfo(zone))) for zone in ("UTC", "Asia/Kolkata")]
    half = replace(JOB, timeout_secs=900)
    answers = [
        ledger.reserve(reservation(f"s{number}", half, *windows(members[number % 2]), at=NOW)) for number in range(4)
    ]
    assert [type(answer) for answer in answers] == [Reserved, Reserved, Refused, Refused]
    assert ledger.verify() == ()


def test_a_wider_scope_counts_what_only_the_narrower_budgets_reserved(ledger: Ledger) -> None:
    """Ada's and Grace's jobs are the company's; one of another namespace is not."""
    company = budget("company", LIMIT, scope=Scope(namespaces=frozenset({"acme"})))
    for name, namespace, cost in (("ada", "acme", 20), ("grace", "acme", 10), ("eve", "other", 30)):
        job = replace(JOB, owner=name, namespace=namespace, timeout_secs=cost * 60)
        own = replace(budget(name, LIMIT), scope=Scope(owners=frozenset({name})))
        rules = applied_budgets(policy(own), job, NOW)
        assert isinstance(ledger.reserve(reservation(name, job, *(a.window for a in rules), at=NOW)), Reserved)
    (balance,) = ledger.balances(windows(policy(company)))
    assert balance.held_micro_usd == 30 * 13_333


def test_a_period_that_turned_while_the_job_was_decided_holds_nothing(ledger: Ledger) -> None:
    """Decided in November and reserved in December: it would count in neither, so it is asked again."""
    december = datetime(2026, 12, 1, tzinfo=UTC)
    with pytest.raises(BudgetBlocked, match="turned"):
        ledger.reserve(reservation("s1", JOB, *windows(policy(TEAM)), at=december))
    assert ledger.get("s1") is None


def test_a_job_that_is_adopted_late_counts_when_it_was_created(ledger: Ledger) -> None:
    """October's job, found in November, is October's money: in a budget that knew of it, and in one that did not."""
    october = NOW - timedelta(days=30)
    rules = policy(TEAM)
    ledger.adopt(
        Adoption(
            sid="found",
            job_id="job",
            terms=JOB,
            cap_micro_usd=COST,
            windows=windows(rules, october),
            reason="Found.",
            at=NOW,
            created_at=october,
        )
    )
    for named in (rules, policy(replace(TEAM, name="later"))):
        assert [balance.held_micro_usd for balance in ledger.balances(windows(named, october))] == [COST]
        assert [balance.held_micro_usd for balance in ledger.balances(windows(named))] == [0]
    assert ledger.verify() == ()


def test_a_hundred_names_for_one_team_have_one_limit(address: str) -> None:
    """Twelve at once, each with a budget of a new name for every job: opening one misses no reservation of another."""
    share = replace(JOB, timeout_secs=60)
    together = Barrier(12)

    def one(number: int) -> int:
        with open_ledger(address) as ledger:
            together.wait()
            answers = [
                ledger.reserve(
                    reservation(
                        f"s{number}-{attempt}",
                        share,
                        *windows(policy(replace(TEAM, name=f"team {number} {attempt}"))),
                        at=NOW,
                    )
                )
                for attempt in range(8)
            ]
        return sum(isinstance(answer, Reserved) for answer in answers)

    with ThreadPoolExecutor(max_workers=12) as pool:
        reserved = sum(pool.map(one, range(12)))
    # 37 x 13,333 are within $0.50, 38 are not.
    assert reserved == 37
    with open_ledger(address) as ledger:
        assert ledger.balances(windows(policy(TEAM)))[0].held_micro_usd == 37 * 13_333
        assert ledger.verify() == ()
