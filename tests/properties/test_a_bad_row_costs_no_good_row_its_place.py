"""Law: whatever stands between the rows of a listing, every good row becomes a flavor, and nothing is raised."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.catalog.flavor import read_rows
from hfplanner.catalog.listing import Listing, parse_listing

NOW = datetime(2026, 9, 15, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
NUMBERS = st.integers() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT | st.sampled_from(["8 vCPU", "16 GB", "N/A", "minute", "4"])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
KEYS = ("prettyName", "cpu", "ram", "ephemeralStorage", "unitCostMicroUSD", "unitCostUSD", "unitLabel", "extra")
ACCELERATORS = JSON | st.fixed_dictionaries(dict.fromkeys(("type", "model", "quantity", "vram"), JSON))
ODD_ROWS = st.fixed_dictionaries({}, optional={"name": JSON, "accelerator": ACCELERATORS} | dict.fromkeys(KEYS, JSON))


def good_row(name: str) -> dict[str, Any]:
    """Return a row that can be read, with a name no odd row has."""
    return {"name": name, "cpu": "8 vCPU", "unitCostMicroUSD": 13333, "unitLabel": "minute"}


@given(st.lists(JSON | ODD_ROWS, max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_every_good_row_is_there(others: list[Any], first: int, second: int) -> None:
    """Two good rows in any two places among any JSON at all."""
    rows = list(others)
    rows.insert(first, good_row("good-row-number-one"))
    rows.insert(second, good_row("good-row-number-two"))
    flavors, problems = read_rows(rows)
    prices = {flavor.name: flavor.price_micro_usd_per_minute for flavor in flavors}
    assert (prices["good-row-number-one"], prices["good-row-number-two"]) == (13333, 13333)
    assert len(flavors) + len(problems) == len(rows)
    assert len({problem.position for problem in problems}) == len(problems)


@given(st.lists(JSON | ODD_ROWS, max_size=6))
def test_a_listing_of_anything_can_be_told_as_json(others: list[Any]) -> None:
    """Its problems and its violations are short texts that any file can hold, and its prices are positive."""
    rows = [*others, good_row("good-row")]
    listing: Listing = parse_listing(rows, source="hub", origin="https://hub.example", checked=NOW)
    told = json.dumps(listing.to_json(NOW), ensure_ascii=False, allow_nan=False)
    told.encode()
    for flavor in listing.flavors:
        assert (flavor.price_micro_usd_per_minute is None) != (flavor.unpriced_reason is None)
        assert flavor.price_micro_usd_per_minute is None or flavor.price_micro_usd_per_minute > 0
        repr(flavor).encode()
    assert all(len(problem.reason) < 400 for problem in listing.problems)
    assert all(len(violation.message) < 400 for violation in listing.violations)
