"""May an agent start this job by itself: what its rule says beside its budgets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from hfplanner.budget.agent_rules import AgentRule
from hfplanner.budget.decision import Decision, verdict_of
from hfplanner.budget.off_ledger import LedgerReader
from hfplanner.budget.policy import Policy
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.errors import quoted
from hfplanner.units import format_usd

__all__ = ["AGENT_UNKNOWN", "APPROVAL_REQUIRED", "AskedOfAgent", "agent_decision"]

APPROVAL_REQUIRED = "approval_required"
"""A person has to say yes."""
AGENT_UNKNOWN = "agent_unknown"
"""The policy limits agents and names others."""


@dataclass(frozen=True, slots=True)
class AskedOfAgent:
    """What an approval of a job is looked for by.

    Args:
        digest: of the job that would be sent, or of all jobs of a plan.
        books: where approvals are.
        now: the time, UTC.
    """

    digest: str
    books: LedgerReader
    now: datetime


def agent_decision(decision: Decision, policy: Policy, asked: AskedOfAgent) -> Decision:
    """Return a decision with what an agent's rule adds to it; that of a person's job as it is.

    Args:
        decision: on the job; its terms say who calls.
        policy: whose rules hold.
        asked: the job that would be sent.

    Raises:
        LedgerError: the ledger cannot be asked.
    """
    caller = decision.terms.caller
    if not caller.is_agent or not policy.agents:
        return decision
    rule = policy.agent_rule(caller.agent)
    reasons = (*decision.reasons, *_reasons(decision, rule, asked))
    return replace(
        decision,
        reasons=reasons,
        verdict=verdict_of(reasons),
        approve_above_micro_usd=None if rule is None else rule.approve_above_micro_usd,
        approval_digest=asked.digest,
    )


def _reasons(decision: Decision, rule: AgentRule | None, asked: AskedOfAgent) -> Iterator[DecisionReason]:
    """Yield why an agent may not start a job by itself."""
    agent = quoted(decision.terms.caller.agent)
    if rule is None:
        sentence = f'The policy limits agents and names no {agent}: add [[agent]] with that name, or name = "*".'
        yield DecisionReason(AGENT_UNKNOWN, sentence, Effect.BLOCK)
        return
    most, cost = rule.approve_above_micro_usd, decision.worst_case_micro_usd
    if most is None or cost is None or cost <= most:
        return
    found = asked.books.approval_of(asked.digest, cost, asked.now)
    if found is not None and found.approved_by is not None:
        return
    sentence = (
        f"It may cost {format_usd(cost)}, and above {format_usd(most)} agent {agent} needs a person's approval"
        " (approve_above_usd)."
    )
    yield DecisionReason(APPROVAL_REQUIRED, sentence, Effect.BLOCK)
