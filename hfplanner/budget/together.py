"""Whether a job fits its budgets beside others that will be sent with it, and that the ledger does not hold yet."""

from collections.abc import Iterator, Mapping

from hfplanner.budget.decision import Decision
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.errors import quoted
from hfplanner.units import ceiling_micro_usd, format_usd

__all__ = ["over_together"]


def over_together(
    decision: Decision, cost_micro_usd: int, beside: Mapping[str, int], *, whose: str = "the jobs before it"
) -> Iterator[DecisionReason]:
    """Yield the budgets that have too little left for a job and what is sent with it.

    Args:
        decision: about the job alone.
        cost_micro_usd: its worst case.
        beside: the worst case of what is sent with it, by the budgets that it falls under [micro-USD].
        whose: what that is, in a sentence.
    """
    for line in decision.lines:
        name, before = line.window.budget, beside.get(line.window.budget, 0)
        most = ceiling_micro_usd(line.limit_micro_usd) - line.limit_micro_usd + line.available_micro_usd
        if before + cost_micro_usd > most:
            of_them = f" beside {format_usd(before)} of {whose}" if before else ""
            message = (
                f"At worst {format_usd(cost_micro_usd)}{of_them}; budget {quoted(name)} has"
                f" {format_usd(max(line.available_micro_usd, 0))} left."
            )
            yield DecisionReason("over_budget_together", message, Effect.REFUSE)
