"""``hfplanner sweep --run``: agreed, reserved whole, sent job by job."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hfplanner.budget.decision import Verdict
from hfplanner.cli.agreement import agreed_plan
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.output import hint, note, warn
from hfplanner.cli.show.sweep_run import (
    dry_sweep_answer,
    refused_sweep_answer,
    sent_words,
    show_sweep,
    sweep_run_answer,
)
from hfplanner.plan.sending import bring_up_to_date

if TYPE_CHECKING:
    from hfplanner.cli.options.submission import How
    from hfplanner.plan.sweep_run import AskedSweepRun
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.charging import Charging

__all__ = ["run_sweep"]

_SHORTEST_PAUSE_SECS, _LONGEST_PAUSE_SECS = 1.0, 30.0


def run_sweep(asked: "AskedSweepRun", workspace: "Workspace", how: "How") -> int:
    """Show, ask, reserve and send a sweep, and return the exit code."""
    from hfplanner.plan.sweep_run import SweepRunner  # noqa: PLC0415 - after a command line that is understood

    if how.dry_run:
        planned = SweepRunner(asked, workspace, None).plan(get_listing(workspace))
        return show(dry_sweep_answer(planned, workspace.now()), how.shown)
    ready = bring_up_to_date(workspace, get_listing(workspace))
    for text in ready.warnings:
        warn(text)
    runner = SweepRunner(asked, workspace, ready.books)
    agreed = agreed_plan(
        lambda: runner.plan(get_listing(workspace)),
        lambda planned, stream: show_sweep(planned, stream, workspace.now()),
        how,
    )
    if agreed is None:
        note("Not run.")
        return 1
    if agreed.decision.verdict is not Verdict.ALLOWED:
        return show(refused_sweep_answer(agreed, runner.ask_approval(agreed)), how.shown)
    if how.key is None:
        # Before anything is reserved: whatever happens then, the user knows how to go on.
        note(f"The key of this sweep is {asked.key}.")
    try:
        done = runner.send(
            agreed,
            wait=_waiting(workspace, ready.books) if how.shown == "human" and how.follows else None,
            tell=lambda job, submission: note(sent_words(agreed.kept, job, submission)),
        )
    except KeyboardInterrupt:
        note("Interrupted: what was sent runs on, and what is reserved stays reserved.")
        hint(f"The same command with --key {asked.key} goes on.")
        raise
    return show(sweep_run_answer(done), how.shown)


def _waiting(workspace: "Workspace", books: "Charging") -> Callable[[], None]:
    """Return what waits until a job may have ended, longer each time, and settles what has."""
    import time  # noqa: PLC0415 - as above

    from hfplanner.submit.reconciliation import SOON_SECS, reconcile  # noqa: PLC0415 - httpx

    pause = _SHORTEST_PAUSE_SECS

    def wait() -> None:
        nonlocal pause
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECS)
        reconcile(workspace.submitter(), books, sweep=False, within_secs=SOON_SECS)

    return wait
