"""Strategies: policies, jobs and figures of books, few values of each so that they meet."""

from datetime import timedelta

from hypothesis import strategies as st

from hfplanner.budget.agent_rules import AgentRule
from hfplanner.budget.caller import PERSON, Caller
from hfplanner.budget.ledger.limits import Waiver
from hfplanner.budget.off_ledger import OffLedger, Spending
from hfplanner.budget.period import Period
from hfplanner.budget.policy import Budget, JobLimits, Policy, UnknownSpending, WaiverRule, with_defaults
from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import JobTerms, UsedPrice
from tests.budget.checks import NOW, Figures

__all__ = ["figures", "jobs", "outsides", "policies"]

_NAMES = ["a", "b", "c"]
_MONEY = st.sampled_from([1, 60_000, 600_000, 1_200_000]) | st.integers(1, 10**7)
_AGES = st.sampled_from([0, 1, 100, 300]).map(lambda days: timedelta(days=days))


def _some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=1)


_SCOPES = st.builds(
    Scope,
    namespaces=_some("acme", "other"),
    owners=_some("ada", "grace"),
    labels=st.just({}) | st.just({"team": frozenset({"nlp"})}),
)


# Strategies are made once: making one costs more than drawing from it.
_LIMITS = st.builds(
    JobLimits,
    max_job_micro_usd=st.none() | _MONEY,
    max_price_micro_usd_per_hour=st.none() | _MONEY,
    max_timeout_secs=st.none() | st.sampled_from([60, 3600, 7200]),
    max_attempts=st.none() | st.integers(1, 3),
    max_price_age=st.none() | _AGES,
    allow_flavors=st.none() | _some("l4x1", "h200"),
    deny_flavors=_some("h200"),
    unknown_spending=st.none() | st.sampled_from(UnknownSpending),
)


def _budgets(name: str) -> st.SearchStrategy[Budget]:
    return st.builds(
        Budget,
        name=st.just(name),
        limit_micro_usd=_MONEY,
        period=st.sampled_from(Period),
        scope=_SCOPES,
        source=st.just("hfplanner.toml"),
    )


def _waivers(name: str) -> st.SearchStrategy[WaiverRule]:
    word = st.builds(
        Waiver,
        reason=st.just("r"),
        author=st.just("w"),
        expires=st.sampled_from([-1, 0, 1]).map(lambda d: NOW + timedelta(d)),
    )
    return st.builds(WaiverRule, budget=st.just(name), waiver=word, scope=_SCOPES, source=st.just("hfplanner.toml"))


# Of two, and of all others: what one says, another never loosens.
_AGENTS = st.lists(
    st.builds(
        AgentRule,
        name=st.sampled_from(["trainer", "*"]),
        max_session_micro_usd=st.none() | _MONEY,
        max_day_micro_usd=st.none() | _MONEY,
        approve_above_micro_usd=st.none() | _MONEY,
        source=st.just("hfplanner.toml"),
    ),
    max_size=2,
    unique_by=lambda rule: rule.name,
)
_CALLERS = st.sampled_from([PERSON, Caller("trainer", "s1"), Caller("other", "s2")])
_BUDGETS_OF = {name: _budgets(name) for name in _NAMES}
_WAIVERS_OF = {name: st.none() | st.none() | _waivers(name) for name in _NAMES}
_CHOSEN = st.lists(st.sampled_from(_NAMES), unique=True)


@st.composite
def policies(draw: st.DrawFn, *, completed: bool = True) -> Policy:
    """Draw a policy of up to three budgets, some of them waived."""
    names, said = draw(_CHOSEN), draw(_LIMITS)
    waivers = [draw(_WAIVERS_OF[name]) for name in names]
    return Policy(
        budgets=tuple(draw(_BUDGETS_OF[name]) for name in names),
        limits=with_defaults(said) if completed else said,
        waivers=tuple(waiver for waiver in waivers if waiver is not None),
        agents=tuple(draw(_AGENTS)),
        sources=("hfplanner.toml",),
    )


def jobs() -> st.SearchStrategy[JobTerms]:
    """Draw a job, now and then with something unknown."""
    price = st.builds(
        UsedPrice,
        micro_usd_per_minute=st.sampled_from([167, 10_000, 83_333]),
        source=st.just("live"),
        checked=_AGES.map(lambda age: NOW - age),
    )
    return st.builds(
        JobTerms,
        namespace=st.sampled_from(["acme", "other", ""]),
        owner=st.sampled_from(["ada", "grace", ""]),
        labels=st.just({}) | st.just({"team": "nlp"}),
        flavor=st.sampled_from(["l4x1", "h200"]),
        price=st.integers(0, 9).flatmap(lambda drawn: price if drawn else st.none()),
        timeout_secs=st.sampled_from([60, 61, 3600, 7200, 3600, 0, None]),
        attempts=st.integers(1, 3),
        has_ports=st.booleans(),
        caller=_CALLERS,
    )


def figures() -> st.SearchStrategy[Figures]:
    """Draw what books say."""
    sums = st.dictionaries(st.sampled_from(_NAMES), st.integers(0, 2_000_000))
    return st.builds(Figures, posted=sums, held=sums)


def outsides() -> st.SearchStrategy[OffLedger]:
    """Draw what is outside of them."""
    amounts = st.integers(0, 500_000)
    spending = st.builds(
        Spending,
        spent_micro_usd=amounts,
        held_micro_usd=amounts,
        scheduled_micro_usd=amounts,
        unknown=st.just(()) | st.just(()) | st.just(("What 1 job costs is not known",)),
    )
    by_budget = st.dictionaries(st.sampled_from(_NAMES), spending)
    return by_budget.map(lambda found: OffLedger(by_budget=found, asked_schedules=True))
