"""A listing as a whole: what is one, what is none, and its age."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hfplanner.catalog.listing import Listing, parse_listing, parse_listing_bytes, shipped_listing
from hfplanner.errors import ListingUnreadable

MakeRow = Callable[..., dict[str, Any]]

ORIGIN = "https://hub.example"

NO_LISTINGS = {
    b"": "not a complete JSON document",
    b"null": "is not a JSON list",
    b"{}": "is not a JSON list",
    b'{"error": "Too many requests"}': "is not a JSON list",
    b'"[]"': "is not a JSON list",
    b"26": "is not a JSON list",
    b"[]": "has no row that can be read",
    b"[[], {}, null, 5]": "has no row that can be read",
    b"<html><body>Gateway</body></html>": "not a complete JSON document",
    b"\x1f\x8b\x08\x00": "not UTF-8",
    b"[" * 100_000: "nests deeper than 64 levels",
    b'[{"name": NaN}]': "NaN is not a JSON value",
    b'[{"name": "a", "name": "b"}]': "the key 'name' stands twice",
}


@pytest.mark.parametrize(("raw", "why"), NO_LISTINGS.items(), ids=lambda value: ascii(value)[:30])
def test_what_is_no_listing_is_refused_in_one_sentence(now: datetime, raw: bytes, why: str) -> None:
    """The sentence names whose answer it was and what is wrong with it."""
    with pytest.raises(ListingUnreadable, match=why) as caught:
        parse_listing_bytes(raw, origin=ORIGIN, checked=now)
    assert ORIGIN in caught.value.message
    assert len(caught.value.message) < 200
    assert caught.value.exit_code == 1


def test_an_answer_longer_than_the_cap_is_refused(now: datetime) -> None:
    """One byte more than 4 MiB is too long, whatever it holds."""
    with pytest.raises(ListingUnreadable, match="longer than"):
        parse_listing_bytes(b" " * (4 * 2**20 + 1), origin=ORIGIN, checked=now)


def test_an_answer_cut_at_any_byte_is_no_listing(now: datetime, make_row: MakeRow) -> None:
    """No prefix of a listing passes for a shorter listing."""
    whole = json.dumps([make_row(), make_row(name="two")]).encode()
    assert len(parse_listing_bytes(whole, origin=ORIGIN, checked=now).flavors) == 2
    for length in range(len(whole)):
        with pytest.raises(ListingUnreadable):
            parse_listing_bytes(whole[:length], origin=ORIGIN, checked=now)


def test_a_listing_with_one_good_row_among_bad_ones_is_a_listing(now: datetime, make_row: MakeRow) -> None:
    """The bad rows are reported, in the order they stand."""
    listing = parse_listing([None, make_row(), {"name": 1}], source="hub", origin=ORIGIN, checked=now)
    assert [flavor.name for flavor in listing.flavors] == ["l4x1"]
    assert [problem.position for problem in listing.problems] == [0, 2]


def test_the_age_is_the_time_since_it_was_checked_and_never_negative(now: datetime, make_row: MakeRow) -> None:
    """A clock that went backwards makes a listing new, not younger than new."""
    listing = parse_listing([make_row()], source="hub", origin=ORIGIN, checked=now)
    assert listing.age(now + timedelta(days=3)) == timedelta(days=3)
    assert listing.age(now - timedelta(days=3)) == timedelta(0)


def test_the_json_names_source_date_age_and_what_was_wrong(now: datetime, make_row: MakeRow) -> None:
    """Exactly what the interface promises about a listing."""
    listing = parse_listing([make_row(), 5], source="cache", origin=ORIGIN, checked=now - timedelta(hours=2))
    assert listing.to_json(now) == {
        "source": "cache",
        "origin": ORIGIN,
        "checked": "2026-09-15T10:00:00Z",
        "age_secs": 7200,
        "live": False,
        "warnings": [],
        "problems": [
            {
                "position": 1,
                "flavor": None,
                "code": "unreadable",
                "message": "input should be a valid dictionary or instance of jobhardwareinfo.",
            }
        ],
    }


def test_the_shipped_listing_is_the_26_flavors_of_its_day() -> None:
    """It is dated, sourced, complete and priced."""
    listing: Listing = shipped_listing()
    assert (len(listing.flavors), listing.problems, listing.live) == (26, (), False)
    assert listing.checked == datetime(2026, 8, 31, tzinfo=UTC)
    assert "hub-docs" in listing.origin
    assert all(flavor.price_micro_usd_per_minute for flavor in listing.flavors)
    assert all(flavor.disk_bytes for flavor in listing.flavors)


def test_the_shipped_listing_keeps_the_delivered_prices() -> None:
    """$5.00 an hour is two different integers, and 391666 is rounded down."""
    flavors = shipped_listing().by_name()
    names = ("a10g-largex4", "h200", "l40sx8", "cpu-basic")
    assert [flavors[name].price_micro_usd_per_minute for name in names] == [83_334, 83_333, 391_666, 167]
