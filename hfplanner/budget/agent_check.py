"""May an agent start this job by itself: what its rule says beside its budgets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from hfplanner.budget.agent_rules import AgentRule
from hfplanner.budget.decision import Decision, verdict_of
from hfplanner.budget.job_limits import worst_case
from hfplanner.budget.ledger.approving import approval_digest
from hfplanner.budget.off_ledger import LedgerReader
from hfplanner.budget.policy import Policy
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import quoted
from hfplanner.units import format_usd

__all__ = ["APPROVAL_REQUIRED", "AskedOfAgent", "agent_decision", "agent_reasons"]

APPROVAL_REQUIRED = "approval_required"
AGENT_UNKNOWN = "agent_unknown"


@dataclass(frozen=True, slots=True)
class AskedOfAgent:
    """What an approval of a job is looked for by.

    Args:
        spec_hash: of the job that would be sent.
        books: where approvals are.
        now: the time, UTC.
    """

    spec_hash: str
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
    digest = approval_digest(asked.spec_hash, decision.terms)
    reasons = (*decision.reasons, *agent_reasons(decision.terms, rule, asked.books, digest, asked.now))
    return replace(
        decision,
        reasons=reasons,
        verdict=verdict_of(reasons),
        approve_above_micro_usd=None if rule is None else rule.approve_above_micro_usd,
        approval_digest=digest,
    )


def agent_reasons(
    terms: JobTerms, rule: AgentRule | None, books: LedgerReader, digest: str, now: datetime
) -> Iterator[DecisionReason]:
    """Yield why an agent may not start a job by itself."""
    agent = quoted(terms.caller.agent)
    if rule is None:
        sentence = f'The policy limits agents and names no {agent}: add [[agent]] with that name, or name = "*".'
        yield DecisionReason(AGENT_UNKNOWN, sentence, Effect.BLOCK)
        return
    most, cost = rule.approve_above_micro_usd, worst_case(terms)
    if most is None or cost is None or cost <= most:
        return
    found = books.approval_of(digest, cost, now)
    if found is not None and found.approved_by is not None:
        return
    sentence = (
        f"It may cost {format_usd(cost)}, and above {format_usd(most)} agent {agent} needs a person's approval"
        " (approve_above_usd)."
    )
    yield DecisionReason(APPROVAL_REQUIRED, sentence, Effect.BLOCK)
