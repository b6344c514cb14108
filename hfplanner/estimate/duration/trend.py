"""Whether runs get slower from one to the next, and how their duration follows a number in their labels.

A trend is Kendall's rank correlation of duration and order with its normal approximation (Mann, Econometrica 13 (1945)
245) and the median of all slopes of the logarithm (Sen, J. Am. Stat. Assoc. 63 (1968) 1379): one outlier moves neither.

A parameter is a straight line, ``duration = start + value x rate``: what a job needs before and after its steps, and
the time of each step. Neither is negative. Errors are relative, so the squares are weighed by the inverse square of the
line itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist, median

from hfplanner.estimate.duration.predictive import Predictive, next_run_like
from hfplanner.estimate.duration.spread import SHORTEST_SECS, SPREADS, LogNormal, weigh_spreads

__all__ = ["PARAMETERS", "ParameterFit", "Trend", "fit_parameter", "fit_trend"]

PARAMETERS = (
    "steps", "max_steps", "max-steps", "epochs", "num_epochs", "num-epochs", "num_train_epochs", "tokens", "samples",
)  # fmt: skip
"""The labels in which a number that the duration follows is looked for."""

_FEWEST_RUNS = 6
# Pairs grow with the square of the runs, and what was a hundred runs ago is no trend of today.
_MOST_RUNS = 100
_SIGNIFICANT = 0.05
_ROUNDS = 5
_LEAST_SHARE = 0.1
_NO_WEIGHT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How the last completed runs changed.

    Args:
        runs: how many were looked at, at most the last hundred.
        change_per_run: the median change from one run to the next, as a share: 0.01 is one percent longer each time.
        p_value: how often runs without any trend look like this or more so.
        direction: ``"slower"`` or ``"faster"`` where that is seldom (below 5 %), else ``"steady"``.
    """

    runs: int
    change_per_run: float
    p_value: float
    direction: str


