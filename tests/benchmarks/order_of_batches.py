"""What the allocator reserves beyond constant lengths where the lengths of batches differ, over orders of them.

``python -m tests.benchmarks.order_of_batches --collect [JOB]`` traces a step of each job at six lengths (the extra
``trace``), takes the sizes between them as straight lines, and replays lognormal lengths in eight orders of 101 steps
through the simulated caching allocator: as it is, with the cache emptied every tenth step, and with segments that grow.
By how much the most that is reserved exceeds what constant batches of the longest length reserve is written to
``data/orders.csv``; seeds are fixed, and a job takes minutes. Without ``--collect`` the rows there are held against the
high side of ``order_bytes`` (hfplanner/estimate/memory/spread.py), and reports/order_of_batches.md is printed.
"""

import csv
import math
import random
import statistics
import sys
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.overhead import CALIBRATION
from hfplanner.estimate.memory.result import MemoryEstimate, estimate_memory
from hfplanner.estimate.memory.spread import order_bytes
from hfplanner.estimate.memory.trace.allocator import Allocator, Program, replay
from hfplanner.models.known import find_known, shipped_config
from hfplanner.units import GB, MiB

__all__ = ["JOBS", "OrderRow", "allowed_gb", "main", "read_orders"]

ROWS = Path(__file__).parent / "data" / "orders.csv"
_COLUMNS = ("job", "allocator", "allocated_gb", "constant_gb", "comes_and_goes_gb", "beyond_gb")
_8B, _3B, _1B = "meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.2-3B", "meta-llama/Llama-3.2-1B"
_TRL: dict[str, Any] = {"checkpointing": "full", "loss": "chunked"}
_KEPT: dict[str, Any] = {"checkpointing": "none", "loss": "standard"}
_LOGITS: dict[str, Any] = {"checkpointing": "full", "loss": "standard"}
JOBS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "LoRA 8B, TRL": (_8B, {"task": "lora", "batch_size": 4, "seq_len": 2048, **_TRL}),
    "LoRA 8B, TRL, 1 x 8192": (_8B, {"task": "lora", "batch_size": 1, "seq_len": 8192, **_TRL}),
    "QLoRA 8B, TRL": (_8B, {"task": "qlora", "batch_size": 4, "seq_len": 2048, **_TRL}),
    "full 1B, TRL": (_1B, {"task": "full", "batch_size": 4, "seq_len": 2048, **_TRL}),
    "LoRA 8B, all kept, all logits": (_8B, {"task": "lora", "batch_size": 4, "seq_len": 2048, **_KEPT}),
    "LoRA 3B, own loop, all kept, all logits": (
        _3B,
        {"task": "lora", "batch_size": 4, "seq_len": 768, "own_loop": True, **_KEPT},
    ),
    "full 1B, all kept, all logits": (_1B, {"task": "full", "batch_size": 4, "seq_len": 2048, **_KEPT}),
    "LoRA 8B, checkpointed, all logits": (_8B, {"task": "lora", "batch_size": 4, "seq_len": 2048, **_LOGITS}),
    "full 1B, checkpointed, all logits": (_1B, {"task": "full", "batch_size": 4, "seq_len": 2048, **_LOGITS}),
}
_ALLOCATORS = ("default", "emptied, 10 steps", "expandable segments")
_STEPS, _ORDERS, _FEW_ORDERS = 100, 8, 2
# MetaMathQA and like sets: half of the sequences are shorter than a fifth of the longest, few are as long.
_MEDIAN_SHARE, _SIGMA = 0.2, 0.6
_SEED = 20261130
_EIGHTHS = 8
# Storages up to this size have segments of their own, which hardly count.
_SMALL = MiB


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What orders of batches of different lengths did to one job.

    Args:
        job: its name in ``JOBS``.
        allocator: how the cache was run.
        allocated_gb: most that was allocated.
        constant_gb: what constant batches of the longest length reserved.
        moving_gb: what of the allocated comes and goes in a step.
        beyond_gb: what each order reserved beyond constant lengths, rising.
    """

    job: str
    allocator: str
    allocated_gb: float
    constant_gb: float
    moving_gb: float
    beyond_gb: tuple[float, ...]


def read_orders(path: Path = ROWS) -> list[OrderRow]:
    """Return the rows that were collected."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            OrderRow(
                row["job"],
                row["allocator"],
                float(row["allocated_gb"]),
                float(row["constant_gb"]),
                float(row["comes_and_goes_gb"]),
                tuple(map(float, row["beyond_gb"].split())),
            )
            for row in csv.DictReader(file)
        ]


