"""The flavors of a listing as places where a job could run."""

from collections.abc import Iterable

from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.memory.fits import Place

__all__ = ["places_of"]


def places_of(flavors: Iterable[Flavor]) -> tuple[Place, ...]:
    """Return flavors as places with their usable memory; CPU flavors have no GPU, unknown stays unknown.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> [place] = places_of([shipped_listing().by_name()["l4x4"]])
    >>> place.gpus, place.usable_bytes, place.bf16
    (4, 23654532383, True)
    """
    places = []
    for flavor in flavors:
        facts = facts_of(flavor.accelerator) if flavor.accelerator_type == "gpu" else None
        usable = facts.memory_usable_bytes if facts else None
        bf16, context = (facts.bf16, facts.context_bytes) if facts else (None, None)
        places.append(Place(flavor.name, flavor.gpus, usable, bf16, context, flavor.accelerator))
    return tuple(places)
