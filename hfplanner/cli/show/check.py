"""Whether a job may run, in every format."""

from typing import TYPE_CHECKING

from hfplanner.budget.decision import Verdict
from hfplanner.budget.explain import headline, line_text, period_words, worst_case_words
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import print_block, print_lines
from hfplanner.errors import BudgetError, BudgetRefused, HfplannerError
from hfplanner.units import format_about_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.plan.job_plan import JobPlan

__all__ = ["blocked_answer", "check_answer", "likely_words"]

_COLUMNS = (
    "decision",
    "name",
    "limit_micro_usd",
    "spent_micro_usd",
    "held_micro_usd",
    "this_job_micro_usd",
    "left_micro_usd",
)


def check_answer(planned: "JobPlan") -> Answer:
    """Return the decision with its sums; exit code 3 where it may not run."""
    decision = planned.decision
    return Answer(
        document=planned.checked,
        names=lambda: [decision.verdict.value],
        columns=_COLUMNS,
        rows=lambda: [{"decision": decision.verdict, **line.to_json()} for line in decision.lines],
        people=lambda: _show_sums(planned),
        remarks=tuple(Remark("warning", text) for text in planned.warnings),
        against=tuple(Remark("note", f"{reason.code}: {reason.message}") for reason in decision.against),
        code=decision.exit_code,
    )


def blocked_answer(error: HfplannerError) -> Answer:
    """Return the decision where none could be made: nothing is known, so the job may not run."""
    reason = {"code": error.code, "message": error.message, "hint": error.hint}
    verdict = Verdict.REFUSED if isinstance(error, BudgetRefused) else Verdict.BLOCKED
    document = {"decision": verdict.value, "worst_case_micro_usd": None, "budgets": [], "reasons": [reason]}
    return Answer(
        document=lambda: document,
        names=tuple,
        people=lambda: None,
        error=error,
        code=BudgetError.exit_code,
    )


def likely_words(planned: "JobPlan") -> list[str]:
    """Return what a job likely takes and costs, a sentence; nothing where that is not known."""
    duration, cost = planned.flavor.duration_secs, planned.flavor.cost_micro_usd
    if duration is None or cost is None:
        return []
    likely = f"Likely {format_about_duration(duration.likely)} and {format_usd(cost.likely)}"
    if duration.low == duration.high:
        return [f"{likely}."]
    times = f"{format_about_duration(duration.low)} to {format_about_duration(duration.high)}"
    return [f"{likely} ({times}, {format_usd(cost.low)} to {format_usd(cost.high)})."]


def _show_sums(planned: "JobPlan") -> None:
    decision = planned.decision
    with_job = decision.worst_case_micro_usd is not None
    how = worst_case_words(decision)
    print_lines([headline(decision)])
    print_block(reason.message for reason in decision.against)
    print_lines([*likely_words(planned), *([how] if how else [])])
    for line in decision.lines:
        print_lines(["", f"Budget {line.window.budget} ({period_words(line)})"])
        print_block(line_text(line, with_job=with_job))
