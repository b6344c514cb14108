"""A number that is not known exactly: low, likely, high, and why."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Estimate", "exactly"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A span of a quantity in its own unit (bytes, seconds, micro-USD).

    Args:
        low: lower bound.
        likely: the single best value.
        high: upper bound.
        basis: where the numbers come from, a sentence each.

    Raises:
        ValueError: the three are not in order.

    >>> Estimate(60, 90, 120, ("three earlier runs",)).to_json()
    {'low': 60, 'likely': 90, 'high': 120, 'basis': ['three earlier runs']}
    """

    low: int
    likely: int
    high: int
    basis: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a span that is upside down."""
        if not self.low <= self.likely <= self.high:
            raise ValueError(f"not in order: {self.low}, {self.likely}, {self.high}")

    def to_json(self) -> dict[str, Any]:
        """Return the estimate as the interface spells it."""
        return {"low": self.low, "likely": self.likely, "high": self.high, "basis": list(self.basis)}


def exactly(value: int, basis: str) -> Estimate:
    """Return an estimate without spread.

    >>> exactly(10800, "as given").likely
    10800
    """
    return Estimate(value, value, value, (basis,))
