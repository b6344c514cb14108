"""A frame of needs as a team has them: many small jobs, a few large ones, most fields left open."""

from collections.abc import Sequence

import polars as pl

from hfplanner.units import GB, MICRO_USD_PER_USD

__all__ = ["LOOSEST", "varied_needs"]

_SEED = 20260831
_HOUR = 3600

_VRAM_GB = (None, None, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 36, 40, 44, 48, 64, 72, 80, 96, 140, 280, 640)
_GPUS = (None,) * 12 + (1, 1, 1, 2, 4, 8)
_ACCELERATORS = (None,) * 10 + (["l4"], ["a100", "h200"], ["nvidia-l40s"])
_VCPU = (None,) * 4 + (2, 4, 8, 12, 23, 48)
_RAM_GB = (None,) * 5 + (8, 15, 30, 62, 142, 256)
_DISK_GB = (None,) * 8 + (50, 100, 400, 1000)

# The need that every flavor of the shipped listing meets.
LOOSEST = pl.DataFrame({"vcpu": [1], "duration_secs": [_HOUR]})


def varied_needs(height: int) -> pl.DataFrame:
    """Return that many needs, the same at every call: the row's number, hashed, picks each value.

    >>> varied_needs(1000).equals(varied_needs(1000)), varied_needs(1000).n_unique() > 990
    (True, True)
    """
    drawn = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt64, eager=True)}).select(
        # Some bytes below the round figure: an estimate of a model's memory is never a round one.
        vram_bytes=_one_of(_VRAM_GB, 1) * GB - _below(GB, 2),
        shard=_below(4, 3) == 0,
        gpus=_one_of(_GPUS, 4),
        accelerators=_one_of(_ACCELERATORS, 5),
        vcpu=_one_of(_VCPU, 6),
        ram_bytes=_one_of(_RAM_GB, 7) * GB,
        disk_bytes=_one_of(_DISK_GB, 8) * GB,
        duration_secs=pl.when(_below(5, 9) > 0).then(60 + _below(72 * _HOUR, 10)),
        max_time_secs=pl.when(_below(4, 11) == 0).then(_HOUR + _below(96 * _HOUR, 12)),
        max_cost_micro_usd=pl.when(_below(3, 13) == 0).then((1 + _below(200, 14)) * MICRO_USD_PER_USD),
        max_price_micro_usd_per_hour=pl.when(_below(3, 15) == 0).then(
            (40 + _below(4000, 16)) * MICRO_USD_PER_USD // 100
        ),
    )
    has_duration = pl.col("duration_secs").is_not_null()
    return drawn.with_columns(
        # What cannot be meant is refused, not ranked: no shard without memory, no budget without a duration.
        pl.col("shard") & pl.col("vram_bytes").is_not_null(),
        pl.when(has_duration).then("max_time_secs"),
        pl.when(has_duration).then("max_cost_micro_usd"),
    )


def _below(limit: int, salt: int) -> pl.Expr:
    """Return a number from 0 to below the limit in every row."""
    return (pl.col("row").hash(_SEED + salt) % limit).cast(pl.Int64)


def _one_of(values: Sequence[int | list[str] | None], salt: int) -> pl.Expr:
    """Return one of the values in every row; what stands there more often is drawn more often."""
    return pl.lit(pl.Series(values)).gather(_below(len(values), salt))
