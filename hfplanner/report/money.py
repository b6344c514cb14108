"""An amount that is known, or lies between two bounds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["NOTHING", "Money", "add_up", "money_of"]


@dataclass(frozen=True, slots=True)
class Money:
    """Micro-USD.

    Args:
        low: the least it is.
        high: the most; ``None`` has no upper bound.

    Raises:
        ValueError: the two are not in order.
    """

    low: int
    high: int | None

    def __post_init__(self) -> None:
        """Refuse an amount that is upside down."""
        if self.high is not None and self.high < self.low:
            raise ValueError(f"not in order: {self.low}, {self.high}")

    @property
    def exact(self) -> bool:
        """Whether it is known to the micro-USD."""
        return self.low == self.high

    def to_json(self) -> dict[str, int | None]:
        """Return the amount as the interface spells it."""
        return {"low": self.low, "high": self.high}


NOTHING = Money(0, 0)


def add_up(amounts: Iterable[Money]) -> Money:
    """Return the sum, which has no upper bound where a part has none.

    >>> add_up([Money(1, 2), Money(3, 3)]), add_up([Money(1, None), Money(3, 3)]), add_up([])
    (Money(low=4, high=5), Money(low=4, high=None), Money(low=0, high=0))
    """
    low, high = 0, 0
    open_ended = False
    for amount in amounts:
        low += amount.low
        open_ended = open_ended or amount.high is None
        high += amount.high or 0
    return Money(low, None if open_ended else high)


def money_of(row: Mapping[str, Any]) -> Money:
    """Return the cost of a row of sums.

    It has no upper bound where a job of it has none, or where no job of it has a price: that is not a cost of zero.

    >>> money_of({"jobs": 2, "unpriced_jobs": 2, "unbounded_jobs": 0, "low": 0, "high": 0})
    Money(low=0, high=None)
    """
    nothing_known = row["unpriced_jobs"] == row["jobs"] > 0
    return Money(row["low"], None if row["unbounded_jobs"] or nothing_known else row["high"])