def _job(name: str) -> MemoryJob:
    return MemoryJob(**JOBS[name][1])


def _traced(name: str) -> tuple[Program, dict[int, Program]]:
    """Return what is there throughout, and one step at each of six lengths."""
    from hfplanner.estimate.memory.trace.traced import trace_job  # noqa: PLC0415 - needs torch

    model, longest = JOBS[name][0], _job(name).seq_len
    shape, raw = find_known(model), shipped_config(model)
    if shape is None or raw is None:
        raise LookupError(model)
    stays: Program = []
    steps: dict[int, Program] = {}
    for sixteenths in (1, 2, 4, 8, 12, 16):
        length = longest * sixteenths // 16
        recorder = trace_job(raw, shape, replace(_job(name), seq_len=length, lengths="fixed"))
        stays = stays or _large(_alive(recorder.programs[0]))
        steps[length] = _within(recorder.programs[-1], 10**7)
    return stays, steps


def _alive(program: Program) -> Program:
    """Return what was born and has not died."""
    dead = {number for number, size in program if size < 0}
    return [(number, size) for number, size in program if size >= 0 and number not in dead]


def _within(program: Program, offset: int) -> Program:
    """Return the births and deaths of what lives within a step; what outlives it dies with it."""
    born = [number for number, size in program if size >= 0]
    known, dead = set(born), {number for number, size in program if size < 0}
    kept = [(number + offset, size) for number, size in program if size >= 0 or number in known]
    return kept + [(number + offset, -1) for number in born if number not in dead]


def _large(program: Program) -> Program:
    large = {number for number, size in program if size > _SMALL}
    return [(number, size) for number, size in program if number in large]


