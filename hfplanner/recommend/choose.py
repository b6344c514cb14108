"""Rank or reject every flavor of a listing for one request."""

from dataclasses import replace

from hfplanner.catalog.accelerators import match_accelerators
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.recommend.estimates import NO_ESTIMATES, Estimates
from hfplanner.recommend.miss import nearest_miss, nearest_on_asked
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.rank import rank_options
from hfplanner.recommend.reasons import below_top, rejections_of_unreadable_rows, why_not
from hfplanner.recommend.result import Recommendation, Rejection
from hfplanner.recommend.rules import rank_order, tie_order

__all__ = ["recommend"]


def recommend(needs: Needs, listing: Listing, estimates: Estimates = NO_ESTIMATES, *, runs: int = 1) -> Recommendation:
    """Return every flavor of the listing, ranked where it meets the needs and with its reasons where it does not.

    Options come cheapest first (fastest first for ``objective="time"``), by likely values. Ties: cheaper, then more
    VRAM per GPU, then fewer GPUs, then the name. The order of the listing does not matter.

    Args:
        needs: what is asked.
        listing: what can be rented.
        estimates: what is known of the job on each flavor of the listing.
        runs: how many runs the choice is made for.

    Raises:
        UsageError: an accelerator that no flavor has, or a limit on what nothing is known about.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> answer = recommend(Needs(vram_bytes=40 * 10**9), shipped_listing())
    >>> answer.options[0].flavor.name, len(answer.options) + len(answer.rejected)
    ('l40sx1', 26)
    """
    needs.refuse_what_cannot_be_judged(
        knows_memory=estimates.memory is not None, knows_time=estimates.durations is not None
    )
    needs = _as_listed(needs, listing)
    flavors = sorted(listing.flavors, key=_order)
    reasons = {flavor.name: why_not(needs, flavor, estimates) for flavor in flavors}
    fitting = [flavor for flavor in flavors if not reasons[flavor.name]]
    options = rank_options(needs, fitting, estimates)
    kept = options[: needs.top]
    reasons |= {option.flavor.name: (below_top(option, len(options), len(kept)),) for option in options[len(kept) :]}
    miss = nearest_miss(needs, flavors, fitting, estimates)
    unreadable = rejections_of_unreadable_rows(listing)
    return Recommendation(
        needs=needs,
        listing=listing,
        options=tuple(kept),
        rejected=(*(Rejection(name, why) for name, why in reasons.items() if why), *unreadable),
        nearest_miss=miss,
        nearest_on_asked=None if fitting else nearest_on_asked(needs, flavors, miss, estimates),
        estimates=estimates,
        fitting=tuple(option.flavor for option in options),
        runs=runs,
    )


def _as_listed(needs: Needs, listing: Listing) -> Needs:
    """Return the needs with every name as the listing spells it."""
    # Sorted, so that of two spellings of one model the same is shown whatever the order of the listing.
    offered = sorted(flavor.accelerator for flavor in listing.flavors if flavor.accelerator)
    return replace(needs, accelerators=match_accelerators(needs.accelerators, offered))


def _order(flavor: Flavor) -> tuple[bool, tuple[int, int, int, str]]:
    """Order by rank, what has no price last."""
    if flavor.price_micro_usd_per_minute is None:
        return True, (0, *tie_order(flavor))
    return False, rank_order(flavor)
