"""A person's word for an agent's job, from the plan's side: judged, asked for when the job is refused, and given."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hfplanner.budget.agent_check import AGENT_UNKNOWN, APPROVAL_REQUIRED, AskedOfAgent, agent_decision
from hfplanner.budget.decision import Decision
from hfplanner.budget.ledger.approval import Approval, ApprovalRequest
from hfplanner.budget.ledger.approving import approval_digest, plan_digest
from hfplanner.errors import BudgetRefused, quoted
from hfplanner.submit.identity import spec_hash
from hfplanner.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from hfplanner.plan.workspace import Workspace

__all__ = ["APPROVAL_LASTS", "Word", "ask_approval", "give_approval", "judge_agent", "judge_plan", "refuse_agents"]

APPROVAL_LASTS = timedelta(seconds=60 * SECONDS_PER_MINUTE)
"""So long a code can be confirmed, and what was confirmed be sent."""

_CODE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody's yes.

    Args:
        code: of the approval.
        who: says so.
    """

    code: str
    who: str


def judge_agent(decision: Decision, namespace: str, said: Mapping[str, Any], workspace: "Workspace") -> Decision:
    """Return a decision with what the policy says of the agent that asks; that of a person's job as it is.

    Args:
        decision: on the job, or on all runs of a schedule.
        namespace: who pays.
        said: everything that would be sent.
        workspace: whose policy and books count.

    Raises:
        PolicyError: the policy cannot be read.
        LedgerError: the ledger cannot be asked.
    """
    policy = workspace.policy()
    if not decision.terms.caller.is_agent or not policy.agents:
        return decision
    digest = approval_digest(spec_hash(namespace, said), decision.terms)
    return agent_decision(decision, policy, AskedOfAgent(digest, workspace.books(), workspace.now()))


def judge_plan(decision: Decision, digests: Sequence[str], workspace: "Workspace") -> Decision:
    """Return a decision on several jobs together with what the policy says of the agent that asks.

    One word of a person is for all of them: what counts is what they may cost together.

    Args:
        decision: on all of them; what it says of each alone is left out.
        digests: of each, of :func:`hfplanner.budget.ledger.approving.approval_digest`.
        workspace: whose policy and books count.

    Raises:
        PolicyError: the policy cannot be read.
        LedgerError: the ledger cannot be asked.
    """
    policy = workspace.policy()
    if not decision.terms.caller.is_agent or not policy.agents or not digests:
        return decision
    of_all = replace(
        decision,
        reasons=tuple(reason for reason in decision.reasons if reason.code not in {APPROVAL_REQUIRED, AGENT_UNKNOWN}),
    )
    asked = AskedOfAgent(plan_digest(digests), workspace.books(), workspace.now())
    return agent_decision(of_all, policy, asked)


def ask_approval(decision: Decision, job: Mapping[str, Any], workspace: "Workspace") -> Approval | None:
    """Ask for a person's word where nothing else keeps a job from being sent; ``None`` where something else does.

    Args:
        decision: that refuses the job.
        job: as a person is shown it; of variables and secrets only the names are kept.
        workspace: in whose ledger it is asked for.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    against, cost = {reason.code for reason in decision.against}, decision.worst_case_micro_usd
    if against != {APPROVAL_REQUIRED} or cost is None:
        return None
    now = workspace.now()
    return workspace.ledger().request_approval(
        ApprovalRequest(
            code=secrets.token_hex(_CODE_BYTES),
            digest=decision.approval_digest,
            agent=decision.terms.caller.agent,
            worst_case_micro_usd=cost,
            shown=json.dumps(_without_values(job), sort_keys=True),
            created_at=now,
            expires_at=now + APPROVAL_LASTS,
        )
    )


def _without_values(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job with the names of its variables and secrets, and none of their values."""
    return {key: sorted(value) if key in {"environment", "secrets"} else value for key, value in job.items()}


def refuse_agents(workspace: "Workspace") -> None:
    """Refuse an agent that would approve.

    Raises:
        BudgetRefused: an agent calls.
    """
    caller = workspace.caller()
    if caller.is_agent:
        raise BudgetRefused(
            f"An approval is a person's, and agent {quoted(caller.agent)} calls.",
            hint="Run it in a terminal of your own, without the agent's variables.",
        )


def give_approval(word: Word, workspace: "Workspace") -> Approval:
    """Record a person's yes.

    Raises:
        BudgetRefused: an agent calls; there is no such approval; or it has expired.
        LedgerError: the ledger cannot be written.
    """
    refuse_agents(workspace)
    return workspace.ledger(must_exist=True).approve(word.code, word.who, workspace.now())
