"""Law: a policy that is read without the checks of its tables is the policy that they read."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.budget.plain_policy import plain_policy
from hfplanner.budget.policy_file import checked_policy
from hfplanner.errors import PolicyError

WORDS = [
    "team",
    "",
    " ",
    "acme",
    "L4X1",
    "month",
    "fortnight",
    "UTC",
    "Europe/Berlin",
    "Mars",
    "500",
    "$5",
    "24h",
    "block",
]
TEXT = st.sampled_from(WORDS) | st.text(max_size=4) | st.just("x" * 201)
ODD = st.none() | st.booleans() | st.integers(-1, 10**7) | st.floats() | st.just(date(2026, 12, 31)) | st.just({})
MONEY = st.sampled_from(["500", "500.00", "$5", "0", "-1", "many"]) | ODD
TIME = st.sampled_from(["24h", "30m", "0s", "soon"]) | ODD
COUNT = st.integers(-1, 10**7) | ODD
NAMES = TEXT | st.lists(TEXT | ODD, max_size=3) | ODD
SCOPE = st.fixed_dictionaries(
    {},
    optional={"namespace": NAMES, "owner": NAMES, "labels": st.dictionaries(TEXT, NAMES, max_size=2) | ODD, "x": ODD},
)
BUDGET = st.fixed_dictionaries(
    {"name": TEXT | ODD, "limit_usd": MONEY},
    optional={
        "period": st.sampled_from(["day", "week", "month", "total", "year"]) | ODD,
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "Mars", "localtime"]) | ODD,
        "scope": SCOPE | ODD,
        "new": ODD,
    },
)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "max_job_usd": MONEY,
        "max_price_usd_per_hour": MONEY,
        "max_timeout": TIME,
        "max_attempts": COUNT,
        "max_price_age": TIME,
        "max_running_usd_per_hour": MONEY,
        "max_running_jobs": COUNT,
        "max_running_per_owner": COUNT,
        "allow_flavors": st.lists(TEXT, max_size=3) | ODD,
        "deny_flavors": st.lists(TEXT, max_size=3) | ODD,
        "unknown_spending": st.sampled_from(["block", "warn", "ask"]) | ODD,
        "new": ODD,
    },
)
AGENT = st.fixed_dictionaries(
    {"name": TEXT | ODD},
    optional={"max_usd_per_session": MONEY, "max_usd_per_day": MONEY, "approve_above_usd": MONEY, "new": ODD},
)
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "budget": st.lists(BUDGET, max_size=2) | ODD,
        "limits": LIMITS | ODD,
        "agent": st.lists(AGENT, max_size=2) | ODD,
        "new": ODD,
    },
)


@settings(deadline=None)
@given(DOCUMENT)
def test_what_is_read_plainly_is_what_the_tables_read(document: dict[str, Any]) -> None:
    """Whatever the quick reading takes, the tables take too, and both are one policy."""
    plain = plain_policy(document, "hfplanner.toml")
    if plain is not None:
        assert plain == checked_policy(document, "hfplanner.toml")


GOOD = st.fixed_dictionaries(
    {"name": st.sampled_from(["team", "vision"]), "limit_usd": st.sampled_from(["500", "$5.50"])},
    optional={
        "period": st.sampled_from(["day", "week", "month", "total"]),
        "timezone": st.sampled_from(["UTC", "Europe/Berlin"]),
        "scope": st.fixed_dictionaries(
            {}, optional={"namespace": st.sampled_from(["acme", ["a", "b"]]), "labels": st.just({"team": ["nlp", ""]})}
        ),
    },
)


@settings(deadline=None)
@given(st.lists(GOOD, max_size=2, unique_by=lambda budget: budget["name"]))
def test_what_is_as_documented_is_read_plainly(budgets: list[dict[str, Any]]) -> None:
    """A policy of the README needs no checks: a check of a budget stays quick."""
    document = {"budget": budgets, "limits": {"max_job_usd": "50.00", "max_timeout": "24h", "deny_flavors": ["H200X8"]}}
    assert plain_policy(document, "hfplanner.toml") == checked_policy(document, "hfplanner.toml")


@settings(deadline=None)
@given(DOCUMENT)
def test_what_the_tables_refuse_is_not_read_plainly(document: dict[str, Any]) -> None:
    """Nothing that is refused with a sentence is passed over by the quick reading."""
    try:
        checked_policy(document, "hfplanner.toml")
    except PolicyError:
        assert plain_policy(document, "hfplanner.toml") is None
