"""One flavor with everything known about it, as the interface spells it."""

from typing import Any

from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.times import json_moment

__all__ = ["describe_flavor"]


def describe_flavor(flavor: Flavor, listing: Listing) -> dict[str, Any]:
    """Return the JSON object of one flavor: the listing's row in numbers, its accelerator's facts, and its source.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> listing = shipped_listing()
    >>> row = describe_flavor(listing.by_name()["l40sx1"], listing)
    >>> row["usd_per_hour"], row["vram_per_gpu_bytes"], row["vram_usable_per_gpu_bytes"]
    (1.8, 48000000000, 47663399567)
    """
    facts = facts_of(flavor.accelerator)
    return {
        "name": flavor.name,
        "pretty_name": flavor.pretty_name,
        "vcpu": flavor.vcpu,
        "ram_bytes": flavor.ram_bytes,
        "disk_bytes": flavor.disk_bytes,
        "accelerator": flavor.accelerator,
        "accelerator_type": flavor.accelerator_type,
        "gpus": flavor.gpus,
        "vram_total_bytes": flavor.vram_total_bytes,
        "vram_per_gpu_bytes": flavor.vram_per_gpu_bytes,
        "vram_usable_per_gpu_bytes": facts.memory_usable_bytes if facts else None,
        "bandwidth_bytes_per_sec": facts.bandwidth_bytes_per_sec if facts else None,
        "dense_ops_per_sec": dict(facts.ops_per_sec) if facts else None,
        "compute_capability": facts.compute_capability if facts else None,
        "bf16": facts.bf16 if facts else None,
        "fp8": facts.fp8 if facts else None,
        "interconnect": facts.interconnect if facts else None,
        "tdp_watts": facts.tdp_watts if facts else None,
        "price_micro_usd_per_minute": flavor.price_micro_usd_per_minute,
        "usd_per_hour": flavor.usd_per_hour,
        "unpriced_reason": flavor.unpriced_reason,
        "source": listing.source,
        "checked": json_moment(listing.checked),
        "live": listing.live,
    }
