"""A plan and a submission, for programs and for people."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from hfplanner.budget.explain import headline, line_text, period_words, worst_case_words
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.check import likely_words
from hfplanner.cli.show.job import job_lines
from hfplanner.cli.show.output import error_document, keep_blanks, print_lines
from hfplanner.errors import BudgetError, SubmissionUnknown
from hfplanner.plan.sending import refusal_of
from hfplanner.times import json_moment
from hfplanner.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.budget.ledger.records import Submission
    from hfplanner.plan.fallback import Tried
    from hfplanner.plan.job_plan import JobPlan
    from hfplanner.submit.send import Submitted

__all__ = [
    "approval_part",
    "ask",
    "dry_run_answer",
    "refused_answer",
    "show_plan",
    "submitted_answer",
    "unknown_answer",
    "with_fallbacks",
    "with_part",
]

_BASES = {
    "given": "as given",
    "estimate": "from the duration: longer in at most one of a hundred runs",
    "default": "the service's own, for want of anything better",
    "max_cost": "as long as --max-cost pays for",
}


def dry_run_answer(planned: "JobPlan") -> Answer:
    """Return what would be sent and what it may cost."""
    document = planned.to_dict()
    return Answer(
        document=lambda: document,
        names=lambda: [planned.run.flavor],
        columns=("flavor", "timeout_secs", "attempts", "worst_case_micro_usd", "decision"),
        rows=lambda: [document],
        people=lambda: show_plan(planned, sys.stdout),
        remarks=tuple(Remark("warning", text) for text in planned.warnings),
        code=planned.decision.exit_code,
    )


def refused_answer(planned: "JobPlan", approval: "Approval | None" = None) -> Answer:
    """Return why a job may not run: the plan and the sums of a check beside the error, and a code to approve it."""
    error = refusal_of(planned.decision, approval)
    return Answer(
        document=lambda: {**error_document(error), **planned.unsent(), **approval_part(approval)},
        names=tuple,
        people=lambda: None,
        error=error,
        code=BudgetError.exit_code,
    )


def approval_part(approval: "Approval | None") -> dict[str, Any]:
    """Return the part of a document that tells an agent which code a person confirms."""
    if approval is None:
        return {"approval": None}
    return {"approval": {"code": approval.request.code, "expires": json_moment(approval.request.expires_at)}}


def with_part(answer: Answer, name: str, value: Any) -> Answer:  # noqa: ANN401 - any JSON
    """Return an answer whose document has one more part."""
    before = answer.document

    def document() -> dict[str, Any]:
        whole = before()
        return {**(whole if isinstance(whole, dict) else {}), name: value}

    return replace(answer, document=document)


def with_fallbacks(answer: Answer, tried: "Sequence[Tried]") -> Answer:
    """Return an answer of ``run`` with the flavors that were tried before."""
    return with_part(answer, "fallbacks", [one.to_json() for one in tried])


def unknown_answer(error: SubmissionUnknown, held: "Submission | None") -> Answer:
    """Return a submission of which nobody knows whether it exists; exit code 5.

    Args:
        error: that says so.
        held: the submission as the ledger has it, where it can be read.
    """
    terms = held and held.terms
    document = {
        **error_document(error),
        "submission_id": error.submission_id,
        "state": "UNKNOWN",
        "job_id": error.job_id,
        "url": None,
        "flavor": terms and terms.flavor,
        "timeout_secs": terms and terms.timeout_secs,
        "attempts": terms and terms.attempts,
        "worst_case_micro_usd": held and held.cap_micro_usd,
    }
    return Answer(
        document=lambda: document,
        names=tuple,
        people=lambda: None,
        error=error,
        code=error.exit_code,
    )


def submitted_answer(submitted: "Submitted", *, dry_run: bool = False) -> Answer:
    """Return what was submitted; ``dry_run`` says that nothing was now, because the key had been used before."""
    document: dict[str, Any] = {**({"dry_run": True} if dry_run else {}), **submitted.to_json()}
    job = submitted.job_id or "not known yet"
    return Answer(
        document=lambda: document,
        names=lambda: [submitted.job_id or submitted.submission.sid],
        columns=tuple(document),
        rows=lambda: [document],
        people=lambda: print_lines([f"Job {job}: {submitted.url or submitted.submission.state}"]),
    )


def show_plan(planned: "JobPlan", stream: TextIO) -> None:
    """Print the flavor and why, how long and what it may cost, what is sent, and the sums of every budget."""
    lines = [f"{planned.run.flavor}: {planned.flavor.why}.", *likely_words(planned)]
    attempts = planned.attempts
    times = f", {attempts} attempts" if attempts > 1 else ""
    lines.append(f"Timeout {format_duration(planned.run.timeout_secs)}{times}: {_BASES[planned.run.timeout_basis]}.")
    lines.append(headline(planned.decision))
    lines += [reason.message for reason in planned.decision.against]
    how = worst_case_words(planned.decision)
    lines += [how] if how else []
    lines += ["", "What is sent", *(f"  {row}" for row in job_lines(planned.job, planned.account.namespace))]
    for line in planned.decision.lines:
        lines += ["", f"Budget {line.window.budget} ({period_words(line)})"]
        lines += [f"  {row}" for row in line_text(line, with_job=True)]
    stream.writelines(f"{keep_blanks(text)}\n" for text in lines)
    stream.flush()


def ask() -> bool:
    """Ask a person whether to run it."""
    import click  # noqa: PLC0415 - only where somebody is asked

    sys.stderr.flush()
    return click.confirm("Run it?", err=True)
