"""When one flavor beats another: on the list and in speed, axis by axis, over accelerators of which all is known."""

from dataclasses import replace

import pytest

from hfplanner.catalog.accelerators import Accelerator
from hfplanner.catalog.flavor import Flavor
from hfplanner.recommend.dominance import dominated

PRECISIONS = ("fp32", "fp16", "bf16", "fp8", "int8")
EQUAL = Accelerator(
    model="old",
    memory_listed_bytes=10,
    memory_usable_bytes=9,
    bandwidth_bytes_per_sec=100,
    ops_per_sec=dict.fromkeys(PRECISIONS, 100),
    compute_capability=8.0,
    architecture=None,
    interconnect=None,
    bf16=True,
    fp8=True,
    tdp_watts=100,
)
FLAVOR = Flavor(
    name="flavor",
    pretty_name="",
    vcpu=8,
    ram_bytes=8,
    disk_bytes=8,
    accelerator="old",
    accelerator_type="gpu",
    gpus=2,
    vram_total_bytes=20,
    vram_per_gpu_bytes=10,
    price_micro_usd_per_minute=100,
    unpriced_reason=None,
)
OTHER = replace(FLAVOR, name="other", accelerator="new")


def beats(new: Accelerator | None, other: Flavor = OTHER) -> bool:
    """Tell whether the other flavor, with a new accelerator, dominates the flavor."""
    return dominated(FLAVOR, other, {"old": EQUAL, "new": new}.get)


def test_equals_do_not_beat_each_other() -> None:
    """Dominance needs something better."""
    assert not beats(EQUAL)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_each_precision_counts(precision: str) -> None:
    """Faster in one and slower in none beats; slower in one does not, whatever the others."""
    faster = dict.fromkeys(PRECISIONS, 200)
    assert beats(replace(EQUAL, ops_per_sec=EQUAL.ops_per_sec | {precision: 101}))
    assert not beats(replace(EQUAL, ops_per_sec=faster | {precision: 99}))


def test_bandwidth_counts() -> None:
    """Many jobs wait for memory, not for arithmetic."""
    assert beats(replace(EQUAL, bandwidth_bytes_per_sec=101))
    assert not beats(replace(EQUAL, bandwidth_bytes_per_sec=99, ops_per_sec=dict.fromkeys(PRECISIONS, 200)))


def test_what_is_not_known_is_not_claimed() -> None:
    """An accelerator with an unknown speed beats nothing."""
    assert not beats(None)
    assert not beats(replace(EQUAL, bandwidth_bytes_per_sec=None))
    assert not beats(replace(EQUAL, ops_per_sec={"fp16": 1000}))


@pytest.mark.parametrize(
    ("field", "worse"),
    [
        ("price_micro_usd_per_minute", 101),
        ("price_micro_usd_per_minute", None),
        ("vcpu", 7),
        ("ram_bytes", 7),
        ("disk_bytes", 7),
        ("disk_bytes", None),
        ("gpus", 1),
        ("vram_total_bytes", 19),
        ("vram_per_gpu_bytes", 9),
    ],
)
def test_each_axis_of_the_list_counts(field: str, worse: int | None) -> None:
    """Twice the speed does not make up for less of anything listed, or for what is not stated."""
    twice = replace(EQUAL, bandwidth_bytes_per_sec=200, ops_per_sec=dict.fromkeys(PRECISIONS, 200))
    assert beats(twice)
    assert not beats(twice, replace(OTHER, **{field: worse}))
