"""``hfplanner budget check``."""

from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.image import IMAGE_AND_COMMAND
from hfplanner.cli.options.job import JOB_OPTIONS, asked_run
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.check import blocked_answer, check_answer
from hfplanner.errors import BudgetError, HistoryError
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(
    *,
    image: str | None,
    command: "Sequence[str]",
    token: str | None,
    policy: str | None,
    refresh: bool,
    offline: bool,
    **given: Any,  # noqa: ANN401 - the options of a job
) -> Answer:
    """Say whether a job may run, with the arithmetic; takes the options of `run`. Nothing is sent or reserved.

    Without --flavor the recommended one is checked, without --timeout the one that the duration suggests, or 30
    minutes. --max-cost is a limit: `run` shortens a timeout for it that you did not give, a check shortens nothing.

    Exit code 0: it may. 3: a limit refuses it, or something that decides is not known.
    """
    with Workspace.from_environ(token=token, offline=offline, policy=policy) as workspace:
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
    options=(*JOB_OPTIONS, *find_arguments("policy", "token", "refresh", "offline")),
    stops_at_positional=True,
    names="the decision: allowed, refused or blocked",
    examples=[
        "hfplanner budget check --flavor l4x1 --timeout 2h",
        "hfplanner budget check --flavor a100-large --timeout 8h --attempts 2 -l team=nlp --namespace acme",
        "hfplanner budget check --flavor l4x1 --timeout 1h python:3.12 python train.py",
        "hfplanner budget check --flavor h200 --timeout 1d --json",
    ],
)
