"""The distribution of one further run: what the runs say by themselves, and what names like theirs usually do.

With few runs nearly all of it is the mixture of log-normals of :mod:`~hfplanner.estimate.duration.spread`; with many it
is their own Kaplan-Meier curve, whatever its shape. In between it is both, weighed ``completed : PRIOR_RUNS`` (a
Dirichlet process with the mixture as its base: Ferguson, Ann. Stat. 1 (1973) 209; with runs that were cut off Susarla
and Van Ryzin, J. Am. Stat. Assoc. 71 (1976) 897). A curve of ``n`` runs says nothing of the share ``1 / (n + 1)`` at
either end, where the next one is shorter or longer than all before: there, and beyond what was cut off, the mixture
gives the shape.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from hfplanner.estimate.duration.spread import SHORTEST_SECS, LogNormal
from hfplanner.estimate.duration.survival import SurvivalCurve

__all__ = ["PRIOR_RUNS", "Predictive", "next_run", "next_run_like"]

PRIOR_RUNS = 10.0
"""The number of completed runs at which the curve and the mixture weigh the same."""

# Bisection ends where two logarithms are one duration to ten digits.
_CLOSE = 1e-10
# Of the largest float, nearly: a share that differs from 1 by rounding only has a quantile, too.
_FARTHEST_LOG = 700.0
# The curve is a straight line between the steps that are kept; so many tell it to a twentieth of a percent.
_STEPS_KEPT = 2000


@dataclass(frozen=True, slots=True)
class _Curve:
    """A Kaplan-Meier curve as a distribution function: at each time the probability just before it, and at it."""

    log_secs: tuple[float, ...]
    before: tuple[float, ...]
    at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Predictive:
    """The distribution of the duration of one further run; made by :func:`next_run`."""

    curve: _Curve
    candidates: tuple[LogNormal, ...]
    weight: float

    def cdf(self, secs: float) -> float:
        """Return the probability that the next run takes at most so many seconds."""
        return self._cdf(math.log(secs)) if secs > 0 else 0.0

    def quantile(self, share: float) -> float:
        """Return the duration that the next run stays within with a probability, between 0 and 1 [s].

        Raises:
            ValueError: the share is not between 0 and 1.
        """
        if not 0 < share < 1:
            raise ValueError(f"not between 0 and 1: {share}")
        low, high = self.curve.log_secs[0] - 1, self.curve.log_secs[-1] + 1
        while self._cdf(low) > share and low > -_FARTHEST_LOG:
            low = max(low - 2 * (high - low), -_FARTHEST_LOG)
        while self._cdf(high) < share and high < _FARTHEST_LOG:
            high = min(high + 2 * (high - low), _FARTHEST_LOG)
        while high - low > _CLOSE * max(1.0, abs(high)):
            middle = (low + high) / 2
            low, high = (middle, high) if self._cdf(middle) < share else (low, middle)
        return math.exp(high)

    def _cdf(self, log_secs: float) -> float:
        return (1 - self.weight) * self._base(log_secs) + self.weight * self._own(log_secs)

    def _base(self, log_secs: float) -> float:
        return sum(one.weight * one.cdf(log_secs) for one in self.candidates)

    def _tail(self, log_secs: float) -> float:
        return sum(one.weight * one.tail(log_secs) for one in self.candidates)

    def _own(self, log_secs: float) -> float:
        times, before, at = self.curve.log_secs, self.curve.before, self.curve.at
        step = bisect_right(times, log_secs)
        if step == 0:
            below = self._base(times[0])
            return before[0] * (self._base(log_secs) / below if below > 0 else 0.0)
        if step == len(times):
            # Of the tail itself: one less a number that is nearly one would be rounding.
            beyond = self._tail(times[-1])
            return 1 - (1 - at[-1]) * (self._tail(log_secs) / beyond if beyond > 0 else 0.0)
        share = (log_secs - times[step - 1]) / (times[step] - times[step - 1])
        return at[step - 1] + (before[step] - at[step - 1]) * share


def next_run_like(candidates: Sequence[LogNormal]) -> Predictive:
    """Return the distribution that is nothing but the candidates, which share one mean.

    >>> one = next_run_like([LogNormal(1.0, math.log(3600), 0.1)])
    >>> round(one.quantile(0.5)), round(one.quantile(0.95))
    (3600, 4244)
    """
    return Predictive(_Curve((candidates[0].mean,), (0.5,), (0.5,)), tuple(candidates), 0.0)


def next_run(curve: SurvivalCurve, candidates: Sequence[LogNormal], *, prior_runs: float = PRIOR_RUNS) -> Predictive:
    """Return the distribution of one further run.

    Args:
        curve: of the runs so far.
        candidates: of :func:`~hfplanner.estimate.duration.spread.fit_log_normals` for the same runs.
        prior_runs: how many completed runs the candidates outweigh.

    Raises:
        ValueError: no run completed.

    >>> import polars as pl
    >>> from hfplanner.estimate.duration.spread import LogRun, fit_log_normals, mixed_prior
    >>> from hfplanner.estimate.duration.survival import product_limit
    >>> candidates = fit_log_normals([LogRun(math.log(3600), completed=True)], mixed_prior(1.0))
    >>> one = next_run(product_limit(pl.Series([3600.0]), pl.Series([True])), candidates)
    >>> [round(one.quantile(share)) for share in (0.05, 0.5, 0.95)]
    [2912, 3600, 4451]
    """
    if not candidates or not curve.completed:
        raise ValueError("no run completed")
    runs = curve.runs if curve.worth is None else curve.worth
    completed = curve.completed if curve.worth_completed is None else curve.worth_completed
    share = runs / (runs + 1)
    last = len(curve.secs) - 1
    # Backwards, so that the longest is among them.
    steps = range(last, -1, -(last // _STEPS_KEPT + 1))[::-1]
    at = [share * (1 - curve.survival[step]) for step in steps]
    before = [1 - share * (curve.survival[step - 1] if step else 1.0) for step in steps]
    return Predictive(
        curve=_Curve(
            tuple(math.log(max(curve.secs[step], SHORTEST_SECS)) for step in steps),
            tuple(min(one, other) for one, other in zip(before, at, strict=True)),
            tuple(at),
        ),
        candidates=tuple(candidates),
        weight=completed / (completed + prior_runs),
    )
