"""What was seen, told name by name: the first few, and how many more there are."""

from collections.abc import Callable
from typing import Any

import polars as pl

from hfplanner.units import format_count

__all__ = ["evidence_of"]

_LONGEST_LIST = 3


def evidence_of(names: pl.DataFrame, sentence: Callable[[dict[str, Any]], str]) -> tuple[str, ...]:
    """Return a sentence about each of the first few names, and how many more there are.

    >>> evidence_of(pl.DataFrame({"name": ["a", "b", "c", "d"]}), lambda row: f"{row['name']} failed")
    ('a failed', 'b failed', 'c failed', 'and 1 more name')
    """
    first = names.head(_LONGEST_LIST)
    more = names.height - first.height
    rest = [f"and {format_count(more, 'more name')}"] if more else []
    return (*(sentence(row) for row in first.iter_rows(named=True)), *rest)
