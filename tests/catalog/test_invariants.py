"""One class of invariants, which the shipped listing and any list a server returns must pass; and that it bites."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.cache import ListingCache
from hfplanner.catalog.invariants import check_flavors, check_rows
from hfplanner.catalog.listing import Listing, parse_listing, shipped_listing
from hfplanner.catalog.load import ListingRequest, load_listing

MakeRow = Callable[..., dict[str, Any]]
Rows = list[dict[str, Any]]


class Hub(Protocol):
    """The part of the loopback Hub that is used here."""

    endpoint: str

    def serve_rows(self, rows: object) -> None:
        """Answer every question with these rows."""


class TestInvariants:
    """What holds of a listing, wherever it comes from."""

    @pytest.fixture(params=["shipped", "served", "served_reversed", "cached"])
    def listing(
        self, request: pytest.FixtureRequest, hub: Hub, now: datetime, cache: ListingCache, shipped_rows: Rows
    ) -> Listing:
        """Return the shipped listing, what a Hub on loopback answers, and what is kept of that answer."""
        if request.param == "shipped":
            return shipped_listing()
        hub.serve_rows(shipped_rows[::-1] if request.param == "served_reversed" else shipped_rows)
        wanted = ListingRequest(cache=ListingCache(cache.folder, hub.endpoint))
        served = load_listing(wanted, now=now)
        return load_listing(wanted, now=now + timedelta(minutes=1)) if request.param == "cached" else served

    def test_no_invariant_is_broken(self, listing: Listing, shipped_rows: Rows) -> None:
        """Neither those that warn nor those that only matter to who keeps the data."""
        assert listing.violations == check_rows(shipped_rows) == check_flavors(listing.flavors) == ()
        assert listing.warnings == ()

    def test_every_row_is_taken_and_names_are_unique(self, listing: Listing) -> None:
        """26 rows, 26 names, no complaint."""
        assert listing.problems == ()
        assert len(listing.by_name()) == len(listing.flavors) == 26

    def test_every_flavor_is_priced_and_described(self, listing: Listing) -> None:
        """A positive integer price, and every size known."""
        for flavor in listing.flavors:
            assert isinstance(flavor.price_micro_usd_per_minute, int)
            assert flavor.price_micro_usd_per_minute > 0
            assert flavor.unpriced_reason is None
            assert flavor.vcpu
            assert flavor.ram_bytes
            assert flavor.disk_bytes

    def test_vram_is_the_sum_over_the_accelerators_and_theirs_is_known(self, listing: Listing) -> None:
        """Total = count x share = count x the memory the accelerator is sold with."""
        for flavor in listing.flavors:
            assert flavor.vram_total_bytes == flavor.gpus * flavor.vram_per_gpu_bytes
            facts = facts_of(flavor.accelerator)
            assert (facts.memory_listed_bytes if facts else 0) == flavor.vram_per_gpu_bytes

    def test_it_is_dated_and_says_where_it_is_from(self, listing: Listing) -> None:
        """In UTC, with an origin."""
        assert listing.checked.utcoffset() == timedelta(0)
        assert listing.origin


def accelerator(quantity: int = 1, vram: str = "24 GB", model: str = "L4") -> dict[str, object]:
    """Return the accelerator part of a row."""
    return {"type": "gpu", "model": model, "quantity": str(quantity), "vram": vram}


def violations_of(*rows: dict[str, Any], now: datetime) -> dict[str, list[str]]:
    """Return the codes of the violations and the flavors they name."""
    found: dict[str, list[str]] = {}
    for violation in parse_listing(list(rows), source="hub", origin="https://hub.example", checked=now).violations:
        assert violation.flavor in violation.message or violation.code == "model_is_known"
        assert violation.message.endswith(".")
        found.setdefault(violation.code, []).append(violation.flavor)
    return found


ODD_ROWS: list[tuple[str, bool, dict[str, Any]]] = [
    ("price_spelled_twice", True, {"unitCostUSD": 0.8}),
    ("price_spelled_twice", True, {"unitCostUSD": 0.013335}),
    ("price_spelled_twice", True, {"unitCostUSD": 0}),
    ("price_in_range", True, {"unitCostMicroUSD": 6_666_668, "unitCostUSD": 6.666668}),
    ("vram_shared_evenly", True, {"accelerator": accelerator(7, "168.000000001 GB")}),
    ("memory_of_the_model", True, {"accelerator": accelerator(1, "40 GB", "A100")}),
    ("memory_of_the_model", True, {"accelerator": accelerator(4, "24 GB")}),
    ("model_is_known", False, {"accelerator": accelerator(1, "24 GB", "B9000")}),
    ("machine_is_described", False, {"ephemeralStorage": "N/A"}),
    ("machine_is_described", False, {"cpu": "0 vCPU"}),
]

FINE_ROWS: list[dict[str, Any]] = [
    {},
    {"unitCostUSD": 0.013334},
    {"unitCostUSD": ...},
    {"unitCostUSD": "0.8"},
    {"unitCostUSD": True},
    {"unitCostUSD": 10**300},
    {"unitCostMicroUSD": None},
    {"unitCostMicroUSD": 0, "unitCostUSD": 0},
    {"unitCostMicroUSD": 84, "unitCostUSD": 0.000084},
    {"unitCostMicroUSD": 83, "unitCostUSD": 0.000083},
    {"accelerator": accelerator(1, "24 GiB")},
    {"accelerator": accelerator(1, "22 GiB")},
    {"name": "a-name-nobody-knows"},
]


@pytest.mark.parametrize(("code", "warn", "changes"), ODD_ROWS, ids=lambda value: str(value)[:40])
def test_what_no_listing_had_before_is_a_violation(
    now: datetime, make_row: MakeRow, code: str, warn: object, changes: dict[str, Any]
) -> None:
    """Each rule is broken by one row, and warns exactly where money or memory is at stake."""
    listing = parse_listing([make_row(**changes)], source="hub", origin="https://hub.example", checked=now)
    assert [(violation.code, violation.warn) for violation in listing.violations] == [(code, warn)]
    assert len(listing.flavors) == 1


@pytest.mark.parametrize("changes", FINE_ROWS, ids=str)
def test_what_is_only_new_is_no_violation(now: datetime, make_row: MakeRow, changes: dict[str, Any]) -> None:
    """Rounding, binary units, a price left out and a new name are ordinary."""
    assert violations_of(make_row(**changes), now=now) == {}


def test_more_of_one_accelerator_must_cost_more(now: datetime, make_row: MakeRow) -> None:
    """Two L4 for the price of one are too good to be true; the same machine in two sizes is fine."""
    one = make_row()
    two = make_row(name="l4x2", accelerator=accelerator(2, "48 GB"))
    twin = make_row(name="l4-big", unitCostMicroUSD=20_000, unitCostUSD=0.02)
    assert violations_of(one, two, now=now) == {"more_costs_more": ["l4x2"]}
    assert violations_of(two, one, now=now) == {"more_costs_more": ["l4x2"]}
    assert violations_of(one, twin, now=now) == {}


def test_an_unpriced_multiple_breaks_nothing(now: datetime, make_row: MakeRow) -> None:
    """No price is neither more nor less."""
    two = make_row(name="l4x2", accelerator=accelerator(2, "48 GB"), unitCostMicroUSD=0, unitCostUSD=0)
    assert violations_of(make_row(), two, now=now) == {}


def test_one_accelerator_holds_the_same_in_every_flavor(now: datetime, make_row: MakeRow) -> None:
    """Also where nothing else is known about the model."""
    small = make_row(name="x1", accelerator=accelerator(1, "24 GB", "X1"))
    big = make_row(name="x2", accelerator=accelerator(2, "96 GB", "X1"), unitCostMicroUSD=26_666, unitCostUSD=0.026666)
    found = violations_of(small, big, now=now)
    assert found["same_model_same_memory"] == ["x2"]


def test_rows_that_cannot_be_read_are_not_the_invariants_business() -> None:
    """They are reported as rows already."""
    assert check_rows([None, 5, [], {}, {"name": 1}, {"name": "x", "unitCostUSD": {}}, {"name": "\ud800"}]) == ()


def test_a_violation_that_matters_becomes_a_warning_and_costs_nothing(
    hub: Hub, now: datetime, cache: ListingCache, make_row: MakeRow
) -> None:
    """The flavor stays a candidate with the price that is charged; the curious kind stays silent."""
    hub.serve_rows([make_row(unitCostUSD=0.01335), make_row(name="b1", accelerator=accelerator(1, "24 GB", "B9000"))])
    listing = load_listing(ListingRequest(cache=ListingCache(cache.folder, hub.endpoint)), now=now)
    assert listing.warnings == (
        "l4x1 costs 13333 micro-USD and 0.01335 USD, which is not the same; the first is used.",
    )
    assert listing.by_name()["l4x1"].price_micro_usd_per_minute == 13_333
    assert json.dumps(listing.to_json(now))


@pytest.mark.parametrize("dollars", [1.3333, 0.00013333, 0.8, 0, -0.013333, 0.0135])
def test_two_prices_in_one_row_are_none(now: datetime, make_row: MakeRow, dollars: float) -> None:
    """100-fold, an hour's beside a minute's, nothing, 1 % more: which one is charged is not known, so none is."""
    (flavor,) = parse_listing(
        [make_row(unitCostUSD=dollars)], source="hub", origin="https://hub.example", checked=now
    ).flavors
    assert flavor.price_micro_usd_per_minute is None
    assert f"13333 micro-USD and {dollars} USD a minute" in (flavor.unpriced_reason or "")


@pytest.mark.parametrize(("price", "is_priced"), [(1, False), (83, False), (84, True), (167, True)])
def test_a_price_below_any_that_ever_was_is_none(
    now: datetime, make_row: MakeRow, price: int, is_priced: object
) -> None:
    """A digit too few, or another unit: reserving by it would reserve next to nothing."""
    (flavor,) = parse_listing(
        [make_row(unitCostMicroUSD=price)], source="hub", origin="https://hub.example", checked=now
    ).flavors
    assert (flavor.price_micro_usd_per_minute == price) is is_priced


def test_a_violation_names_the_same_flavor_in_any_order(now: datetime, make_row: MakeRow) -> None:
    """Two flavors of one size: the name decides which of them is called odd."""
    small = make_row(name="a", accelerator=accelerator(1, "24 GB", "X1"))
    big = make_row(name="b", accelerator=accelerator(1, "48 GB", "X1"))
    assert violations_of(small, big, now=now)["same_model_same_memory"] == ["b"]
    assert violations_of(big, small, now=now)["same_model_same_memory"] == ["b"]
