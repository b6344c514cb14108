"""What a flavor cost on a day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hfplanner.api.hardware import JobHardware
from hfplanner.catalog.legacy import legacy_flavors
from hfplanner.catalog.listing import parse_listing, shipped_listing
from hfplanner.catalog.price_changes import changes_between
from hfplanner.catalog.prices import price_book, price_history, price_on

MakeRow = Callable[..., dict[str, Any]]

A100_LARGE = [
    ("2023-02-09", None),
    ("2023-02-10", 68_834),
    ("2024-04-03", 68_834),
    ("2024-04-04", 66_667),
    ("2025-10-12", 66_667),
    ("2025-10-13", 41_667),
    ("2026-08-31", 41_667),
    ("2030-01-01", 41_667),
]
H100 = [
    ("2024-04-03", None),
    ("2024-04-04", 166_667),
    ("2025-12-31", 75_000),
    ("2026-01-01", None),
    ("2030-01-01", None),
]
CPU_BASIC = [("2026-01-11", None), ("2026-01-12", None), ("2026-01-21", None), ("2026-01-22", 167), ("2026-08-31", 167)]
L40SX8 = [("2024-09-11", None), ("2024-09-12", 391_667), ("2026-08-31", 391_666)]


@pytest.mark.parametrize(
    ("flavor", "day", "price"),
    [
        (flavor, day, price)
        for flavor, days in (("a100-large", A100_LARGE), ("h100", H100), ("cpu-basic", CPU_BASIC), ("l40sx8", L40SX8))
        for day, price in days
    ],
)
def test_the_price_in_force_is_the_last_one_seen(flavor: str, day: str, price: int | None) -> None:
    """Before the first sighting, while a flavor stood at $0.00, and after it was gone, it is unknown."""
    assert price_on(flavor, date.fromisoformat(day)) == price


@pytest.mark.parametrize("flavor", ["", "x9000", "inf2x6", "zero-a10g", "A100-large", "\ud800"], ids=ascii)
def test_a_flavor_nobody_saw_a_price_of_has_none(flavor: str) -> None:
    """Unknown is never zero."""
    assert price_on(flavor, date(2026, 9, 1)) is None


def test_no_price_is_ever_zero() -> None:
    """Of no flavor, on no day of the history."""
    names = {point.flavor for point in price_history()} | {flavor.name for flavor in shipped_listing().flavors}
    days = [date(2023, 1, 1) + timedelta(days=day) for day in range(0, 1600, 7)]
    assert all(price_on(name, day) != 0 for name in names for day in days)


def test_an_hourly_price_is_rounded_up_by_less_than_a_micro_usd_a_minute() -> None:
    """$4.13 an hour is 68833.33 a minute: never too low, at most one too high."""
    for point in price_history():
        price = point.price_micro_usd_per_minute
        if price is not None:
            assert price * 60 % 10_000 < 60


def test_the_latest_sighting_of_the_history_agrees_with_the_shipped_listing() -> None:
    """Both tell of one service; rounding may differ by one micro-USD a minute."""
    latest = {point.flavor: point.price_micro_usd_per_minute for point in price_history()}
    listed = {flavor.name: flavor.price_micro_usd_per_minute for flavor in shipped_listing().flavors}
    shared = latest.keys() & listed.keys()
    assert shared == listed.keys(), "each listed flavor has a history"
    assert all(0 <= (latest[name] or 0) - (listed[name] or 0) <= 1 for name in shared)


def test_a_price_that_moved_is_a_change_and_a_rounding_is_none(make_row: MakeRow) -> None:
    """83333 and 83334 a minute are both $5.00 an hour; a flavor that one listing lacks did not move."""
    before = parse_listing(
        [make_row(name="h200", unitCostMicroUSD=83333), make_row(name="l4x1"), make_row(name="gone")],
        source="hub",
        origin="https://hub.example",
        checked=datetime(2027, 1, 1, tzinfo=UTC),
    )
    rows = [make_row(name="h200", unitCostMicroUSD=83334), make_row(name="l4x1", unitCostMicroUSD=15000)]
    after = parse_listing(rows, source="hub", origin="https://hub.example", checked=datetime(2027, 2, 1, tzinfo=UTC))
    assert [change.words() for change in changes_between(before, after)] == [
        "l4x1 from $0.80 to $0.90 an hour (+13 %)",
    ]


def test_the_history_is_dated_sourced_in_order_and_of_flavors_that_exist_or_did() -> None:
    """A price without a day and a source is a rumour."""
    points = price_history()
    assert [point.seen for point in points] == sorted(point.seen for point in points)
    assert all(point.source for point in points)
    assert all(point.seen <= shipped_listing().checked.date() for point in points)
    assert {point.flavor for point in points} <= {*JobHardware} | legacy_flavors().keys()
    assert len({(point.seen, point.flavor) for point in points}) == len(points)


def test_a_newer_listing_is_the_latest_sighting(make_row: MakeRow) -> None:
    """Its prices hold from its day on, kept as delivered; what it leaves out or does not price is unknown from then."""
    rows = [make_row(unitCostMicroUSD=12_345), make_row(name="h200", unitCostMicroUSD=0)]
    listing = parse_listing(rows, source="hub", origin="https://hub.example", checked=datetime(2027, 1, 1, tzinfo=UTC))
    book = price_book(listing)
    before, after = date(2026, 12, 31), date(2027, 1, 1)
    assert (book.price_on("l4x1", before), book.price_on("l4x1", after)) == (13_333, 12_345)
    assert (book.price_on("a100-large", before), book.price_on("a100-large", after)) == (41_667, None)
    assert book.price_on("h200", after) is None
    point = book.point_on("a100-large", after)
    assert point is not None
    assert (point.note, point.source) == ("not in the listing", "https://hub.example")


def test_flavors_that_are_gone_are_told_from_those_that_are_listed() -> None:
    """No name is in both, each has its source, and what is not known of it is ``None``."""
    legacy = legacy_flavors()
    assert not legacy.keys() & shipped_listing().by_name().keys()
    assert all(flavor.source and flavor.status and flavor.named_in for flavor in legacy.values())
    assert (legacy["h100"].accelerator, legacy["h100"].gpus, legacy["h100"].gone_by) == ("H100", 1, date(2026, 1, 1))
    assert (legacy["sprx8"].accelerator, legacy["sprx8"].gpus, legacy["sprx8"].gone_by) == (None, None, None)


def test_of_two_sightings_on_one_day_the_listing_counts(make_row: MakeRow) -> None:
    """The history names a day, a listing the moment: what the Hub delivered is nearer to the bill."""
    day = price_history()[-1].seen
    flavor = price_history()[-1].flavor
    checked = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rows = [make_row(name=flavor, unitCostMicroUSD=54_321)]
    listing = parse_listing(rows, source="hub", origin="https://hub.example", checked=checked)
    assert price_book(listing).price_on(flavor, day) == 54_321
