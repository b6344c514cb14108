"""What several measured durations say about the shares: one Bayesian step per measurement."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hfplanner.estimate.duration.shares import Shares

__all__ = ["Point", "Posterior", "possible", "solve"]

_FLAT = 100.0  # variance of the logarithm of the work: nothing is known about it before the first measurement
_DIRECTIONS = 16


@dataclass(frozen=True, slots=True)
class Point:
    """One accelerator and the duration measured on it, as logarithms.

    Args:
        compute: of its sustained operations per second.
        memory: of its sustained bandwidth.
        duration: of the seconds.
        variance: how far that duration is known.
    """

    compute: float
    memory: float
    duration: float
    variance: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of a job after its measurements: log duration = work - c x compute - m x memory.

    Args:
        mean: of (work, c, m), where work is the logarithm of the duration at the first measurement's rates.
        covariance: of the three.
        unexplained: standard deviation of a duration on one accelerator that no rate explains.
    """

    mean: tuple[float, float, float]
    covariance: tuple[tuple[float, ...], ...]
    unexplained: float

    @property
    def work(self) -> float:
        """The likely logarithm of the duration at the first measurement's rates."""
        return self.mean[0]

    @property
    def spread(self) -> float:
        """Standard deviation of a duration on an accelerator without measurement, its shares being known."""
        return math.hypot(self.unexplained, math.sqrt(max(self.covariance[0][0], 0.0)))

    def shares(self, radius: float) -> tuple[tuple[float, float], ...]:
        """Return the likely (c, m) and pairs around it, ``radius`` standard deviations away, all of them possible ones.

        A pair is possible where neither is below 0 and they sum to 1 at most: no part of the time shrinks faster than
        the rates grow.
        """
        _, c, m = self.mean
        variance_c, variance_m = self.covariance[1][1], self.covariance[2][2]
        sigma_c = math.sqrt(max(variance_c, 0.0))
        slope = self.covariance[1][2] / sigma_c if sigma_c else 0.0
        rest = math.sqrt(max(variance_m - slope**2, 0.0))
        around = []
        for step in range(_DIRECTIONS):
            x, y = math.cos(math.tau * step / _DIRECTIONS), math.sin(math.tau * step / _DIRECTIONS)
            around.append(possible(c + radius * sigma_c * x, m + radius * (slope * x + rest * y)))
        return (possible(c, m), *around)


def possible(c: float, m: float) -> tuple[float, float]:
    """Return the nearest pair of shares that can be: neither below 0, together at most 1.

    >>> possible(0.5, 0.4), possible(0.9, 0.5), possible(-0.1, 0.5), possible(1.4, -0.1)
    ((0.5, 0.4), (0.7, 0.3), (0.0, 0.5), (1.0, 0.0))
    """
    excess = (c + m - 1) / 2
    if excess > 0:
        c, m = c - excess, m - excess
    c, m = round(min(max(c, 0.0), 1.0), 12), round(min(max(m, 0.0), 1.0), 12)
    return c, min(m, 1 - c)


def solve(points: Sequence[Point], shares: Shares) -> Posterior:
    """Return what is believed after the measurements (a Kalman update each; the order does not matter).

    >>> prior = Shares(0.5, 0.4, 0.0, 0.2, 0.2, 0.0, -0.5, 0.05, "an example")
    >>> slow, fast = Point(0.0, 0.0, 5.0, 0.0), Point(1.0, 0.0, 4.1, 0.0)
    >>> solve([slow], prior).mean[1:], round(solve([slow, fast], prior).mean[1], 1)
    ((0.5, 0.4), 0.9)
    """
    mixed = shares.correlation * shares.compute_sigma * shares.memory_sigma
    mean = [points[0].duration, shares.compute, shares.memory]
    covariance = [
        [_FLAT, 0.0, 0.0],
        [0.0, shares.compute_sigma**2, mixed],
        [0.0, mixed, shares.memory_sigma**2],
    ]
    origin = points[0]
    for point in points:
        row = (1.0, origin.compute - point.compute, origin.memory - point.memory)
        gain = [sum(line[j] * row[j] for j in range(3)) for line in covariance]
        scale = sum(row[j] * gain[j] for j in range(3)) + shares.spread**2 + point.variance
        off = point.duration - sum(row[j] * mean[j] for j in range(3))
        mean = [mean[i] + gain[i] * off / scale for i in range(3)]
        covariance = [[covariance[i][j] - gain[i] * gain[j] / scale for j in range(3)] for i in range(3)]
    work, c, m = mean
    return Posterior((work, c, m), tuple(tuple(line) for line in covariance), shares.spread)