def fit_trend(secs: Sequence[float]) -> Trend | None:
    """Return the trend of completed runs, oldest first; ``None`` for fewer than six.

    >>> fit_trend([100, 104, 109, 111, 118, 121]).direction
    'slower'
    >>> fit_trend([100, 104]) is None
    True
    """
    logs = [math.log(max(one, SHORTEST_SECS)) for one in secs[-_MOST_RUNS:]]
    count = len(logs)
    if count < _FEWEST_RUNS:
        return None
    pairs = list(combinations(range(count), 2))
    balance = sum((logs[later] > logs[earlier]) - (logs[later] < logs[earlier]) for earlier, later in pairs)
    ties = [logs.count(value) for value in set(logs)]
    variance = (
        count * (count - 1) * (2 * count + 5) - sum(tied * (tied - 1) * (2 * tied + 5) for tied in ties)
    ) / 18  # the variance of Kendall's sum
    z = max(abs(balance) - 1, 0) / math.sqrt(variance) if variance > 0 else 0.0
    p_value = 2 * NormalDist().cdf(-z)
    slope = median((logs[later] - logs[earlier]) / (later - earlier) for earlier, later in pairs)
    changed = p_value < _SIGNIFICANT and slope != 0
    direction = ("slower" if slope > 0 else "faster") if changed else "steady"
    return Trend(runs=count, change_per_run=math.expm1(slope), p_value=p_value, direction=direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFit:
    """A duration that follows a number: ``start_secs + value x secs_per_unit``.

    Args:
        parameter: the label.
        runs: how many completed runs tell it.
        start_secs: what does not depend on the number [s].
        secs_per_unit: what one more of it takes [s].
        spread: standard deviation of the logarithm of measured over line.
        smallest: the smallest value that was run.
        largest: the largest.
        moments: sums of the weights, times the value, and times its square: what the line's uncertainty is made of.
    """

    parameter: str
    runs: int
    start_secs: float
    secs_per_unit: float
    spread: float
    smallest: float
    largest: float
    moments: tuple[float, float, float]

    def secs_at(self, value: float) -> float:
        """Return the duration on the line [s].

        >>> fit_parameter("steps", [100, 200, 400], [160, 260, 460]).secs_at(1000)
        1060.0
        """
        return round(self.start_secs + self.secs_per_unit * value, 6)

    def next_run(self, value: float, prior: Sequence[float]) -> Predictive:
        """Return the distribution of one further run with a value; the further from those run, the wider.

        Args:
            value: of the parameter.
            prior: how often each spread is met, see :func:`~hfplanner.estimate.duration.spread.mixed_prior`.
        """
        secs = max(self.secs_at(value), SHORTEST_SECS)
        free = 2 if self.start_secs > 0 and self.secs_per_unit > 0 else 1
        leverage = _leverage(self.moments, value, secs)
        weights = weigh_spreads(max(self.runs - free, 0), self.spread**2 * max(self.runs - free, 0), prior)
        return next_run_like(
            [
                LogNormal(weight, math.log(secs), one * math.sqrt(1 + leverage))
                for weight, one in zip(weights, SPREADS, strict=True)
                if weight > _NO_WEIGHT
            ]
        )


def fit_parameter(parameter: str, values: Sequence[float], secs: Sequence[float]) -> ParameterFit | None:
    """Return how durations follow a number; ``None`` where fewer than three runs or two values tell it.

    Args:
        parameter: the label.
        values: of each completed run.
        secs: how long each took [s].

    >>> fit = fit_parameter("steps", [100, 200, 400], [160, 260, 460])
    >>> round(fit.start_secs, 3), round(fit.secs_per_unit, 3)
    (60.0, 1.0)
    """
    xs, ys = [float(one) for one in values], [max(one, SHORTEST_SECS) for one in secs]
    if len(xs) < 3 or len(set(xs)) < 2:  # noqa: PLR2004 - two points are a line, the third says how good it is
        return None
    start, rate, weights = 0.0, 0.0, [1 / y**2 for y in ys]
    # A line may pass near zero where nothing was run; how near counts in shares of what was, in no unit of time.
    least = min(ys) * _LEAST_SHARE
    for _ in range(_ROUNDS):
        start, rate = _line(xs, ys, weights)
        weights = [1 / max(start + rate * x, least) ** 2 for x in xs]
    residuals = [math.log(y / max(start + rate * x, least)) for x, y in zip(xs, ys, strict=True)]
    free = 2 if start > 0 and rate > 0 else 1
    squares = math.fsum(one * one for one in residuals)
    return ParameterFit(
        parameter=parameter, runs=len(xs), start_secs=start, secs_per_unit=rate,
        spread=math.sqrt(squares / (len(xs) - free)), smallest=min(xs), largest=max(xs),
        moments=(
            math.fsum(weights),
            math.fsum(w * x for w, x in zip(weights, xs, strict=True)),
            math.fsum(w * x * x for w, x in zip(weights, xs, strict=True)),
        ),
    )  # fmt: skip


def _line(xs: Sequence[float], ys: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """Return start and rate of the least weighed squares, neither negative."""
    total = math.fsum(weights)
    x = math.fsum(w * x for w, x in zip(weights, xs, strict=True)) / total
    y = math.fsum(w * y for w, y in zip(weights, ys, strict=True)) / total
    across = math.fsum(w * (one - x) * (other - y) for w, one, other in zip(weights, xs, ys, strict=True))
    rate = across / math.fsum(w * (one - x) ** 2 for w, one in zip(weights, xs, strict=True))
    if rate < 0:
        return y, 0.0
    if y - rate * x >= 0:
        return y - rate * x, rate
    through = math.fsum(w * one * other for w, one, other in zip(weights, xs, ys, strict=True))
    return 0.0, through / math.fsum(w * one * one for w, one in zip(weights, xs, strict=True))


def _leverage(moments: tuple[float, float, float], value: float, secs: float) -> float:
    """Return the variance of the line at a value, over that of one run there."""
    total, first, second = moments
    determinant = total * second - first**2
    if determinant <= 0:
        return 1.0
    return (second - 2 * first * value + total * value**2) / determinant / secs**2
