"""Prices over time, in every format."""

from collections.abc import Iterator

from hfplanner.catalog.price_changes import PriceChange
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.tables import Column, age_line, print_table, print_text, screen
from hfplanner.report.prices import FlavorPrices, PriceReport
from hfplanner.sanitize import sanitize
from hfplanner.units import format_usd, format_usd_per_hour

__all__ = ["prices_answer"]

_COLUMNS = ("flavor", "seen", "price_micro_usd_per_minute", "usd_per_hour", "source", "note")
# What changed is told of so many changes; `--json` has them all.
_MOST_CHANGES = 12


def prices_answer(found: PriceReport) -> Answer:
    """Return the prices: one object for each flavor, one row for each price."""
    return Answer(
        document=found.to_json,
        names=lambda: [one.flavor for one in found.flavors],
        columns=_COLUMNS,
        rows=lambda: [{"flavor": one.flavor, **point.to_json()} for one in found.flavors for point in one.points],
        people=lambda: _show(found),
    )


def _show(found: PriceReport) -> None:
    """Print today's prices with the day since which they hold, or every price since a day; then what changed."""
    out = screen()
    rows = [row for one in found.flavors for row in _rows(one, every=found.since is not None or len(found.flavors) < 4)]  # noqa: PLR2004
    print_table(
        out,
        [
            Column("FLAVOR", [row[0] for row in rows], keep=9, right=False),
            Column("SINCE", [row[1] for row in rows], keep=7, right=False),
            Column("$/H", [row[2] for row in rows], keep=8),
            Column("CHANGE", [row[3] for row in rows], keep=6),
            Column("SOURCE", [row[4] for row in rows], keep=2, right=False),
        ],
    )
    for change in found.changes[:_MOST_CHANGES]:
        print_text(out, f"{change.seen}: {sanitize(change.words())}{_effect(found, change)}.")
    print_text(out, age_line(found.listing, found.now), "dim")


def _rows(one: FlavorPrices, *, every: bool) -> Iterator[tuple[str, ...]]:
    """Yield each price of a flavor, newest last, or the newest alone."""
    for place, point in enumerate(one.points):
        if not every and place + 1 < len(one.points):
            continue
        price = point.price_micro_usd_per_minute
        before = one.points[place - 1].price_micro_usd_per_minute if place else None
        change = f"{100 * (price - before) / before:+.0f} %" if price and before else ""
        shown = "gone" if price is None else format_usd_per_hour(price)
        yield sanitize(one.flavor), point.seen.isoformat(), shown, change, sanitize(point.source)


def _effect(found: PriceReport, change: PriceChange) -> str:
    effect = found.effect_of(change)
    if effect is None:
        return ""
    word = "more" if effect.difference_micro_usd > 0 else "less"
    amount = format_usd(abs(effect.difference_micro_usd))
    return f"; your {effect.paid_minutes:,} minutes on it this month cost {amount} {word} for it"
