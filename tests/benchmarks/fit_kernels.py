"""``python -m tests.benchmarks.fit_kernels``: fit the surface of kernels on measured ones.

Prints how well it tells the kernels of a card that was left out; with ``--write`` it keeps ``data/kernel_surface.csv``,
``data/kernel_cards.csv`` and ``reports/kernel_surface.md``.

``data/kernel_rows.csv`` is a thinned excerpt of published kernels: of ai-dynamo/aiconfigurator (Apache-2.0) matrix
products in bf16 and fp8 (60 of each of four sizes, card and precision), attention over prompts and caches; of
sitar-lab/NeuSight (MIT) products in fp32 and plain streams on T4, L4 and A100. ``m n k`` are the sizes of a product;
tokens, query heads and key heads of attention; rows, columns and nothing of a stream, whose ``batch`` is how often it
moves each element.
"""

import argparse
import csv
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from scipy.optimize import least_squares

from hfplanner.estimate.duration.operations.kernels import (
    Attention,
    Cached,
    Card,
    Matrix,
    Surface,
    attention_secs,
    cached_attention_secs,
    card_of,
    matrix_secs,
    stream_secs,
)
from tests.benchmarks.cross_gpu_rows import read_before, read_rows

__all__ = ["Kernel", "bench_card", "fit_surface", "read_kernels"]

_HERE = Path(__file__).parent
_DATA = _HERE.parents[1] / "data" / "kernel_surface.csv"
_CARDS = _HERE.parents[1] / "data" / "kernel_cards.csv"
_REPORT = _HERE.parents[1] / "reports" / "kernel_surface.md"
_MICRO = 1e-6
_FP8_BYTES, _HALF_BYTES, _WHOLE_BYTES = 1, 2, 4
# Prompts so long that arithmetic is all there is to attention.
_LONG = 512
# Cards whose own attention is not published take that of their architecture.
_BY_TWIN = {"L4": "L40S", "A10G": "A100"}
# What is fitted from which kernels; each from a start, as logarithms.
_OF_MATRICES = (
    "start",
    "exponent",
    "compute",
    "memory",
    "first_tile",
    "next_tile",
    "split",
    "wave",
    "eight_bit_start",
)
_OF_ATTENTION = ("attention", "short_head", "short_prompt", "unfilled")
_OF_CACHED = ("cached", "cached_start", "cache")
_START = Surface(
    start=3e-6, exponent=3.0, compute=1.0, memory=0.9, first_tile=0.95, next_tile=0.75, split=2.5e-6, wave=1e-7,
    eight_bit_start=3e-6,
    attention=0.75, short_head=0.75, short_prompt=2.0, unfilled=0.7, cached=1.0, cached_start=8e-6,
    cache=1.6e10, stream=0.95,
)  # fmt: skip
_UNITS = {"start": "s", "split": "s", "wave": "s", "eight_bit_start": "s", "cached_start": "s", "cache": "B/s"}
# Cards that the Hub does not rent, as far as kernels of them are published.
_PROCESSORS = {"H100": 132, "A100-40GB": 108, "A100-PCIe-80GB": 108, "V100": 80, "A10": 72, "A30": 56, "B200": 148}


_CACHES = {"H100": 50, "A100-40GB": 40, "A100-PCIe-80GB": 40, "B200": 126}


@dataclass(frozen=True, slots=True)
class Kernel:
    """A measured kernel.

    Args:
        kind: ``matrix``, ``attention``, ``cached attention`` or ``stream``.
        accelerator: where.
        precision: of its arithmetic.
        sizes: batch, m, n, k and width, as the table has them.
        secs: measured.
    """

    kind: str
    accelerator: str
    precision: str
    sizes: tuple[int, int, int, int, int]
    secs: float

    def told(self, numbers: Surface) -> float:
        """Return the seconds that a surface tells."""
        # What attention reaches on a card is fitted from these, beside the surface of all.
        card = replace(bench_card(self.accelerator), attention=1.0)
        batch, m, n, k, width = self.sizes
        if self.kind == "matrix":
            size = {"fp8": _FP8_BYTES, "fp32": _WHOLE_BYTES}.get(self.precision, _HALF_BYTES)
            out = max(size, _HALF_BYTES)
            return matrix_secs(card, self.precision, Matrix(m, n, k, sizes=(size, size, out)), numbers)
        if self.kind == "attention":
            return attention_secs(card, self.precision, Attention(batch, m, n, k, width, keys=m), numbers)
        if self.kind == "cached attention":
            return cached_attention_secs(card, Cached(batch, m, k, width, resident=True), numbers)
        return stream_secs(card, 4.0 * batch * m * n, numbers)


