"""``hfplanner prices``."""

from datetime import UTC

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.workspace import Workspace
from hfplanner.zones import parse_zone


def prices(*, flavor: tuple[str, ...], since: str | None, refresh: bool, offline: bool) -> Answer:
    """Show what flavors cost over time, what changed, and what that means for the jobs of this month.

    A price holds from the day on which it was seen first until another was. What nobody saw is unknown, never free.
    """
    from hfplanner.cli.show.prices import prices_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.report.prices import report_prices  # noqa: PLC0415 - as above
    from hfplanner.report.spec import parse_moment  # noqa: PLC0415 - as above

    with Workspace.from_environ(offline=offline) as workspace:
        now = workspace.now()
        start = None if since is None else parse_moment(since, parse_zone("UTC"), now).astimezone(UTC).date()
        listing, jobs = get_listing(workspace, refresh=refresh), workspace.history().scan()
    return prices_answer(report_prices(listing, flavors=flavor, since=start, now=now, jobs=jobs))


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
        Argument(
            name="since",
            group="Options",
            metavar="TIME",
            help="Every price since then, also of flavors that are gone: 2026-01, 2026-01-15, or 90d ago.",
        ),
        *find_arguments("refresh", "offline"),
    ),
    names="the names of the flavors, one a line",
    examples=[
        "hfplanner prices",
        "hfplanner prices a100-large h100",
        "hfplanner prices --since 2026-01 --json",
    ],
)
