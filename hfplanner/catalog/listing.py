"""A hardware listing with its age and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from hfplanner.api.public import MAX_LISTING_BYTES
from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.catalog.flavor import Flavor, RowProblem, read_rows
from hfplanner.catalog.price_point import PricePoint
from hfplanner.catalog.shipped import read_data_text
from hfplanner.errors import ListingUnreadable
from hfplanner.times import json_moment

if TYPE_CHECKING:
    from hfplanner.catalog.invariants import Violation

__all__ = ["Listing", "Source", "parse_listing", "parse_listing_bytes", "shipped_listing"]

Source = Literal["hub", "cache", "shipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What can be rented, as seen at one moment.

    Args:
        flavors: in the listing's order, each name once.
        problems: rows that were not taken as they stood.
        source: ``"hub"`` asked now, ``"cache"`` an earlier answer, ``"shipped"`` the snapshot in the package.
        origin: the endpoint or the publication the figures come from.
        checked: when the figures were true, UTC.
        warnings: why a better source was not used and what is odd about this one, a sentence each.
        violations: where it breaks an invariant of listings.
        sightings: prices that were seen to move between the shipped listing and this one.
    """

    flavors: tuple[Flavor, ...]
    problems: tuple[RowProblem, ...]
    source: Source
    origin: str
    checked: datetime
    warnings: tuple[str, ...] = ()
    violations: "tuple[Violation, ...]" = ()
    sightings: tuple[PricePoint, ...] = ()

    @property
    def live(self) -> bool:
        """Whether the Hub was asked for this very listing."""
        return self.source == "hub"

    def age(self, now: datetime) -> timedelta:
        """Return how old the figures are, never below zero."""
        return max(now - self.checked, timedelta(0))

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Return where the listing comes from and what was wrong with it, as the interface spells it."""
        return {
            "source": self.source,
            "origin": self.origin,
            "checked": json_moment(self.checked),
            "age_secs": int(self.age(now).total_seconds()),
            "live": self.live,
            "warnings": list(self.warnings),
            "problems": [
                {"position": p.position, "flavor": p.name, "code": p.code, "message": p.reason} for p in self.problems
            ],
        }

    def by_name(self) -> Mapping[str, Flavor]:
        """Return the flavors by name."""
        return {flavor.name: flavor for flavor in self.flavors}


def parse_listing(rows: Any, *, source: Source, origin: str, checked: datetime) -> Listing:  # noqa: ANN401 - JSON
    """Read what the Hub answers to ``GET /api/jobs/hardware``, parsed from JSON.

    Raises:
        ListingUnreadable: not a list, or no row of it can be read.

    >>> now = datetime(2026, 8, 31, tzinfo=UTC)
    >>> parse_listing({"error": "no"}, source="hub", origin="https://huggingface.co", checked=now)
    Traceback (most recent call last):
    hfplanner.errors.ListingUnreadable: The hardware listing of https://huggingface.co is not a JSON list.
    """
    if not isinstance(rows, list):
        raise ListingUnreadable(f"The hardware listing of {origin} is not a JSON list.")
    flavors, problems = read_rows(rows)
    if not flavors:
        raise ListingUnreadable(f"The hardware listing of {origin} has no row that can be read.")
    return Listing(
        flavors=flavors,
        problems=problems,
        source=source,
        origin=origin,
        checked=checked,
        # The shipped one was looked through by the suite.
        violations=() if source == "shipped" else _violations(rows, flavors),
    )


def _violations(rows: list[Any], flavors: tuple[Flavor, ...]) -> "tuple[Violation, ...]":
    from hfplanner.catalog.invariants import check_flavors, check_rows  # noqa: PLC0415 - for listings of the Hub

    return (*check_rows(rows), *check_flavors(flavors))


def parse_listing_bytes(raw: bytes, *, origin: str, checked: datetime) -> Listing:
    """Read the body of an answer.

    Raises:
        ListingUnreadable: not JSON, truncated, nested too deeply, or not a listing.
    """
    try:
        rows = loads(raw, max_bytes=MAX_LISTING_BYTES)
    except StrictJsonError as error:
        raise ListingUnreadable(f"The hardware listing of {origin} cannot be read: {error}.") from error
    return parse_listing(rows, source="hub", origin=origin, checked=checked)


@cache
def shipped_listing() -> Listing:
    """Return the snapshot that travels with the package, ``data/hardware.json``.

    >>> listing = shipped_listing()
    >>> len(listing.flavors), listing.problems, listing.checked.date().isoformat()
    (26, (), '2026-08-31')
    """
    document = loads(read_data_text("hardware.json").encode(), max_bytes=MAX_LISTING_BYTES)
    checked = datetime.fromisoformat(document["checked"]).replace(tzinfo=UTC)
    return parse_listing(document["listing"], source="shipped", origin=document["source"], checked=checked)
