"""The hardware listing as a frame."""

from dataclasses import asdict
from typing import NamedTuple

import polars as pl

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError

__all__ = ["BAD_HARDWARE_SCHEMA", "HARDWARE_SCHEMA", "HardwareFrames", "flavors_of", "hardware_frames"]

# Bytes, integer micro-USD; null is unknown. The key is name.
HARDWARE_SCHEMA = pl.Schema(
    {
        "name": pl.String(),
        "pretty_name": pl.String(),
        "vcpu": pl.Int64(),
        "ram_bytes": pl.Int64(),
        "disk_bytes": pl.Int64(),
        "accelerator": pl.String(),
        "accelerator_type": pl.String(),
        "gpus": pl.Int64(),
        "vram_total_bytes": pl.Int64(),
        "vram_per_gpu_bytes": pl.Int64(),
        "price_micro_usd_per_minute": pl.Int64(),
        "unpriced_reason": pl.String(),
    }
)
_NEVER_NULL = ("name", "pretty_name", "gpus", "vram_total_bytes", "vram_per_gpu_bytes")

BAD_HARDWARE_SCHEMA = pl.Schema(
    {"position": pl.Int64(), "name": pl.String(), "code": pl.String(), "reason": pl.String()}
)


class HardwareFrames(NamedTuple):
    """The rows that could be read, and those that were not taken, with their reasons."""

    hardware: pl.DataFrame
    bad: pl.DataFrame


def hardware_frames(listing: Listing) -> HardwareFrames:
    """Return a listing as a frame of :data:`HARDWARE_SCHEMA` and its bad rows as one of :data:`BAD_HARDWARE_SCHEMA`.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> hardware, bad = hardware_frames(shipped_listing())
    >>> hardware.height, bad.height, hardware.schema == HARDWARE_SCHEMA
    (26, 0, True)
    """
    rows = [asdict(flavor) for flavor in listing.flavors]
    problems = [asdict(problem) for problem in listing.problems]
    return HardwareFrames(
        pl.DataFrame(rows, schema=HARDWARE_SCHEMA), pl.DataFrame(problems, schema=BAD_HARDWARE_SCHEMA)
    )


def flavors_of(hardware: pl.DataFrame) -> tuple[Flavor, ...]:
    """Return the rows of a hardware frame as flavors.

    Raises:
        UsageError: a name that stands twice, a price of 0 or less, or a null in a column that is always known.
        polars.exceptions.SchemaError: the frame is not of :data:`HARDWARE_SCHEMA`.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors_of(hardware_frames(shipped_listing()).hardware) == shipped_listing().flavors
    True
    """
    matched = hardware.match_to_schema(HARDWARE_SCHEMA)
    for column in _NEVER_NULL:
        if matched[column].null_count():
            raise UsageError(f"The hardware frame has a null in {column!r}.", hint="Only what is unknown may be null.")
    if matched["name"].is_duplicated().any():
        raise UsageError("A name stands twice in the hardware frame.", hint="Its key is 'name'.")
    if (matched["price_micro_usd_per_minute"] <= 0).any():
        raise UsageError("The hardware frame has a price that is not above 0.", hint="Null is a price not known.")
    return tuple(Flavor(**row) for row in matched.iter_rows(named=True))
