"""What the tables of several answers have in common."""

from datetime import datetime
from typing import TYPE_CHECKING

from hfplanner.front.shown import Column
from hfplanner.units import format_about_duration, format_age, format_bytes, format_usd, format_usd_per_hour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hfplanner.catalog.flavor import Flavor
    from hfplanner.catalog.listing import Listing
    from hfplanner.estimate.span import Estimate

__all__ = ["age_text", "count_text", "flavor_columns", "price_text", "time_columns", "usd_text"]


def flavor_columns(flavors: "Iterable[Flavor]") -> tuple[Column, ...]:
    """Return the columns that say what flavors are: name, GPUs, memory, price."""
    rows = list(flavors)
    return (
        Column("FLAVOR", [one.name for one in rows], right=False),
        Column("GPU", [f"{one.gpus}x {one.accelerator}" if one.gpus else "-" for one in rows], right=False),
        Column("VRAM", [format_bytes(one.vram_total_bytes) if one.gpus else "-" for one in rows]),
        Column("PRICE/H", [price_text(one) for one in rows]),
    )


def time_columns(rows: "Iterable[tuple[Estimate | None, Estimate | None]]") -> tuple[Column, ...]:
    """Return the columns of durations and costs, each at its likely value."""
    known = list(rows)
    return (
        Column("TIME", ["-" if time is None else format_about_duration(time.likely) for time, _ in known]),
        Column("COST", ["-" if cost is None else format_usd(cost.likely) for _, cost in known]),
    )


def price_text(flavor: "Flavor") -> str:
    """Return the price of an hour."""
    price = flavor.price_micro_usd_per_minute
    return "not known" if price is None else format_usd_per_hour(price)


def usd_text(micro_usd: int | None) -> str:
    """Return an amount; a dash where it is not known."""
    return "-" if micro_usd is None else format_usd(micro_usd)


def count_text(number: int | None) -> str:
    """Return a number; a dash where it is not known."""
    return "-" if number is None else str(number)


def age_text(listing: "Listing", now: datetime) -> str:
    """Return where the prices are from and how old they are."""
    words = {"hub": "asked", "cache": "kept since", "shipped": "shipped with hfplanner, of"}[listing.source]
    age = "" if listing.live else f", {format_age(int(listing.age(now).total_seconds()))} old"
    return f"Prices: {words} {listing.checked:%Y-%m-%d}{age}."
