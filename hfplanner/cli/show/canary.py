"""A canary and its job, for programs and for people: before both are sent, while the canary runs, and what it told."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import error_document, keep_blanks
from hfplanner.cli.show.run import dry_run_answer, refused_answer, show_plan, with_part
from hfplanner.errors import HfplannerError
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from collections.abc import Callable

    from hfplanner.api.models import JobInfo
    from hfplanner.api.streams import LogLine
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.plan.canary import CanaryPlan, NotMeasured
    from hfplanner.plan.job_plan import JobPlan
    from hfplanner.submit.send import Submitted, Submitter

__all__ = [
    "canary_dry_run_answer",
    "canary_refused_answer",
    "show_canary_plan",
    "stopped_answer",
    "unmeasured_dry_run_answer",
    "watching",
    "with_canary",
]

_NOT_SENT = dict.fromkeys(("submission_id", "state", "job_id", "url"))


def with_canary(answer: Answer, canary: Mapping[str, Any]) -> Answer:
    """Return an answer of ``run`` with what became of its canary."""
    return with_part(answer, "canary", dict(canary))


def canary_dry_run_answer(planned: "CanaryPlan") -> Answer:
    """Return both jobs as they would be sent, and what they may cost."""
    document = planned.to_dict()
    return replace(
        dry_run_answer(planned.run),
        document=lambda: document,
        rows=lambda: [document],
        people=lambda: show_canary_plan(planned, sys.stdout),
        remarks=tuple(Remark("warning", text) for text in planned.warnings),
        code=planned.decision.exit_code,
    )


def unmeasured_dry_run_answer(planned: "JobPlan", why: "NotMeasured") -> Answer:
    """Return a job that would be sent without a canary, and why."""
    answer = with_canary(dry_run_answer(planned), why.to_json())
    return replace(answer, remarks=(Remark("note", f"No canary. {why.why}"), *answer.remarks))


def canary_refused_answer(planned: "CanaryPlan", approval: "Approval | None" = None) -> Answer:
    """Return why a canary and its job may not run, and a code to approve what only a person's word is missing for."""
    both = replace(planned.run, decision=planned.decision)
    return with_canary(refused_answer(both, approval), planned.canary_json())


def stopped_answer(error: HfplannerError, canary: Mapping[str, Any]) -> Answer:
    """Return why a job was not sent after its canary, or while nobody knows what became of it."""
    return Answer(
        document=lambda: {**error_document(error), **_NOT_SENT, "canary": dict(canary)},
        names=tuple,
        people=lambda: None,
        error=error,
        code=error.exit_code,
    )


def show_canary_plan(planned: "CanaryPlan", stream: TextIO) -> None:
    """Print the canary, and the job as it would be sent without one."""
    lines = [planned.canary.words(planned.plan.decision.worst_case_micro_usd)]
    both = planned.decision.worst_case_micro_usd
    lines += [f"With the job {format_usd(both)} at most. As things stand the job is:"] if both is not None else []
    stream.writelines(f"{keep_blanks(text)}\n" for text in (*lines, ""))
    show_plan(planned.run, stream)
    if planned.decision.verdict is not planned.run.decision.verdict:
        stream.writelines(f"{keep_blanks(reason.message)}\n" for reason in planned.decision.against)
        stream.flush()


@contextmanager
def watching(
    submitted: "Submitted", submitter: "Submitter", shown: str
) -> "Iterator[Callable[[JobInfo | LogLine], None] | None]":
    """Give what shows a canary while it runs: to people a spinner and its log, to programs nothing."""
    if shown != "human":
        yield None
        return
    from hfplanner.api.streams import LogLine  # noqa: PLC0415 - where somebody looks
    from hfplanner.cli.show.follow import Standing, spinner  # noqa: PLC0415 - rich, for people only
    from hfplanner.cli.show.output import print_log  # noqa: PLC0415 - as above

    standing = Standing(submitted.submission)

    def see(seen: "JobInfo | LogLine") -> None:
        if isinstance(seen, LogLine):
            print_log(seen.data)
        else:
            standing.see(seen, submitter.clock())

    with spinner(standing):
        yield see
