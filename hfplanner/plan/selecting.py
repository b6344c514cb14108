"""The flavors of a listing that do for a machine, in an order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.plan.arguments import Argument, AskedMachine

__all__ = ["SORT", "SORTS", "select_flavors"]

# Whatever is unknown comes last.
_KEYS: dict[str, Callable[[Flavor], Any]] = {
    "price": lambda flavor: _up(flavor.price_micro_usd_per_minute),
    "vram": lambda flavor: _down(flavor.vram_total_bytes),
    "vram-per-gpu": lambda flavor: _down(flavor.vram_per_gpu_bytes),
    "gpus": lambda flavor: _down(flavor.gpus),
    "cpu": lambda flavor: _down(flavor.vcpu),
    "ram": lambda flavor: _down(flavor.ram_bytes),
    "disk": lambda flavor: _down(flavor.disk_bytes),
    "name": lambda flavor: flavor.name,
}
SORTS = tuple(_KEYS)
"""What flavors can be sorted by: prices from the lowest on, sizes and counts from the largest, names as in a list."""

SORT = Argument(
    name="sort",
    group="Output",
    metavar="KEY",
    choices=SORTS,
    help="By price (lowest first), vram, vram-per-gpu, gpus, cpu, ram, disk (largest first) or name.",
)


def _up(value: int | None) -> tuple[bool, int]:
    return value is None, value or 0


def _down(value: int | None) -> tuple[bool, int]:
    return value is None, -(value or 0)


def select_flavors(
    listing: Listing, machine: AskedMachine, *, max_price_micro_usd_per_hour: int | None = None, sort: str | None = None
) -> Listing:
    """Return a listing with the flavors that meet the needs of a machine only, sorted.

    Args:
        listing: of all.
        machine: what is needed; what a flavor does not state, it does not meet.
        max_price_micro_usd_per_hour: the highest price [micro-USD per hour].
        sort: one of :data:`SORTS`; ``None`` is the order of the listing. What is equal stays in that order.

    Raises:
        UsageError: needs that contradict each other.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> found = select_flavors(shipped_listing(), AskedMachine(vram=90 * 10**9), sort="price")
    >>> [flavor.name for flavor in found.flavors][:2]
    ['rtx-pro-6000', 'h200']
    """
    from hfplanner.recommend.needs import Needs  # noqa: PLC0415 - only where something is asked
    from hfplanner.recommend.rules import broken_rules, has_wanted_accelerator  # noqa: PLC0415 - as above

    needs = Needs(**machine.as_needs(), max_price_micro_usd_per_hour=max_price_micro_usd_per_hour)
    flavors = [
        flavor
        for flavor in listing.flavors
        if has_wanted_accelerator(needs, flavor) and next(broken_rules(needs, flavor), None) is None
    ]
    return replace(listing, flavors=tuple(sorted(flavors, key=_KEYS[sort]) if sort else flavors))
