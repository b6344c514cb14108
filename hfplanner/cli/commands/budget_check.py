"""``hfplanner budget check``."""

from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.image import IMAGE_AND_COMMAND
from hfplanner.cli.options.job import JOB_OPTIONS, asked_run
from hfplanner.cli.options.submission import BOOKS, RUN_SUBMISSION, taken_workspace
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.check import blocked_answer, check_answer
from hfplanner.cli.show.output import warn
from hfplanner.errors import BudgetError, HistoryError
from hfplanner.plan.arguments import find_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(
    *,
    image: str | None,
    command: "Sequence[str]",
    refresh: bool,
    **given: Any,  # noqa: ANN401 - the options of run
) -> Answer:
    """Say whether a job may run, with the arithmetic. Nothing is sent or reserved.

    Takes the options of `run`; those of its submission change nothing here.

    Without --flavor the recommended one is checked, without --timeout the one that the duration suggests, or 30
    minutes. --max-cost is a limit: `run` shortens a timeout for it that you did not give, a check shortens nothing.

    Exit code 0: it may. 3: a limit refuses it, or something that decides is not known.
    """
    if given["canary"] or given["fallback"] or given["max_wait"]:
        warn("The check is of the job itself: what --canary and --fallback would send, `run --dry-run` tells.")
    with taken_workspace(given) as workspace:
        asked = asked_run(given, image, command, workspace, sends=False, values=False)
        try:
            workspace.policy()
            return check_answer(asked.plan(workspace, get_listing(workspace, refresh=refresh)))
        except (BudgetError, HistoryError) as error:
            # Without the policy, the books or the history nobody knows what is left.
            return blocked_answer(error)


COMMAND = Command(
    call=check,
    positionals=IMAGE_AND_COMMAND,
    options=(*JOB_OPTIONS, *RUN_SUBMISSION, *BOOKS, *find_arguments("refresh")),
    stops_at_positional=True,
    names="the decision: allowed, refused or blocked",
    examples=[
        "hfplanner budget check --flavor l4x1 --timeout 2h",
        "hfplanner budget check --flavor a100-large --timeout 8h --attempts 2 -l team=nlp --namespace acme",
        "hfplanner budget check --flavor l4x1 --timeout 1h python:3.12 python train.py",
        "hfplanner budget check --flavor h200 --timeout 1d --json",
    ],
)
