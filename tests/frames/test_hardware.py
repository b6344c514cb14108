"""The hardware listing as a frame and back."""

import polars as pl
import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.frames.hardware import BAD_HARDWARE_SCHEMA, HARDWARE_SCHEMA, flavors_of, hardware_frames
from tests.strategies import as_listing

ROW = {"name": "l4x4", "cpu": "48 vCPU", "ram": "186 GB", "unitCostMicroUSD": 63333, "unitLabel": "minute"}
CARD = {"type": "gpu", "model": "L4", "quantity": "4", "vram": "96 GB"}


def test_a_row_is_bytes_micro_usd_and_memory_in_all_and_per_gpu() -> None:
    """What the listing does not state is null, not zero."""
    hardware, bad = hardware_frames(as_listing([ROW | {"accelerator": CARD}]))
    assert hardware.schema == HARDWARE_SCHEMA
    assert hardware.rows(named=True) == [
        {
            "name": "l4x4",
            "pretty_name": "l4x4",
            "vcpu": 48,
            "ram_bytes": 186_000_000_000,
            "disk_bytes": None,
            "accelerator": "L4",
            "accelerator_type": "gpu",
            "gpus": 4,
            "vram_total_bytes": 96_000_000_000,
            "vram_per_gpu_bytes": 24_000_000_000,
            "price_micro_usd_per_minute": 63333,
            "unpriced_reason": None,
        }
    ]
    assert bad.schema == BAD_HARDWARE_SCHEMA
    assert bad.height == 0


def test_a_row_that_was_not_taken_comes_back_with_its_place_and_reason() -> None:
    """What cannot be read, what has no name, and what stands twice."""
    hardware, bad = hardware_frames(as_listing([ROW | {"cpu": "lots"}, ROW, "text", ROW | {"unitCostMicroUSD": 1}]))
    assert hardware["price_micro_usd_per_minute"].to_list() == [63333]
    assert bad.select("position", "name", "code").rows() == [
        (0, "l4x4", "unreadable"),
        (2, None, "unreadable"),
        (3, "l4x4", "duplicate"),
    ]
    assert bad["reason"].null_count() == 0


def test_a_price_of_zero_is_null_with_its_reason() -> None:
    """Unpriced is never free."""
    hardware, _ = hardware_frames(as_listing([ROW | {"unitCostMicroUSD": 0}]))
    assert hardware["price_micro_usd_per_minute"].to_list() == [None]
    assert "not priced yet" in hardware["unpriced_reason"].item()


def test_an_empty_listing_is_an_empty_frame_of_the_same_schema() -> None:
    """A caller need not ask first."""
    hardware, bad = hardware_frames(as_listing([]))
    assert (hardware.schema, hardware.height) == (HARDWARE_SCHEMA, 0)
    assert (bad.schema, bad.height) == (BAD_HARDWARE_SCHEMA, 0)


@pytest.mark.parametrize("spoilt", [{"gpus": None}, {"name": None}, {"vram_per_gpu_bytes": None}])
def test_a_frame_with_a_null_that_is_always_known_is_no_listing(spoilt: dict[str, None]) -> None:
    """Unknown may be only what the Hub may leave out."""
    hardware = hardware_frames(shipped_listing()).hardware
    with pytest.raises(UsageError, match="has a null in"):
        flavors_of(hardware.with_columns(pl.lit(None, HARDWARE_SCHEMA[name]).alias(name) for name in spoilt))


def test_a_frame_with_a_name_twice_or_a_price_of_zero_is_no_listing() -> None:
    """The key is the name, and what has no price is null."""
    hardware = hardware_frames(shipped_listing()).hardware
    with pytest.raises(UsageError, match="stands twice"):
        flavors_of(pl.concat([hardware, hardware[:1]]))
    with pytest.raises(UsageError, match="price that is not above 0"):
        flavors_of(hardware.with_columns(price_micro_usd_per_minute=pl.lit(0, pl.Int64)))


def test_a_frame_of_another_schema_is_refused() -> None:
    """A missing column is no unknown one."""
    hardware = hardware_frames(shipped_listing()).hardware
    with pytest.raises(pl.exceptions.SchemaError):
        flavors_of(hardware.drop("gpus"))
