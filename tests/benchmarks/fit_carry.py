"""``python -m tests.benchmarks.fit_carry``: learn the rates and shares of carried durations from published rows.

Writes ``sustained_rates.csv``, ``carry_shares.csv`` and ``gpu_scaling.csv`` of ``data/``.

The model is that of
``hfplanner/estimate/duration/carry.py``: of each group, log time = work - c x compute - m x memory - (1-c-m) x clock.
Work, c and m belong to the group (c and m are drawn from a normal distribution of the phase), the rates to the
accelerator, where what was known before holds them near. Expectation maximization, with the weights of a Student
distribution, so that a row that was not the same work has little to say.
"""

import csv
import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from hfplanner.catalog.accelerators import accelerator_facts
from hfplanner.estimate.duration.fit import Point, solve
from hfplanner.estimate.duration.shares import Shares, doublings_of, host_of
from tests.benchmarks.cross_gpu_rows import (
    EFFICIENCY,
    Before,
    Group,
    kind_of,
    read_before,
    read_groups,
    read_rows,
)

__all__ = ["Fitted", "fit"]

_DATA = Path(__file__).parents[2] / "data"
_STEPS = 30
_FREEDOM = 3.0  # of the Student distribution
# Every source weighs as much as one group, however many rows it has: 400 of one benchmark are one way to use a GPU.
_WEIGHT = -1.0
# What is believed of a phase without rows, as (compute, memory), either up to a quarter more or less: reading a prompt
# is arithmetic, generating tokens reads the weights (the roofline). It weighs as much as this many sources.
_START_SHARES = {
    "train": np.array([0.5, 0.35]),
    "inference": np.array([0.5, 0.35]),
    "prefill": np.array([0.75, 0.1]),
    "decode": np.array([0.2, 0.6]),
}
_START_COVARIANCE = np.array([[0.02, -0.012], [-0.012, 0.02]])
_START_SPREAD = 0.1
_START_WEIGHT = 2.0
# Only tables of inference go through batch sizes on the same model.
_BATCHED = ("inference",)

# What a user says outright is believed, within these bounds: (compute, memory, input, their sigmas, correlation).
_BOUNDS = {
    "compute": (0.85, 0.10, 0.0, 0.08, 0.06, 0.03, -0.6, "nearly all of the time is arithmetic"),
    "memory": (0.10, 0.80, 0.0, 0.06, 0.08, 0.03, -0.6, "nearly all of the time is reading memory"),
    "input": (0.10, 0.10, 0.70, 0.05, 0.05, 0.15, 0.0, "nearly all of the time is loading data on the CPU"),
}
# What the software of one accelerator adds for all rows of a source, which two accelerators of it do not show: with it
# bounds from two measurements hold as many of the sources left out as their level says (duration_accuracy.py). A
# prompt's rows are sums of kernels, measured alike everywhere.
_SOFTWARE = {"train": 0.13, "inference": 0.15, "decode": 0.10, "prefill": 0.0, "any": 0.12}
# Loading data hides behind the GPU in most jobs; where it does not, about a tenth of the time is it.
_INPUT_SIGMA = 0.06

# How the accelerators of one host are connected, as the flavors' descriptions and the datasheets say.
_LINKS = {
    "T4": "PCIe 3 or x8",
    "L4": "PCIe 3 or x8",
    "A10G": "PCIe 3 or x8",
    "L40S": "PCIe 4 x16",
    "RTX PRO 6000": "PCIe 4 x16",
    "A100": "NVLink 3",
    "H200": "NVLink 4",
}
_SCALED_TO = 8
_TENTH = 1.2816  # a tenth of a normal distribution lies beyond this many standard deviations


