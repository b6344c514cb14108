"""What runs were measured to need goes before any formula; the formulas only carry it to other settings.

The runs of one model and one way to run it are points of a curve: over what the formulas say of their settings lies
what was measured. At a point the answer is the measurement, and its interval the spread between runs. Between points
the curve is interpolated, beyond them it follows the formulas' ratio, and the interval widens with the distance. More
never needs less: where a run with larger settings needed less than one with smaller ones, both count as one.

A run that ran out of memory is a measurement as well: its settings need more than the card had.

The constants were chosen in view of these rows of the tables of published measurements, each source once:

- between runs: 36 experiments of huggingface/peft (method_comparison/MetaMathQA, rerun on 2 to 5 days from 2025-06 to
  2026-01), standard deviations of 0.05 % in the median, 0.65 % as root mean square, 2.5 % with one method whose code
  was changed in between
- carried to another batch, length or rank: 578 pairs of 9 sources; ``tests/benchmarks/measured_memory.py`` prints by
  how much the carried value is off at each distance, and how many pairs the interval holds
- another choice of a word: pairs that differ in the optimizer (off by 2 %), checkpointing (6 to 11), loss (11),
  targets of adapters (8), packing (3)
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

from hfplanner.estimate.memory.job import MemoryJob, settle
from hfplanner.estimate.memory.overhead import CALIBRATION, Calibration
from hfplanner.estimate.memory.result import Measured, MemoryEstimate, Metric, estimate_memory
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape
from hfplanner.units import format_bytes

__all__ = ["NO_PEAKS", "MeasuredPeak", "MeasuredPeaks"]

# The 95 % quantile of a normal distribution, in standard deviations.
_Z95 = 1.645
# Standard deviations of logarithms: between runs, and how many runs this is worth beside those at hand.
_RUNS_SIGMA, _RUNS_WORTH = 0.02, 4
# torch counts what is allocated; what is reserved beside it follows from the formulas.
_ALLOCATED_SIGMA = 0.03
# Carried: at once; for each factor of e between what the formulas say of both, and at most; for each other choice.
_CARRIED_SIGMA, _CHOICE_SIGMA = 0.02, 0.10
_TRAINING_DISTANCE, _INFERENCE_DISTANCE = (0.15, 0.13), (0.10, 0.10)
# How much more than its card had a run that ran out of memory may have needed; chosen by hand.
_BEYOND = 1.1
_NUMBERS = ("batch_size", "seq_len", "prompt_len", "lora_rank", "accumulation", "gpus")
# Choices the formulas know well enough to carry a measurement over; anything else makes it another job.
_CHOICES = frozenset(
    (
        *("attention", "checkpointing", "expandable_segments", "foreach", "grad_sync", "lengths", "lora_targets"),
        *("loss", "optimizer", "optimizer_in_backward", "own_loop", "packed", "trained_embeddings", "unquantized"),
    )
)
_MOST_CHOICES = 2
# With these a run needs less than without, although its likely need is the same.
_SPARING = ("expandable_segments", "packed")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPeak:
    """What one run was seen to need of each GPU.

    Args:
        job: how it was run.
        flavor: where.
        peak_bytes: the most it took; ``None`` where it ran out of memory.
        metric: which instrument said so; ``"total"`` counts the CUDA context, as ``nvidia-smi`` does.
        usable_bytes: of one GPU of that flavor; ``None`` is not known.
    """

    job: MemoryJob
    flavor: str
    peak_bytes: int | None
    metric: Metric = "total"
    usable_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class _Point:
    """Runs with equal settings: what the formulas say of them, and what was measured, as logarithms."""

    formula: float
    logs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The curve at one point, as logarithms."""

    formula: float
    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class MeasuredPeaks:
    """All that was measured of one model.

    Args:
        peaks: the runs.

    >>> from hfplanner.models.known import find_known
    >>> shape, job = find_known("Qwen/Qwen3-8B"), MemoryJob(task="lora", batch_size=4)
    >>> peaks = MeasuredPeaks((MeasuredPeak(job=job, flavor="a10g-large", peak_bytes=19_300_000_000),))
    >>> peaks.estimate(shape, job).per_gpu_bytes.likely
    19300000000
    >>> twice = peaks.estimate(shape, replace(job, batch_size=8)).per_gpu_bytes
    >>> twice.likely > 19_300_000_000, twice.basis[0]
    (True, 'Measured: 19.3 GB on a10g-large (1 run)')
    """

    peaks: tuple[MeasuredPeak, ...] = ()

    def estimate(self, shape: ModelShape, job: MemoryJob, calibration: Calibration = CALIBRATION) -> MemoryEstimate:
        """Return what a job needs: as measured, where anything like it was, else as the formulas say.

        Raises:
            UsageError: the job names a quantization or a module that does not exist.
        """
        formula = estimate_memory(shape, job, calibration)
        alike = [peak for peak in self.peaks if peak.peak_bytes is not None and _is_alike(peak.job, formula.job, shape)]
        failed = [peak for peak in self.peaks if peak.peak_bytes is None and _says_something(peak, formula)]
        if not alike and not failed:
            return replace(formula, evidence=self) if self.peaks else formula
        ran = _nearest(alike, formula.job, shape)
        span = _carried(ran, formula) if ran else formula.per_gpu_bytes
        span = _beyond(span, failed, formula)
        measured = _measured(ran, failed, formula)
        basis = (*_basis(ran, failed, formula), *formula.per_gpu_bytes.basis[:1])
        answer = replace(span, basis=basis)
        pressed = answer if ran else replace(_beyond(formula.pressed_bytes, failed, formula), basis=basis)
        return replace(
            formula,
            parts=_parts(formula, answer.likely),
            per_gpu_bytes=answer,
            pressed_bytes=pressed,
            measured=measured,
            evidence=self,
        )


