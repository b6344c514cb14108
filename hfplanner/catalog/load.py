"""Which listing to use: asked now, kept from before, or shipped; and to say which."""

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hfplanner.api.public import fetch_hardware
from hfplanner.catalog.cache import ListingCache
from hfplanner.catalog.listing import Listing, parse_listing_bytes, shipped_listing
from hfplanner.errors import CatalogError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["FRESH_FOR", "ListingRequest", "load_listing"]

# An answer of the Hub is used again for an hour: prices have moved a few times a year (data/price_history.csv).
FRESH_FOR = timedelta(hours=1)

# A Hub that takes the question and does not answer keeps nobody waiting: older listings exist, and for a while it is
# not asked again. Who asks for the Hub's answer by name waits longer.
_ASKED_WITHIN_SECS, _REFRESHED_WITHIN_SECS = 2.5, 15.0
_SLOW_SECS = 1.0
_SILENT_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """How to get a listing.

    Args:
        cache: where the Hub's last answer is kept, and which endpoint is meant.
        offline: do not ask the Hub.
        refresh: ask the Hub even where the kept answer is fresh.

    Raises:
        UsageError: offline and refresh at once.
    """

    cache: ListingCache
    offline: bool = False
    refresh: bool = False

    def __post_init__(self) -> None:
        """Refuse a contradiction."""
        if self.offline and self.refresh:
            raise UsageError(
                "--refresh asks the Hub and offline forbids it.",
                hint="Leave out --refresh, or --offline and HF_HUB_OFFLINE.",
            )


def load_listing(request: ListingRequest, *, now: datetime, transport: "httpx.BaseTransport | None" = None) -> Listing:
    """Return the best listing there is: a fresh kept answer, the Hub's, an older kept answer, the shipped snapshot.

    A failing network, a damaged cache or an answer that is no listing never fails the call and never overwrites what
    is kept: the next source is used, and the listing's ``warnings`` say why. They also name what is odd about the
    figures themselves (:mod:`hfplanner.catalog.invariants`).

    Args:
        request: whether the Hub may be asked, and where its answers are kept.
        now: the time, UTC.
        transport: what carries the request; the network by default.

    Raises:
        UsageError: the endpoint is not one to talk to.
    """
    warnings: list[str] = []
    kept = _read_cache(request.cache, warnings)
    if not request.offline:
        if kept is not None and not request.refresh and timedelta(0) <= now - kept.checked < FRESH_FOR:
            return _warned(kept, warnings)
        asked = _ask(request, now, transport, warnings)
        if asked is not None:
            _note_changes(request.cache, kept or shipped_listing(), asked, warnings)
            return _warned(replace(asked, sightings=request.cache.sightings()), warnings)
    shipped = shipped_listing()
    newest = shipped if kept is None or kept.checked < shipped.checked else kept
    if not request.offline:
        warnings.append(f"Using {_describe(newest)} instead.")
    if newest.checked > now:
        warnings.append("These prices are dated in the future: a clock was or is wrong, and their age is not known.")
    return _warned(newest, warnings)


def _note_changes(cache: ListingCache, before: Listing, after: Listing, warnings: list[str]) -> None:
    """Say which prices moved since the last listing, and keep both: the next listing knows nothing of it."""
    from hfplanner.catalog.price_changes import moved_sightings, say_changes  # noqa: PLC0415 - where the Hub answered

    said = say_changes(before, after)
    if said is None:
        return
    warnings.append(said)
    # Where it cannot be kept, the listing could not be either, which is said.
    with suppress(OSError):
        cache.note_sightings(moved_sightings(before, after))


def _warned(listing: Listing, warnings: list[str]) -> Listing:
    odd = (violation.message for violation in listing.violations if violation.warn)
    return replace(listing, warnings=(*warnings, *odd))


def _read_cache(cache: ListingCache, warnings: list[str]) -> Listing | None:
    try:
        kept = cache.read()
        return kept and replace(kept, sightings=cache.sightings())
    except CatalogError as error:
        warnings.append(error.message)
        return None


def _ask(
    request: ListingRequest, now: datetime, transport: "httpx.BaseTransport | None", warnings: list[str]
) -> Listing | None:
    cache = request.cache
    if not request.refresh and cache.was_silent(now, _SILENT_FOR):
        warnings.append(f"{cache.endpoint} did not answer in time less than a minute ago and was not asked again.")
        return None
    began = time.monotonic()
    within_secs = _REFRESHED_WITHIN_SECS if request.refresh else _ASKED_WITHIN_SECS
    try:
        raw = fetch_hardware(cache.endpoint, within_secs=within_secs, transport=transport)
        listing = parse_listing_bytes(raw, origin=cache.endpoint, checked=now)
    except CatalogError as error:
        warnings.append(error.message)
        if time.monotonic() - began > _SLOW_SECS:
            cache.note_silence(now)
        return None
    try:
        cache.write(raw, now)
    except OSError as error:
        warnings.append(f"The listing could not be kept in {cache.folder} ({error.strerror}).")
    return listing


def _describe(listing: Listing) -> str:
    kind = "the answer kept from" if listing.source == "cache" else "the listing shipped with hfplanner, of"
    return f"{kind} {listing.checked:%Y-%m-%d}"
