"""Which flavors are beaten in everything: by the list alone, and by the accelerator's speed as well."""

from collections.abc import Callable, Sequence

from hfplanner.catalog.accelerators import Accelerator, accelerator_key, facts_of
from hfplanner.catalog.flavor import Flavor

__all__ = ["beaten_on_the_list", "dominated"]


def beaten_on_the_list(flavor: Flavor, other: Flavor) -> bool:
    """Whether ``other`` costs no more and lists at least as much of everything, and is better in something.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> beaten_on_the_list(flavors["a10g-small"], flavors["l4x1"])
    True
    """
    mine, theirs = _list_axes(flavor), _list_axes(other)
    return _at_least_as_good(theirs, mine) and mine != theirs


def dominated(flavor: Flavor, other: Flavor, facts: Callable[[str | None], Accelerator | None] = facts_of) -> bool:
    """Whether ``other`` also has at least the memory bandwidth and the compute, on one GPU and in all.

    What is not known of either side is not claimed: such a flavor is not dominated.

    Args:
        flavor: the one that may be beaten.
        other: the one that may beat it.
        facts: what is known of an accelerator model; by default what ships with the package.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> dominated(flavors["a10g-small"], flavors["l4x1"])
    False
    """
    mine, theirs = _list_axes(flavor), _list_axes(other)
    if not _at_least_as_good(theirs, mine):
        return False
    if not flavor.gpus or _same_model(flavor, other):
        return mine != theirs
    slow, fast = _speed_axes(facts(flavor.accelerator)), _speed_axes(facts(other.accelerator))
    return _at_least_as_good(fast, slow) and (mine, slow) != (theirs, fast)


def _same_model(flavor: Flavor, other: Flavor) -> bool:
    return accelerator_key(flavor.accelerator or "") == accelerator_key(other.accelerator or "")


def _list_axes(flavor: Flavor) -> tuple[int | None, ...]:
    price = flavor.price_micro_usd_per_minute
    return (
        None if price is None else -price,
        flavor.vcpu,
        flavor.ram_bytes,
        flavor.disk_bytes,
        flavor.gpus,
        flavor.vram_total_bytes,
        flavor.vram_per_gpu_bytes,
    )


def _speed_axes(facts: Accelerator | None) -> tuple[int | None, ...]:
    """Return the datasheet speed of one GPU on each axis."""
    if facts is None:
        return (None,)
    precisions = ("fp32", "fp16", "bf16", "fp8", "int8")
    return (facts.bandwidth_bytes_per_sec, *(facts.ops_per_sec.get(precision) for precision in precisions))


def _at_least_as_good(theirs: Sequence[int | None], mine: Sequence[int | None]) -> bool:
    """Compare axis by axis; where one side is not known, nothing is claimed."""
    return len(theirs) == len(mine) and all(
        t is not None and m is not None and t >= m for t, m in zip(theirs, mine, strict=True)
    )