NO_PEAKS = MeasuredPeaks()
"""Nothing was measured: what the formulas say holds."""


@lru_cache(maxsize=4096)
def _formula(shape: ModelShape, job: MemoryJob, calibration: Calibration) -> MemoryEstimate:
    return estimate_memory(shape, job, calibration)


@lru_cache(maxsize=4096)
def _differences(run: MemoryJob, asked: MemoryJob, shape: ModelShape) -> frozenset[str]:
    """Return in which words a run differs from what is asked."""
    run, asked = settle(run, shape.kind), settle(asked, shape.kind)
    names = {one.name for one in fields(MemoryJob) if getattr(run, one.name) != getattr(asked, one.name)}
    return frozenset(names) - set(_NUMBERS)


def _is_alike(run: MemoryJob, asked: MemoryJob, shape: ModelShape) -> bool:
    """Whether what a run needed can be carried over to what is asked."""
    names = _differences(run, asked, shape)
    return names <= _CHOICES and len(names) <= _MOST_CHOICES


def _says_something(peak: MeasuredPeak, asked: MemoryEstimate) -> bool:
    """Whether a run that ran out of memory says something about what is asked: it is alike, or needs no more."""
    same_kind = (peak.job.trains, peak.job.engine) == (asked.job.trains, asked.job.engine)
    return same_kind and (_is_alike(peak.job, asked.job, asked.shape) or _needs_at_least(asked, peak))


def _nearest(peaks: Sequence[MeasuredPeak], asked: MemoryJob, shape: ModelShape) -> list[MeasuredPeak]:
    """Return the runs of the one way to run the model that is nearest to what is asked; they differ in numbers only."""
    by_way: dict[MemoryJob, list[MeasuredPeak]] = {}
    for peak in peaks:
        by_way.setdefault(_way(peak.job, shape), []).append(peak)
    ranked = sorted(by_way, key=lambda way: (len(_differences(way, asked, shape)), repr(way)))
    return by_way[ranked[0]] if ranked else []


@lru_cache(maxsize=4096)
def _way(job: MemoryJob, shape: ModelShape) -> MemoryJob:
    """Return how a model is run, without the numbers."""
    plain = MemoryJob()
    return replace(settle(job, shape.kind), **{name: getattr(plain, name) for name in _NUMBERS})


def _total(peak: MeasuredPeak, formula: MemoryEstimate) -> float:
    """Return a peak with what its instrument does not count."""
    beside = {"total": (), "reserved": ("cuda_context",), "allocated": ("cuda_context", "fragmentation")}[peak.metric]
    return float(peak.peak_bytes or 0) + sum(formula.parts.get(part, 0) for part in beside)


def _carried(ran: Sequence[MeasuredPeak], asked: MemoryEstimate) -> Estimate:
    """Return what is asked on the curve of the runs."""
    choices = len(_differences(ran[0].job, asked.job, asked.shape))
    inexact = _ALLOCATED_SIGMA if any(peak.metric == "allocated" for peak in ran) else 0.0
    beside = math.hypot(inexact, _CHOICE_SIGMA * choices)
    curve = _curve(_points(ran, asked), beside)
    drift = _TRAINING_DISTANCE if asked.job.trains else _INFERENCE_DISTANCE
    low, likely, high = _on_curve(curve, float(asked.per_gpu_bytes.likely), drift)
    return Estimate(round(math.exp(low)), round(math.exp(likely)), round(math.exp(high)), ())


