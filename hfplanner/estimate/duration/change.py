"""How a duration changes from one machine to another: a factor, with its bounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from hfplanner.estimate.span import Estimate
from hfplanner.units import SECONDS_PER_MINUTE

__all__ = ["SIGMAS", "Change", "apply_change", "pooled"]

# A normal distribution has 90 % within this many standard deviations.
SIGMAS = 1.645
# Pulling the image and starting the container do not get faster with the GPU: at most this much of a duration is them.
_MOST_START_SECS = SECONDS_PER_MINUTE
_MOST_START_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """The logarithm of the factor by which a duration changes.

    Args:
        low: lower bound.
        likely: the single best value.
        high: upper bound.
    """

    low: float
    likely: float
    high: float

    def __add__(self, other: "Change") -> "Change":
        """Return both changes, one after the other."""
        return Change(self.low + other.low, self.likely + other.likely, self.high + other.high)

    @classmethod
    def none(cls) -> "Change":
        """Return the change that changes nothing."""
        return cls(0.0, 0.0, 0.0)

    @classmethod
    def of_power(cls, ratio: float, low: float, likely: float, high: float) -> "Change":
        """Return what comes from a rate that is exp(``ratio``) times as high, to a power between two bounds.

        >>> Change.of_power(1.0, 0.0, 0.5, 1.0), Change.of_power(-1.0, 0.0, 0.5, 1.0)
        (Change(low=-1.0, likely=-0.5, high=-0.0), Change(low=0.0, likely=0.5, high=1.0))
        """
        ends = (-low * ratio, -high * ratio)
        return cls(min(ends), -likely * ratio, max(ends))


def apply_change(span: Estimate, change: Change, *basis: str) -> Estimate:
    """Return a duration after a change; what is only starting up, at most a minute, does not change.

    >>> from hfplanner.estimate.span import exactly
    >>> half = Change(math.log(0.4), math.log(0.5), math.log(0.6))
    >>> apply_change(exactly(6000, "one run"), half, "half as long")
    Estimate(low=2400, likely=3000, high=3624, basis=('one run', 'half as long'))
    """
    low, likely, high = (
        secs * math.exp(log)
        for secs, log in ((span.low, change.low), (span.likely, change.likely), (span.high, change.high))
    )
    start = min(_MOST_START_SECS, _MOST_START_SHARE * span.likely)
    low = min(low, start + max(span.low - start, 0.0) * math.exp(change.low))
    high = max(high, start + max(span.high - start, 0.0) * math.exp(change.high))
    middle = max(round(likely), 1)
    return Estimate(
        min(max(math.floor(low), 1), middle), middle, max(math.ceil(round(high, 6)), middle), (*span.basis, *basis)
    )


def pooled(spans: Sequence[Estimate]) -> Estimate:
    """Return several estimates of one duration as one that holds them all.

    >>> pooled([Estimate(50, 60, 70, ("a",)), Estimate(60, 80, 90, ("b",))])
    Estimate(low=50, likely=70, high=90, basis=('a', 'b'))
    """
    basis = tuple(dict.fromkeys(sentence for span in spans for sentence in span.basis))
    likely = round(median(span.likely for span in spans))
    return Estimate(min(span.low for span in spans), likely, max(span.high for span in spans), basis)
