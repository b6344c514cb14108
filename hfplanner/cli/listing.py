"""The world that the environment and the options name, and its listing with what went wrong on the way to it."""

from hfplanner.catalog.listing import Listing
from hfplanner.cli.show.output import warn
from hfplanner.plan.workspace import Workspace

__all__ = ["get_listing"]


def get_listing(workspace: Workspace, *, refresh: bool = False) -> Listing:
    """Load the listing, and say on stderr what went wrong on the way."""
    listing = workspace.listing(refresh=refresh)
    for text in listing.warnings:
        warn(text)
    for problem in listing.problems:
        name = f"{problem.name!r}" if problem.name else "without a name"
        warn(f"Row {problem.position + 1} of the listing ({name}) was not used: {problem.reason}")
    return listing
