"""A policy as it is read, every default said, for programs and people."""

from dataclasses import fields
from datetime import timedelta
from enum import Enum
from typing import Any

from hfplanner.budget.policy import Policy
from hfplanner.budget.scope import Scope
from hfplanner.times import json_moment

__all__ = ["policy_document"]


def policy_document(policy: Policy) -> dict[str, Any]:
    r"""Return a policy as the interface spells it: money in micro-USD, durations in seconds.

    >>> from hfplanner.budget.policy_file import parse_policy
    >>> document = policy_document(parse_policy(b'[[budget]]\nname = "team"\nlimit_usd = "5"\n'))
    >>> document["budgets"][0]["limit_micro_usd"], document["limits"]["max_timeout_secs"]
    (5000000, None)
    """
    return {
        "sources": list(policy.sources),
        "budgets": [
            {
                "name": budget.name,
                "limit_micro_usd": budget.limit_micro_usd,
                "period": budget.period.value,
                "timezone": str(budget.zone),
                "scope": _scope(budget.scope),
                "source": budget.source,
            }
            for budget in policy.budgets
        ],
        "limits": dict(_limit(one.name, getattr(policy.limits, one.name)) for one in fields(policy.limits)),
        "waivers": [
            {
                "budget": rule.budget,
                "reason": rule.waiver.reason,
                "author": rule.waiver.author,
                "expires": json_moment(rule.waiver.expires),
                "scope": _scope(rule.scope),
                "source": rule.source,
            }
            for rule in policy.waivers
        ],
        "agents": [{one.name: getattr(rule, one.name) for one in fields(rule)} for rule in policy.agents],
    }


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "namespace": sorted(scope.namespaces),
        "owner": sorted(scope.owners),
        "labels": {key: sorted(values) for key, values in sorted(scope.labels.items())},
    }


def _limit(name: str, value: object) -> tuple[str, Any]:
    if isinstance(value, timedelta):
        return f"{name}_secs", int(value.total_seconds())
    if isinstance(value, Enum):
        return name, value.value
    return name, sorted(value) if isinstance(value, frozenset) else value