@dataclass(slots=True)
class Fitted:
    """What was learnt.

    Args:
        rates: logarithm of each rate by accelerator and quantity.
        means: (c, m) by phase.
        covariances: of (c, m) by phase.
        spreads: standard deviation that no rate explains, by phase.
        counts: groups by phase.
        doublings: what the share of compute gains with every doubling of the batch, by phase.
    """

    rates: dict[tuple[str, str], float]
    means: dict[str, np.ndarray] = field(default_factory=dict)
    covariances: dict[str, np.ndarray] = field(default_factory=dict)
    spreads: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    doublings: dict[str, float] = field(default_factory=dict)

    def shares(self, phase: str) -> Shares:
        """Return the shares of a phase as the package knows them; ``any`` is between training and inference."""
        mean, covariance, spread = self._of(phase)
        sigma_c, sigma_m = np.sqrt(np.diag(covariance))
        correlation = float(covariance[0, 1] / (sigma_c * sigma_m))
        count = sum(self.counts.values()) if phase == "any" else self.counts.get(phase, 0)
        source = f"shares learnt from {count} published workloads on several GPUs"
        return Shares(
            compute=round(float(mean[0]), 3),
            memory=round(float(mean[1]), 3),
            input=0.0,
            compute_sigma=round(float(sigma_c), 3),
            memory_sigma=round(float(sigma_m), 3),
            input_sigma=_INPUT_SIGMA,
            correlation=round(correlation, 3),
            spread=round(spread, 3),
            source=source,
            compute_per_doubling=round(self.doublings.get(phase, 0.0), 3),
            host=host_of(phase),
            phase=phase,
            software=_SOFTWARE[phase],
        )

    def _of(self, phase: str) -> tuple[np.ndarray, np.ndarray, float]:
        if phase in self.means:
            return self.means[phase], self.covariances[phase], self.spreads[phase]
        if phase in _START_SHARES:
            return _START_SHARES[phase], _START_COVARIANCE, _START_SPREAD
        parts = [name for name in ("train", "inference") if name in self.means]
        if not parts:
            return _START_SHARES["train"], _START_COVARIANCE, _START_SPREAD
        mean = np.mean([self.means[name] for name in parts], axis=0)
        within = np.mean([self.covariances[name] for name in parts], axis=0)
        between = np.mean([np.outer(self.means[name] - mean, self.means[name] - mean) for name in parts], axis=0)
        return mean, within + between, float(np.mean([self.spreads[name] for name in parts]))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Groups of one phase, precision and set of accelerators: the arithmetic is the same for all."""

    phase: str
    keys: list[tuple[str, str]]
    names: list[str]
    times: np.ndarray
    weights: np.ndarray


def _batches(groups: Sequence[Group], before: dict[tuple[str, str], Before]) -> list[_Batch]:
    sizes: dict[str, int] = defaultdict(int)
    alike: dict[tuple[str, str, tuple[str, ...]], list[Group]] = defaultdict(list)
    for group in groups:
        sizes[group.source] += 1
        alike[group.phase, group.precision, tuple(sorted(group.logs))].append(group)
    found = []
    for (phase, precision, names), members in alike.items():
        keys = [(name, kind_of(name, precision, before)) for name in names]
        times = np.array([[group.logs[name] for name in names] for group in members])
        weights = np.array([sizes[group.source] ** _WEIGHT for group in members])
        found.append(_Batch(phase, keys, list(names), times, weights))
    return found


class _Sums:
    """What one pass over the groups adds up."""

    def __init__(self, keys: Sequence[tuple[str, str]], before: dict[tuple[str, str], Before]) -> None:
        self.index = {key: place for place, key in enumerate(keys)}
        precision = [1 / max(before[key].sigma, 1e-4) ** 2 for key in keys]
        self.left = np.diag(precision)
        self.right = np.array(precision) * [math.log(before[key].value) for key in keys]
        self.weight: dict[str, float] = defaultdict(float)
        self.first: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(2))
        self.second: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((2, 2)))
        self.freedom: dict[str, float] = defaultdict(float)
        self.squares: dict[str, float] = defaultdict(float)


def fit(groups: Sequence[Group], steps: int = _STEPS) -> Fitted:
    """Return the rates and shares under which the groups are likely."""
    before = read_before()
    batches = _batches(groups, before)
    now = Fitted({key: math.log(rate.value) for key, rate in before.items()})
    for phase in {batch.phase for batch in batches}:
        now.means[phase], now.covariances[phase] = _START_SHARES[phase].copy(), _START_COVARIANCE.copy()
        now.spreads[phase] = _START_SPREAD
        now.counts[phase] = sum(len(batch.times) for batch in batches if batch.phase == phase)
    for _ in range(steps):
        sums = _Sums(list(before), before)
        for batch in batches:
            _add(sums, batch, now)
        _maximize(sums, now)
    now.doublings = {phase: _per_doubling(groups, phase, now, before) for phase in _BATCHED}
    return now


def _per_doubling(groups: Sequence[Group], phase: str, now: Fitted, before: dict[tuple[str, str], Before]) -> float:
    """Return the slope of the share of compute over the doublings of the batch, every source weighing the same.

    One source alone tells how its own models fill its own GPUs: it is held to half of what it says, two to two thirds.
    """
    shares, found = now.shares(phase), defaultdict(list)
    for group in groups:
        if group.phase == phase and group.batch:
            points = [
                Point(
                    now.rates[name, kind_of(name, group.precision, before)],
                    now.rates[name, "bandwidth"],
                    now.rates[name, "clock"],
                    log,
                )
                for name, log in group.logs.items()
            ]
            found[group.source].append((doublings_of(group.batch), solve(points, shares).mean[1]))
    slopes = [
        float(np.polyfit(*zip(*pairs, strict=True), 1)[0]) for pairs in found.values() if len({x for x, _ in pairs}) > 1
    ]
    return sum(slopes) / (len(slopes) + 1)


def _add(sums: _Sums, batch: _Batch, now: Fitted) -> None:
    """Add what one batch says: the expected c and m of its groups, and from them about the rates."""
    phase, count = batch.phase, len(batch.names)
    variance = now.spreads[phase] ** 2
    clock = np.array([now.rates[name, "clock"] for name in batch.names])
    memory = np.array([now.rates[name, "bandwidth"] for name in batch.names])
    rates = np.stack([np.array([now.rates[key] for key in batch.keys]), memory], axis=1) - clock[:, None]
    times = batch.times + clock
    design = rates.mean(axis=0) - rates
    centred = times - times.mean(axis=1, keepdims=True)
    # Groups far from what their phase expects weigh less.
    within = np.eye(count) - 1 / count
    expected = design @ now.covariances[phase] @ design.T + variance * within + np.ones((count, count)) / count
    off = centred - now.means[phase] @ design.T
    distance = np.einsum("ij,jk,ik->i", off, np.linalg.inv(expected), off)
    weights = batch.weights * np.minimum(1.0, (_FREEDOM + count - 1) / (_FREEDOM + distance))
    weights = weights * _follows_the_gpu(batch, design, clock, variance, distance, expected)
    prior = np.linalg.inv(now.covariances[phase])
    covariance = np.linalg.inv(prior + design.T @ design / variance)
    mean = (now.means[phase] @ prior + centred @ design / variance) @ covariance
    total = float(weights.sum())
    sums.weight[phase] += total
    sums.first[phase] = sums.first[phase] + weights @ mean
    second = (mean * weights[:, None]).T @ mean + total * covariance
    sums.second[phase] = sums.second[phase] + second
    sums.freedom[phase] += total * (count - 1)
    residual = (weights @ (centred - mean @ design.T) ** 2).sum()
    sums.squares[phase] += float(residual + total * np.einsum("ij,jk,ik->", design, covariance, design))
    work = times.mean(axis=1) + mean @ rates.mean(axis=0)
    for place, (name, key) in enumerate(zip(batch.names, batch.keys, strict=True)):
        here, there = sums.index[key], sums.index[name, "bandwidth"]
        said = -(weights * (times[:, place] - work)) @ mean + total * covariance @ rates.mean(axis=0)
        said = (said + clock[place] * second.sum(axis=1)) / variance
        for row, one in enumerate((here, there)):
            sums.right[one] += said[row]
            for column, other in enumerate((here, there)):
                sums.left[one, other] += second[row, column] / variance


def _follows_the_gpu(  # noqa: PLR0913, PLR0917 - what one batch has in common
    batch: _Batch, design: np.ndarray, clock: np.ndarray, variance: float, distance: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """Return how likely each group follows the GPU rather than its host, of which it tells nothing here."""
    host, count = host_of(batch.phase), len(batch.names)
    times = batch.times + host.gpu * clock
    off = times - times.mean(axis=1, keepdims=True) - np.array([host.compute, host.memory]) @ design.T
    within = np.eye(count) - 1 / count
    there = host.sigma**2 * design @ design.T + variance * within + np.ones((count, count)) / count
    its = np.einsum("ij,jk,ik->i", off, np.linalg.inv(there), off)
    determinants = np.linalg.slogdet(expected)[1] - np.linalg.slogdet(there)[1]
    # Many rows of a source may wait for its host, whatever the share among all jobs: either is as likely before.
    odds = np.exp(np.clip((distance - its + determinants) / 2, -30, 30))
    return 1 / (1 + odds)


def _maximize(sums: _Sums, now: Fitted) -> None:
    for phase, weight in sums.weight.items():
        total = weight + _START_WEIGHT
        mean = (sums.first[phase] + _START_WEIGHT * _START_SHARES[phase]) / total
        about = sums.second[phase] - np.outer(sums.first[phase], mean) - np.outer(mean, sums.first[phase])
        about = about + weight * np.outer(mean, mean)
        now.means[phase] = mean
        now.covariances[phase] = (about + _START_WEIGHT * _START_COVARIANCE) / total
        squares = sums.squares[phase] + _START_WEIGHT * _START_SPREAD**2
        now.spreads[phase] = math.sqrt(squares / (sums.freedom[phase] + _START_WEIGHT))
    solution = np.linalg.solve(sums.left, sums.right)
    now.rates = {key: float(solution[place]) for key, place in sums.index.items()}


def _write(name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with (_DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def scaling_of(link: str) -> tuple[float, float, int]:
    """Return the efficiency of data-parallel training on 8 GPUs, its standard deviation as a logarithm, and the rows.

    Medians of published rows, each reduced to what is lost at one doubling of the GPUs.
    """
    rows = [row for row in read_rows(EFFICIENCY) if row["link"] == link]
    weights = [float(row["rows"]) for row in rows]
    doublings = [math.log2(float(row["n_gpus"])) for row in rows]
    lost = [math.log(float(row["median"])) / d for row, d in zip(rows, doublings, strict=True)]
    spans = [
        math.log(float(row["p90"]) / float(row["p10"])) / (2 * _TENTH * d)
        for row, d in zip(rows, doublings, strict=True)
    ]
    steps, total = math.log2(_SCALED_TO), sum(weights)
    mean, sigma = (sum(w * x for w, x in zip(weights, part, strict=True)) / total for part in (lost, spans))
    return math.exp(mean * steps), sigma * steps, int(total)


def main() -> int:
    """Fit the committed rows and write the constants."""
    day = datetime.now(UTC).date().isoformat()
    groups, before = read_groups(), read_before()
    fitted = fit(groups)
    offered = [facts.model for facts in accelerator_facts().values()]
    seen = {(name, kind_of(name, group.precision, before)) for group in groups for name in group.logs}
    seen |= {(name, "bandwidth") for group in groups for name in group.logs}
    rates = [
        (
            name,
            quantity,
            f"{math.exp(fitted.rates[name, quantity]):.4g}",
            rate.unit,
            "fitted" if (name, quantity) in seen and rate.sigma else rate.kind,
            rate.source,
            day,
        )
        for (name, quantity), rate in before.items()
        if name in offered
    ]
    _write("sustained_rates.csv", ("accelerator", "quantity", "value", "unit", "kind", "source", "checked"), rates)
    names = tuple(name for name in Shares.__dataclass_fields__ if name not in {"source", "gpu", "host", "phase"})
    shares = []
    for phase in ("any", "train", "inference", "prefill", "decode"):
        learnt = fitted.shares(phase)
        shares.append((phase, "auto", *(getattr(learnt, name) for name in names), learnt.source, day))
    spread = fitted.shares("any").spread
    shares.extend(
        ("any", bound, *numbers[:7], spread, 0.0, _SOFTWARE["any"], numbers[7], day)
        for bound, numbers in _BOUNDS.items()
    )
    scaling = []
    for name, link in _LINKS.items():
        efficiency, sigma, count = scaling_of(link)
        source = f"{count} published rows of data-parallel training over {link}"
        scaling.append((name, _SCALED_TO, f"{efficiency:.3f}", f"{sigma:.3f}", source, day))
    _write("gpu_scaling.csv", ("accelerator", "gpus", "efficiency", "sigma", "source", "checked"), scaling)
    _write("carry_shares.csv", ("phase", "bound", *names, "source", "checked"), shares)
    return 0


if __name__ == "__main__":
    sys.exit(main())
