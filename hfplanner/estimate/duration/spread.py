"""How much runs of one name differ, when only a few are known: what other people's reruns tell.

Durations are taken as log-normal: what slows a run multiplies. The spread of a name, the standard deviation of the
natural logarithm, is not known from one run, and badly from three, so it is drawn from what names usually have, and
every run that is seen weighs the candidates anew. Two kinds of names are told apart:

- **Repeats**: the same program with the same settings. 18,263 runs of 1,877 submissions to MLPerf Training v0.7 to
  v5.0 (github.com/mlcommons, Apache-2.0): half of the submissions spread by less than 4 %, one in ten by more than
  14 %, one in twenty by more than 27 %; a third of them by less than half a percent.
- **Namesakes**: the same program, whatever its arguments. 16,800 runs of the NASA Ames iPSC/860 log by executable,
  user and number of processors (Parallel Workloads Archive, Feitelson and Nitzberg 1995): half spread by more than a
  factor of e**0.8.

The candidates are a grid, so a spread's posterior is a sum and the prediction a mixture of log-normals; runs that were
cut off count with the chance of lasting longer (Tobin, Econometrica 26 (1958) 24).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "NAMESAKES",
    "REPEATS",
    "SHORTEST_SECS",
    "SPREADS",
    "LogNormal",
    "LogRun",
    "fit_log_normals",
    "learnt_prior",
    "mixed_prior",
    "weigh_spreads",
]

SHORTEST_SECS = 1.0
"""What is shorter counts as one second: logarithms of less would tell rounding apart, not runs."""

SPREADS = tuple(0.01 * 1.25**step for step in range(27))
"""The spreads that are weighed, from 1 % to a factor of e**3.3. No clock and no shared machine repeats better."""

# Durations are log-normal only roughly, so what runs say of their spread counts half (a "coarsened" posterior: Miller
# and Dunson, J. Am. Stat. Assoc. 114 (2019) 1113). Counted in full, 90 % intervals of NASA's runs held 86 % of the next
# ones, and four in a hundred of MLPerf's fourth and fifth runs took longer than their 99th percentile.
_EVIDENCE = 0.5
_NO_WEIGHT = 1e-12
_MOST_STEPS = 60
_FAR_TAIL = 25.0
_SQRT_2PI = math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True)
class LogRun:
    """Runs of one duration: its logarithm, whether they completed then, and how many they are."""

    log_secs: float
    completed: bool
    count: float = 1.0


@dataclass(frozen=True, slots=True)
class LogNormal:
    """One candidate for the next run: the logarithm's mean and standard deviation, and how likely the candidate is."""

    weight: float
    mean: float
    deviation: float

    def cdf(self, log_secs: float) -> float:
        """Return the probability that the next run takes at most so long.

        >>> LogNormal(weight=1.0, mean=5.0, deviation=0.1).cdf(5.0)
        0.5
        """
        return 0.5 * math.erfc((self.mean - log_secs) / (self.deviation * math.sqrt(2)))

    def tail(self, log_secs: float) -> float:
        """Return the probability that the next run takes longer, to all digits however small it is.

        >>> LogNormal(weight=1.0, mean=5.0, deviation=0.1).tail(7.0) > 0
        True
        """
        return 0.5 * math.erfc((log_secs - self.mean) / (self.deviation * math.sqrt(2)))


def _log_normal_weights(median: float, deviation: float) -> tuple[float, ...]:
    """Return how often each spread is met, where spreads are log-normal themselves."""
    heights = [math.exp(-0.5 * (math.log(spread / median) / deviation) ** 2) for spread in SPREADS]
    return tuple(height / sum(heights) for height in heights)


REPEATS = _log_normal_weights(0.03, 1.3)
"""How often each spread is met among repeats."""

NAMESAKES = _log_normal_weights(0.8, 0.85)
"""How often each spread is met among namesakes."""


def mixed_prior(repeats: float) -> tuple[float, ...]:
    """Return how often each spread is met among names of which a share are repeats, the others namesakes.

    >>> mixed_prior(1.0) == REPEATS
    True
    """
    return tuple(repeats * one + (1 - repeats) * other for one, other in zip(REPEATS, NAMESAKES, strict=True))


