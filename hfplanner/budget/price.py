"""The price of a flavor as a decision uses it, or why there is none."""

from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import UsedPrice
from hfplanner.catalog.listing import Listing
from hfplanner.errors import did_you_mean, quoted

__all__ = ["find_price"]

_SOURCES = {"hub": "live", "cache": "kept", "shipped": "shipped"}


def find_price(listing: Listing, flavor: str) -> UsedPrice | DecisionReason:
    """Return what a flavor costs now, with its source and day, or why that is not known.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> find_price(shipped_listing(), "l4x1").micro_usd_per_minute, find_price(shipped_listing(), "l4x2").code
    (13333, 'unknown_flavor')
    """
    found = listing.by_name().get(flavor)
    if found is None:
        near = did_you_mean(flavor, listing.by_name())
        return DecisionReason(
            "unknown_flavor",
            f"{quoted(flavor)} is no flavor of the listing of {listing.checked:%Y-%m-%d}. {near}".strip(),
            Effect.BLOCK,
        )
    if found.price_micro_usd_per_minute is None:
        return DecisionReason(
            "price_unknown", f"The price of {flavor} is not known: {found.unpriced_reason}.", Effect.BLOCK
        )
    return UsedPrice(
        micro_usd_per_minute=found.price_micro_usd_per_minute,
        source=_SOURCES[listing.source],
        checked=listing.checked,
    )
