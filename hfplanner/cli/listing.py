"""The listing the environment and the options ask for, and the time."""

import os
from datetime import UTC, datetime

from hfplanner.api.settings import read_hub_settings
from hfplanner.catalog.cache import ListingCache, default_cache_folder
from hfplanner.catalog.listing import Listing
from hfplanner.catalog.load import ListingRequest, load_listing
from hfplanner.cli.show.output import warn

__all__ = ["get_listing", "now_utc"]


def get_listing(*, offline: bool, refresh: bool, now: datetime) -> Listing:
    """Load the listing the environment and the options ask for, and say on stderr what went wrong on the way."""
    settings = read_hub_settings(os.environ)
    cache = ListingCache(default_cache_folder(os.environ), settings.endpoint)
    listing = load_listing(ListingRequest(cache=cache, offline=offline or settings.offline, refresh=refresh), now=now)
    for text in listing.warnings:
        warn(text)
    for problem in listing.problems:
        name = f"{problem.name!r}" if problem.name else "without a name"
        warn(f"Row {problem.position + 1} of the listing ({name}) was not used: {problem.reason}")
    return listing


def now_utc() -> datetime:
    """Return the time, the one place of the command line that asks for it."""
    return datetime.now(UTC)
