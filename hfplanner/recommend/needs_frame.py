"""A frame of needs: its columns, and the rows that cannot be meant."""

from collections.abc import Iterable
from typing import get_type_hints

import polars as pl

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.flavor import Flavor
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.recommend.needs import NEED_LIMITS, Needs

__all__ = ["BAD_NEEDS_SCHEMA", "NEEDS_SCHEMA", "bad_needs", "read_needs"]

# How the answer is chosen and cut is said for the whole frame, or not at all; a deadline needs the wait in the queue.
_OF_THE_ANSWER = {"objective", "confidence", "top", "deadline_secs", "done_secs"}
_KINDS = {int | None: pl.Int64(), bool: pl.Boolean(), tuple[str, ...]: pl.List(pl.String())}

# The fields of Needs, in their units; a column that is missing is null on every row: it does not matter.
NEEDS_SCHEMA = pl.Schema(
    {name: _KINDS[kind] for name, kind in get_type_hints(Needs).items() if name not in _OF_THE_ANSWER}
)
BAD_NEEDS_SCHEMA = pl.Schema({"need": pl.UInt32(), "reason": pl.String()})

_TEXT = (pl.String, pl.Categorical, pl.Enum, pl.Null)


def read_needs(needs: pl.DataFrame, listed: Iterable[Flavor]) -> pl.DataFrame:
    """Return the needs with every column of the schema and a row number, ``need``.

    A fraction of a unit is rounded up, a limit down: a need is never understated, a budget never overdrawn. What is no
    number of 64 bits (NaN, infinity) becomes 0, which :func:`bad_needs` refuses. Accelerators come out as
    :func:`~hfplanner.catalog.accelerators.accelerator_key`, null where no listed flavor has one.

    Raises:
        UsageError: a column that is no need, or of a type that cannot be read as one.
    """
    if not isinstance(needs, pl.DataFrame):
        raise UsageError(
            f"Needs come as a polars DataFrame, not as a {type(needs).__name__}.", hint="Collect a LazyFrame first."
        )
    for column in needs.columns:
        if column not in NEEDS_SCHEMA:
            raise UsageError(
                f"{quoted(column)} is not a column of a frame of needs.",
                hint=f"{did_you_mean(column, NEEDS_SCHEMA)}The columns are {', '.join(NEEDS_SCHEMA)}.",
            )
    if not needs.width:
        # Without a column there is no row either, where a column of nulls would make one.
        needs = NEEDS_SCHEMA.to_frame()
    typed = needs.select(
        _typed(needs, name, dtype) if name in needs.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in NEEDS_SCHEMA.items()
    )
    offered = {accelerator_key(flavor.accelerator) for flavor in listed if flavor.accelerator}
    asked = typed["accelerators"].explode(empty_as_null=True).drop_nulls().unique()
    keys = {name: key if (key := accelerator_key(name)) in offered else None for name in asked}
    as_key = pl.element().replace_strict(keys, return_dtype=pl.String()) if keys else pl.element()
    return typed.with_columns(
        pl.col("shard").fill_null(value=False),
        pl.when(pl.col("accelerators").list.len() > 0).then(pl.col("accelerators").list.eval(as_key)),
    ).with_row_index("need")


def _typed(needs: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column in its declared type."""
    given, column = needs.schema[name], pl.col(name)
    if given in (dtype, pl.Null):
        return column.cast(dtype)
    if dtype == pl.Int64 and given.is_numeric():
        if not given.is_integer():
            column = column.floor() if name.startswith("max_") else column.ceil()
        return pl.when(pl.col(name).is_not_null()).then(column.cast(dtype, strict=False).fill_null(0)).alias(name)
    if isinstance(given, pl.List) and isinstance(dtype, pl.List) and given.inner in _TEXT:
        return column.cast(dtype)
    raise UsageError(
        f"The column {name!r} of a frame of needs cannot be of the type {given}.", hint=f"It is read as {dtype}."
    )


def bad_needs(wanted: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that a single request would refuse, with the first reason, of :data:`BAD_NEEDS_SCHEMA`.

    Args:
        wanted: what :func:`read_needs` returns.
    """
    no_duration = pl.col("duration_secs").is_null()
    reasons = [
        (~pl.col(name).is_between(1, limit), f"{name} must be between 1 and {limit}")
        for name, limit in NEED_LIMITS.items()
        if name in NEEDS_SCHEMA
    ]
    reasons.append((pl.col("shard") & pl.col("vram_bytes").is_null(), "shard is set, but no vram_bytes is asked for"))
    reasons.extend(
        (pl.col(name).is_not_null() & no_duration, f"{name} cannot be judged without duration_secs")
        for name in ("max_time_secs", "max_cost_micro_usd")
    )
    unknown = pl.col("accelerators").list.contains(None, nulls_equal=True)
    reasons.append((unknown, "accelerators names one that no flavor has"))
    reason = pl.coalesce(pl.when(wrong).then(pl.lit(text)) for wrong, text in reasons)
    return wanted.select("need", reason=reason).drop_nulls("reason").match_to_schema(BAD_NEEDS_SCHEMA)