@cache
def bench_card(model: str) -> Card:
    """Return a card of the Hub, or one of which the benchmarks alone know the rates.

    Raises:
        KeyError: nothing is known about it.
    """
    card = card_of(model)
    if card is not None:
        return card
    before = read_before()
    ops = {kind: rate.value * 1e12 for (name, kind), rate in before.items() if name == model and rate.unit[0] == "T"}
    if ops.get("half") and model != "V100":
        ops["bf16"] = ops["half"]
    bandwidth = before[model, "bandwidth"].value * 1e9
    return Card(model, ops, bandwidth, _PROCESSORS[model], _CACHES.get(model, 0) * 1e6)


def read_kernels(path: Path = _HERE / "data" / "kernel_rows.csv") -> list[Kernel]:
    """Return the measured kernels."""
    return [
        Kernel(
            row["kernel"],
            row["accelerator"],
            row["precision"],
            (int(row["batch"]), int(row["m"]), int(row["n"]), int(row["k"] or 0), int(row["width"] or 0)),
            float(row["microseconds"]) * _MICRO,
        )
        for row in read_rows(path)
    ]


def fit_surface(kernels: Sequence[Kernel]) -> Surface:
    """Return the surface under which the kernels are likely; outliers weigh less."""
    now = _START
    for kind, names in (
        ("matrix", _OF_MATRICES), ("attention", _OF_ATTENTION), ("cached attention", _OF_CACHED),
        ("stream", ("stream",)),
    ):  # fmt: skip
        now = _fitted(now, names, [one for one in kernels if one.kind == kind])
    return now


def _fitted(now: Surface, names: Sequence[str], kernels: Sequence[Kernel]) -> Surface:
    def with_logs(logs: np.ndarray) -> Surface:
        return replace(now, **{name: math.exp(float(log)) for name, log in zip(names, logs, strict=True)})

    def residuals(logs: np.ndarray) -> np.ndarray:
        numbers = with_logs(logs)
        return np.clip([math.log(one.told(numbers) / one.secs) for one in kernels], -1.5, 1.5)

    start = np.array([math.log(getattr(now, name)) for name in names])
    # Shares of what a card sustains are no more than a tenth above it: the rates themselves are medians.
    upper = np.array([math.log(1.1) if name in {"first_tile", "next_tile"} else 40.0 for name in names])
    answer = least_squares(residuals, start, bounds=(-25.0, upper), loss="soft_l1", f_scale=0.15, max_nfev=40)
    return with_logs(answer.x)


def own_factors(kernels: Sequence[Kernel], numbers: Surface) -> dict[str, tuple[float, int]]:
    """Return how many times the surface's operations per second attention reaches on each card, and of how many."""
    found: dict[str, list[float]] = {}
    for one in kernels:
        if one.kind == "attention" and one.sizes[1] >= _LONG:
            found.setdefault(one.accelerator, []).append(math.log(one.told(numbers) / one.secs))
    return {name: (math.exp(median(logs)), len(logs)) for name, logs in found.items()}


def _errors(kernels: Sequence[Kernel], numbers: Surface) -> tuple[int, float, float, float]:
    logs = [math.log(one.told(numbers) / one.secs) for one in kernels]
    sizes = sorted(abs(math.expm1(log)) for log in logs)
    return len(logs), 100 * median(sizes), 100 * quantiles(sizes, n=10)[-1], 100 * math.expm1(median(logs))