def _between(steps: Mapping[int, Program]) -> Callable[[int], Program]:
    """Return what gives a step of any length: each size on a straight line between the next traced lengths.

    Where those two steps are not the same one storage for storage, it is the longer one.
    """
    traced = sorted(steps)
    made: dict[int, Program] = {}

    def step(length: int) -> Program:
        length = min(max(-(-length // _EIGHTHS) * _EIGHTHS, traced[0]), traced[-1])
        if length not in made:
            place = bisect_left(traced, length)
            program = steps[traced[place]]
            if place and len(steps[traced[place - 1]]) == len(program):
                below, above = traced[place - 1], traced[place]
                share = (length - below) / (above - below)
                program = [
                    (number, -1 if size < 0 else round(less + (size - less) * share))
                    for (number, size), (_, less) in zip(program, steps[below], strict=True)
                ]
            made[length] = _large(program)
        return made[length]

    return step


def _lengths(rng: random.Random, batch: int, longest: int) -> list[int]:
    """Return the lengths of batches, each that of its longest sequence; the longest of all occurs."""
    drawn = [
        max(rng.lognormvariate(math.log(_MEDIAN_SHARE * longest), _SIGMA) for _ in range(batch)) for _ in range(_STEPS)
    ]
    lengths = [*(min(round(length), longest) for length in drawn), longest]
    rng.shuffle(lengths)
    return lengths


def _simulated(name: str) -> list[OrderRow]:
    """Return the rows of one job."""
    job = _job(name)
    stays, steps = _traced(name)
    step = _between(steps)
    constant = replay([stays, *[step(job.seq_len)] * 3], Allocator())
    allocated, reserved = constant[-1]
    moving = allocated - sum(size for _, size in stays)
    rows = []
    for allocator in _ALLOCATORS:
        grows = allocator == _ALLOCATORS[2]
        rng = random.Random(_SEED)  # noqa: S311 - a simulation
        beyond = []
        for _ in range(_FEW_ORDERS if grows else _ORDERS):
            programs = [stays, *map(step, _lengths(rng, job.batch_size, job.seq_len))]
            empty = 10 if allocator == _ALLOCATORS[1] else 0
            seen = replay(programs, Allocator(expandable=grows), empty_every=empty)
            beyond.append((seen[-1][1] - reserved) / GB)
        rows.append(OrderRow(name, allocator, allocated / GB, reserved / GB, moving / GB, tuple(sorted(beyond))))
    return rows


def _collect(names: Sequence[str]) -> None:
    kept = [row for row in read_orders() if row.job not in names] if ROWS.exists() else []
    found = [*kept, *(row for name in names for row in _simulated(name))]
    found.sort(key=lambda row: (list(JOBS).index(row.job), _ALLOCATORS.index(row.allocator)))
    with ROWS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in found:
            sizes = (f"{size:.1f}" for size in (row.allocated_gb, row.constant_gb, row.moving_gb))
            writer.writerow((row.job, row.allocator, *sizes, " ".join(f"{size:.1f}" for size in row.beyond_gb)))


def allowed_gb(name: str) -> float:
    """Return how far the order of batches lets a job's high side reach, by itself."""
    shape = find_known(JOBS[name][0])
    if shape is None:
        raise LookupError(name)
    estimate: MemoryEstimate = estimate_memory(shape, _job(name))
    return float(CALIBRATION.training_reach[1] * order_bytes(estimate.job, estimate.parts) / GB)


_HEAD = """\
# What the allocator reserves where lengths differ, {day}

Printed by `python -m tests.benchmarks.order_of_batches`: traced steps at full depth replayed through a simulation of
the caching allocator on a card without end; no GPU was there. Batches of 4 sequences, or as said; lognormal lengths of
which half are shorter than a fifth of the longest, 101 steps, the longest of all once; 8 orders, 2 where segments grow.
In GB; least, median, most: what the orders reserved beyond what constant batches of the longest length do.
High side: how far `order_bytes` lets the 90 % interval of a job reach upwards for this alone.

| job                                     | allocator           | allocated | constant | least | median |  most | high |
|-----------------------------------------|---------------------|----------:|---------:|------:|-------:|------:|-----:|
"""
_TAIL = """
The high side was set from these rows: 0.3 of the activations (0.9 where what is not quantized is fp32), and of the
logits 3.5 / (1 + 0.7 activations / logits), since freed activations take in what freed logits leave and the other way
round. It was 0.54 of both. In view were also the measured rows of huggingface/peft, which it makes wider (46 to 52 %).
Where all logits are made at once and little else comes and goes, a quarter of the orders and more go beyond it, and
beyond any card: a card that is full makes the allocator give back what it holds unused, which is why fits are judged
without this part (`pressed_bytes`), and why the advice is `--expandable-segments`, which ends it, or `--loss chunked`.
Emptying the cache now and then saves some of it.

The measured rows of huggingface/peft's comparison (LoRA on 3 billion weights, lengths that vary, the cache emptied
every tenth step) lie up to 6 % off what constant lengths would reserve, none near the high side: one order, and a set
in which few batches come near the longest length. So the likely value stays that of constant lengths. ms-swift's rows,
which nothing was fitted to, lie a fifth to a quarter above it: of its LoRA rows the interval held 23 % before, now 91.
"""


def main(arguments: list[str]) -> int:
    """Collect, or print the report."""
    if "--collect" in arguments:
        _collect([name for name in arguments if name in JOBS] or list(JOBS))
        return 0
    sys.stdout.write(_HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}"))
    for row in read_orders():
        least, most = row.beyond_gb[0], row.beyond_gb[-1]
        median = statistics.median(row.beyond_gb)
        high = f"{allowed_gb(row.job):.1f}" if row.allocator == _ALLOCATORS[0] else ""
        sys.stdout.write(
            f"| {row.job:<39} | {row.allocator:<19} | {row.allocated_gb:>9.1f} | {row.constant_gb:>8.1f} |"
            f" {least:>5.1f} | {median:>6.1f} | {most:>5.1f} | {high:>4} |\n"
        )
    sys.stdout.write(_TAIL)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
