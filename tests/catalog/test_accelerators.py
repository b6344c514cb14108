"""Facts about accelerators, and which accelerator a typed name means."""

import csv
from datetime import date
from fractions import Fraction

import pytest

from hfplanner.catalog.accelerators import accelerator_facts, accelerator_key, facts_of, match_accelerators
from hfplanner.catalog.listing import shipped_listing
from hfplanner.catalog.shipped import read_data_rows, read_data_text
from hfplanner.errors import UsageError

OFFERED = ("T4", "L4", "L40S", "A10G", "A100", "H200", "RTX PRO 6000")
NEEDED_FACTS = {
    "memory_listed",
    "memory_usable",
    "bandwidth",
    "fp16",
    "interconnect",
    "compute_capability",
    "architecture",
    "bf16_support",
    "fp8_support",
    "tdp",
}


@pytest.mark.parametrize("model", OFFERED)
def test_every_accelerator_of_the_listing_is_known_in_full(model: str) -> None:
    """What a plan needs is there: memory sold and usable, speed, what runs on it, how it is connected, its power."""
    assert {row["fact"] for row in read_data_rows("accelerators.csv") if row["accelerator"] == model} >= NEEDED_FACTS


def test_the_shipped_listing_has_no_accelerator_without_facts() -> None:
    """The table and the listing are kept together."""
    models = {flavor.accelerator for flavor in shipped_listing().flavors if flavor.accelerator}
    assert models == set(OFFERED)
    assert all(facts_of(model) for model in models)


def test_every_fact_has_a_source_a_day_and_stands_once() -> None:
    """A number without a source is no fact; one that stands twice is two."""
    rows = read_data_rows("accelerators.csv")
    keys = [(row["accelerator"], row["fact"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert all(row["source"] and row["kind"] in {"vendor", "measured", "inferred"} for row in rows)
    assert all(date.fromisoformat(row["checked"]) for row in rows)


@pytest.mark.parametrize("name", ["accelerators.csv", "price_history.csv", "legacy_flavors.csv"])
def test_every_row_of_a_shipped_table_has_all_its_columns(name: str) -> None:
    """A comma too many or a quote too few would move figures into other columns."""
    header, *rows = csv.reader(read_data_text(name).splitlines())
    assert {len(row) for row in rows} == {len(header)}
    assert all(cell == cell.strip() for row in rows for cell in row)


@pytest.mark.parametrize("model", OFFERED)
def test_usable_memory_is_less_than_what_the_card_holds_and_not_much_less(model: str) -> None:
    """NVIDIA's "GB" are close to GiB: usable lies between 85 % and 100 % of the GiB, and above 90 % of the GB."""
    facts = facts_of(model)
    assert facts is not None
    listed, usable = facts.memory_listed_bytes or 0, facts.memory_usable_bytes or 0
    binary = Fraction(listed, 10**9) * 2**30
    assert Fraction(9, 10) * listed < usable < binary


@pytest.mark.parametrize("model", OFFERED)
def test_a_smaller_number_format_is_never_slower(model: str) -> None:
    """fp8 is at least as fast as fp16 where it is there at all, and fp16 as fp32."""
    facts = facts_of(model)
    assert facts is not None
    ops = facts.ops_per_sec
    speeds = [ops[precision] for precision in ("fp32", "tf32", "fp16", "fp8", "fp4") if ops.get(precision)]
    assert speeds == sorted(speeds)


@pytest.mark.parametrize("model", OFFERED)
def test_what_runs_on_it_agrees_with_its_compute_capability(model: str) -> None:
    """bf16 and TF32 tensor cores came with 8.0, fp8 with 8.9; a precision that is not there has 0 operations."""
    facts = facts_of(model)
    assert facts is not None
    capability = facts.compute_capability or 0
    assert facts.bf16 == (capability >= 8.0)
    assert facts.fp8 == (capability >= 8.9)
    assert (facts.ops_per_sec.get("bf16") == 0) == (not facts.bf16)
    assert (facts.ops_per_sec.get("fp8") == 0) == (not facts.fp8)
    assert (facts.ops_per_sec.get("tf32") == 0) == (capability < 8.0)


def test_the_figures_are_exact_integers_in_base_units() -> None:
    """1 TFLOPS is 10^12, 1 GiB is 2^30, and nothing passes through a binary fraction."""
    t4 = accelerator_facts()["t4"]
    assert t4.memory_usable_bytes == round(Fraction("14.56") * 2**30)
    assert t4.bandwidth_bytes_per_sec == 320_000_000_000
    assert dict(t4.ops_per_sec) == {
        "fp32": 8_141_000_000_000,
        "tf32": 0,
        "fp16": 65_130_000_000_000,
        "bf16": 0,
        "fp8": 0,
        "int8": 130_250_000_000_000,
    }
    assert (t4.tdp_watts, t4.architecture, t4.interconnect) == (70, "Turing", "PCIe 3.0 x16")


def test_what_is_not_known_is_absent() -> None:
    """Nobody published the A10G's fp32 figure; that of the A10 is another card's."""
    a10g = facts_of("A10G")
    assert a10g is not None
    assert "fp32" not in a10g.ops_per_sec
    assert facts_of("B9000") is None
    assert facts_of("") is None


@pytest.mark.parametrize(
    "name",
    ["RTX PRO 6000", "rtx-pro-6000", "NVIDIA RTX PRO 6000", "rtx_pro_6000", "RtxPro6000", " nvidia-rtx pro 6000 "],
)
def test_a_name_means_the_same_in_every_spelling(name: str) -> None:
    """Case, hyphens, spaces and the maker do not count."""
    assert accelerator_key(name) == "rtxpro6000"
    assert match_accelerators([name], OFFERED) == ("RTX PRO 6000",)


def test_names_are_matched_in_the_order_asked_and_once() -> None:
    """Asking twice for one accelerator asks for it once."""
    assert match_accelerators(["h200", "L4", "nvidia l4"], OFFERED) == ("H200", "L4")
    assert match_accelerators([], OFFERED) == ()


def test_every_spelling_the_listing_has_for_one_accelerator_is_meant() -> None:
    """Two rows that spell one model differently are both offers of it."""
    assert match_accelerators(["a100"], ["A100", "T4", "Nvidia A100"]) == ("A100", "Nvidia A100")


@pytest.mark.parametrize(
    ("name", "near"), [("l40", "L40S"), ("A1000", "A100"), ("h20", "H200"), ("rtx 6000", "RTX PRO 6000")]
)
def test_an_unknown_name_is_refused_with_near_ones(name: str, near: str) -> None:
    """A typing error costs one more look, not a wrong answer."""
    with pytest.raises(UsageError, match="No flavor has the accelerator") as caught:
        match_accelerators([name], OFFERED)
    hint = caught.value.hint or ""
    assert hint.startswith("Did you mean ")
    assert near in hint.split("?")[0]
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "name", ["", "nvidia", "???", "quantum", "x" * 100_000, "\x1b[31m", "\u041b4"], ids=lambda value: ascii(value)[:20]
)
def test_a_name_like_nothing_is_refused_with_what_is_offered(name: str) -> None:
    """The sentence stays short and shows no control character."""
    with pytest.raises(UsageError) as caught:
        match_accelerators([name], OFFERED)
    assert "Offered: A100, A10G, H200, L4, L40S, RTX PRO 6000, T4." in (caught.value.hint or "")
    assert len(caught.value.message) < 200
    assert "\x1b" not in caught.value.message
