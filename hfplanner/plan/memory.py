"""What a model needs on every flavor: one answer for what is recommended and for how long it runs."""

from typing import TYPE_CHECKING

from hfplanner.catalog.listing import Listing
from hfplanner.plan.known import KnownJob

if TYPE_CHECKING:
    from hfplanner.recommend.estimates import MemoryNeed

__all__ = ["memory_on"]


def memory_on(known: KnownJob, listing: Listing) -> "MemoryNeed | None":
    """Return what the job's model needs on every flavor of a listing; ``None`` where no model is named."""
    if known.model is None:
        return None
    from hfplanner.estimate.memory.places import places_of  # noqa: PLC0415 - only where a model is named
    from hfplanner.recommend.memory import memory_need  # noqa: PLC0415 - as above

    places = places_of(listing.flavors)
    evidence = None if known.model.measured is None else known.model.measured.on(places)
    return memory_need(known.model.shape, known.model.job, places, spread=known.is_spread, evidence=evidence)
