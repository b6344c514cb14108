"""How rows of the hardware listing become flavors, and what happens to rows that cannot."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hfplanner.catalog.flavor import MAX_MICRO_USD_PER_MINUTE, Flavor, read_rows

MakeRow = Callable[..., dict[str, Any]]

L4: dict[str, Any] = {"type": "gpu", "model": "L4", "quantity": "1", "vram": "24 GB", "manufacturer": "Nvidia"}

UNPRICED = {
    "0": "its price is 0, which the Hub shows for flavors not priced yet",
    "0.0": "its price is 0, which",
    "-0.0": "its price is 0, which",
    "null": "the Hub names no price",
    "-13333": "its price -13333 is negative",
    "13333.5": "its price 13333.5 is not a whole number of micro-USD",
    "true": "its price true is not a whole number",
    '"13333"': "its price '13333' is not a whole number",
    '"free"': "its price 'free' is not a whole number",
    '["\\u001b[31m"]': "is not a whole number",
    "{}": "its price {} is not a whole number",
    "100000001": "its price 100000001 a minute is no price of a machine",
    "1e300": "a minute is no price of a machine",
    "-1e300": "is negative",
    "9" * 999: "a minute is no price of a machine",
}

UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"name": ...}, "its name: field required"),
    ({"name": ""}, "its name: string should have at least 1 character"),
    ({"name": 7}, "its name: input should be a valid string"),
    ({"name": None}, "its name: input should be a valid string"),
    ({"name": "\ud800"}, "its name: input should be a valid string"),
    ({"prettyName": "x\udfff"}, "its prettyName 'x\\udfff' holds half a character"),
    ({"cpu": "lots"}, "its cpu 'lots' is not a number of vCPU"),
    ({"cpu": "-8 vCPU"}, "its cpu '-8 vCPU' is not"),
    ({"cpu": "\u0668 vCPU"}, "is not a number of vCPU"),
    ({"cpu": "9" * 5000}, "is not a number of vCPU"),
    ({"ram": "much"}, "its ram 'much' is not a size"),
    ({"ram": "0 GB"}, "its ram '0 GB' is not a size"),
    ({"ram": "-1 GB"}, "its ram '-1 GB' is not a size"),
    ({"ram": 16}, "its ram: input should be a valid string"),
    ({"ephemeralStorage": "9" * 5000}, "is not a size"),
    ({"unitLabel": 5}, "its unitLabel: input should be a valid string"),
    ({"accelerator": "L4"}, "its accelerator"),
    ({"accelerator": L4 | {"quantity": "0"}}, "its accelerator quantity '0' is not a number of accelerators"),
    ({"accelerator": L4 | {"quantity": "-1"}}, "its accelerator quantity '-1'"),
    ({"accelerator": L4 | {"quantity": "four"}}, "its accelerator quantity 'four'"),
    ({"accelerator": L4 | {"quantity": 10**30}}, "its accelerator quantity '1000000"),
    ({"accelerator": L4 | {"quantity": None}}, "its accelerator.quantity"),
    ({"accelerator": L4 | {"vram": "N/A"}}, "its accelerator names no vram"),
    ({"accelerator": L4 | {"vram": None}}, "its accelerator.vram: input should be a valid string"),
    ({"accelerator": L4 | {"vram": "NaN GB"}}, "its vram 'NaN GB' is not a size"),
    ({"accelerator": L4 | {"model": "\ud83e"}}, "its accelerator.model '\\ud83e' holds half"),
]

NO_ROWS: list[Any] = [None, 5, "l4x1", [], [["l4x1"]], True, 1.5]


def only_flavor(row: object) -> Flavor:
    """Read one row that must become a flavor without complaint."""
    (flavor,), problems = read_rows([row])
    assert problems == ()
    return flavor


def test_a_row_becomes_numbers(make_row: MakeRow) -> None:
    """GB are 10^9 bytes, the price stays as delivered, and vram is the total over the accelerators."""
    row = make_row(name="l4x4", accelerator=L4 | {"quantity": "4", "vram": "96 GB"}, unitCostMicroUSD=63333)
    assert only_flavor(row) == Flavor(
        name="l4x4",
        pretty_name="1x Nvidia L4",
        vcpu=8,
        ram_bytes=30_000_000_000,
        disk_bytes=400_000_000_000,
        accelerator="L4",
        accelerator_type="gpu",
        gpus=4,
        vram_total_bytes=96_000_000_000,
        vram_per_gpu_bytes=24_000_000_000,
        price_micro_usd_per_minute=63333,
        unpriced_reason=None,
    )


def test_a_cpu_flavor_has_no_accelerator_and_no_vram(make_row: MakeRow) -> None:
    """Nothing there is known to be nothing: 0 GPUs, 0 bytes."""
    flavor = only_flavor(make_row(accelerator=None))
    assert (flavor.accelerator, flavor.gpus, flavor.vram_total_bytes, flavor.vram_per_gpu_bytes) == (None, 0, 0, 0)


def test_what_the_row_does_not_state_is_unknown_not_zero(make_row: MakeRow) -> None:
    """A missing storage, RAM or vCPU is ``None``; ``N/A`` is the Hub's word for it."""
    flavor = only_flavor(make_row(cpu=..., ram=..., ephemeralStorage=...))
    assert (flavor.vcpu, flavor.ram_bytes, flavor.disk_bytes) == (None, None, None)
    assert only_flavor(make_row(ephemeralStorage="N/A")).disk_bytes is None


