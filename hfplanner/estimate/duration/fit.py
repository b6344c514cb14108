"""How one job's duration follows the rates of machines, and what several measured durations say about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hfplanner.estimate.duration.change import Change
from hfplanner.estimate.duration.shares import Shares

__all__ = ["Point", "Posterior", "carried", "possible", "solve"]

_FLAT = 100.0  # variance of the logarithm of the work: nothing is known about it before the first measurement
_DIRECTIONS = 16
# Of the ellipse of possible shares, and of what no rate explains: together they hold 90 of 100 cases between
# accelerators of the Hub (reports/duration_accuracy.md), each source predicted from the others and weighing the same.
RADIUS = 1.0
SPREADS = 1.2


_Mean = tuple[float, float, float]
_Covariance = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """An accelerator, and the duration measured on it, as logarithms.

    Args:
        compute: of its sustained operations per second.
        memory: of its sustained bandwidth.
        clock: of its clock under light load, which decides how long small kernels take.
        duration: of the seconds.
        variance: how far that duration is known.
    """

    compute: float
    memory: float
    clock: float
    duration: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of a job after its measurements: log duration = work - c x compute - m x memory - f x clock.

    The share f of small kernels is what remains of the GPU's share of the time: f = gpu - c - m.

    Args:
        mean: of (work, c, m), where work is the logarithm of the duration on the first measured accelerator.
        covariance: of the three.
        shares: what was believed before.
        origin: the first measured accelerator.
        doubt: the part of the variance of work that comes from durations that are not known exactly.
    """

    mean: _Mean
    covariance: _Covariance
    shares: Shares
    origin: Point
    doubt: float = 0.0

    def change(self, target: Point, radius: float, spreads: float) -> Change:
        """Return the logarithm of the duration on an accelerator without measurement, as if the others were exact."""
        compute, memory, clock = (
            target.compute - self.origin.compute,
            target.memory - self.origin.memory,
            target.clock - self.origin.clock,
        )
        logs = [
            self.mean[0] - c * compute - m * memory - _rest(c, m, self.shares.gpu) * clock
            for c, m in self.pairs(radius)
        ]
        unexplained = spreads * math.hypot(self.shares.spread, math.sqrt(max(self.covariance[0][0] - self.doubt, 0.0)))
        return Change(min(logs) - unexplained, logs[0], max(logs) + unexplained)

    def pairs(self, radius: float) -> tuple[tuple[float, float], ...]:
        """Return the likely (c, m), and pairs ``radius`` standard deviations around it, all of them possible ones."""
        _, c, m = self.mean
        sigma_c = math.sqrt(max(self.covariance[1][1], 0.0))
        slope = self.covariance[1][2] / sigma_c if sigma_c else 0.0
        rest = math.sqrt(max(self.covariance[2][2] - slope**2, 0.0))
        around = []
        for step in range(_DIRECTIONS):
            x, y = math.cos(math.tau * step / _DIRECTIONS), math.sin(math.tau * step / _DIRECTIONS)
            near = (c + radius * sigma_c * x, m + radius * (slope * x + rest * y))
            around.append(possible(*near, self.shares.gpu))
        return (possible(c, m, self.shares.gpu), *around)


def _rest(c: float, m: float, gpu: float) -> float:
    """Return the share of small kernels, at most as large as that of the large ones.

    Beyond that the GPU waits for the CPU. So the clock alone, which a large GPU has lower, never makes it slower.
    """
    return max(min(gpu - c - m, c + m), 0.0)


def possible(c: float, m: float, gpu: float = 1.0) -> tuple[float, float]:
    """Return the nearest pair of shares that can be: neither below 0, together at most the GPU's share of the time.

    >>> possible(0.5, 0.4), possible(-0.1, 0.5), possible(1.4, -0.1), possible(0.5, 0.2, 0.3)
    ((0.5, 0.4), (0.0, 0.5), (1.0, 0.0), (0.3, 0.0))
    """
    excess = (c + m - gpu) / 2
    if excess > 0:
        c, m = c - excess, m - excess
    c = round(min(max(c, 0.0), gpu), 12)
    return c, min(round(max(m, 0.0), 12), gpu - c)


def solve(points: Sequence[Point], shares: Shares) -> Posterior:
    """Return what is believed after the measurements: a Kalman update each, so that their order does not matter.

    What is not known of the measurements themselves is told apart, so that it does not count twice.

    >>> prior = Shares(0.5, 0.3, 0.0, 0.2, 0.2, 0.0, -0.5, 0.05, "an example")
    >>> slow, fast = Point(0.0, 0.0, 0.0, 5.0), Point(1.0, 0.0, 0.0, 4.1)
    >>> solve([slow], prior).mean[1:], round(solve([slow, fast], prior).mean[1], 1)
    ((0.5, 0.3), 0.9)
    """
    mean, covariance = _updated(points, shares)
    if not any(point.variance for point in points):
        return Posterior(mean, covariance, shares, points[0])
    _, exact = _updated([replace(point, variance=0.0) for point in points], shares)
    return Posterior(mean, covariance, shares, points[0], max(covariance[0][0] - exact[0][0], 0.0))


def _updated(points: Sequence[Point], shares: Shares) -> tuple[_Mean, _Covariance]:
    origin, gpu = points[0], shares.gpu
    mixed = shares.correlation * shares.compute_sigma * shares.memory_sigma
    mean = [origin.duration, shares.compute, shares.memory]
    covariance = [
        [_FLAT, 0.0, 0.0],
        [0.0, shares.compute_sigma**2, mixed],
        [0.0, mixed, shares.memory_sigma**2],
    ]
    for point in points:
        clock = point.clock - origin.clock
        row = (1.0, clock - (point.compute - origin.compute), clock - (point.memory - origin.memory))
        gain = [sum(line[j] * row[j] for j in range(3)) for line in covariance]
        scale = sum(row[j] * gain[j] for j in range(3)) + shares.spread**2 + point.variance
        off = point.duration + gpu * clock - sum(row[j] * mean[j] for j in range(3))
        mean = [mean[i] + gain[i] * off / scale for i in range(3)]
        covariance = [[covariance[i][j] - gain[i] * gain[j] / scale for j in range(3)] for i in range(3)]
    work, c, m = mean
    return (work, c, m), tuple(tuple(line) for line in covariance)


def carried(believed: Posterior, target: Point) -> Change:
    """Return the logarithm of a duration on an accelerator without measurement, with bounds that hold 90 of 100 cases.

    >>> prior = Shares(0.5, 0.3, 0.0, 0.2, 0.2, 0.0, -0.5, 0.05, "an example")
    >>> change = carried(solve([Point(0.0, 0.0, 0.0, 5.0)], prior), Point(1.0, 1.0, 0.0))
    >>> round(change.likely, 6), change.low < change.likely < change.high
    (4.2, True)
    """
    return believed.change(target, RADIUS, SPREADS)
