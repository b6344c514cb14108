"""``hfplanner run``."""

from typing import TYPE_CHECKING, Any

from hfplanner.cli.agreement import agreed_plan
from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.image import IMAGE_AND_COMMAND, options_of_the_command
from hfplanner.cli.options.job import JOB_OPTIONS, asked_run
from hfplanner.cli.options.submission import BOOKS, RUN_SUBMISSION, How, taken_workspace
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.output import note, warn
from hfplanner.cli.show.run import (
    dry_run_answer,
    refused_answer,
    show_plan,
    submitted_answer,
    unknown_answer,
    with_fallbacks,
)
from hfplanner.errors import SubmissionUnknown, UsageError
from hfplanner.plan.fallback import Fallback, fallback_flavors
from hfplanner.plan.fallback_run import FallbackRun
from hfplanner.plan.sending import Sender, bring_up_to_date, held_for, sent_before, sent_before_words
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hfplanner.cli.show.answer import Answer
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import Submitted


def run(
    *,
    image: str | None,
    command: "Sequence[str]",
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a job and of its submission
) -> int:
    """Run a job on Hugging Face Jobs: recommend a flavor, check the budget, reserve, submit exactly once, follow.

    Takes the options of `hf jobs run`, before the image; what stands after it is the command's. Without --flavor, or
    with auto, the cheapest flavor that meets the needs is taken. The timeout is always sent: yours, or the one your
    duration suggests, or 30 minutes; --max-cost shortens one that is not yours until the worst case costs no more, and
    refuses yours if it costs more. Exit code 3: a budget or --max-cost refuses it; 4: nothing fits; 5: it was sent,
    and nobody knows whether it exists.
    """
    if image is None:
        raise UsageError("No image is given.", hint="For example: hfplanner run python:3.12 python train.py")
    how = How.taken(given, shown)
    with taken_workspace(given) as workspace:
        workspace.policy()
        asked = asked_run(given, image, command, workspace, sends=True, values=not how.dry_run)
        how.refuse_what_cannot_be()
        _warn_of_options_after_the_image(command)
        return run_request(asked, workspace, how)


def run_request(asked: "KnownRequest", workspace: Workspace, how: How) -> int:
    """Show, ask, check, send and follow a job, whatever it was made of, and return the exit code."""
    try:
        if how.canary:
            return _run_with_canary(asked, workspace, how)
        if how.dry_run:
            return _dry_run(asked, how.key, workspace, how.shown, how.fallback)
        return _run(asked, workspace, how)
    except SubmissionUnknown as error:
        return show(unknown_answer(error, held_for(error, workspace)), how.shown)


def _run_with_canary(asked: "KnownRequest", workspace: Workspace, how: How) -> int:
    from hfplanner.cli.canary import CanaryCommand  # noqa: PLC0415 - for those who measure first

    command = CanaryCommand(asked, workspace, how)
    if how.dry_run:
        _note_fallback(asked, workspace, how.fallback)
        return command.dry_run()
    if how.fallback is not None:
        # What cannot be tried is told before anything is measured.
        fallback_flavors(asked, how.fallback, get_listing(workspace), "")

    def finish(
        measured: "KnownRequest", submitted: "Submitted", books: "Charging", change: "Callable[[Answer], Answer]"
    ) -> int:
        return _started(measured, submitted, workspace, books, how, change)

    def unmeasured(change: "Callable[[Answer], Answer]") -> int:
        return _run(asked, workspace, how, change)

    return command.run(finish, unmeasured)


def _warn_of_options_after_the_image(command: "Sequence[str]") -> None:
    """Say which options go to the command, where `hf jobs run` would take them for the job."""
    names = options_of_the_command(command)
    if names:
        verb = "belongs" if len(names) == 1 else "belong"
        hint = "write -- before the command to say that you mean it, or put options of the job before the image"
        warn(f"{', '.join(names)} after the image {verb} to the command; {hint}.")


def _dry_run(
    asked: "KnownRequest", key: str | None, workspace: Workspace, shown: str, fallback: Fallback | None = None
) -> int:
    """Show the plan, or what became of a key that was used; nothing is sent, reserved or written."""
    sent = sent_before(asked, key, workspace)
    if sent is None:
        planned = asked.plan(workspace, get_listing(workspace))
        _note_fallback(asked, workspace, fallback, planned.flavor.name)
        return show(dry_run_answer(planned), shown)
    note(sent_before_words(sent, key or ""))
    return show(submitted_answer(sent, dry_run=True), shown)