def test_both_spellings_of_a_row_are_read(make_row: MakeRow) -> None:
    """``hf jobs hardware --json`` prints snake_case; quantity may be a number."""
    snake = {"pretty_name": "P", "ephemeral_storage": "1.5 TB", "unit_cost_micro_usd": 700, "unit_label": "minute"}
    left_out = {"prettyName": ..., "ephemeralStorage": ..., "unitCostMicroUSD": ..., "unitLabel": ...}
    left_out |= {"unitCostUSD": ...}
    flavor = only_flavor(make_row(**left_out, **snake, cpu="16 vCPUs", accelerator=L4 | {"quantity": 1}))
    assert (flavor.pretty_name, flavor.disk_bytes, flavor.price_micro_usd_per_minute) == ("P", 1_500_000_000_000, 700)
    assert (flavor.vcpu, flavor.gpus) == (16, 1)


def test_binary_units_are_not_taken_for_decimal_ones(make_row: MakeRow) -> None:
    """The listing mixes both; GiB is 2^30."""
    assert only_flavor(make_row(ram="14 GiB")).ram_bytes == 15_032_385_536


@pytest.mark.parametrize(("price", "reason"), UNPRICED.items(), ids=lambda value: value[:20])
def test_what_is_no_price_makes_a_flavor_unpriced_with_the_reason(make_row: MakeRow, price: str, reason: str) -> None:
    """Zero, null, negative, fractional, absurd or no number at all: listed, without a price, never free."""
    flavor = only_flavor(make_row(unitCostMicroUSD=json.loads(price)))
    assert flavor.price_micro_usd_per_minute is None
    assert flavor.usd_per_hour is None
    assert reason in (flavor.unpriced_reason or "")
    assert len(flavor.unpriced_reason or "") < 120


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("hour", "its price is per 'hour', not per minute"),
        ("second", "its price is per 'second', not per minute"),
        ("Minute", "its price is per 'Minute', not per minute"),
        ("", "its price is per '', not per minute"),
        ("m" * 1_000_000, "not per minute"),
        (None, "the Hub does not say per what its price is"),
        (..., "the Hub does not say per what its price is"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_price_per_anything_but_a_minute_is_no_price(make_row: MakeRow, label: object, reason: str) -> None:
    """An hourly price read as one per minute would be wrong by 60."""
    flavor = only_flavor(make_row(unitLabel=label))
    assert flavor.price_micro_usd_per_minute is None
    assert reason in (flavor.unpriced_reason or "")
    assert len(flavor.unpriced_reason or "") < 120


@pytest.mark.parametrize("price", [84, 167, 83333, 83334, MAX_MICRO_USD_PER_MINUTE])
def test_a_positive_whole_price_per_minute_is_kept_to_the_micro_usd(make_row: MakeRow, price: int) -> None:
    """Two roundings of the same hourly price stay two prices; JSON's 167.0 is 167."""
    assert only_flavor(make_row(unitCostMicroUSD=price)).price_micro_usd_per_minute == price
    assert only_flavor(make_row(unitCostMicroUSD=float(price))).price_micro_usd_per_minute == price


def test_a_flavor_no_client_knows_is_a_flavor_like_any_other(make_row: MakeRow) -> None:
    """The listing decides what exists, not an enum: new names, models, types and fields are data."""
    accelerator = {"type": "photonic", "model": "B9000", "quantity": "2", "vram": "2 TB", "bus": "light"}
    flavor = only_flavor(make_row(name="b9000x2", accelerator=accelerator, region={"id": [1]}))
    assert (flavor.name, flavor.accelerator_type, flavor.accelerator) == ("b9000x2", "photonic", "B9000")
    assert flavor.vram_per_gpu_bytes == 10**12
    assert flavor.price_micro_usd_per_minute == 13333


@pytest.mark.parametrize(("changes", "reason"), UNREADABLE, ids=lambda value: ascii(value)[:40])
def test_an_unreadable_row_is_reported_and_costs_no_other_its_place(
    make_row: MakeRow, changes: dict[str, Any], reason: str
) -> None:
    """The rows before and after it are read, and the report names the position and the reason in one sentence."""
    flavors, (problem,) = read_rows([make_row(name="before"), make_row(**changes), make_row(name="after")])
    assert [flavor.name for flavor in flavors] == ["before", "after"]
    assert (problem.position, problem.code) == (1, "unreadable")
    assert reason in problem.reason
    assert problem.reason.endswith(".")
    assert len(problem.reason) < 160


@pytest.mark.parametrize("row", NO_ROWS, ids=repr)
def test_what_is_no_row_at_all_is_reported_without_a_name(make_row: MakeRow, row: object) -> None:
    """A number between the rows is reported by its place."""
    flavors, (problem,) = read_rows([row, make_row()])
    assert [flavor.name for flavor in flavors] == ["l4x1"]
    assert (problem.position, problem.name, problem.code) == (0, None, "unreadable")


def test_of_rows_with_one_name_the_dearest_counts_in_any_order(make_row: MakeRow) -> None:
    """A bill may surprise downwards only; the row left out is reported by its own place."""
    cheap, dear = make_row(unitCostMicroUSD=1000), make_row(unitCostMicroUSD=2000)
    for rows, left_out in (([cheap, dear], 0), ([dear, cheap], 1)):
        (flavor,), (problem,) = read_rows([*rows])
        assert flavor.price_micro_usd_per_minute == 2000
        assert (problem.position, problem.name, problem.code) == (left_out, "l4x1", "duplicate")


def test_a_priced_row_counts_before_an_unpriced_one_of_its_name(make_row: MakeRow) -> None:
    """An unpriced twin does not take a flavor's price away."""
    (flavor,), problems = read_rows([make_row(), make_row(unitCostMicroUSD=0), make_row(unitCostMicroUSD=None)])
    assert flavor.price_micro_usd_per_minute == 13333
    assert [problem.position for problem in problems] == [1, 2]


def test_an_unreadable_row_does_not_shadow_a_good_one_of_its_name(make_row: MakeRow) -> None:
    """Only rows that can be read compete for a name."""
    (flavor,), (problem,) = read_rows([make_row(ram="?"), make_row()])
    assert flavor.ram_bytes == 30_000_000_000
    assert (problem.position, problem.name, problem.code) == (0, "l4x1", "unreadable")


def test_names_are_compared_exactly(make_row: MakeRow) -> None:
    """The name is a key of the API: another case is another flavor."""
    flavors, problems = read_rows([make_row(name="a"), make_row(name="A"), make_row(name="a ")])
    assert (len(flavors), problems) == (3, ())


def test_the_report_of_a_row_can_be_written_to_any_file(make_row: MakeRow) -> None:
    """A name that is no text is reported by a text."""
    _, (problem,) = read_rows([make_row(name="l4\ud800")])
    assert problem.name == "l4?"
