"""What flavors cost over time, beside the jobs of the history."""

from collections.abc import Sequence
from datetime import UTC

from hfplanner.catalog.listing import Listing
from hfplanner.plan.readers import read_flavor
from hfplanner.plan.workspace import Workspace
from hfplanner.report.prices import PriceReport, report_prices
from hfplanner.report.spec import parse_moment
from hfplanner.zones import parse_zone

__all__ = ["price_history"]


def price_history(flavors: Sequence[str], since: str | None, listing: Listing, workspace: Workspace) -> PriceReport:
    """Return what flavors cost, what changed, and what that means for the jobs of this month.

    Args:
        flavors: of which; none is all.
        since: from when on, as typed; ``None`` is from the beginning.
        listing: the latest sightings.
        workspace: where the history and the time are.

    Raises:
        UsageError: no price of a flavor was ever seen, or the moment cannot be read.
        HistoryError: the history cannot be read.
    """
    now = workspace.now()
    start = None if since is None else parse_moment(since, parse_zone("UTC"), now).astimezone(UTC).date()
    named = [read_flavor(name) for name in flavors]
    return report_prices(listing, flavors=named, since=start, now=now, jobs=workspace.history().scan())
