"""What flavors cost over time, what of it changed, and what a change means for the month that runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from hfplanner.catalog.listing import Listing
from hfplanner.catalog.price_changes import PriceChange, changes_of
from hfplanner.catalog.price_point import PricePoint
from hfplanner.catalog.prices import PriceBook, price_book
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.units import MICROSECONDS_PER_SECOND, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FlavorPrices", "MonthEffect", "PriceReport", "report_prices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlavorPrices:
    """What one flavor cost.

    Args:
        flavor: its name.
        listed: whether the listing has it.
        points: its sightings, oldest first, of which each says another price than the one before.
    """

    flavor: str
    listed: bool
    points: tuple[PricePoint, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        newest = self.points[-1].to_json() if self.points else {}
        names = ("price_micro_usd_per_minute", "usd_per_hour")
        return {
            "flavor": self.flavor,
            "listed": self.listed,
            **{name: newest.get(name) for name in names},
            "points": [point.to_json() for point in self.points],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEffect:
    """What a change means for the jobs of the month that runs (UTC), as they are in the history.

    Args:
        paid_minutes: started minutes of its flavor since the change.
        difference_micro_usd: what these cost more, or less, than at the price of before.
    """

    paid_minutes: int
    difference_micro_usd: int

    def to_json(self) -> dict[str, int]:
        """Return it as a JSON object."""
        return {"paid_minutes": self.paid_minutes, "difference_micro_usd": self.difference_micro_usd}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReport:
    """The prices of flavors.

    Args:
        flavors: of which, by name.
        changes: what changed since, newest first.
        effects: of the changes of this month, by flavor; a change that nothing was run after has none.
        since: from which day on; ``None`` is from the beginning.
        listing: the latest sightings.
        now: the time, UTC.
    """

    flavors: tuple[FlavorPrices, ...]
    changes: tuple[PriceChange, ...]
    effects: Mapping[str, MonthEffect]
    since: date | None
    listing: Listing
    now: datetime

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {
            "since": self.since and self.since.isoformat(),
            "flavors": [one.to_json() for one in self.flavors],
            "changes": [{**one.to_json(), "this_month": self._effect_json(one)} for one in self.changes],
            "catalog": self.listing.to_json(self.now),
        }

    def effect_of(self, change: PriceChange) -> MonthEffect | None:
        """Return what a change means for this month; ``None`` where it is of another or nothing was run after it."""
        is_now = (change.seen.year, change.seen.month) == (self.now.year, self.now.month)
        return self.effects.get(change.flavor) if is_now else None

    def _effect_json(self, change: PriceChange) -> dict[str, int] | None:
        effect = self.effect_of(change)
        return None if effect is None else effect.to_json()


def report_prices(
    listing: Listing, *, flavors: Sequence[str], since: date | None, now: datetime, jobs: "pl.LazyFrame | None" = None
) -> PriceReport:
    """Return what flavors cost since a day.

    Args:
        listing: the latest sightings.
        flavors: of which; none is all that are listed, and those of which a price is known at all where ``since`` is
            given.
        since: from which day on (UTC); ``None`` is from the beginning.
        now: the time, UTC.
        jobs: the history, of the jobs schema; ``None`` where it is not to be looked at.

    Raises:
        UsageError: a flavor of which no price was ever seen.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> at = datetime(2026, 9, 1, tzinfo=UTC)
    >>> found = report_prices(shipped_listing(), flavors=["a100-large"], since=date(2025, 1, 1), now=at)
    >>> [change.words() for change in found.changes]
    ['a100-large from $4.00 to $2.50 an hour (-37 %)']
    """
    book = price_book(listing)
    listed = listing.by_name()
    names = [_known(name, book) for name in flavors] or sorted(book.points if since else listed)
    changes = [
        change
        for name in dict.fromkeys(names)
        for change in changes_of(book.points.get(name, ()))
        if since is None or change.seen >= since
    ]
    return PriceReport(
        flavors=tuple(
            FlavorPrices(flavor=name, listed=name in listed, points=_distinct(book, name, since))
            for name in dict.fromkeys(names)
        ),
        changes=tuple(sorted(changes, key=lambda one: (-one.seen.toordinal(), one.flavor))),
        effects=_effects(changes, jobs, now),
        since=since,
        listing=listing,
        now=now,
    )


def _known(name: str, book: PriceBook) -> str:
    if name not in book.points:
        hint = did_you_mean(name, book.points) or "`hfplanner hardware -q` lists those of today."
        raise UsageError(f"No price of {quoted(name)} was ever seen.", hint=hint)
    return name


def _distinct(book: PriceBook, name: str, since: date | None) -> tuple[PricePoint, ...]:
    """Return the sightings of a flavor that say another price than the one before, from the one in force on."""
    kept: list[PricePoint] = []
    for point in book.points.get(name, ()):
        if not kept or any(changes_of([kept[-1], point])):
            kept.append(point)
    if since is None:
        return tuple(kept)
    in_force = [point for point in kept if point.seen < since][-1:]
    return (*in_force, *(point for point in kept if point.seen >= since))


def _effects(changes: Sequence[PriceChange], jobs: "pl.LazyFrame | None", now: datetime) -> dict[str, MonthEffect]:
    """Return what the last change of each flavor in this month means for the jobs of this month."""
    month = now.astimezone(UTC).date().replace(day=1)
    last = {
        one.flavor: (one.before, one.after, one.seen)
        for one in sorted(changes, key=lambda one: one.seen)
        if one.seen >= month and one.before is not None and one.after is not None
    }
    if jobs is None or not last:
        return {}
    import polars as pl  # noqa: PLC0415 - only where a price changed this month

    from hfplanner.estimate.job_costs import cost_jobs  # noqa: PLC0415 - as above
    from hfplanner.estimate.price_table import price_table  # noqa: PLC0415 - as above

    of_flavors = jobs.filter(pl.col("flavor").is_in(list(last)) & (pl.col("started_at").dt.date() >= month))
    starts = pl.DataFrame({"flavor": list(last), "_from": [seen for _, _, seen in last.values()]}).lazy()
    after = of_flavors.join(starts, on="flavor").filter(pl.col("started_at").dt.date() >= pl.col("_from"))
    costed = cost_jobs(after.drop("_from"), price_table(price_book()), now=now)
    minute = SECONDS_PER_MINUTE * MICROSECONDS_PER_SECOND
    started = (pl.col("ran_microseconds") + (minute - 1)) // minute
    paid = costed.group_by("flavor").agg(paid_minutes=started.sum()).collect()
    minutes = {row["flavor"]: row["paid_minutes"] or 0 for row in paid.iter_rows(named=True)}
    return {
        flavor: MonthEffect(
            paid_minutes=minutes[flavor], difference_micro_usd=minutes[flavor] * ((new or 0) - (old or 0))
        )
        for flavor, (old, new, _) in last.items()
        if minutes.get(flavor)
    }
