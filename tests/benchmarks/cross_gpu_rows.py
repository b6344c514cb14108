"""Published measurements of one workload on several accelerators, and what was known of their speed before."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ACHIEVED", "EFFICIENCY", "KINDS", "Before", "Group", "kind_of", "read_before", "read_groups", "read_rows"]

_DATA = Path(__file__).parent / "data"
ACHIEVED = _DATA / "achieved.csv"
"""Tokens per second and GPU of published training and generation runs."""
EFFICIENCY = _DATA / "gpu_efficiency.csv"
"""How data-parallel training scales over the GPUs of one host: quantiles of published rows by source."""
# The rate a precision runs at, and what it falls back to where the hardware has none of it. Rows of bf16 on cards
# without it were run in fp16; rows of which no precision is published count as 16 bits, as the planner takes them.
KINDS = {
    "fp32": ("fp32",),
    "tf32": ("tf32", "fp32"),
    "fp16": ("half", "fp32"),
    "bf16": ("half", "fp32"),
    "fp8": ("fp8", "half", "fp32"),
    "int8": ("int8", "half", "fp32"),
}


# Larger numbers in the tables count tokens or items, not samples.
_LARGEST_BATCH = 1024


@dataclass(frozen=True, slots=True)
class Group:
    """One workload and its settings on two or more accelerators.

    Args:
        source: who published it; all of MLPerf's rounds are one source.
        phase: ``train``, ``inference``, ``prefill`` or ``decode``.
        precision: of its matrix products.
        logs: logarithm of the time by accelerator, up to a constant.
        batch: samples side by side on one GPU, ``None`` where it is not told or counts something else.
    """

    source: str
    phase: str
    precision: str
    logs: dict[str, float]
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """A rate as it was known before the fit: value, standard deviation of its logarithm, and where from."""

    value: float
    unit: str
    sigma: float
    kind: str
    source: str


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_groups(paths: Iterable[Path] = (_DATA / "cross_gpu.csv",)) -> list[Group]:
    """Return the groups of the files."""
    return [_group(row) for path in paths for row in read_rows(path)]


def _group(row: dict[str, str]) -> Group:
    source = "MLPerf" if "mlcommons/" in row["source"] or "mlperf" in row["source"] else row["source"]
    times = (cell.split("=") for cell in row["relative_time"].split())
    logs = {name.replace("_", " "): math.log(float(value)) for name, value in times}
    batch = int(row["batch"] or 0)
    told = row["n_gpus"] == "1" and 0 < batch <= _LARGEST_BATCH
    return Group(source.removesuffix(" kernels"), row["phase"], row["precision"], logs, batch if told else None)


def read_before() -> dict[tuple[str, str], Before]:
    """Return what was known of every rate before the fit, by accelerator and quantity."""
    return {
        (row["accelerator"], row["quantity"]): Before(
            float(row["value"]), row["unit"], float(row["sigma"]), row["kind"], row["source"]
        )
        for row in read_rows(_DATA / "gpu_rates_before.csv")
    }


def kind_of(accelerator: str, precision: str, rates: Iterable[tuple[str, str]]) -> str:
    """Return the rate that a precision runs at on an accelerator."""
    return next(kind for kind in KINDS[precision] if (accelerator, kind) in rates)
