"""The peer's process of the frame benchmark: gpuhunt's ``Catalog.query`` over our flavors, once per need."""

import argparse
import json
import sys
import time
from importlib.metadata import version
from typing import Any

import gpuhunt
from gpuhunt.providers.base import AbstractProvider

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import shipped_listing
from hfplanner.units import GB, MICRO_USD_PER_USD
from tests.benchmarks.needs import varied_needs

__all__ = ["main"]

# gpuhunt answers only for providers it knows by name; this one stands for Hugging Face.
_PROVIDER = "vultr"


class Flavors(AbstractProvider):
    """Our flavors as a provider whose offers are in memory."""

    NAME = _PROVIDER

    def __init__(self, flavors: tuple[Flavor, ...]) -> None:
        self.items = sorted((_item(flavor) for flavor in flavors), key=lambda item: item.price)

    def get(self, *_: object, **__: object) -> list[gpuhunt.CatalogItem]:
        """Return every offer; the catalog filters."""
        return self.items


def main() -> None:
    """Ask the needs of the command line one by one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--needs", type=int, required=True)
    asked = parser.parse_args()
    flavors = shipped_listing().flavors
    catalog = gpuhunt.Catalog(auto_reload=False)
    catalog.add_provider(Flavors(flavors))
    spelled = {flavor.accelerator.casefold(): flavor.accelerator for flavor in flavors if flavor.accelerator}
    filters = [_filter(need, spelled) for need in varied_needs(asked.needs).iter_rows(named=True)]
    begun = time.perf_counter()
    answers = [catalog.query(provider=_PROVIDER, **wanted) for wanted in filters]
    took = time.perf_counter() - begun
    json.dump({"secs": took, "options": sum(map(len, answers)), "version": version("gpuhunt")}, sys.stdout)


def _item(flavor: Flavor) -> gpuhunt.CatalogItem:
    return gpuhunt.CatalogItem(
        provider=_PROVIDER,
        instance_name=flavor.name,
        location="",
        price=flavor.usd_per_hour,
        cpu=flavor.vcpu,
        memory=flavor.ram_bytes / GB,
        gpu_count=flavor.gpus,
        gpu_name=flavor.accelerator,
        gpu_memory=flavor.vram_per_gpu_bytes / GB if flavor.gpus else None,
        gpu_vendor=gpuhunt.AcceleratorVendor.NVIDIA if flavor.gpus else None,
        spot=False,
        disk_size=flavor.disk_bytes / GB,
    )


def _filter(need: dict[str, Any], spelled: dict[str, str]) -> dict[str, Any]:
    """Return a need as gpuhunt's filters: everything but how long the job runs and what it may cost as a whole."""
    vram = "min_total_gpu_memory" if need["shard"] else "min_gpu_memory"
    wanted = {
        vram: _over(need["vram_bytes"], GB),
        "min_gpu_count": need["gpus"],
        "gpu_name": need["accelerators"] and [spelled[name.removeprefix("nvidia-")] for name in need["accelerators"]],
        "min_cpu": need["vcpu"],
        "min_memory": _over(need["ram_bytes"], GB),
        "min_disk_size": _over(need["disk_bytes"], GB),
        "max_price": _over(need["max_price_micro_usd_per_hour"], MICRO_USD_PER_USD),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _over(amount: int | None, unit: int) -> float | None:
    return None if amount is None else amount / unit


if __name__ == "__main__":
    main()
