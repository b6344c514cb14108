"""What changed between two prices of a flavor, and between two listings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from hfplanner.catalog.listing import Listing
from hfplanner.catalog.price_point import PricePoint
from hfplanner.units import format_usd_per_hour, usd_per_hour

__all__ = ["PriceChange", "changes_between", "changes_of", "moved_sightings", "say_changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A price that became another; prices in micro-USD per minute.

    Args:
        flavor: whose.
        seen: the day on which the new one was seen first.
        before: the price of before; ``None`` where there was none.
        after: the new one; ``None`` where there is none any more.
    """

    flavor: str
    seen: date
    before: int | None
    after: int | None

    def words(self) -> str:
        """Return it in words.

        >>> PriceChange(flavor="h200", seen=date(2026, 11, 1), before=83333, after=91667).words()
        'h200 from $5.00 to $5.50 an hour (+10 %)'
        """
        if self.before is None:
            return f"{self.flavor} new at {format_usd_per_hour(self.after or 0)} an hour"
        if self.after is None:
            return f"{self.flavor} no longer listed, was {format_usd_per_hour(self.before)} an hour"
        share = f"{100 * (self.after - self.before) / self.before:+.0f} %"
        return (
            f"{self.flavor} from {format_usd_per_hour(self.before)} to {format_usd_per_hour(self.after)} an hour "
            f"({share})"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "flavor": self.flavor,
            "seen": self.seen.isoformat(),
            "before_micro_usd_per_minute": self.before,
            "after_micro_usd_per_minute": self.after,
        }


def _is_change(before: int | None, after: int | None) -> bool:
    """Whether two prices differ by more than the rounding to whole micro-USD a minute."""
    if before is None or after is None:
        return before is not after
    return abs(usd_per_hour(before) - usd_per_hour(after)) >= 0.0001  # noqa: PLR2004 - a hundredth of a cent


def changes_of(points: Sequence[PricePoint]) -> Iterator[PriceChange]:
    """Yield how the price of one flavor changed, from its sightings in order; the first sighting is no change."""
    for earlier, later in pairwise(points):
        before, after = earlier.price_micro_usd_per_minute, later.price_micro_usd_per_minute
        if _is_change(before, after):
            yield PriceChange(flavor=later.flavor, seen=later.seen, before=before, after=after)


def changes_between(before: Listing, after: Listing) -> tuple[PriceChange, ...]:
    """Return the prices that moved from one listing to the next, of flavors that both have a price of.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> changes_between(shipped_listing(), shipped_listing())
    ()
    """
    old, day = before.by_name(), after.checked.date()
    moved = (
        PriceChange(
            flavor=flavor.name,
            seen=day,
            before=old[flavor.name].price_micro_usd_per_minute,
            after=flavor.price_micro_usd_per_minute,
        )
        for flavor in after.flavors
        if flavor.name in old
    )
    return tuple(
        one for one in moved if one.before is not None and one.after is not None and _is_change(one.before, one.after)
    )


def moved_sightings(before: Listing, after: Listing) -> Iterator[PricePoint]:
    """Yield what both listings say of the flavors whose price moved from one to the other."""
    names = {change.flavor for change in changes_between(before, after)}
    for listing in (before, after):
        for flavor in listing.flavors:
            if flavor.name in names:
                yield PricePoint(
                    seen=listing.checked.date(),
                    flavor=flavor.name,
                    price_micro_usd_per_minute=flavor.price_micro_usd_per_minute,
                    source=listing.origin,
                )


def say_changes(before: Listing, after: Listing) -> str | None:
    """Return what moved since a listing as a sentence; ``None`` where nothing did."""
    changes = changes_between(before, after)
    if not changes:
        return None
    words = ", ".join(change.words() for change in changes)
    return f"Prices changed since {before.checked:%Y-%m-%d}: {words}. `hfplanner prices` says what it means."
