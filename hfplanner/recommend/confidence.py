"""How sure a limit has to be kept: the upper end of an interval for a given confidence."""

import math

from hfplanner.estimate.span import Estimate

__all__ = ["INTERVAL", "bytes_at", "one_sided", "seconds_at"]

# Every estimate's low and high hold so many of all cases, half of the rest lying on each side.
INTERVAL = 0.9


def one_sided(confidence: float) -> float:
    """Return how often a value stays below the upper end of the interval that holds ``confidence`` of all cases.

    >>> one_sided(0.9), one_sided(0.0)
    (0.95, 0.5)
    """
    return (1 + confidence) / 2


def _reach(confidence: float) -> float:
    """Return how far from the likely value the upper end lies, in the distance of ``high``."""
    if confidence == INTERVAL:
        return 1.0
    from statistics import NormalDist  # noqa: PLC0415 - a module of its own that the usual answer does without

    return NormalDist().inv_cdf(one_sided(confidence)) / NormalDist().inv_cdf(one_sided(INTERVAL))


def seconds_at(estimate: Estimate, confidence: float | None) -> int:
    """Return what a duration stays below with a confidence: log-normal through its likely and its high value.

    Args:
        estimate: of a duration [s].
        confidence: ``None`` and 0 are the likely value, 0.9 is the high one; above 0.9 it lies beyond that.

    >>> span = Estimate(3600, 7200, 14400, ())
    >>> [seconds_at(span, confidence) for confidence in (None, 0.5, 0.9, 0.95)]
    [7200, 9567, 14400, 16445]
    """
    if not confidence or estimate.likely == estimate.high:
        return estimate.likely
    reach = _reach(confidence)
    if reach == 1:
        return estimate.high
    least = max(estimate.likely, 1)
    beyond = math.exp(reach * math.log(estimate.high / least))
    return max(round(least * beyond), estimate.likely)


def bytes_at(estimate: Estimate, confidence: float) -> int:
    """Return what a need of memory stays below with a confidence: normal through its likely and its high value.

    >>> bytes_at(Estimate(80, 100, 130, ()), 0.9), bytes_at(Estimate(80, 100, 130, ()), 0.5)
    (130, 112)
    """
    return estimate.likely + round((estimate.high - estimate.likely) * _reach(confidence))
