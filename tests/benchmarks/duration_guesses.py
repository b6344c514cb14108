"""Predictions of published durations on other accelerators, beside the truth: what the report of them is made of."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from hfplanner.estimate.duration.fit import Point, believe, carried
from hfplanner.estimate.duration.shares import Shares
from tests.benchmarks.cross_gpu_rows import Group, kind_of, read_before, read_rows
from tests.benchmarks.fit_carry import Fitted

__all__ = ["Guess", "guesses"]

_OFFERED = {"T4", "L4", "A10G", "L40S", "A100", "H200", "RTX PRO 6000"}


@dataclass(frozen=True, slots=True)
class Guess:
    """A duration that was predicted and is known: logarithms of prediction over truth.

    Args:
        group: what it is of.
        measured: the accelerators it was predicted from.
        target: the accelerator it was predicted for.
        likely: of the likely value.
        low: of the lower bound.
        high: of the upper bound.
        compute: of the rule "as the datasheets' operations per second".
        bandwidth: of the rule "as the datasheets' bandwidth".
        tail: the probability of what is at least as far on that side as the truth: a level below it holds the truth.
    """

    group: Group
    measured: tuple[str, ...]
    target: str
    likely: float
    low: float
    high: float
    compute: float
    bandwidth: float
    tail: float

    @property
    def offered(self) -> bool:
        """Whether all its accelerators can be rented at the Hub."""
        return {*self.measured, self.target} <= _OFFERED


@dataclass(frozen=True, slots=True)
class _Case:
    """A group with what is believed of its accelerators and shares, and with their datasheets."""

    group: Group
    points: dict[str, Point]
    shares: Shares
    sheets: dict[str, dict[str, float]]

    def guess(self, measured: tuple[str, ...], target: str) -> Guess:
        """Predict one accelerator from others."""
        logs, truth = self.group.logs, self.group.logs[target]
        belief = believe([self.points[name] for name in measured], self.shares)
        change, below = carried(belief, self.points[target]), belief.share_below(self.points[target], truth)
        compute, bandwidth = (
            logs[measured[0]] + self._sheet(measured[0], kind) - self._sheet(target, kind) - truth
            for kind in (self.group.precision, "")
        )
        return Guess(
            self.group,
            measured,
            target,
            change.likely - truth,
            change.low - truth,
            change.high - truth,
            compute,
            bandwidth,
            min(below, 1 - below),
        )

    def _sheet(self, name: str, precision: str) -> float:
        """Return the logarithm of a datasheet's operations per second, of its bandwidth where no precision is named."""
        sheet = self.sheets[name]
        kind = kind_of(name, precision, {(name, kind) for kind in sheet}) if precision else "bandwidth"
        return math.log(sheet[kind])


def guesses(groups: Sequence[Group], fitted: Fitted, *, batch_told: bool = False) -> Iterator[Guess]:
    """Predict every accelerator of every group from one other, and from every two others."""
    before, sheets = read_before(), _datasheets()
    for group in groups:
        points = {name: _point(name, group, fitted, before) for name in group.logs}
        shares = fitted.shares(group.phase).with_batch(group.batch if batch_told else None)
        case = _Case(group, points, shares, sheets)
        for target in group.logs:
            others = [name for name in group.logs if name != target]
            for count in (1, 2):
                yield from (case.guess(measured, target) for measured in combinations(others, count))


def _point(name: str, group: Group, fitted: Fitted, before: dict[tuple[str, str], object]) -> Point:
    rates = fitted.rates
    kind = kind_of(name, group.precision, before)
    return Point(rates[name, kind], rates[name, "bandwidth"], rates[name, "clock"], group.logs[name])


def _datasheets() -> dict[str, dict[str, float]]:
    rows = read_rows(Path(__file__).parent / "data" / "gpu_datasheets.csv")
    return {
        row["accelerator"]: {name: float(value) for name, value in row.items() if name != "accelerator" and value}
        for row in rows
    }
