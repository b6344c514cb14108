"""``hfplanner budget show``."""

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.budget import budgets_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.budgets import overview_budgets
from hfplanner.plan.workspace import Workspace


def show(*, namespace: str | None, token: str | None, policy: str | None, offline: bool) -> Answer:
    """Show the limits, what is spent and held in the present period, and what is left."""
    with Workspace.from_environ(token=token, offline=offline, policy=policy) as workspace:
        workspace.policy()
        overview = overview_budgets(workspace, namespace, get_listing(workspace))
        return budgets_answer(overview, workspace.now())


COMMAND = Command(
    call=show,
    options=find_arguments("namespace", "policy", "token", "offline"),
    names="the names of the budgets, one a line",
    examples=[
        "hfplanner budget show",
        "hfplanner budget show --offline --json",
        "hfplanner budget show --policy team.toml",
    ],
)
