"""The few operations that differ between one number and a whole column of them.

The formulas of this room are written once. Plain arithmetic works on a number and on a polars series alike; what
Python decides with ``max``, ``min`` and ``if`` goes through here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["choose", "greatest", "least", "pick"]


def _is_column(value: object) -> bool:
    return not isinstance(value, int | float)


def greatest(*values: Any) -> Any:  # noqa: ANN401 - numbers or columns
    """Return the largest of the values, row by row.

    >>> greatest(1, 3, 2)
    3
    """
    if not any(map(_is_column, values)):
        return max(values)
    import polars as pl  # noqa: PLC0415 - only frames need it

    return pl.select(pl.max_horizontal(*(pl.lit(value) for value in values))).to_series()


def least(*values: Any) -> Any:  # noqa: ANN401 - numbers or columns
    """Return the smallest of the values, row by row.

    >>> least(1, 3, 2)
    1
    """
    if not any(map(_is_column, values)):
        return min(values)
    import polars as pl  # noqa: PLC0415 - only frames need it

    return pl.select(pl.min_horizontal(*(pl.lit(value) for value in values))).to_series()


def choose(condition: Any, then: Any, otherwise: Any) -> Any:  # noqa: ANN401 - numbers or columns
    """Return one value where the condition holds, row by row, and the other where not.

    >>> choose(2 > 1, "more", "less")
    'more'
    """
    if isinstance(condition, bool):
        return then if condition else otherwise
    import polars as pl  # noqa: PLC0415 - only frames need it

    return pl.select(pl.when(pl.lit(condition)).then(pl.lit(then)).otherwise(pl.lit(otherwise))).to_series()


def pick(moments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parts of the moment that needs most, row by row; a part that a moment lacks is 0.

    >>> pick([{"a": 1, "b": 1}, {"a": 3}])
    {'a': 3}
    """
    totals = [sum(moment.values()) for moment in moments]
    if not any(map(_is_column, totals)):
        return dict(moments[totals.index(max(totals))])
    worst = greatest(*totals)
    picked: dict[str, Any] = {}
    for name in dict.fromkeys(name for moment in moments for name in moment):
        value: Any = 0.0
        # From the last to the first, so that of equal moments the first decides, as it does for numbers.
        for moment, total in reversed(list(zip(moments, totals, strict=True))):
            value = choose(total >= worst, moment.get(name, 0.0), value)
        picked[name] = value
    return picked
