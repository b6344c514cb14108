"""``hfplanner prices``."""

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import PRICES, find_arguments
from hfplanner.plan.workspace import Workspace


def prices(*, flavor: tuple[str, ...], since: str | None, refresh: bool, offline: bool) -> Answer:
    """Show what flavors cost over time, what changed, and what that means for the jobs of this month.

    A price holds from the day on which it was seen first until another was. What nobody saw is unknown, never free.
    """
    from hfplanner.cli.show.prices import prices_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.pricing import price_history  # noqa: PLC0415 - as above

    with Workspace.from_environ(offline=offline) as workspace:
        found = price_history(flavor, since, get_listing(workspace, refresh=refresh), workspace)
    return prices_answer(found)


COMMAND = Command(
    call=prices,
    positionals=(
        Positional(
            name="flavor",
            metavar="[FLAVOR]...",
            is_required=False,
            takes_rest=True,
            help="Every price of these; by default today's of all.",
        ),
    ),
    options=(
        *PRICES,
        *find_arguments("refresh", "offline"),
    ),
    names="the names of the flavors, one a line",
    examples=[
        "hfplanner prices",
        "hfplanner prices a100-large h100",
        "hfplanner prices --since 2026-01 --json",
    ],
)
