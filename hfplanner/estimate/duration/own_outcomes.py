"""How far a user's own jobs ended from what was said of them, and how wide an interval is that would have held them.

Published workloads say how wide an interval is for anybody's job; a user's own jobs are of one kind. Once twenty of
them were predicted and ended, the distances of the bounds from the likely value, as logarithms, are all multiplied by
one number: the one with which 90 of 100 of those jobs had lain inside, and the next one does whatever the distribution
(split conformal prediction with scaled residuals: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, J. Am. Stat. Assoc.
113 (2018) 1094, section 5.2). A job that was stopped says that it would have taken at least so long; the quantile is
that of a Kaplan-Meier curve.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from hfplanner.estimate.span import Estimate

__all__ = ["FEWEST_OUTCOMES", "Calibration", "Outcome", "PredictedFrom", "calibrate"]

PredictedFrom = Literal["history", "measured", "model"]
"""What a duration was predicted from: runs of the same job, runs measured elsewhere, or the model alone."""

FEWEST_OUTCOMES = 20
"""With fewer jobs that completed nothing is calibrated: the largest of ten says little of one in ten."""

_HELD = 0.9
# An interval is not believed to be so much narrower or wider than it says, whatever twenty jobs tell.
_LEAST_SCALE, _MOST_SCALE = 0.2, 20.0
# Bounds nearer than this to the likely value are rounding.
_LEAST_REACH = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A job that was predicted, and how long it ran.

    Args:
        low: lower bound of the prediction [s].
        likely: its likely value [s].
        high: upper bound [s].
        secs: how long the job ran [s].
        completed: whether it ended by itself then; otherwise it would have taken at least so long.
        predicted_from: what the prediction followed from.
    """

    low: float
    likely: float
    high: float
    secs: float
    completed: bool
    predicted_from: PredictedFrom

    def __post_init__(self) -> None:
        """Refuse what is no prediction of a duration."""
        if not (0 < self.low <= self.likely <= self.high and self.low < self.high and self.secs >= 0):
            raise ValueError(f"no interval of a duration, or no duration: {self}")
        if self.predicted_from not in get_args(PredictedFrom):
            raise ValueError(f"nothing is predicted from {self.predicted_from!r}")

    @property
    def distance(self) -> float:
        """How far it ended from the likely value, in parts of the distance of the bound on that side.

        >>> late = Outcome(low=1800, likely=3600, high=7200, secs=14_400, completed=True, predicted_from="measured")
        >>> late.distance
        2.0
        """
        if self.secs >= self.likely:
            return math.log(self.secs / self.likely) / max(math.log(self.high / self.likely), _LEAST_REACH)
        return math.log(self.likely / max(self.secs, 1.0)) / max(math.log(self.likely / self.low), _LEAST_REACH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """By what intervals are to be multiplied, and what says so.

    Args:
        scale: by what the distances of the bounds, as logarithms, are multiplied.
        runs: how many jobs tell it.
    """

    scale: float
    runs: int

    @property
    def basis(self) -> str:
        """What an answer says of it."""
        how = "as far apart as they were" if self.scale == 1 else f"{self.scale:.2g} times as far apart"
        return f"calibrated on your last {self.runs} runs: bounds {how}"

    def of(self, span: Estimate) -> Estimate:
        """Return a duration with its interval calibrated; one without an interval as it is.

        >>> wider = Calibration(scale=2.0, runs=37).of(Estimate(1800, 3600, 7200, ("carried over",)))
        >>> wider.low, wider.high, wider.basis[-1]
        (900, 14400, 'calibrated on your last 37 runs: bounds 2 times as far apart')
        """
        if span.low >= span.high:
            return span
        low, high = _stretched(span, self.scale)
        return Estimate(low, span.likely, high, (*span.basis, self.basis))

    def before(self, span: Estimate) -> Estimate:
        """Return what a calibrated duration was before, to the second.

        >>> once = Calibration(scale=2.0, runs=37)
        >>> once.before(once.of(Estimate(1800, 3600, 7200, ()))).high
        7200
        """
        if self.basis not in span.basis:
            return span
        low, high = _stretched(span, 1 / self.scale)
        return Estimate(low, span.likely, high, tuple(one for one in span.basis if one != self.basis))


def _stretched(span: Estimate, scale: float) -> tuple[int, int]:
    likely = max(span.likely, 1)
    low = likely * (max(span.low, 1) / likely) ** scale
    high = likely * (max(span.high, 1) / likely) ** scale
    return min(max(math.floor(round(low, 6)), 1), span.likely), max(math.ceil(round(high, 6)), span.likely)


def calibrate(outcomes: Iterable[Outcome], predicted_from: PredictedFrom) -> Calibration | None:
    """Return by what the next interval is to be multiplied; ``None`` where fewer than twenty jobs tell it.

    Args:
        outcomes: the user's own jobs that were predicted and ended.
        predicted_from: what the next prediction follows from: jobs predicted from the same count alone, where there are
            enough of them.

    >>> said = {"low": 1800, "likely": 3600, "high": 7200, "completed": True, "predicted_from": "measured"}
    >>> runs = [Outcome(secs=3600 * 1.05**number, **said) for number in range(30)]
    >>> calibrate(runs, "measured").runs, round(calibrate(runs, "measured").scale, 2), calibrate(runs[:19], "measured")
    (30, 1.9, None)
    """
    # A job stopped before its likely end would have ended anywhere.
    telling = [one for one in outcomes if one.completed or one.secs > one.likely]
    alike = [one for one in telling if one.predicted_from == predicted_from]
    for some in (alike, telling):
        if sum(one.completed for one in some) >= FEWEST_OUTCOMES:
            scale = _quantile([one.distance for one in some], [one.completed for one in some])
            return Calibration(scale=min(max(round(scale, 3), _LEAST_SCALE), _MOST_SCALE), runs=len(some))
    return None


def _quantile(distances: Sequence[float], completed: Sequence[bool]) -> float:
    """Return the distance that nine of ten keep, one more job than were seen among them."""
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    from hfplanner.estimate.duration.survival import product_limit  # noqa: PLC0415 - as above

    share = math.ceil(_HELD * (len(distances) + 1)) / len(distances)
    curve = product_limit(pl.Series(distances), pl.Series(completed))
    told = curve.quantile(share).secs if share < 1 else None
    # Where too many were stopped to tell, it is as far as any went.
    return max(distances) if told is None else told
