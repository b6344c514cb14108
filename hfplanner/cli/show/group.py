"""Jobs of one network group that are run together, in every format."""

import sys
from typing import TYPE_CHECKING, TextIO

from hfplanner.budget.explain import headline, line_text, period_words
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import error_document, keep_blanks, print_lines
from hfplanner.cli.show.run import approval_part
from hfplanner.errors import BudgetError
from hfplanner.plan.sending import refusal_of
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.plan.group_run import GroupRun, PlannedGroup

__all__ = ["dry_group_answer", "group_answer", "refused_group_answer", "show_group"]

_PLANNED = ("name", "flavor", "timeout_secs", "attempts", "worst_case_micro_usd", "state")
_SENT = ("name", "state", "job_id", "flavor", "timeout_secs", "worst_case_micro_usd")


def show_group(planned: "PlannedGroup", stream: TextIO) -> None:
    """Print each job, what all of them may cost together, and the sums of every budget."""
    decision = planned.decision
    lines = [f"Network group {planned.asked.name}: all of its {len(planned.plans)} jobs, or none."]
    for name, plan in planned.plans.items():
        cost = plan.decision.worst_case_micro_usd
        most = "not known" if cost is None else format_usd(cost)
        lines.append(f"  {name}: {plan.run.flavor}, {format_duration(plan.run.timeout_secs)}, {most} at most")
    lines += [
        headline(decision).replace("the job may", "together they may"),
        *(one.message for one in decision.against),
    ]
    for line in decision.lines:
        lines += ["", f"Budget {line.window.budget} ({period_words(line)})"]
        lines += [f"  {row}" for row in line_text(line, with_job=True, job="these jobs")]
    stream.writelines(f"{keep_blanks(text)}\n" for text in lines)
    stream.flush()


def dry_group_answer(planned: "PlannedGroup") -> Answer:
    """Return what would be sent and what it may cost."""
    document = planned.to_dict()
    return Answer(
        document=lambda: document,
        names=lambda: list(planned.plans),
        columns=_PLANNED,
        rows=lambda: document["jobs"],
        people=lambda: show_group(planned, sys.stdout),
        remarks=tuple(Remark("warning", text) for text in planned.warnings),
        code=planned.decision.exit_code,
    )


def refused_group_answer(planned: "PlannedGroup", approval: "Approval | None") -> Answer:
    """Return why a group may not run, and a code to approve it; nothing of it is reserved."""
    error = refusal_of(planned.decision, approval)
    return Answer(
        document=lambda: {**error_document(error), **planned.to_dict(), **approval_part(approval)},
        names=tuple,
        people=lambda: None,
        error=error,
        code=BudgetError.exit_code,
    )


def group_answer(done: "GroupRun") -> Answer:
    """Return what became of each job of a group."""
    document = done.to_dict()
    running = [f"{name} ({one.job_id})" for name, one in done.submissions.items() if one.job_id]
    remarks = [Remark("warning", text) for text in done.warnings]
    if done.stopped is not None and running:
        told = (
            f"{done.stopped.message} Of the group these were started: {', '.join(running)}; `hf jobs cancel` ends them."
        )
        remarks.append(Remark("warning", told))
    return Answer(
        document=lambda: document if done.stopped is None else {**error_document(done.stopped), **document},
        names=lambda: [one.job_id or one.sid for one in done.submissions.values()],
        columns=_SENT,
        rows=lambda: document["jobs"],
        people=lambda: print_lines(
            f"{name}: {done.urls[name] or one.state.value}" for name, one in done.submissions.items()
        ),
        remarks=tuple(remarks),
        error=done.stopped,
        code=done.exit_code,
    )
