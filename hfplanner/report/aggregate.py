"""The sums and counts of a report, as lazy frames over costed jobs that polars runs in one pass."""

from collections.abc import Mapping, Sequence

import polars as pl

from hfplanner.estimate.job_costs import EXACT_BASES
from hfplanner.units import MICROSECONDS_PER_SECOND

__all__ = ["FIGURES", "STATS", "count_values", "figures", "prepare", "quantiles_of", "whole_secs"]

STATS = {"cost": "_exact", "duration": "_ran", "wait": "_wait"}
"""The quantities that are shown as a distribution, and the columns that hold them."""

_GPUS = {"flavor": pl.String, "_gpus": pl.Int64}
_QUANTILES = {"p50": (50, 100), "p90": (90, 100), "p99": (99, 100)}


def prepare(costed: pl.LazyFrame, gpus: Mapping[str, int], groups: Mapping[str, pl.Expr]) -> pl.LazyFrame:
    """Return costed jobs with the columns the aggregates need, and one for each group key: ``_by0``, ``_by1``, ..."""
    ran = pl.col("ran_microseconds")
    waited = (pl.col("started_at") - pl.col("created_at")).dt.total_microseconds()
    told = (pl.col("scheduling_secs") * MICROSECONDS_PER_SECOND).round().cast(pl.Int64, strict=False)
    has_started = pl.col("started_at").is_not_null() | (ran > 0)
    low = pl.col("cost_low_micro_usd")
    # A join, since polars' replace would gather the whole column in memory.
    of_flavor = pl.LazyFrame({"flavor": list(gpus), "_gpus": list(gpus.values())}, schema=_GPUS)
    return costed.join(of_flavor, on="flavor", how="left", build_side="force_right").with_columns(
        _ran=whole_secs(ran),
        _wait=pl.when(has_started).then(whole_secs(pl.coalesce(told, waited).clip(lower_bound=0))),
        _exact=pl.when(pl.col("cost_basis").is_in(list(EXACT_BASES))).then(low),
        _gpu_secs=whole_secs(ran) * pl.col("_gpus"),
        **{f"_by{index}": column for index, column in enumerate(groups.values())},
    )


def whole_secs(microseconds: pl.Expr) -> pl.Expr:
    """Return whole seconds, rounded up as the started minutes are."""
    return (microseconds + (MICROSECONDS_PER_SECOND - 1)) // MICROSECONDS_PER_SECOND


def _figures() -> list[pl.Expr]:
    low, high = pl.col("cost_low_micro_usd"), pl.col("cost_high_micro_usd")
    ended = pl.col("stage").is_in(["completed", "error", "cancelled", "deleted"])
    return [
        pl.len().cast(pl.Int64).alias("jobs"),
        low.sum().alias("low"),
        high.sum().alias("high"),
        low.is_null().sum().cast(pl.Int64).alias("unpriced_jobs"),
        (low.is_not_null() & high.is_null()).sum().cast(pl.Int64).alias("unbounded_jobs"),
        (low.is_not_null() & high.is_not_null() & ~pl.col("cost_basis").is_in(list(EXACT_BASES)))
        .sum()
        .cast(pl.Int64)
        .alias("bounded_jobs"),
        pl.col("_gpu_secs").sum().alias("gpu_secs"),
        ((pl.col("_ran") > 0) & pl.col("_gpu_secs").is_null()).sum().cast(pl.Int64).alias("no_gpu_secs_jobs"),
        ended.sum().cast(pl.Int64).alias("ended_jobs"),
        (pl.col("stage") == "completed").sum().cast(pl.Int64).alias("completed_jobs"),
    ]


FIGURES = ("jobs", "low", "high", "unpriced_jobs", "unbounded_jobs", "bounded_jobs", "gpu_secs", "no_gpu_secs_jobs",
           "ended_jobs", "completed_jobs")  # fmt: skip
"""The columns of :func:`figures`."""


def figures(prepared: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    """Return the sums and counts of each group, or of all jobs where there is no key."""
    return prepared.group_by(*keys).agg(_figures()) if keys else prepared.select(_figures())


def count_values(prepared: pl.LazyFrame, keys: Sequence[str], column: str) -> pl.LazyFrame:
    """Return how many jobs of each group have each value of a column.

    Jobs are billed by the minute, so that many have the same cost: this is small, streams, and gives exact quantiles,
    while polars' own quantile of a group would gather every job in memory.
    """
    known = prepared.filter(pl.col(column).is_not_null())
    return known.group_by(*keys, pl.col(column).alias("value")).agg(count=pl.len().cast(pl.Int64))


def quantiles_of(counts: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the distribution of each group, or of all where there is no key, from how often each value is there.

    >>> counts = pl.DataFrame({"value": [1, 2, 100], "count": [98, 1, 1]})
    >>> quantiles_of(counts, []).row(0, named=True)
    {'count': 100, 'mean': 2, 'largest': 100, 'p50': 1, 'p90': 1, 'p99': 2}
    """
    merged = counts.group_by(*keys, "value").agg(pl.col("count").sum()).sort("value")
    if not keys:
        merged = merged.with_columns(_all=pl.lit(0))
    names = list(keys) or ["_all"]
    ranked = merged.with_columns(_rank=pl.col("count").cum_sum().over(names), _total=pl.col("count").sum().over(names))
    total, value, count = pl.col("count").sum(), pl.col("value"), pl.col("count")
    found = ranked.group_by(names).agg(
        total,
        # Rounded half up, in integers.
        mean=((value * count).sum() * 2 + total) // (total * 2),
        largest=value.max(),
        **{
            name: value.filter(pl.col("_rank") * whole >= pl.col("_total") * part).min()
            for name, (part, whole) in _QUANTILES.items()
        },
    )
    return found if keys else found.drop("_all")
