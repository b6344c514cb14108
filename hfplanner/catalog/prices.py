"""What a flavor cost on a day: the published price history, and the listing seen last.

The history is that of every version of the Hub's published tables: each flavor since it was listed first, by the prices
of Spaces where Jobs had no table yet. It was published in US dollars per hour, while the service charges whole
micro-USD per minute and rounds the quotient up or down as it comes ($5.00 an hour is 83334 on one flavor and 83333 on
another). Here the quotient is rounded up: an old price is exact, or one micro-USD a minute ($0.00006 an hour) too high,
and never too low. A listing's own prices are kept as delivered.

A price holds from the day it was seen until another one was. The day of a change lies between the two, so in front of
the second sighting the first price is the best that is known. What nobody saw is ``None``: before a flavor's first
sighting, after its last, and where it stood at $0.00, which has meant "not priced yet".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from hfplanner.catalog.legacy import legacy_flavors
from hfplanner.catalog.listing import Listing, shipped_listing
from hfplanner.catalog.price_point import PricePoint
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.units import MICRO_USD_PER_USD, per_minute_limit

__all__ = ["PriceBook", "PricePoint", "price_book", "price_history", "price_on"]


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Every sighting of every flavor.

    Args:
        points: by flavor, oldest first.
    """

    points: Mapping[str, tuple[PricePoint, ...]]

    def point_on(self, flavor: str, day: date) -> PricePoint | None:
        """Return the sighting in force on a day (UTC), ``None`` before the first."""
        earlier = [point for point in self.points.get(flavor, ()) if point.seen <= day]
        return earlier[-1] if earlier else None

    def price_on(self, flavor: str, day: date) -> int | None:
        """Return the price in force on a day in micro-USD per minute; ``None`` is unknown, never free.

        >>> book = price_book()
        >>> [book.price_on("a100-large", date(year, 1, 1)) for year in (2023, 2024, 2025, 2026)]
        [None, 68834, 66667, 41667]
        """
        point = self.point_on(flavor, day)
        return None if point is None else point.price_micro_usd_per_minute


@cache
def price_history() -> tuple[PricePoint, ...]:
    """Return ``data/price_history.csv``, oldest first.

    >>> first = price_history()[0]
    >>> first.seen.isoformat(), first.flavor, first.price_micro_usd_per_minute, first.source
    ('2023-02-10', 'a100-large', 68834, 'hub-docs e49eac42 spaces-gpus.md')
    """
    points = [
        PricePoint(
            seen=date.fromisoformat(row["seen"]),
            flavor=row["flavor"],
            price_micro_usd_per_minute=_per_minute(row["usd_per_hour"]),
            source=row["source"],
            note=row["note"],
        )
        for row in read_data_rows("price_history.csv")
    ]
    return tuple(sorted(points, key=lambda point: (point.seen, point.flavor)))


def _per_minute(usd_per_hour: str) -> int | None:
    if not usd_per_hour:
        return None
    micro_usd_per_hour = Fraction(usd_per_hour) * MICRO_USD_PER_USD
    if micro_usd_per_hour.denominator != 1:
        raise ValueError(f"{usd_per_hour} is finer than a millionth of a dollar")
    return per_minute_limit(int(micro_usd_per_hour)) or None


def price_book(listing: Listing | None = None) -> PriceBook:
    """Return all sightings: history, flavors that are gone, the shipped listing, what moved since, and the latest one.

    Args:
        listing: the one seen last; the shipped snapshot by default.

    >>> price_book().point_on("h200", date(2026, 9, 1)).source[:28]
    'huggingface.co/pricing and h'
    """
    latest = shipped_listing() if listing is None else listing
    points: dict[str, list[PricePoint]] = defaultdict(list)
    for point in (
        *price_history(),
        *_departures(),
        *_sightings(shipped_listing()),
        *latest.sightings,
        *_sightings(latest),
    ):
        points[point.flavor].append(point)
    for flavor in points.keys() - latest.by_name().keys():
        points[flavor].append(_absent(flavor, latest))
    return PriceBook(MappingProxyType({name: _in_order(every) for name, every in points.items()}))


@cache
def _shipped_book() -> PriceBook:
    return price_book()


def price_on(flavor: str, day: date) -> int | None:
    """Return what a flavor cost on a day (UTC) in micro-USD per minute, from what ships with the package.

    Returns:
        The price in force, or ``None`` where it is not known; never 0.

    >>> price_on("h100", date(2025, 11, 1)), price_on("h100", date(2026, 8, 1)), price_on("h200", date(2024, 1, 1))
    (75000, None, None)
    """
    return _shipped_book().price_on(flavor, day)


def _departures() -> Iterable[PricePoint]:
    for flavor in legacy_flavors().values():
        if flavor.gone_by is not None:
            yield PricePoint(
                seen=flavor.gone_by,
                flavor=flavor.name,
                price_micro_usd_per_minute=None,
                source=flavor.source,
                note=flavor.status,
            )


def _sightings(listing: Listing) -> Iterable[PricePoint]:
    for flavor in listing.flavors:
        yield PricePoint(
            seen=listing.checked.date(),
            flavor=flavor.name,
            price_micro_usd_per_minute=flavor.price_micro_usd_per_minute,
            source=listing.origin,
            note=flavor.unpriced_reason or "",
        )


def _absent(flavor: str, listing: Listing) -> PricePoint:
    return PricePoint(
        seen=listing.checked.date(),
        flavor=flavor,
        price_micro_usd_per_minute=None,
        source=listing.origin,
        note="not in the listing",
    )


def _in_order(points: Iterable[PricePoint]) -> tuple[PricePoint, ...]:
    """Order by day; of one day's sightings the listing's, which was added last, comes last."""
    return tuple(sorted(points, key=lambda point: point.seen))
