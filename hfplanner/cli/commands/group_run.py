"""``hfplanner group run``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from hfplanner.budget.decision import Verdict
from hfplanner.cli.command import Command
from hfplanner.cli.commands.run import SUBMISSION, How
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.group import dry_group_answer, group_answer, refused_group_answer, show_group
from hfplanner.cli.show.output import note, warn
from hfplanner.cli.show.run import ask
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.group_run import AskedGroup, GroupRunner, PlannedGroup, read_group
from hfplanner.plan.sending import bring_up_to_date
from hfplanner.plan.sweep_run import new_sweep_key
from hfplanner.plan.workspace import Workspace


def group_run(
    *,
    file: str,
    group: str | None,
    key: str | None,
    dry_run: bool,
    yes: bool,
    policy: str | None,
    ledger: str | None,
    token: str | None,
    offline: bool,
    shown: str,
) -> int:
    """Run the jobs of a file that are in one network group: all of them are reserved in one step, or none is.

    FILE is a file of jobs (guide: scripts). Its jobs with the same network_group reach each other, and make sense only
    together, so their worst cases are decided together; then they are sent, each once. The same command with the same
    --key goes on where it ended. Where the Hub rejects one, those that were not sent yet are let go; those that run
    already are named, and run on.
    """
    how = How(key=key, dry_run=dry_run, yes=yes, follows=False, shown=shown)
    how.refuse_what_cannot_be()
    asked = read_group(Path(file), group, key or new_sweep_key().replace("sweep", "group"))
    with Workspace.from_environ(token=token, offline=offline, policy=policy, ledger=ledger) as workspace:
        workspace.policy()
        return _run(asked, workspace, how)


def _run(asked: AskedGroup, workspace: Workspace, how: How) -> int:
    if how.dry_run:
        planned = GroupRunner(asked, workspace, None).plan(get_listing(workspace))
        return show(dry_group_answer(planned), how.shown)
    ready = bring_up_to_date(workspace, get_listing(workspace))
    for text in ready.warnings:
        warn(text)
    runner = GroupRunner(asked, workspace, ready.books)
    plan = _agreed(runner, workspace, how)
    if plan is None:
        note("Not run.")
        return 1
    if plan.decision.verdict is not Verdict.ALLOWED:
        return show(refused_group_answer(plan, runner.ask_approval(plan)), how.shown)
    done = runner.send(plan, tell=lambda name, one: note(f"{name}: {one.job_id or one.state.value}"))
    return show(group_answer(done), how.shown)


def _agreed(runner: GroupRunner, workspace: Workspace, how: How) -> PlannedGroup | None:
    """Return the plan that may be sent: with a question, the one that is made after the answer (I16)."""
    from hfplanner.submit.agree import agreed  # noqa: PLC0415 - after a command line that is understood

    def plan() -> PlannedGroup:
        return runner.plan(get_listing(workspace))

    def show_it(planned: PlannedGroup) -> None:
        if how.shown == "human" or not how.yes:
            show_group(planned, sys.stderr)
        for text in planned.warnings:
            warn(text)

    def ask_about(planned: PlannedGroup, changed: Sequence[str]) -> bool:
        for text in changed:
            warn(text)
        show_it(planned)
        return ask()

    if not how.yes:
        return agreed(plan, ask_about, note)
    planned = plan()
    if planned.decision.verdict is Verdict.ALLOWED:
        show_it(planned)
    return planned


_KEY, _DETACH, _DRY_RUN, _YES = SUBMISSION

COMMAND = Command(
    call=group_run,
    acts=True,
    positionals=(Positional(name="file", metavar="FILE", help="A .toml or .yaml file with jobs."),),
    options=(
        Argument(
            name="group",
            group="Options",
            metavar="NAME",
            shown_default="the one that the file has",
            help="The network group whose jobs are run.",
        ),
        _KEY,
        _DRY_RUN,
        _YES,
        *find_arguments("policy", "ledger", "token", "offline"),
    ),
    names="the ids of the jobs; with --dry-run their names",
    examples=[
        "hfplanner group run --dry-run jobs.toml",
        "hfplanner group run jobs.toml --group train --yes --key night",
    ],
)
