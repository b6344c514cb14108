"""How one job's duration follows the rates of machines, and what several measured durations say about it.

A job is one of two kinds, and nobody knows which before it was measured twice: its time follows the GPU, as the shares
of its phase say, or it waits for its host, and hardly gets shorter with a larger card (robots, audio front ends, small
models, clients that ask one by one). Each kind is a normal distribution over the shares; measurements move both, and
weigh them by how likely they were (a mixture of Kalman filters: Sorenson and Alspach, Automatica 7 (1971) 465).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist

from hfplanner.estimate.duration.change import Change
from hfplanner.estimate.duration.shares import Shares

__all__ = ["Belief", "Point", "Posterior", "believe", "carried", "possible", "solve"]

_FLAT = 100.0  # variance of the logarithm of the work: nothing is known about it before the first measurement
# What the likely duration weighs the kinds by: a spread that is the same on every target, so that a card that is faster
# for both kinds is never told to be slower.
_LIKELY_SPREAD = 0.15
# What waits for its host shows itself at once, so two measurements count one and a half times when the kinds are
# weighed: with each source left out, 19 % median error from two measurements, against 24 counted once.
_EVIDENCE = 1.5
# Quantiles are told to within this part of a duration, in a handful of steps.
_CLOSE, _STEPS = 1e-9, 60
_STANDARD = NormalDist()
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
    """What is believed of a job of one kind: log duration = work - c x compute - m x memory - f x clock.

    The share f of small kernels is what remains of the GPU's share of the time: f = gpu - c - m.

    Args:
        mean: of (work, c, m), where work is the logarithm of the duration on the first measured accelerator.
        covariance: of the three.
        shares: what was believed before.
        origin: the first measured accelerator.
        doubt: the part of the variance of work that comes from durations that are not known exactly.
        log_evidence: logarithm of how likely the measurements were.
    """

    mean: _Mean
    covariance: _Covariance
    shares: Shares
    origin: Point
    doubt: float = 0.0
    log_evidence: float = 0.0

    def at(self, target: Point) -> tuple[float, float]:
        """Return the logarithm of the duration on another accelerator, and its standard deviation.

        What is not known of the measurements themselves is left out: it is the same everywhere.
        """
        compute, memory, clock = (
            target.compute - self.origin.compute,
            target.memory - self.origin.memory,
            target.clock - self.origin.clock,
        )
        c, m = possible(self.mean[1], self.mean[2], self.shares.gpu)
        log = self.mean[0] - c * compute - m * memory - _rest(c, m, self.shares.gpu) * clock
        row = (1.0, clock - compute, clock - memory)
        variance = sum(row[i] * self.covariance[i][j] * row[j] for i in range(3) for j in range(3)) - self.doubt
        return log, math.sqrt(max(variance, 0.0) + self.shares.spread**2)


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
    mean, covariance, evidence = _updated(points, shares)
    if not any(point.variance for point in points):
        return Posterior(mean, covariance, shares, points[0], 0.0, evidence)
    _, exact, _ = _updated([replace(point, variance=0.0) for point in points], shares)
    doubt = max(covariance[0][0] - exact[0][0], 0.0)
    return Posterior(mean, covariance, shares, points[0], doubt, evidence)


def _updated(points: Sequence[Point], shares: Shares) -> tuple[_Mean, _Covariance, float]:
    origin, gpu = points[0], shares.gpu
    mixed = shares.correlation * shares.compute_sigma * shares.memory_sigma
    mean = [origin.duration, shares.compute, shares.memory]
    covariance = [
        [_FLAT, 0.0, 0.0],
        [0.0, shares.compute_sigma**2, mixed],
        [0.0, mixed, shares.memory_sigma**2],
    ]
    evidence = 0.0
    for place, point in enumerate(points):
        clock = point.clock - origin.clock
        row = (1.0, clock - (point.compute - origin.compute), clock - (point.memory - origin.memory))
        gain = [sum(line[j] * row[j] for j in range(3)) for line in covariance]
        scale = sum(row[j] * gain[j] for j in range(3)) + shares.spread**2 + point.variance
        off = point.duration + gpu * clock - sum(row[j] * mean[j] for j in range(3))
        if place:
            evidence -= 0.5 * (off**2 / scale + math.log(scale))
        mean = [mean[i] + gain[i] * off / scale for i in range(3)]
        covariance = [[covariance[i][j] - gain[i] * gain[j] / scale for j in range(3)] for i in range(3)]
    work, c, m = mean
    return (work, c, m), tuple(tuple(line) for line in covariance), evidence


@dataclass(frozen=True)
class Belief:
    """What is believed of a job of either kind; made by :func:`believe`.

    Args:
        kinds: what is believed of each, with its weight.
        level: the share of cases below the lower bound, and above the upper one.
    """

    kinds: tuple[tuple[float, Posterior], ...]
    level: float

    @cached_property
    def doubt(self) -> float:
        """The variance of the logarithm of the duration that comes from measurements that are not exact."""
        return sum(weight * one.doubt for weight, one in self.kinds)

    @property
    def origin(self) -> Point:
        """The first measured accelerator."""
        return self.kinds[0][1].origin

    @property
    def waits(self) -> float:
        """How likely the job waits for its host, times the share of its time that does then."""
        return sum(weight * (1 - one.shares.gpu) for weight, one in self.kinds if one.shares.host is None)

    def share_below(self, target: Point, log_secs: float) -> float:
        """Return the probability that the duration on an accelerator is shorter than exp(``log_secs``).

        >>> prior = Shares(0.5, 0.3, 0.0, 0.2, 0.2, 0.0, -0.5, 0.05, "an example")
        >>> round(believe([Point(0.0, 0.0, 0.0, 5.0)], prior).share_below(Point(1.0, 1.0, 0.0), 4.2), 6)
        0.5
        """
        return _share([(weight, *one.at(target)) for weight, one in self.kinds], log_secs)

    def change(self, target: Point) -> Change:
        """Return the logarithm of a duration on an accelerator without measurement, with its bounds.

        >>> prior = Shares(0.5, 0.3, 0.0, 0.2, 0.2, 0.0, -0.5, 0.05, "an example")
        >>> change = believe([Point(0.0, 0.0, 0.0, 5.0)], prior).change(Point(1.0, 1.0, 0.0))
        >>> round(change.likely, 6), change.low < change.likely < change.high
        (4.2, True)
        """
        known = self._changes.get(target)
        if known is None:
            known = self._changes[target] = self._change(target)
        return known

    @cached_property
    def _changes(self) -> dict[Point, Change]:
        """What was told before: flavors share accelerators."""
        return {}

    def _change(self, target: Point) -> Change:
        there = [(weight, *one.at(target)) for weight, one in self.kinds]
        likely = _quantile([(weight, log, _LIKELY_SPREAD) for weight, log, _ in there], 0.5)
        low, high = _quantile(there, self.level), _quantile(there, 1 - self.level)
        return Change(min(low, likely), likely, max(high, likely))


def _share(kinds: Sequence[tuple[float, float, float]], value: float) -> float:
    """Return the share of a mixture that lies below a value."""
    return sum(weight * 0.5 * math.erfc((mean - value) / (sigma * math.sqrt(2))) for weight, mean, sigma in kinds)


def _quantile(kinds: Sequence[tuple[float, float, float]], share: float) -> float:
    """Return the quantile of a mixture of normal distributions: weight, mean, standard deviation of each."""
    if len(kinds) == 1:
        return kinds[0][1] + kinds[0][2] * _STANDARD.inv_cdf(share)
    # It lies between those of its parts; Newton's steps that leave that bracket are bisections.
    standard = _STANDARD.inv_cdf(share)
    ends = [mean + sigma * standard for _, mean, sigma in kinds]
    low, high = min(ends), max(ends)
    value = sum(weight * end for (weight, _, _), end in zip(kinds, ends, strict=True))
    for _ in range(_STEPS):
        beyond = _share(kinds, value) - share
        low, high = (low, value) if beyond > 0 else (value, high)
        slope = sum(weight * math.exp(-(((value - mean) / sigma) ** 2) / 2) / sigma for weight, mean, sigma in kinds)
        step = beyond * math.sqrt(math.tau) / slope if slope > 0 else math.inf
        if high - low < _CLOSE or abs(step) < _CLOSE:
            break
        value = value - step if low < value - step < high else (low + high) / 2
    return value


def believe(points: Sequence[Point], shares: Shares) -> Belief:
    """Return what is believed of a job after its measurements, whether it follows the GPU or waits for its host.

    >>> from hfplanner.estimate.duration.shares import shares_of
    >>> from hfplanner.estimate.duration.workload import Workload
    >>> slow, fast = Point(31.0, 26.0, 21.0, 8.0), Point(34.0, 29.0, 21.0, 7.9)
    >>> one, two = (believe(points, shares_of(Workload())).kinds[1][0] for points in ([slow], [slow, fast]))
    >>> one < 0.3, two > 0.9
    (True, True)
    """
    if len(points) > 1:
        shares = shares.compared()
    kinds = [(1 - shares.host.weight if shares.host else 1.0, solve(points, shares))]
    if shares.host:
        kinds.append((shares.host.weight, solve(points, shares.host.shares(shares))))
    top = max(one.log_evidence for _, one in kinds)
    weights = [weight * math.exp(_EVIDENCE * (one.log_evidence - top)) for weight, one in kinds]
    total = math.fsum(weights)
    ordered = tuple((weight / total, one) for weight, (_, one) in zip(weights, kinds, strict=True))
    return Belief(ordered, shares.level(len(points)))


def carried(belief: Belief, target: Point) -> Change:
    """Return the logarithm of a duration on an accelerator without measurement, with its bounds."""
    return belief.change(target)
