"""How a duration changes from one machine to another: a factor, with its bounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

from hfplanner.estimate.span import Estimate
from hfplanner.units import SECONDS_PER_MINUTE, format_duration

__all__ = ["MOST_START_SECS", "MOST_START_SHARE", "SIGMAS", "Change", "apply_change", "longer_than", "pooled"]

# A normal distribution has 90 % within this many standard deviations.
SIGMAS = 1.645
# Pulling the image and starting the container do not get faster with the GPU: at most this much of a duration is them.
MOST_START_SECS = SECONDS_PER_MINUTE
MOST_START_SHARE = 0.5
# Runs repeat no better than this, and what is less likely than this is told apart no more.
_LEAST_SIGMA = 0.05
_LEAST_TAIL = 1e-12


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

    How far the duration is known and how far the change is known have nothing to do with each other: the distances of
    the bounds, as logarithms, are added as squares.

    >>> from hfplanner.estimate.span import exactly
    >>> half = Change(math.log(0.4), math.log(0.5), math.log(0.6))
    >>> apply_change(exactly(6000, "one run"), half, "half as long")
    Estimate(low=2400, likely=3000, high=3624, basis=('one run', 'half as long'))
    """
    secs = max(span.likely, 1)
    down = math.hypot(change.likely - change.low, math.log(secs / max(span.low, 1)) if span.low < secs else 0.0)
    up = math.hypot(change.high - change.likely, math.log(max(span.high, 1) / secs))
    start = min(MOST_START_SECS, MOST_START_SHARE * secs)
    low, likely, high = (math.exp(change.likely + reach) for reach in (-down, 0.0, up))
    low = min(secs * low, start + (secs - start) * low)
    high = max(secs * high, start + (secs - start) * high)
    likely *= secs
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


def longer_than(span: Estimate, secs: float) -> Estimate:
    """Return a duration of which a run is known to have lasted so long without having ended.

    The duration is taken as log-normal, with the bounds as its 5th and 95th percentiles, and cut at that time.

    >>> longer_than(Estimate(1800, 3600, 7200, ("carried over",)), 5400).likely
    6436
    """
    middle = math.log(max(span.likely, 1))
    sigma = max(math.log(max(span.high, 1) / max(span.low, 1)) / (2 * SIGMAS), _LEAST_SIGMA)
    at = (math.log(max(secs, 1.0)) - middle) / sigma
    left = max(NormalDist().cdf(-at), _LEAST_TAIL)
    low, likely, high = (
        max(math.exp(middle - sigma * NormalDist().inv_cdf(share * left)), secs) for share in (0.95, 0.5, 0.05)
    )
    told = f"a run there was cut off after {format_duration(round(secs))} and had not ended"
    return Estimate(math.floor(low), round(likely), math.ceil(high), (*span.basis, told))