def learnt_prior(prior: Sequence[float], relatives: Sequence[Sequence[LogRun]]) -> tuple[float, ...]:
    """Return how likely each spread is for a name, given its runs elsewhere, where they take another time on average.

    Args:
        prior: how often each spread is met.
        relatives: the runs of one flavor each.

    >>> steady = [LogRun(8.0, completed=True), LogRun(8.01, completed=True), LogRun(7.99, completed=True)]
    >>> learnt_prior(mixed_prior(0.5), [steady])[0] > mixed_prior(0.5)[0]
    True
    """
    heights = [0.0] * len(SPREADS)
    for runs in relatives:
        if any(run.completed for run in runs):
            heights = [height + _fit(runs, spread)[1] for height, spread in zip(heights, SPREADS, strict=True)]
    return _weighed(prior, heights)


def weigh_spreads(degrees: float, squares: float, prior: Sequence[float]) -> tuple[float, ...]:
    """Return how likely each spread is when residuals with so many degrees of freedom have this sum of squares.

    >>> narrow = weigh_spreads(20, 20 * 0.01**2, mixed_prior(0.5))
    >>> narrow.index(max(narrow)), round(SPREADS[0], 3)
    (0, 0.01)
    """
    return _weighed(prior, [-degrees * math.log(spread) - squares / (2 * spread**2) for spread in SPREADS])


def fit_log_normals(runs: Sequence[LogRun], prior: Sequence[float]) -> tuple[LogNormal, ...]:
    """Return what the next run may be, one candidate per spread, with the uncertainty of the mean in each.

    Empty where no run completed: how long it takes is then not known, only how long at least.

    >>> one = fit_log_normals([LogRun(8.0, completed=True)], mixed_prior(1.0))
    >>> round(sum(candidate.weight for candidate in one), 6), {candidate.mean for candidate in one}
    (1.0, {8.0})
    """
    if not any(run.completed for run in runs):
        return ()
    fits = [_fit(runs, spread) for spread in SPREADS]
    weights = _weighed(prior, [height for _, height, _ in fits])
    return tuple(
        LogNormal(weight, mean, math.sqrt(spread**2 + variance))
        for weight, spread, (mean, _, variance) in zip(weights, SPREADS, fits, strict=True)
        if weight > _NO_WEIGHT
    )


def _weighed(prior: Sequence[float], heights: Sequence[float]) -> tuple[float, ...]:
    """Return the posterior of the spreads: the prior times the evidence, whose logarithm is given."""
    logs = [
        math.log(share) + _EVIDENCE * height if share > 0 else -math.inf
        for share, height in zip(prior, heights, strict=True)
    ]
    top = max(logs)
    weights = [math.exp(log - top) for log in logs]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def _fit(runs: Sequence[LogRun], spread: float) -> tuple[float, float, float]:
    """Return the most likely mean for a spread, the likelihood's logarithm over all means (Laplace), and its variance.

    Without runs that were cut off both are exact.
    """
    ended = [run for run in runs if run.completed]
    cut = [run for run in runs if not run.completed]
    count = math.fsum(run.count for run in ended)
    mean = math.fsum(run.count * run.log_secs for run in ended) / count
    squares = math.fsum(run.count * (run.log_secs - mean) ** 2 for run in ended)
    centre, information = mean, count / spread**2
    tails = 0.0
    if cut:
        centre, information = _climb(cut, mean, count, spread)
        tails = math.fsum(run.count * _log_tail((run.log_secs - centre) / spread) for run in cut)
    height = tails - count * math.log(spread) - (squares + count * (mean - centre) ** 2) / (2 * spread**2)
    return centre, height - 0.5 * math.log(information), 1 / information


def _climb(cut: Sequence[LogRun], mean: float, count: float, spread: float) -> tuple[float, float]:
    """Return the mean of the highest likelihood and the information there, by Newton's method; it is concave."""
    centre, information = mean, count / spread**2
    for _ in range(_MOST_STEPS):
        zs = [((run.log_secs - centre) / spread, run.count) for run in cut]
        hazards = [(_hazard(z), z, many) for z, many in zs]
        score = count * (mean - centre) / spread**2 + math.fsum(many * h for h, _, many in hazards) / spread
        information = (count + math.fsum(many * h * (h - z) for h, z, many in hazards)) / spread**2
        step = score / information
        centre += step
        if abs(step) < spread * 1e-6:
            break
    return centre, information


def _hazard(z: float) -> float:
    """Return the standard normal density over its upper tail."""
    if z > _FAR_TAIL:
        return z + 1 / z
    return math.exp(-0.5 * z * z) / _SQRT_2PI / (0.5 * math.erfc(z / math.sqrt(2)))


def _log_tail(z: float) -> float:
    """Return the logarithm of the standard normal's upper tail."""
    if z > _FAR_TAIL:
        return -0.5 * z * z - math.log(z * _SQRT_2PI)
    return math.log(0.5 * math.erfc(z / math.sqrt(2)))
