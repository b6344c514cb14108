"""What an agent may spend by itself: ``[[agent]]`` of a policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["ANY_AGENT", "AgentRule", "merged_rules"]

ANY_AGENT = "*"
"""The name of a rule that is about every agent, each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule:
    """What one agent may spend; ``None`` is not limited here.

    Args:
        name: of the agent, in small letters, or :data:`ANY_AGENT`.
        max_session_micro_usd: of one of its sessions.
        max_day_micro_usd: of a day, UTC, whatever session, in everything that shares the ledger.
        approve_above_micro_usd: a job that may cost more at worst needs a person's word.
        source: the file that says so.
    """

    name: str
    max_session_micro_usd: int | None = None
    max_day_micro_usd: int | None = None
    approve_above_micro_usd: int | None = None
    source: str = ""


def merged_rules(agent: str, rules: Sequence[AgentRule]) -> AgentRule | None:
    """Return the strictest of all rules about an agent as one; ``None`` where a file has rules and none is about it.

    A rule for every agent is never loosened by one that names it, and an agent that one file does not name is not
    let in by another.

    >>> rules = [AgentRule(name="*", max_day_micro_usd=5), AgentRule(name="codex", max_day_micro_usd=9)]
    >>> merged_rules("codex", rules).max_day_micro_usd, merged_rules("other", rules[1:])
    (5, None)
    """
    about = [rule for rule in rules if rule.name in {agent, ANY_AGENT}]
    if not about or {rule.source for rule in rules} != {rule.source for rule in about}:
        return None
    return AgentRule(
        name=agent,
        max_session_micro_usd=_least(rule.max_session_micro_usd for rule in about),
        max_day_micro_usd=_least(rule.max_day_micro_usd for rule in about),
        approve_above_micro_usd=_least(rule.approve_above_micro_usd for rule in about),
        source=", ".join(dict.fromkeys(rule.source for rule in about)),
    )


def _least(limits: Iterable[int | None]) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