def _note_fallback(
    asked: "KnownRequest", workspace: Workspace, fallback: Fallback | None, first: str | None = None
) -> None:
    """Say what happens where the job waits too long on its first flavor; by default that of its plan."""
    if fallback is None:
        return
    name = first or asked.plan(workspace, get_listing(workspace)).flavor.name
    note(fallback.words(fallback_flavors(asked, fallback, get_listing(workspace), name)))


def _run(
    asked: "KnownRequest", workspace: Workspace, how: How, change: "Callable[[Answer], Answer] | None" = None
) -> int:
    if how.fallback is not None:
        # What cannot be tried is told before anything is sent.
        fallback_flavors(asked, how.fallback, get_listing(workspace), "")
    ready = bring_up_to_date(workspace, get_listing(workspace))
    for text in ready.warnings:
        warn(text)
    sent = sent_before(asked, how.key, workspace)
    if sent is not None:
        note(sent_before_words(sent, how.key or ""))
        return _started(asked, sent, workspace, ready.books, how, change)
    sender = Sender(asked, how.key, ready.books, workspace)
    planned = agreed_plan(lambda: sender.plan(get_listing(workspace)), show_plan, how)
    if planned is None:
        note("Not run.")
        return 1
    if not sender.may_send(planned):
        return show(refused_answer(planned, sender.ask_approval(planned)), how.shown)
    submitted = sender.send(planned)
    for text in submitted.warnings:
        warn(text)
    return _started(asked, submitted, workspace, ready.books, how, change)


def _started(  # noqa: PLR0917 - what a fallback needs, and what showing it does
    asked: "KnownRequest",
    submitted: "Submitted",
    workspace: Workspace,
    books: "Charging",
    how: How,
    change: "Callable[[Answer], Answer] | None",
) -> int:
    """Show and follow what was submitted; with a fallback once it has started, on whichever flavor."""
    if how.fallback is not None and submitted.job_id is not None:
        run = FallbackRun(asked, how.key, how.fallback, books, workspace)
        submitted, tried = run.run(submitted, get_listing(workspace), note)
        before = change

        def change(answer: "Answer") -> "Answer":
            return with_fallbacks(before(answer) if before else answer, tried)

    return _finish(asked, submitted, workspace, books, how, change)


def _finish(  # noqa: PLR0917 - what was sent, and what following it needs
    asked: "KnownRequest",
    submitted: "Submitted",
    workspace: Workspace,
    books: "Charging",
    how: How,
    change: "Callable[[Answer], Answer] | None" = None,
) -> int:
    """Show what was submitted, changed where something came before it, and follow it where somebody looks."""
    answer = submitted_answer(submitted)
    show(change(answer) if change else answer, how.shown)
    if how.shown == "human" and how.follows and submitted.job_id is not None:
        from hfplanner.cli.show.follow import follow  # noqa: PLC0415 - rich, for people only
        from hfplanner.plan.followed import FollowedRun  # noqa: PLC0415 - as above

        return follow(submitted, workspace.submitter(), books, FollowedRun(asked, workspace))
    unknown = submitted.submission.state.value in {"UNKNOWN", "SENDING", "RESERVED"}
    return SubmissionUnknown.exit_code if unknown else 0


COMMAND = Command(
    call=run,
    acts=True,
    positionals=IMAGE_AND_COMMAND,
    options=(
        *JOB_OPTIONS,
        *RUN_SUBMISSION,
        *BOOKS,
    ),
    stops_at_positional=True,
    names="the job's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner run --vram 24GB --timeout 2h python:3.12 python train.py",
        "hfplanner run --flavor l4x1 --max-cost 5 --detach python:3.12 python train.py",
        "hfplanner run --model Qwen/Qwen3-8B --task qlora --duration 3h@l4x1 --dry-run python:3.12 python train.py",
        "hfplanner run --flavor a100-large --timeout 4h --key nightly-42 --yes --json python:3.12 python train.py",
        "hfplanner run --model Qwen/Qwen3-8B --task lora --tokens 20M --canary --key k7 python:3.12 python train.py",
        "hfplanner run --vram 24GB --timeout 2h --fallback auto --max-wait 20m --key k8 python:3.12 python train.py",
        "hfplanner run --like sft-0a1b2c3d --secrets HF_TOKEN python:3.12 python train.py",
    ],
)
