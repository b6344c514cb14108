"""A sweep that is run, in every format."""

import sys
from contextlib import redirect_stdout
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from hfplanner.budget.explain import line_text, period_words
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.job import job_lines
from hfplanner.cli.show.output import error_document, keep_blanks
from hfplanner.cli.show.run import approval_part
from hfplanner.cli.show.sweep import print_sweep
from hfplanner.cli.show.tables import Column, print_table, print_text, screen
from hfplanner.errors import BudgetError
from hfplanner.plan.sending import refusal_of
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.budget.ledger.records import Submission
    from hfplanner.plan.sweep_jobs import KeptSweep, SweepJob
    from hfplanner.plan.sweep_run import PlannedSweep, SweepRun

__all__ = ["dry_sweep_answer", "refused_sweep_answer", "sent_words", "show_sweep", "sweep_run_answer"]

_COLUMNS = (
    "number", "submission_id", "state", "job_id", "flavor", "timeout_secs", "worst_case_micro_usd", "trials", "slots",
)  # fmt: skip


def dry_sweep_answer(planned: "PlannedSweep", now: datetime) -> Answer:
    """Return what would be reserved and sent."""
    document = planned.to_dict()
    return Answer(
        document=lambda: document,
        names=lambda: [f"{job['flavor']} {_trials(job['trials'])}" for job in document["jobs"]],
        columns=_COLUMNS,
        rows=lambda: _rows(document),
        people=lambda: show_sweep(planned, sys.stdout, now),
        remarks=tuple(Remark("warning", text) for text in planned.warnings),
        code=planned.decision.exit_code,
    )


def refused_sweep_answer(planned: "PlannedSweep", approval: "Approval | None" = None) -> Answer:
    """Return why a sweep may not run, and a code to approve it; nothing of it is reserved."""
    error, key = refusal_of(planned.decision, approval), planned.kept.key
    if approval is not None:
        error.hint = f"{error.hint} With --key {key} it is the same."
    return Answer(
        document=lambda: {
            **error_document(error),
            **planned.decision.to_json(),
            "sweep_key": key,
            **approval_part(approval),
        },
        names=tuple,
        people=lambda: None,
        error=error,
        code=BudgetError.exit_code,
    )


def sweep_run_answer(done: "SweepRun") -> Answer:
    """Return what became of each job of a sweep, and how to go on."""
    document = done.to_dict()
    error = done.stopped
    return Answer(
        document=lambda: {**(error_document(error) if error else {}), **document},
        names=lambda: [one.job_id or one.sid for one in done.submissions],
        columns=_COLUMNS,
        rows=lambda: _rows(document),
        people=lambda: _show_jobs(done),
        remarks=_remarks(done),
        error=error,
        code=done.exit_code,
    )


def _remarks(done: "SweepRun") -> list[Remark]:
    remarks = [Remark("warning", text) for text in done.warnings]
    if done.unknown and done.stopped is None:
        count = "one job" if done.unknown == 1 else f"{done.unknown} jobs"
        remarks.append(Remark("warning", f"Nobody knows whether {count} exist{'s' if done.unknown == 1 else ''}."))
    if done.waiting or done.unknown or done.stopped is not None:
        left = f"{done.waiting} of {len(done.submissions)} jobs are reserved and not sent: " if done.waiting else ""
        remarks.append(Remark("hint", f"{left}the same command with --key {done.kept.key} goes on."))
    return remarks


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**job, "trials": _trials(job["trials"])} for job in document["jobs"]]


def _trials(trials: list[int]) -> str:
    """Return the numbers of trials that follow each other.

    >>> _trials([4, 5, 6]), _trials([7])
    ('4-6', '7')
    """
    return str(trials[0]) if len(trials) == 1 else f"{trials[0]}-{trials[-1]}"


def sent_words(kept: "KeptSweep", job: "SweepJob", submission: "Submission") -> str:
    """Return what became of a job that was just sent, a sentence."""
    what = f"Job {job.number} of {len(kept.jobs)} on {job.flavor}, trials {_trials(list(job.trials))}"
    return f"{what}: {submission.job_id or submission.state}"


def show_sweep(planned: "PlannedSweep", stream: TextIO, now: datetime) -> None:
    """Print the plan, what is sent, and the sums of every budget for all of it."""
    kept, decision = planned.kept, planned.decision
    lines: list[str] = []
    if planned.sweep is not None:
        with redirect_stdout(stream):
            print_sweep(planned.sweep, now)
        lines.append("")
    there = len(kept.jobs) - len(planned.new)
    if there:
        lines.append(f"Sweep {kept.key} goes on: {there} of {len(kept.jobs)} jobs are reserved or sent already.")
    if decision.worst_case_micro_usd:
        what = f"{len(planned.new)} jobs are reserved" if len(planned.new) > 1 else "1 job is reserved"
        lines.append(f"{what} together, or none: at most {format_usd(decision.worst_case_micro_usd)}.")
    lines += [reason.message for reason in decision.against]
    first = kept.jobs[0]
    plan = planned.plan_of(first)
    lines += ["", "What is sent, with a job's own trials in HFPLANNER_TRIALS"]
    lines += [f"  {row}" for row in job_lines(plan.job, plan.account.namespace)]
    for line in decision.lines:
        lines += ["", f"Budget {line.window.budget} ({period_words(line)})"]
        lines += [f"  {row}" for row in line_text(line, with_job=True, job="these jobs")]
    stream.writelines(f"{keep_blanks(text)}\n" for text in lines)
    stream.flush()


def _show_jobs(done: "SweepRun") -> None:
    out = screen()
    sent = sum(one.job_id is not None for one in done.submissions)
    most = format_usd(sum(one.cap_micro_usd for one in done.submissions if one.state != "VOID"))
    print_text(out, f"Sweep {done.kept.key}: {sent} of {len(done.submissions)} jobs sent, at most {most}", "bold")
    pairs = list(zip(done.kept.jobs, done.submissions, strict=True))
    columns = [
        Column("JOB", [str(job.number) for job, _ in pairs], keep=9),
        Column("FLAVOR", [sanitize(job.flavor) for job, _ in pairs], keep=8, right=False),
        Column("TRIALS", [_trials(list(job.trials)) for job, _ in pairs], keep=7, right=False),
        Column("TIMEOUT", [format_duration(job.timeout_secs) for job, _ in pairs], keep=3),
        Column("STATE", [one.state.value for _, one in pairs], keep=6, right=False),
        Column("JOB ID", [sanitize(one.job_id or "-") for _, one in pairs], keep=10, right=False),
    ]
    print_table(out, columns)
