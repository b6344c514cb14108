"""Several jobs that are one plan, a sweep or a group: whether they may run together, and what became of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.budget.check import over_budget_reasons
from hfplanner.budget.decision import BudgetLine, Decision, verdict_of
from hfplanner.budget.ledger.approving import approval_digest
from hfplanner.budget.ledger.limits import Running
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.budget.ledger.running import exceeded_together
from hfplanner.errors import HfplannerError, SubmissionUnknown
from hfplanner.plan.job_plan import JobPlan
from hfplanner.submit.identity import spec_hash

if TYPE_CHECKING:
    from hfplanner.budget.reasons import DecisionReason

__all__ = ["digest_of", "exit_code_of", "together", "unknown_among"]

# What is said of one job again of all of them together.
_OF_THE_SUM = frozenset({"over_budget", "over_agent_session", "over_agent_day", "waived"})


def digest_of(plan: JobPlan) -> str:
    """Return what stands for a job in an approval of several."""
    return approval_digest(spec_hash(plan.account.namespace, plan.job.to_api()), plan.decision.terms)


def together(plans: Sequence[JobPlan], running: Running) -> Decision:
    """Return whether jobs may be reserved together: each by itself, and their sum in every budget."""
    decisions = [plan.decision for plan in plans]
    caps = [decision.worst_case_micro_usd for decision in decisions]
    lines = tuple(_sums(decisions))
    kinds = dict.fromkeys(reason for one in decisions for reason in one.reasons if reason.code not in _OF_THE_SUM)
    at_once = exceeded_together([(one.caps, one.terms) for one in decisions], running)
    reasons: tuple[DecisionReason, ...] = (*over_budget_reasons(lines), *dict.fromkeys((*kinds, *at_once)))
    return replace(
        decisions[0],
        verdict=verdict_of(reasons),
        worst_case_micro_usd=None if None in caps else sum(cap or 0 for cap in caps),
        lines=lines,
        reasons=reasons,
    )


def _sums(decisions: Sequence[Decision]) -> Iterator[BudgetLine]:
    """Yield the arithmetic of every budget for all jobs together; of two looks outside the ledger the dearer counts."""
    found: dict[str, BudgetLine] = {}
    for decision in decisions:
        for line in decision.lines:
            known = found.get(line.window.budget)
            if known is None:
                found[line.window.budget] = line
                continue
            worse = max(known, line, key=lambda one: one.window.other_micro_usd)
            together = known.this_job_micro_usd + line.this_job_micro_usd
            found[line.window.budget] = replace(worse, this_job_micro_usd=together)
    yield from found.values()


def unknown_among(submissions: Iterable[Submission]) -> int:
    """Return of how many submissions nobody knows whether their job exists."""
    return sum(one.state in {State.UNKNOWN, State.SENDING} for one in submissions)


def exit_code_of(submissions: Iterable[Submission], stopped: HfplannerError | None) -> int:
    """Return the exit code of the contract: 5 where the outcome of one is unknown, else that of what stopped the rest.

    >>> exit_code_of((), None), exit_code_of((), HfplannerError("The Hub rejected it."))
    (0, 1)
    """
    if unknown_among(submissions):
        return SubmissionUnknown.exit_code
    return 0 if stopped is None else stopped.exit_code
