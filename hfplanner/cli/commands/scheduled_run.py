"""``hfplanner scheduled run``."""

from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Verdict
from hfplanner.cli.agreement import agreed_plan
from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.image import IMAGE_AND_COMMAND
from hfplanner.cli.options.job import asked_run
from hfplanner.cli.options.schedule import SCHEDULE, SCHEDULED_JOB_OPTIONS, SCHEDULING
from hfplanner.cli.options.submission import BOOKS, How, taken_workspace
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.output import note, warn
from hfplanner.cli.show.schedule import (
    dry_schedule_answer,
    made_answer,
    refused_schedule_answer,
    show_schedule_plan,
    unknown_schedule_answer,
)
from hfplanner.errors import SubmissionUnknown, UsageError
from hfplanner.plan.schedule_plan import plan_schedule, read_when
from hfplanner.plan.schedule_sending import ScheduleSender, schedule_of_key
from hfplanner.plan.sending import bring_up_to_date, sent_before_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.timetable import When


def scheduled_run(
    *,
    schedule: str,
    image: str | None,
    command: "Sequence[str]",
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a job, of a schedule and of its submission
) -> int:
    """Run a job on a schedule, through the same gate as `run`: every run decided on before the first.

    Takes the options of `hf jobs scheduled run`, before SCHEDULE. Each run keeps the limits of a job, and all runs
    until the end of a budget's period must fit what is left of it; a budget whose period never ends blocks, unless the
    policy says unknown_spending = "warn". Without --flavor, or with auto, the cheapest flavor that meets the needs is
    taken. Exit code 3: a budget refuses it; 5: it was sent, and nobody knows whether it exists.
    """
    how = How.taken(given, shown)
    when = taken_when(schedule, given)
    if image is None:
        raise UsageError(
            "No image is given.", hint="For example: hfplanner scheduled run @daily python:3.12 python a.py"
        )
    with taken_workspace(given) as workspace:
        workspace.policy()
        asked = asked_run(given, image, command, workspace, sends=True, values=not how.dry_run)
        how.refuse_what_cannot_be()
        return schedule_request(asked, when, workspace, how)


def taken_when(schedule: str, given: dict[str, Any]) -> "When":
    """Take what says when a job runs out of what was given, and return it.

    Raises:
        UsageError: it is no schedule, or options contradict each other.
    """
    names = ("suspend", "no_suspend", "concurrency", "no_concurrency")
    return read_when(schedule, **{name: given.pop(name) for name in names})


def schedule_request(asked: "KnownRequest", when: "When", workspace: "Workspace", how: How) -> int:
    """Show, ask, check and make a schedule, whatever its job was made of, and return the exit code."""
    try:
        if how.dry_run:
            return _dry_run(asked, when, workspace, how)
        return _make(asked, when, workspace, how)
    except SubmissionUnknown as error:
        return show(unknown_schedule_answer(error), how.shown)


def _dry_run(asked: "KnownRequest", when: "When", workspace: "Workspace", how: How) -> int:
    sent = schedule_of_key(asked, when, how.key, workspace)
    if sent is not None:
        note(sent_before_words(sent, how.key or ""))
        return show(made_answer(sent, None, dry_run=True), how.shown)
    return show(dry_schedule_answer(plan_schedule(asked, when, workspace, get_listing(workspace))), how.shown)


def _make(asked: "KnownRequest", when: "When", workspace: "Workspace", how: How) -> int:
    for text in bring_up_to_date(workspace, get_listing(workspace)).warnings:
        warn(text)
    sent = schedule_of_key(asked, when, how.key, workspace)
    if sent is not None:
        note(sent_before_words(sent, how.key or ""))
        show(made_answer(sent, None), how.shown)
        return 0 if sent.job_id else SubmissionUnknown.exit_code
    sender = ScheduleSender(asked, when, workspace)
    plan = agreed_plan(lambda: sender.plan(get_listing(workspace)), show_schedule_plan, how)
    if plan is None:
        note("Not scheduled.")
        return 1
    if plan.decision.verdict is not Verdict.ALLOWED:
        return show(refused_schedule_answer(plan, sender.ask_approval(plan)), how.shown)
    made = sender.send(plan, how.key)
    for text in made.warnings:
        warn(text)
    return show(made_answer(made, plan), how.shown)


COMMAND = Command(
    call=scheduled_run,
    acts=True,
    positionals=(SCHEDULE, *IMAGE_AND_COMMAND),
    options=(*SCHEDULED_JOB_OPTIONS, *SCHEDULING, *BOOKS),
    stops_at_positional=True,
    names="the schedule's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner scheduled run --flavor l4x1 --timeout 1h @daily python:3.12 python evaluate.py",
        "hfplanner scheduled run --flavor cpu-basic --yes --key nightly '0 3 * * 1' python:3.12 python report.py",
        "hfplanner scheduled run --dry-run --vram 24GB --timeout 2h @weekly python:3.12 python train.py",
    ],
)