def report(kernels: Sequence[Kernel], fit: Callable[[Sequence[Kernel]], Surface] = fit_surface) -> list[str]:
    """Return a table of errors in percent: each card told by the kernels of the others."""
    lines = ["| kernel | card left out | rows | median | p90 | bias |", "|---|---|--:|--:|--:|--:|"]
    for name in sorted({one.accelerator for one in kernels}):
        numbers = fit([one for one in kernels if one.accelerator != name])
        for kind, precision in sorted({(one.kind, one.precision) for one in kernels if one.accelerator == name}):
            some = [one for one in kernels if (one.kind, one.precision, one.accelerator) == (kind, precision, name)]
            count, middle, worst, bias = _errors(some, numbers)
            lines.append(f"| {kind}, {precision} | {name} | {count} | {middle:.1f} | {worst:.0f} | {bias:+.1f} |")
    return lines


def own_lines(kernels: Sequence[Kernel], numbers: Surface) -> list[str]:
    """Return a table of attention over long prompts: by the surface of all cards, and with what each card reaches."""
    lines = ["| card | rows | factor | bias by the surface | error with the factor |", "|---|--:|--:|--:|--:|"]
    for name, (factor, many) in sorted(own_factors(kernels, numbers).items()):
        some = [one for one in kernels if (one.kind, one.accelerator) == ("attention", name) and one.sizes[1] >= _LONG]
        off = [abs(one.told(numbers) / factor / one.secs - 1) for one in some]
        lines.append(f"| {name} | {many} | {factor:.2f} | {100 * (factor - 1):+.1f} | {100 * median(off):.1f} |")
    return lines


def _write_cards(found: dict[str, tuple[float, int]], day: str) -> None:
    with _CARDS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("accelerator", "kernel", "factor", "source", "checked"))
        for name, (factor, many) in sorted(found.items()):
            text = (
                f"median of {many} kernels of ai-dynamo/aiconfigurator (Apache-2.0), prompts of {_LONG} tokens and more"
            )
            if card_of(name) is not None:
                writer.writerow((name, "attention", f"{factor:.3f}", text, day))
            for other in (one for one, twin in _BY_TWIN.items() if twin == name):
                writer.writerow((other, "attention", f"{factor:.3f}", f"as {name}, the same architecture: {text}", day))


def report_text(kernels: Sequence[Kernel], numbers: Surface, day: str) -> str:
    """Return ``reports/kernel_surface.md``."""
    lines = [
        f"# Kernels told by one surface, each card left out, {day}",
        "",
        "In percent. Fitted on the kernels of all other cards of `tests/benchmarks/data/kernel_rows.csv`; what a card",
        "sustains (`data/sustained_rates.csv`) and the size of its second-level cache are known. Made by",
        "`python -m tests.benchmarks.fit_kernels`.",
        "",
        *report(kernels),
        "",
        "Attention over a cache of keys and values was measured again and again: an L40S, whose second-level cache",
        "holds 96 MiB, reads small ones from there, and the surface knows it. Products of few rows (L40S, p90) come",
        "from there too, at 1.1 to 1.8 times the memory's bandwidth, and on no other card: that is not modelled;",
        "in a model's step they do not, for its other layers ran in between.",
        "",
        f"## Attention over prompts of {_LONG} tokens and more, by card",
        "",
        "What a card's kernels reach of the operations per second that its products sustain belongs to the card and",
        "its software (FlashAttention 2 on A100, 3 on Hopper): the factor is kept in `data/kernel_cards.csv`; L4 takes",
        "that of L40S and A10G that of A100, of their architectures. It was fitted on the rows that it is shown with.",
        "",
        *own_lines(kernels, numbers),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Fit, print the report, and keep the surface and the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fit_kernels")
    parser.add_argument("--write", action="store_true", help="write data/kernel_*.csv and reports/kernel_surface.md")
    kernels = read_kernels()
    numbers = fit_surface(kernels)
    day = datetime.now(UTC).date().isoformat()
    text = report_text(kernels, numbers, day)
    if parser.parse_args().write:
        sources = "; ".join(sorted({row["source"] for row in read_rows(_HERE / "data" / "kernel_rows.csv")}))
        with _DATA.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("quantity", "value", "unit", "source", "checked"))
            for name, value in asdict(numbers).items():
                source = f"fitted on {len(kernels)} kernels of {sources}"
                writer.writerow((name, f"{value:.4g}", _UNITS.get(name, ""), source, day))
        _write_cards(own_factors(kernels, numbers), day)
        _REPORT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
