"""``hfplanner group run``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Verdict
from hfplanner.cli.agreement import agreed_plan
from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.build import Positional
from hfplanner.cli.options.submission import BOOKS, SENT_ALONE, How, taken_workspace
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.group import dry_group_answer, group_answer, refused_group_answer, show_group
from hfplanner.cli.show.output import note, warn
from hfplanner.plan.arguments import Argument
from hfplanner.plan.group_run import AskedGroup, GroupRunner, read_group
from hfplanner.plan.sending import bring_up_to_date
from hfplanner.plan.sweep_run import new_sweep_key

if TYPE_CHECKING:
    from hfplanner.plan.workspace import Workspace


def group_run(
    *,
    file: str,
    group: str | None,
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a submission
) -> int:
    """Run the jobs of a file that are in one network group: all of them are reserved in one step, or none is.

    FILE is a file of jobs (guide: scripts). Its jobs with the same network_group reach each other, and make sense only
    together, so their worst cases are decided together; then they are sent, each once. The same command with the same
    --key goes on where it ended. Where the Hub rejects one, those that were not sent yet are let go; those that run
    already are named, and run on.
    """
    how = How.taken(given, shown)
    how.refuse_what_cannot_be()
    asked = read_group(Path(file), group, how.key or new_sweep_key().replace("sweep", "group"))
    with taken_workspace(given) as workspace:
        workspace.policy()
        return _run(asked, workspace, how)


def _run(asked: AskedGroup, workspace: "Workspace", how: How) -> int:
    if how.dry_run:
        planned = GroupRunner(asked, workspace, None).plan(get_listing(workspace))
        return show(dry_group_answer(planned), how.shown)
    ready = bring_up_to_date(workspace, get_listing(workspace))
    for text in ready.warnings:
        warn(text)
    runner = GroupRunner(asked, workspace, ready.books)
    plan = agreed_plan(lambda: runner.plan(get_listing(workspace)), show_group, how)
    if plan is None:
        note("Not run.")
        return 1
    if plan.decision.verdict is not Verdict.ALLOWED:
        return show(refused_group_answer(plan, runner.ask_approval(plan)), how.shown)
    done = runner.send(plan, tell=lambda name, one: note(f"{name}: {one.job_id or one.state.value}"))
    return show(group_answer(done), how.shown)


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
        *SENT_ALONE,
        *BOOKS,
    ),
    names="the ids of the jobs; with --dry-run their names",
    examples=[
        "hfplanner group run --dry-run jobs.toml",
        "hfplanner group run jobs.toml --group train --yes --key night",
    ],
)
