"""The limits, what is spent and held in the present period, and what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hfplanner.budget.check import budget_lines
from hfplanner.budget.decision import BudgetLine
from hfplanner.budget.policy import JobLimits, Policy, applied_budgets
from hfplanner.catalog.listing import Listing
from hfplanner.errors import HubError
from hfplanner.plan.account import Account, find_account
from hfplanner.plan.evidence import ask_schedules, look_off_ledger
from hfplanner.plan.outside import OutsideTheGate, outside_the_gate
from hfplanner.plan.workspace import Workspace
from hfplanner.times import json_moment

__all__ = ["BudgetOverview", "overview_budgets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetOverview:
    """Every budget of a policy, as it stands.

    Args:
        policy: the limits.
        lines: the arithmetic of each budget, in the policy's order.
        warnings: what is not counted or not known, a sentence each.
        outside: who started what past the ledger this month.
    """

    policy: Policy
    lines: tuple[BudgetLine, ...]
    warnings: tuple[str, ...]
    outside: OutsideTheGate

    def to_dict(self) -> dict[str, Any]:
        """Return the limits and what is left of them as the interface spells it."""
        return {
            "policy": list(self.policy.sources),
            "budgets": [line.to_json() for line in self.lines],
            "outside_the_gate": self.outside.to_json(),
            "limits": _limits(self.policy.limits),
            "waivers": [
                {
                    "budget": rule.budget,
                    "reason": rule.waiver.reason,
                    "author": rule.waiver.author,
                    "expires": json_moment(rule.waiver.expires),
                    "scope": rule.scope.words(),
                }
                for rule in self.policy.waivers
            ],
        }


def overview_budgets(
    workspace: Workspace, namespace: str | None = None, listing: Listing | None = None
) -> BudgetOverview:
    """Return how every budget stands; the limits are told also where the Hub gives no usable answer.

    Args:
        workspace: where policy, books, history and the Hub are.
        namespace: whose schedules count; by default the token's user.
        listing: today's prices; by default those of the workspace.

    Raises:
        PolicyError: the policy cannot be read.
        LedgerError: the ledger cannot be used.
        HistoryError: the history cannot be read.
    """
    policy = workspace.policy()
    applied = applied_budgets(policy, None, workspace.now())
    found = listing or workspace.listing()
    hub = workspace.hub() if applied else None
    try:
        payer = find_account(hub, namespace, needs_owner=False)
    except HubError as error:
        payer = Account(problem=f"Whose schedules to ask for is not known: {error.message}")
    schedules = ask_schedules(hub, payer.namespace)
    off_ledger = look_off_ledger(workspace, applied, found, schedules)
    lines = budget_lines(applied, workspace.books(), off_ledger)
    said = (
        payer.problem,
        schedules.problem,
        *(f"{sentence} (budget {line.window.budget})." for line in lines for sentence in line.off_ledger.unknown),
        *(f"The history may lack jobs that count: {gap}." for gap in off_ledger.gaps),
        None
        if off_ledger.asked_schedules or not lines
        else "Runs of schedules are not counted: the Hub was not asked.",
    )
    nothing = ("There is no policy: nothing limits spending.",)
    warnings = tuple(dict.fromkeys(filter(None, said))) if policy.sources else nothing
    outside = outside_the_gate(workspace, found, schedules.found)
    return BudgetOverview(policy=policy, lines=lines, warnings=warnings, outside=outside)


def _limits(limits: JobLimits) -> Mapping[str, Any]:
    age = limits.max_price_age
    return {
        "max_job_micro_usd": limits.max_job_micro_usd,
        "max_price_micro_usd_per_hour": limits.max_price_micro_usd_per_hour,
        "max_timeout_secs": limits.max_timeout_secs,
        "max_attempts": limits.max_attempts,
        "max_running_jobs": limits.max_running_jobs,
        "max_running_per_owner": limits.max_running_per_owner,
        "max_running_micro_usd_per_hour": limits.max_running_micro_usd_per_hour,
        "max_price_age_secs": None if age is None else int(age.total_seconds()),
        "allow_flavors": None if limits.allow_flavors is None else sorted(limits.allow_flavors),
        "deny_flavors": sorted(limits.deny_flavors),
        "unknown_spending": limits.unknown_spending,
    }
