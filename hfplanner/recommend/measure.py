"""Is it worth measuring first, and where: what ten minutes on one flavor cost, and what they are expected to save.

A short run on a flavor tells how long the job takes there, but for the noise of repeats and of what was extrapolated,
and so moves what is believed of every other one (:mod:`hfplanner.recommend.joint`). Over the drawn cases the flavor
that then looks cheapest is compared with the one that looks cheapest now; the mean difference is the expected saving of
one run (the expected value of sample information, Raiffa and Schlaifer 1961).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.recommend.joint import JointDurations
from hfplanner.units import SECONDS_PER_MINUTE

__all__ = ["MINUTES", "NOISE", "Measurement", "best_measurement", "worth_measuring"]

MINUTES = 10
"""How long a measurement runs: start-up, and then enough steps to tell the pace."""

NOISE = 0.06
"""Standard deviation of the logarithm of a duration told by ten minutes of it: repeats differ by 3 to 4 % (MLPerf's
identical runs, median 4.3 %), the rest is taken for the extrapolation."""

_SEED = 20_261_201


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A short run that is expected to pay.

    Args:
        flavor: where.
        minutes: how long.
        cost_micro_usd: of the measurement itself.
        saving_micro_usd: expected, on all runs together, before that cost.
        runs: how many runs it was counted for.
    """

    flavor: str
    minutes: int
    cost_micro_usd: int
    saving_micro_usd: int
    runs: int

    def to_json(self) -> dict[str, Any]:
        """Return the measurement as the interface spells it."""
        return {
            "flavor": self.flavor,
            "minutes": self.minutes,
            "cost_micro_usd": self.cost_micro_usd,
            "expected_saving_micro_usd": self.saving_micro_usd,
            "runs": self.runs,
        }


def worth_measuring(
    joint: JointDurations, prices: Mapping[str, int], *, runs: int = 1, minutes: int = MINUTES
) -> Measurement | None:
    """Return the measurement with the greatest expected saving beyond its cost, ``None`` where none pays.

    Args:
        joint: the durations on the flavors that may be chosen.
        prices: of each of them [micro-USD per minute].
        runs: how many runs the choice is made for.
        minutes: how long a measurement runs.

    >>> from hfplanner.estimate.span import Estimate
    >>> day = {"l4x1": Estimate(30_000, 90_000, 270_000, ()), "h200": Estimate(5_000, 15_000, 45_000, ())}
    >>> prices = {"l4x1": 13333, "h200": 83333}
    >>> found = worth_measuring(JointDurations(day, lambda first, second: 0.5), prices, runs=10)
    >>> found.flavor, found.cost_micro_usd, found.saving_micro_usd > found.cost_micro_usd
    ('l4x1', 133330, True)
    >>> worth_measuring(JointDurations(day, lambda first, second: 0.01), prices)
    """
    found = best_measurement(joint, prices, runs=runs, minutes=minutes)
    return found if found is not None and found.saving_micro_usd > found.cost_micro_usd else None


def best_measurement(
    joint: JointDurations, prices: Mapping[str, int], *, runs: int = 1, minutes: int = MINUTES
) -> Measurement | None:
    """Return the measurement with the greatest expected saving beyond its cost, whether or not it pays.

    A job that runs no more than twice as long as the measurement is measured by running it: ``None`` where there is
    no other, and where there is nothing to choose between. The arguments are those of :func:`worth_measuring`.
    """
    if len(joint.names) < 2:  # noqa: PLR2004 - nothing to choose between
        return None
    now, after = _expected_costs(joint, prices)
    found = [
        Measurement(
            flavor=name,
            minutes=minutes,
            cost_micro_usd=job_cost_micro_usd(prices[name], minutes * SECONDS_PER_MINUTE),
            saving_micro_usd=round(max(now - after[name], 0.0) * runs),
            runs=runs,
        )
        for name in joint.names
        if joint.durations[name].likely > 2 * minutes * SECONDS_PER_MINUTE
    ]
    return max(found, key=lambda one: (one.saving_micro_usd - one.cost_micro_usd, one.flavor), default=None)


def _expected_costs(joint: JointDurations, prices: Mapping[str, int]) -> tuple[float, dict[str, float]]:
    """Return the expected cost of the flavor that looks cheapest now, and of that which does after each measurement."""
    import numpy as np  # noqa: PLC0415 - numpy, for those who know a duration

    costs = joint.costs(prices)
    logs = np.log(joint.secs)
    price_of = np.array([[prices[name]] for name in joint.names], dtype=np.float64) / SECONDS_PER_MINUTE
    noise = NOISE * np.random.default_rng(_SEED).standard_normal(logs.shape[1])
    means = logs.mean(axis=1, keepdims=True)
    centred = logs - means
    covariance = centred @ centred.T / logs.shape[1]
    after = {}
    for row, name in enumerate(joint.names):
        seen = centred[row] + noise
        gain = covariance[:, row] / (covariance[row, row] + NOISE**2)
        left = np.clip(np.diag(covariance) - gain * covariance[:, row], 0.0, None)
        # The mean of a log-normal lies above its median by half its variance.
        believed = price_of * np.exp(means + np.outer(gain, seen) + left[:, None] / 2)
        chosen = believed.argmin(axis=0)
        after[name] = float(costs[chosen, np.arange(costs.shape[1])].mean())
    return float(costs.mean(axis=1).min()), after
