"""A policy in which everything is as it is documented, read without the checks that make sentences of what is not.

Every check of a budget reads the policy, and loading what checks its tables takes longer than the rest of the answer.
So a document whose every key is known and whose every value is of its documented type and range is read here. Any other
one, and one with waivers, is left to :mod:`hfplanner.budget.policy_tables`, which says what is wrong. A law in tests
says that both read the same.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hfplanner.budget.agent_rules import AgentRule
from hfplanner.budget.period import Period
from hfplanner.budget.policy import Budget, JobLimits, Policy, UnknownSpending
from hfplanner.budget.scope import Scope
from hfplanner.errors import UsageError
from hfplanner.sanitize import sanitize
from hfplanner.units import MAX_ATTEMPTS, parse_duration, parse_money
from hfplanner.zones import parse_zone

__all__ = ["LONGEST_TEXT", "MOST", "MOST_RUNNING", "plain_policy"]

LONGEST_TEXT = 200
"""Characters a name of a policy may have."""
MOST = 1000
"""Items any list of a policy may have."""
MOST_RUNNING = 10**6
"""The most jobs that a policy may let run at once."""


class _NotPlain(Exception):
    """Something is not as documented; what it is, the tables say."""


def plain_policy(document: Mapping[str, Any], source: str) -> Policy | None:
    """Return the policy that a document spells; ``None`` where anything in it is not as documented.

    Args:
        document: parsed TOML.
        source: what the file is called.

    >>> plain_policy({"budget": [{"name": "team", "limit_usd": "500"}]}, "hfplanner.toml").budgets[0].limit_micro_usd
    500000000
    >>> plain_policy({"budget": [{"name": "team", "limit_usd": 500}]}, "hfplanner.toml") is None
    True
    """
    try:
        _keys(document, {"budget", "limits", "agent"})
        budgets = tuple(_budget(table, source) for table in _list(document.get("budget", [])))
        limits = _limits(document.get("limits", {}))
        agents = tuple(_agent(table, source) for table in _list(document.get("agent", [])))
    except (_NotPlain, UsageError):
        return None
    if any(len({one.name for one in named}) < len(named) for named in (budgets, agents)):
        return None
    return Policy(budgets=budgets, limits=limits, waivers=(), agents=agents, sources=(source,))


def _budget(table: object, source: str) -> Budget:
    said = _keys(table, {"name", "limit_usd", "period", "timezone", "scope"})
    zone = said.get("timezone")
    return Budget(
        name=_text(said.get("name")),
        limit_micro_usd=parse_money(_string(said.get("limit_usd"))),
        period=Period(_one_of(said.get("period", "month"), {"day", "week", "month", "total"})),
        zone=ZoneInfo("UTC") if "timezone" not in said else parse_zone(_string(zone)),
        scope=_scope(said.get("scope", {})),
        source=source,
    )


def _scope(table: object) -> Scope:
    said = _keys(table, {"namespace", "owner", "labels"})
    labels = said.get("labels", {})
    if type(labels) is not dict or len(labels) > MOST:
        raise _NotPlain
    return Scope(
        namespaces=_texts(said["namespace"]) if "namespace" in said else frozenset(),
        owners=_texts(said["owner"]) if "owner" in said else frozenset(),
        labels={key: _one_or_more(values, _label_value) for key, values in labels.items()},
    )


def _agent(table: object, source: str) -> AgentRule:
    said = _keys(table, {"name", "max_usd_per_session", "max_usd_per_day", "approve_above_usd"})
    return AgentRule(
        name=_text(said.get("name")).casefold(),
        max_session_micro_usd=_if_said(said, "max_usd_per_session", _money),
        max_day_micro_usd=_if_said(said, "max_usd_per_day", _money),
        approve_above_micro_usd=_if_said(said, "approve_above_usd", _money),
        source=source,
    )


def _limits(table: object) -> JobLimits:
    said = _keys(
        table,
        {
            "max_job_usd",
            "max_price_usd_per_hour",
            "max_timeout",
            "max_attempts",
            "max_price_age",
            "max_running_usd_per_hour",
            "max_running_jobs",
            "max_running_per_owner",
            "allow_flavors",
            "deny_flavors",
            "unknown_spending",
        },
    )
    age = _if_said(said, "max_price_age", _duration)
    unknown = said.get("unknown_spending")
    return JobLimits(
        max_job_micro_usd=_if_said(said, "max_job_usd", _money),
        max_price_micro_usd_per_hour=_if_said(said, "max_price_usd_per_hour", _money),
        max_timeout_secs=_if_said(said, "max_timeout", _duration),
        max_attempts=_if_said(said, "max_attempts", lambda value: _count(value, MAX_ATTEMPTS)),
        max_price_age=None if age is None else timedelta(seconds=age),
        max_running_micro_usd_per_hour=_if_said(said, "max_running_usd_per_hour", _money),
        max_running_jobs=_if_said(said, "max_running_jobs", lambda value: _count(value, MOST_RUNNING)),
        max_running_per_owner=_if_said(said, "max_running_per_owner", lambda value: _count(value, MOST_RUNNING)),
        allow_flavors=_flavors(said["allow_flavors"]) if "allow_flavors" in said else None,
        deny_flavors=_flavors(said.get("deny_flavors", [])),
        unknown_spending=UnknownSpending(_one_of(unknown, {"block", "warn"})) if "unknown_spending" in said else None,
    )


def _keys(table: object, known: set[str]) -> Mapping[str, Any]:
    if type(table) is not dict or not table.keys() <= known:
        raise _NotPlain
    return table


def _list(value: object) -> list[Any]:
    if type(value) is not list or len(value) > MOST:
        raise _NotPlain
    return value


def _if_said(table: Mapping[str, Any], key: str, read: Callable[[object], int]) -> int | None:
    return read(table[key]) if key in table else None


def _string(value: object) -> str:
    if type(value) is not str:
        raise _NotPlain
    return value


def _money(value: object) -> int:
    return parse_money(_string(value))


def _duration(value: object) -> int:
    return parse_duration(_string(value))


def _count(value: object, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise _NotPlain
    return value


def _one_of(value: object, words: set[str]) -> str:
    if _string(value) not in words:
        raise _NotPlain
    return str(value)


def _text(value: object) -> str:
    text = _string(value)
    if not text.strip() or len(text) > LONGEST_TEXT or sanitize(text) != text:
        raise _NotPlain
    return text


def _label_value(value: object) -> str:
    if len(_string(value)) > LONGEST_TEXT:
        raise _NotPlain
    return str(value)


def _one_or_more(value: object, read: Callable[[object], str]) -> frozenset[str]:
    items = [value] if type(value) is str else _list(value)
    if not items:
        raise _NotPlain
    return frozenset(map(read, items))


def _texts(value: object) -> frozenset[str]:
    return _one_or_more(value, _text)


def _flavors(value: object) -> frozenset[str]:
    """Return names of flavors as the Hub spells them: in small letters."""
    return frozenset(_text(item).lower() for item in _list(value))
