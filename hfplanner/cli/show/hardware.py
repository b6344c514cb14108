"""The hardware listing, in every format."""

from datetime import datetime

from hfplanner.catalog.describe import describe_flavor
from hfplanner.catalog.listing import Listing
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.tables import (
    Column,
    age_line,
    gpu_text,
    price_text,
    print_table,
    print_text,
    screen,
    size_text,
)
from hfplanner.errors import HubListingIncomplete
from hfplanner.sanitize import sanitize

__all__ = ["hardware_answer"]

_COLUMNS = (
    "name",
    "accelerator",
    "gpus",
    "vram_total_bytes",
    "vram_per_gpu_bytes",
    "vcpu",
    "ram_bytes",
    "disk_bytes",
    "price_micro_usd_per_minute",
    "usd_per_hour",
    "unpriced_reason",
)


def hardware_answer(listing: Listing, now: datetime, *, was_asked: bool = False) -> Answer:
    """Return the listing: one object, line or row for each flavor.

    Args:
        listing: what to show.
        now: the time, UTC.
        was_asked: whether the Hub's own answer was asked for; an older one is not what was asked.
    """
    is_older = was_asked and not listing.live
    rows = [describe_flavor(flavor, listing) for flavor in listing.flavors]
    return Answer(
        document=lambda: rows,
        names=lambda: [flavor.name for flavor in listing.flavors],
        columns=_COLUMNS,
        rows=lambda: rows,
        people=lambda: _show(listing, now),
        code=HubListingIncomplete.exit_code if is_older else 0,
        remarks=[Remark("error", "The listing was not refreshed.")] if is_older else [],
    )


def _show(listing: Listing, now: datetime) -> None:
    """Print every flavor, the reasons of the unpriced ones, and the age of the prices."""
    out = screen()
    flavors = listing.flavors
    print_table(
        out,
        [
            Column("FLAVOR", [sanitize(f.name) for f in flavors], keep=8, right=False),
            Column("GPU", [gpu_text(f) for f in flavors], keep=6, right=False),
            Column("GB/GPU", [size_text(f.vram_per_gpu_bytes) for f in flavors], keep=5),
            Column("VRAM GB", [size_text(f.vram_total_bytes) for f in flavors], keep=4),
            Column("VCPU", ["-" if f.vcpu is None else str(f.vcpu) for f in flavors], keep=2),
            Column("RAM GB", [size_text(f.ram_bytes) for f in flavors], keep=3),
            Column("DISK GB", [size_text(f.disk_bytes) for f in flavors], keep=1),
            Column("$/H", [price_text(f) for f in flavors], keep=7),
        ],
    )
    for flavor in flavors:
        if flavor.unpriced_reason:
            print_text(out, f"{flavor.name} is unpriced: {flavor.unpriced_reason}.", "yellow")
    print_text(out, age_line(listing, now), "dim")
