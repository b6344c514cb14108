"""Schedules: what one costs before it is made, and those that are there, for programs and for people."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from hfplanner.budget.explain import headline, line_text, period_words
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import error_document, keep_blanks, print_lines
from hfplanner.cli.show.run import approval_part
from hfplanner.cli.show.tables import Column, Screen, print_table, print_text, screen
from hfplanner.errors import BudgetError, SubmissionUnknown
from hfplanner.plan.sending import refusal_of
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.plan.schedule_list import ListedSchedule, SchedulesOfAMonth
    from hfplanner.plan.schedule_plan import SchedulePlan
    from hfplanner.submit.send import Submitted

__all__ = [
    "changed_answer",
    "dry_schedule_answer",
    "inspected_answer",
    "made_answer",
    "refused_schedule_answer",
    "schedules_answer",
    "show_schedule_plan",
    "unknown_schedule_answer",
]

_WIDEST = 10_000
_COLUMNS = (
    "id",
    "name",
    "schedule",
    "flavor",
    "suspend",
    "concurrency",
    "runs",
    "monthly_worst_case_micro_usd",
    "next_run",
)


def show_schedule_plan(plan: "SchedulePlan", stream: TextIO) -> None:
    """Print when it runs, what one run and a month cost at most, and the sums of every budget, as plain text."""
    one, when = plan.one, plan.timetable.when
    month = "not known" if plan.monthly_micro_usd is None else format_usd(plan.monthly_micro_usd)
    cost = plan.one.decision.worst_case_micro_usd
    overlap = "which may overlap" if when.concurrency else "never two at once"
    lines = [
        f"{one.run.flavor}: {one.flavor.why}. Timeout {format_duration(one.run.timeout_secs)} a run.",
        f"Schedule {when.schedule}{', paused' if when.suspend else ''}: {plan.runs:,} runs in 30 days, {overlap}.",
        f"At worst {'not known' if cost is None else format_usd(cost)} a run, and {month} in 30 days.",
        headline(plan.decision),
        *(reason.message for reason in plan.decision.against),
    ]
    for line in plan.decision.lines:
        lines += ["", f"Budget {line.window.budget} ({period_words(line)}), with every run until the period ends"]
        lines += [f"  {row}" for row in line_text(line, with_job=True)]
    stream.writelines(f"{keep_blanks(text)}\n" for text in lines)
    stream.flush()


def dry_schedule_answer(plan: "SchedulePlan") -> Answer:
    """Return what would be made and what it may cost."""
    document = plan.to_dict()
    return Answer(
        document=lambda: document,
        names=lambda: [plan.one.run.flavor],
        columns=("schedule", "flavor", "timeout_secs", "runs", "monthly_worst_case_micro_usd", "decision"),
        rows=lambda: [document],
        people=lambda: show_schedule_plan(plan, sys.stdout),
        remarks=tuple(Remark("warning", text) for text in plan.warnings),
        code=plan.decision.exit_code,
    )


def refused_schedule_answer(plan: "SchedulePlan", approval: "Approval | None" = None) -> Answer:
    """Return why a schedule may not be made, with the arithmetic, and a code to approve it."""
    error = refusal_of(plan.decision, approval)
    return Answer(
        document=lambda: {**error_document(error), **plan.to_dict(), **approval_part(approval)},
        names=tuple,
        people=lambda: None,
        error=error,
        code=BudgetError.exit_code,
    )


def unknown_schedule_answer(error: SubmissionUnknown) -> Answer:
    """Return a schedule of which nobody knows whether it exists; exit code 5."""
    known = {"submission_id": error.submission_id, "state": "UNKNOWN", "id": error.job_id}
    return Answer(
        document=lambda: {**error_document(error), **known},
        names=tuple,
        people=lambda: None,
        error=error,
        code=error.exit_code,
    )


def made_answer(made: "Submitted", plan: "SchedulePlan | None", *, dry_run: bool = False) -> Answer:
    """Return the schedule that was made; without a plan, the one that was made under the key before."""
    submission = made.submission
    document: dict[str, Any] = {
        **({"dry_run": True} if dry_run else {}),
        "id": made.job_id,
        "submission_id": submission.sid,
        "state": submission.state.value,
        "schedule": submission.notes.get("schedule"),
        "name": submission.notes.get("name") or None,
        "flavor": submission.terms.flavor,
        "is_new": made.is_new,
        "runs": plan and plan.runs,
        "worst_case_micro_usd": plan and plan.one.decision.worst_case_micro_usd,
        "monthly_worst_case_micro_usd": plan and plan.monthly_micro_usd,
    }
    where = made.job_id or f"not known yet (submission {submission.sid}, {submission.state})"
    return Answer(
        document=lambda: document,
        names=lambda: [made.job_id or submission.sid],
        columns=tuple(document),
        rows=lambda: [document],
        people=lambda: print_lines([f"Schedule {where}: {submission.notes.get('schedule')}"]),
    )


def schedules_answer(found: "SchedulesOfAMonth", *, whole: bool = False) -> Answer:
    """Return the schedules that are there, and what 30 days of each and of all cost at most; ``whole`` in any width."""
    rows = [one.to_json() for one in found.schedules]
    problems = tuple(
        Remark("warning", f"Schedule {one.schedule.id}: {one.cost.problem}.")
        for one in found.schedules
        if one.cost.problem
    )
    return Answer(
        document=found.to_json,
        names=lambda: [one.schedule.id for one in found.schedules],
        columns=_COLUMNS,
        rows=lambda: rows,
        people=lambda: _show_list(found, rows, replace(screen(), width=_WIDEST) if whole else screen()),
        remarks=problems,
    )


def _show_list(found: "SchedulesOfAMonth", rows: list[dict[str, Any]], out: Screen) -> None:
    if not rows:
        print_text(out, "No schedules; those that are paused are shown with --all.")
        return
    print_table(
        out,
        [
            Column("ID", [sanitize(str(row["id"])) for row in rows], keep=9, right=False),
            Column("NAME", [sanitize(str(row["name"] or "")) for row in rows], keep=4, right=False),
            Column("SCHEDULE", [sanitize(str(row["schedule"])) for row in rows], keep=7, right=False),
            Column("FLAVOR", [sanitize(str(row["flavor"])) for row in rows], keep=6, right=False),
            Column("STATE", ["paused" if row["suspend"] else "active" for row in rows], keep=5, right=False),
            Column("RUNS", [_runs(row) for row in rows], keep=3),
            Column("30 DAYS AT WORST", [_usd(row["monthly_worst_case_micro_usd"]) for row in rows], keep=8),
        ],
    )
    print_text(out, f"All of them cost {_usd(found.monthly_micro_usd)} at most in the next 30 days.")


def _runs(row: dict[str, Any]) -> str:
    return "not known" if row["runs"] is None else f"{row['runs']:,}"


def _usd(micro_usd: int | None) -> str:
    return "not known" if micro_usd is None else format_usd(micro_usd)


def inspected_answer(found: "Sequence[ListedSchedule]") -> Answer:
    """Return schedules in full: one as an object, several as a list."""
    documents = [one.to_json() for one in found]
    return Answer(
        document=lambda: documents[0] if len(documents) == 1 else documents,
        names=lambda: [one.schedule.id for one in found],
        columns=_COLUMNS,
        rows=lambda: documents,
        people=lambda: _show_each(documents),
        remarks=tuple(Remark("warning", f"{one.cost.problem}.") for one in found if one.cost.problem),
    )


def _show_each(documents: "Sequence[dict[str, Any]]") -> None:
    for place, document in enumerate(documents):
        print_lines([""] if place else [])
        _show_one(document)


def _show_one(document: dict[str, Any]) -> None:
    cost = _usd(document["monthly_worst_case_micro_usd"])
    command = " ".join(document["command"])
    print_lines(
        [
            f"Schedule {document['id']}: {document['schedule']}{', paused' if document['suspend'] else ''}",
            f"Name: {document['name'] or 'none'}",
            f"Runs: {document['image']} {command}".rstrip(),
            f"Flavor: {document['flavor']}",
            f"Overlap: {'allowed' if document['concurrency'] else 'a run that is due while another runs is skipped'}",
            f"Last run: {document['last_run'] or 'none'}; next run: {document['next_run'] or 'none'}",
            f"In 30 days: {_runs(document)} runs, {cost} at most",
        ]
    )


def changed_answer(
    schedule_id: str, state: str, plan: "SchedulePlan | None" = None, more: "Mapping[str, Any] | None" = None
) -> Answer:
    """Return what was made of a schedule: ``suspended``, ``resumed``, ``rescheduled``, ``labelled`` or ``deleted``."""
    document: dict[str, Any] = {"id": schedule_id, "state": state, **(more or {})}
    if plan is not None:
        document |= {"runs": plan.runs, "monthly_worst_case_micro_usd": plan.monthly_micro_usd}
    cost = f" It costs {_usd(plan.monthly_micro_usd)} at most in the next 30 days." if plan else ""
    return Answer(
        document=lambda: document,
        names=lambda: [schedule_id],
        columns=tuple(document),
        rows=lambda: [document],
        people=lambda: print_lines([f"Schedule {schedule_id} is {state}.{cost}"]),
        remarks=tuple(Remark("warning", text) for text in plan.warnings) if plan else (),
    )
