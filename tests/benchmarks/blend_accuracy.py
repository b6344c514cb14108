"""Carried durations of known models: by the law alone, by the operations alone, and by the two blended.

The rows are those of ``data/work_durations.csv`` that are of one run on several accelerators. The law's constants are
learnt without the row's source; the operations' were chosen with the rows in view (``work_accuracy.py``), and so was
how far the blend believes them.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from hfplanner.estimate.duration.with_model import SLOWER_THAN_ITS_KERNELS, blended, sigma_of_operations
from hfplanner.estimate.span import Estimate
from tests.benchmarks.cross_gpu_rows import Group
from tests.benchmarks.duration_guesses import Guess, guesses
from tests.benchmarks.fit_carry import Fitted
from tests.benchmarks.work_rows import WorkRow

__all__ = ["blend_lines"]

# Whole seconds are too coarse for a step of a millisecond.
_LONG = 10**9
_PHASES = {
    "full": "train",
    "lora": "train",
    "qlora": "train",
    "decode": "decode",
    "prefill": "inference",
    "denoise": "inference",
}


@dataclass(frozen=True, slots=True)
class _Error:
    """Logarithms of predicted over true: by the law, by the operations, and blended with its bounds."""

    law: float
    told: float
    likely: float
    low: float
    high: float


def blend_lines(rows: Sequence[WorkRow], fitted_without: Callable[[str], Fitted]) -> list[str]:
    """Return a table by source and phase of what knowing the model is worth, from one measurement.

    Args:
        rows: published durations with what the operations say.
        fitted_without: the law's constants, learnt without a source.
    """
    found: dict[tuple[str, str], list[_Error]] = defaultdict(list)
    for group, told in _groups(rows):
        for guess in guesses([group], fitted_without(group.source)):
            if len(guess.measured) == 1:
                found[group.source, group.phase].append(_error(guess, told))
    lines = [
        "| source | phase | pairs | law | operations | blended | inside | width |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    parts = []
    for (source, phase), errors in sorted(found.items()):
        parts.append(_numbers(errors))
        lines.append(f"| {source} | {phase} | {len(errors)} | {_cells(parts[-1])} |")
    means = tuple(fmean(column) for column in zip(*parts, strict=True))
    return [*lines, f"| mean of the sources | | | {_cells(means)} |"]


def _groups(rows: Sequence[WorkRow]) -> list[tuple[Group, dict[str, float]]]:
    """Return each run on several accelerators, with the logarithm of what the operations say of each."""
    alike: dict[tuple[str, ...], list[WorkRow]] = defaultdict(list)
    for one in rows:
        alike[tuple(value for name, value in one.row.items() if name not in {"accelerator", "secs"})].append(one)
    found = []
    for some in alike.values():
        logs = {one.row["accelerator"]: math.log(one.secs) for one in some}
        if len(logs) > 1:
            row = some[0].row
            precision = "fp8" if row["quantization"] == "fp8" else row["precision"].split("-")[0]
            group = Group(row["source"], _PHASES[row["kind"]], precision, logs)
            found.append((group, {one.row["accelerator"]: math.log(one.told) for one in some}))
    return found


def _error(guess: Guess, told: dict[str, float]) -> _Error:
    here, there = guess.measured[0], guess.target
    logs = guess.group.logs
    truth = logs[there]
    log_k = logs[here] - told[here]
    log_told = logs[here] + told[there] - told[here]
    if log_k > math.log(SLOWER_THAN_ITS_KERNELS):
        return _Error(guess.likely, log_told - truth, guess.likely, guess.low, guess.high)
    low, likely, high = (round(_LONG * math.exp(log)) for log in (guess.low, guess.likely, guess.high))
    law = Estimate(low, likely, high, ("the law",))
    both = blended(law, math.log(_LONG) + log_told - truth, sigma_of_operations(log_k))
    bounds = (math.log(secs / _LONG) for secs in (both.likely, both.low, both.high))
    return _Error(guess.likely, log_told - truth, *bounds)


def _numbers(errors: Sequence[_Error]) -> tuple[float, ...]:
    def typical(logs: list[float]) -> float:
        return 100 * median(abs(math.expm1(log)) for log in logs)

    return (
        typical([one.law for one in errors]),
        typical([one.told for one in errors]),
        typical([one.likely for one in errors]),
        100 * sum(one.low <= 0 <= one.high for one in errors) / len(errors),
        100 * median(math.exp(one.high - one.likely) - math.exp(one.low - one.likely) for one in errors),
    )


def _cells(numbers: Sequence[float]) -> str:
    return " | ".join(f"{number:.1f}" for number in numbers[:-1]) + f" | {numbers[-1]:.0f}"
