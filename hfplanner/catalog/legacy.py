"""Flavors that the listing no longer has, or never had, but that old jobs and bills still name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from hfplanner.catalog.shipped import read_data_rows

__all__ = ["LegacyFlavor", "legacy_flavors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyFlavor:
    """A flavor that cannot be rented today; ``None`` is not known.

    Args:
        name: as old jobs spell it.
        accelerator: its model.
        gpus: accelerators in the flavor.
        gone_by: the first day on which it certainly was no longer listed. The day of its end is not published.
        named_in: where the name still appears.
        status: what became of it.
        source: where that is from.
    """

    name: str
    accelerator: str | None
    gpus: int | None
    gone_by: date | None
    named_in: str
    status: str
    source: str


@cache
def legacy_flavors() -> Mapping[str, LegacyFlavor]:
    """Return the flavors of ``data/legacy_flavors.csv`` by name.

    >>> legacy_flavors()["h100x8"].gpus, legacy_flavors()["h100"].gone_by.isoformat(), "l4x1" in legacy_flavors()
    (8, '2026-01-01', False)
    """
    rows = read_data_rows("legacy_flavors.csv")
    return MappingProxyType({row["flavor"]: _legacy_flavor(row) for row in rows})


def _legacy_flavor(row: Mapping[str, str]) -> LegacyFlavor:
    return LegacyFlavor(
        name=row["flavor"],
        accelerator=row["accelerator"] or None,
        gpus=int(row["gpus"]) if row["gpus"] else None,
        gone_by=date.fromisoformat(row["gone_by"]) if row["gone_by"] else None,
        named_in=row["named_in"],
        status=row["status"],
        source=row["source"],
    )
