"""``hfplanner budget show``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.submission import BOOKS, taken_workspace
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.budget import budgets_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.budgets import overview_budgets


def show(*, namespace: str | None, **given: Any) -> Answer:  # noqa: ANN401 - where the books are
    """Show the limits, what is spent and held in the present period, and what is left."""
    with taken_workspace(given) as workspace:
        workspace.policy()
        overview = overview_budgets(workspace, namespace, get_listing(workspace))
        return budgets_answer(overview, workspace.now())


COMMAND = Command(
    call=show,
    options=(*find_arguments("namespace"), *BOOKS),
    names="the names of the budgets, one a line",
    examples=[
        "hfplanner budget show",
        "hfplanner budget show --offline --json",
        "hfplanner budget show --policy team.toml",
    ],
)