def _points(ran: Sequence[MeasuredPeak], asked: MemoryEstimate) -> list[_Point]:
    found: dict[float, list[float]] = {}
    for peak in ran:
        formula = _formula(asked.shape, peak.job, asked.calibration)
        found.setdefault(float(formula.per_gpu_bytes.likely), []).append(math.log(max(_total(peak, formula), 1.0)))
    return [_Point(formula, tuple(sorted(logs))) for formula, logs in sorted(found.items())]


def _curve(points: Sequence[_Point], beside: float) -> list[_Bounds]:
    """Return the curve at its points: rising, each with the spread between runs, and with every run between its bounds.

    Args:
        points: by what the formulas say.
        beside: another standard deviation of all of them.
    """
    between = [log - sum(point.logs) / len(point.logs) for point in points for log in point.logs]
    degrees = len(between) - len(points)
    sigma = math.sqrt((_RUNS_WORTH * _RUNS_SIGMA**2 + sum(gap**2 for gap in between)) / (_RUNS_WORTH + degrees))
    bounds: list[_Bounds] = []
    for block in _rising(points):
        logs = [log for point in block for log in point.logs]
        mean = sum(logs) / len(logs)
        # The next run strays as each did, and the mean of those at hand strays too.
        reach = _Z95 * math.hypot(sigma * math.sqrt(1 + 1 / len(logs)), beside)
        low, high = min(mean - reach, *logs), max(mean + reach, *logs)
        bounds += [_Bounds(point.formula, low, mean, high) for point in block]
    lows = [min(one.low for one in bounds[place:]) for place in range(len(bounds))]
    highs = [max(one.high for one in bounds[: place + 1]) for place in range(len(bounds))]
    return [replace(one, low=low, high=high) for one, low, high in zip(bounds, lows, highs, strict=True)]


def _rising(points: Sequence[_Point]) -> list[list[_Point]]:
    """Return the points in blocks whose means rise: isotonic regression by pooling adjacent violators."""

    def mean(block: list[_Point]) -> float:
        logs = [log for point in block for log in point.logs]
        return sum(logs) / len(logs)

    blocks: list[list[_Point]] = []
    for point in points:
        blocks.append([point])
        while len(blocks) > 1 and mean(blocks[-2]) > mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    return blocks


def _on_curve(curve: Sequence[_Bounds], formula: float, drift: tuple[float, float]) -> tuple[float, float, float]:
    """Return low, likely and high where the formulas say so much, as logarithms.

    Args:
        curve: what was measured.
        formula: what the formulas say.
        drift: how far the ratio of the formulas is off for each factor of e, and at most.
    """
    left = next((one for one in reversed(curve) if one.formula <= formula), None)
    right = next((one for one in curve if one.formula >= formula), None)
    if left is not None and left is right:
        return left.low, left.likely, left.high
    ends = [one for one in (left, right) if one is not None]
    likely = _between(ends, formula)
    # From below the need can only have grown, from above only shrunk.
    first, last = ends[0], ends[-1]
    low = likely - math.hypot(last.likely - last.low, _carrying(last, formula, drift))
    high = likely + math.hypot(first.high - first.likely, _carrying(first, formula, drift))
    low = low if left is None else max(low, left.low)
    high = high if right is None else min(high, right.high)
    return low, likely, high


def _between(ends: Sequence[_Bounds], formula: float) -> float:
    """Return the likely value between two points, or beyond one by the formulas' ratio."""
    first, last = ends[0], ends[-1]
    if first is last:
        return first.likely + math.log(formula / first.formula)
    share = math.log(formula / first.formula) / math.log(last.formula / first.formula)
    return first.likely + share * (last.likely - first.likely)


def _carrying(point: _Bounds, formula: float, drift: tuple[float, float]) -> float:
    """Return how far a bound moves away from the likely value for being carried from a point."""
    distance = abs(math.log(formula / point.formula))
    return _Z95 * math.hypot(_CARRIED_SIGMA, min(drift[0] * distance, drift[1]))


