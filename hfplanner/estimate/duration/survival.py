"""How durations spread when some runs were cut off: the product-limit estimator of Kaplan and Meier.

A run that was stopped after an hour says "at least an hour", and neither "an hour" nor nothing. With ``d`` of the ``n``
runs that were still going ending at ``t``, the share that outlasts ``t`` is the product of ``1 - d / n`` over all such
moments up to ``t`` (Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457). A run cut off at ``t`` was still going when
others ended at ``t``. The variance is Greenwood's; limits are taken on the scale of ``log(-log S)``, which keeps them
between 0 and 1, and a quantile's limits are where the limits of the curve cross it (Brookmeyer and Crowley, Biometrics
38 (1982) 29).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Quantile", "SurvivalCurve", "product_limit"]

# 1 - 0.9 and nine tenths multiplied up differ in the last digits; no share of runs differs by so little.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """The time after which a share of all runs has completed.

    Args:
        share: of the runs, between 0 and 1: 0.5 is the median.
        secs: the time [s]; ``None`` where too many runs were cut off before it.
        low: lower limit of the confidence interval [s]; ``None`` where it is not known.
        high: its upper limit [s]; ``None`` where there is none: the quantile may be any longer.
        at_least: what is sure where ``secs`` is ``None``: it is not less [s].
    """

    share: float
    secs: float | None
    low: float | None
    high: float | None
    at_least: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve:
    """The share of runs that last longer than a time: a step down at every time at which runs completed.

    Args:
        runs: how many runs it is made of.
        completed: how many of them ended by themselves.
        longest: the longest time seen, completed or not [s].
        secs: the times of the steps, ascending [s].
        survival: the share that lasts longer than each.
        variance: Greenwood's sum up to each, the variance of the survival's logarithm.
        worth: how many runs they are worth, where some weigh less than one; ``None`` is all of them.
        worth_completed: the same of those that ended by themselves.
    """

    runs: int
    completed: int
    longest: float
    secs: tuple[float, ...]
    survival: tuple[float, ...]
    variance: tuple[float, ...]
    worth: float | None = None
    worth_completed: float | None = None

    def survival_at(self, secs: float) -> float:
        """Return the share of runs that last longer than so many seconds.

        >>> import polars as pl
        >>> curve = product_limit(pl.Series([60.0, 120.0, 180.0]), pl.Series([True, False, True]))
        >>> round(curve.survival_at(59), 3), round(curve.survival_at(60), 3), curve.survival_at(180)
        (1.0, 0.667, 0.0)
        """
        steps = bisect_right(self.secs, secs)
        return self.survival[steps - 1] if steps else 1.0

    def quantile(self, share: float, *, confidence: float = 0.95) -> Quantile:
        """Return the time after which a share of the runs has completed, with its confidence interval.

        Args:
            share: between 0 and 1, both excluded.
            confidence: of the interval, between 0 and 1, both excluded.

        Raises:
            ValueError: one of them is not between 0 and 1.

        >>> import polars as pl
        >>> secs, completed = [600.0, 900.0, 3600.0, 3600.0], [True, True, False, False]
        >>> curve = product_limit(pl.Series(secs), pl.Series(completed))
        >>> curve.quantile(0.5).secs, curve.quantile(0.9).secs, curve.quantile(0.9).at_least
        (900.0, None, 3600.0)
        """
        return self.quantiles((share,), confidence=confidence)[0]

    def quantiles(self, shares: Sequence[float], *, confidence: float = 0.95) -> tuple[Quantile, ...]:
        """Return several quantiles, see :meth:`quantile`; the limits of the curve are computed once.

        Raises:
            ValueError: a share or the confidence is not between 0 and 1.
        """
        if not all(0 < number < 1 for number in (*shares, confidence)):
            raise ValueError(f"not between 0 and 1: {shares}, {confidence}")
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        lower, upper = self._limits(z), self._limits(-z)
        return tuple(self._quantile(share, lower, upper) for share in shares)

    def _quantile(self, share: float, lower: Sequence[float], upper: Sequence[float]) -> Quantile:
        secs = self._first_at_most(self.survival, 1 - share)
        return Quantile(
            share=share,
            secs=secs,
            low=self._first_at_most(lower, 1 - share),
            high=self._first_at_most(upper, 1 - share),
            at_least=self.longest if secs is None else None,
        )

    def _first_at_most(self, falling: Sequence[float], left: float) -> float | None:
        step = bisect_left(falling, -left - _ROUNDING, key=lambda value: -value)
        return self.secs[step] if step < len(self.secs) else None

    def _limits(self, z: float) -> list[float]:
        """Return one limit of the survival at each step, never rising: the lower one for a positive ``z``."""
        import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

        log = pl.col("survival").log()
        limit = (log * (-z * pl.col("variance").sqrt() / log).exp()).exp()
        # Nothing outlasts the last step, and Greenwood has no variance there: only the lower limit can fall.
        known = pl.when(pl.col("survival") > 0).then(limit).otherwise(0.0 if z > 0 else None)
        columns = {"survival": pl.Float64(), "variance": pl.Float64()}
        steps = pl.DataFrame({"survival": self.survival, "variance": self.variance}, schema=columns)
        return steps.select(known.cum_min().forward_fill().fill_null(1.0)).to_series().to_list()


def product_limit(secs: "pl.Series", completed: "pl.Series", weights: "Sequence[float] | None" = None) -> SurvivalCurve:
    """Return the Kaplan-Meier curve of runs, some of which were cut off.

    Args:
        secs: how long each ran [s].
        completed: whether it ended by itself then; otherwise it would have run at least so long.
        weights: how much each counts, above 0; ``None`` is one each.

    Raises:
        ValueError: no runs, a time that is missing, not a number or negative, or columns of different lengths.

    >>> import polars as pl
    >>> product_limit(pl.Series([60.0, 60.0, 90.0]), pl.Series([True, False, True])).secs
    (60.0, 90.0)
    >>> recent = product_limit(pl.Series([60.0, 120.0]), pl.Series([True, True]), weights=[0.5, 1.0])
    >>> round(recent.survival_at(60), 3), recent.worth
    (0.667, 1.5)
    """
    import polars as pl  # noqa: PLC0415 - as above

    if not len(secs) or len(secs) != len(completed) or secs.null_count() or completed.null_count():
        raise ValueError("runs need a time each, and whether they completed")
    weighed = pl.Series("weight", [1.0] * len(secs) if weights is None else weights, dtype=pl.Float64)
    if len(weighed) != len(secs):
        raise ValueError("runs need a weight each")
    frame = pl.DataFrame({"secs": secs.cast(pl.Float64), "completed": completed.cast(pl.Int64), "weight": weighed})
    if not frame.select((pl.col("secs").is_finite() & (pl.col("secs") >= 0)).all()).item():
        raise ValueError("a running time is a number of seconds, not negative")
    ended, going, left = pl.col("ended"), pl.col("going"), pl.col("left")
    # Summed from the longest on, so that nothing outlasts the last step, whatever the weights.
    steps = (
        frame.group_by("secs")
        .agg(ended=(pl.col("completed") * pl.col("weight")).sum(), all=pl.col("weight").sum())
        .sort("secs")
        .with_columns(going=pl.col("all").reverse().cum_sum().reverse())
        .with_columns(
            left=pl.when(ended == pl.col("all"))
            .then(going.shift(-1, fill_value=0.0))
            .otherwise(pl.max_horizontal(going - ended, 0.0))
        )
        .filter(ended > 0)
        .select(
            "secs",
            survival=(left / going).cum_prod(),
            variance=(ended / (going * left)).cum_sum(),
        )
    )
    longest = frame["secs"].max()
    return SurvivalCurve(
        runs=len(secs),
        completed=int(frame["completed"].sum()),
        longest=float(longest) if isinstance(longest, float) else 0.0,
        secs=tuple(steps["secs"].to_list()),
        survival=tuple(steps["survival"].to_list()),
        variance=tuple(steps["variance"].to_list()),
        worth=None if weights is None else math.fsum(weights),
        worth_completed=None if weights is None else math.fsum((frame["weight"] * frame["completed"]).to_list()),
    )