def _beyond(span: Estimate, failed: Iterable[MeasuredPeak], asked: MemoryEstimate) -> Estimate:
    """Return a need raised to what runs that ran out of memory say: more than their cards had."""
    low, likely, high = span.low, span.likely, span.high
    for peak in failed:
        if peak.usable_bytes is None:
            continue
        least = 0
        if _is_alike(peak.job, asked.job, asked.shape):
            formula = _formula(asked.shape, peak.job, asked.calibration).per_gpu_bytes.likely
            least = round(peak.usable_bytes * asked.per_gpu_bytes.likely / formula)
        if _needs_at_least(asked, peak):
            low, least = max(low, peak.usable_bytes), max(least, peak.usable_bytes)
        likely, high = max(likely, least), max(high, round(least * _BEYOND))
    return Estimate(min(low, likely), likely, high, span.basis)


def _needs_at_least(asked: MemoryEstimate, peak: MeasuredPeak) -> bool:
    """Whether what is asked needs at least what a run needed."""
    spares = any(getattr(asked.job, name) and not getattr(peak.job, name) for name in _SPARING)
    varied = peak.job.lengths == "varying" and asked.job.lengths != "varying"
    if spares or varied:
        return False
    return asked.per_gpu_bytes.likely >= _formula(asked.shape, peak.job, asked.calibration).per_gpu_bytes.likely


def _measured(ran: Sequence[MeasuredPeak], failed: Sequence[MeasuredPeak], asked: MemoryEstimate) -> Measured:
    way = _way(asked.job, asked.shape)
    enough = [
        peak.flavor
        for peak in ran
        if _way(peak.job, asked.shape) == way
        and peak.job.gpus == asked.job.gpus
        and _formula(asked.shape, peak.job, asked.calibration).per_gpu_bytes.likely >= asked.per_gpu_bytes.likely
    ]
    too_small = [peak for peak in failed if _needs_at_least(asked, peak)]
    return Measured(
        runs=len(ran),
        ran_on=frozenset(enough) - {peak.flavor for peak in too_small},
        ran_out_on=frozenset(peak.flavor for peak in too_small),
        ran_out_of_bytes=max((peak.usable_bytes or 0 for peak in too_small), default=0),
    )


def _basis(ran: Sequence[MeasuredPeak], failed: Sequence[MeasuredPeak], asked: MemoryEstimate) -> tuple[str, ...]:
    said = []
    by_flavor: dict[str, list[MeasuredPeak]] = {}
    for peak in ran:
        by_flavor.setdefault(peak.flavor, []).append(peak)
    if ran:
        each = [f"{_sizes(peaks)} on {flavor} ({_runs(len(peaks))})" for flavor, peaks in by_flavor.items()]
        said.append(f"Measured: {', '.join(each)}")
        formulas = {_formula(asked.shape, peak.job, asked.calibration).per_gpu_bytes.likely for peak in ran}
        now = asked.per_gpu_bytes.likely
        if now in formulas and _way(ran[0].job, asked.shape) == _way(asked.job, asked.shape):
            said.append("90 % interval: the spread between runs (huggingface/peft's repeated experiments, and these)")
        else:
            nearest = min(formulas, key=lambda one: abs(math.log(one / now)))
            said.append(f"Carried to these settings by the formulas' ratio, {now / nearest:.2f} from the nearest run")
            said.append("90 % interval: the spread between runs, and how far such ratios were off")
    for peak in failed:
        room = "" if peak.usable_bytes is None else f" with {format_bytes(peak.usable_bytes)} usable"
        said.append(f"Measured: ran out of memory on {peak.flavor}{room}")
    return tuple(dict.fromkeys(said))


def _sizes(peaks: Sequence[MeasuredPeak]) -> str:
    sizes = sorted(peak.peak_bytes or 0 for peak in peaks)
    first, last = format_bytes(sizes[0]), format_bytes(sizes[-1])
    return first if first == last else f"{first} to {last}"


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


def _parts(formula: MemoryEstimate, likely: int) -> dict[str, int]:
    """Return the parts of a measured need: what is counted stays, what is reckoned takes up the difference."""
    counted = {name: formula.parts[name] for name in ("weights", "cuda_context") if name in formula.parts}
    reckoned = {name: size for name, size in formula.parts.items() if name not in counted}
    if likely <= sum(counted.values()) or not reckoned:
        counted, reckoned = {}, dict(formula.parts)
    share = (likely - sum(counted.values())) / max(sum(reckoned.values()), 1)
    scaled = counted | {name: round(size * share) for name, size in reckoned.items()}
    largest = max(reckoned, key=lambda name: scaled[name])
    scaled[largest] += likely - sum(scaled.values())
    return {name: scaled[name] for name in formula.parts if scaled[name] > 0}
