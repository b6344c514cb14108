"""What vLLM's start-up log says, and what is estimated, name by name: ``python -m tests.benchmarks.vllm_startup``.

The rows of ``data/vllm_startup.csv`` are lines that people quoted in public threads; the report is
``reports/vllm_startup.md``.
"""

import csv
import statistics
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hfplanner.estimate.memory.inference import cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.vllm import serving_room
from hfplanner.models.known import find_known
from hfplanner.models.shape import ModelShape
from hfplanner.units import GiB

__all__ = ["Said", "main", "read_said"]

LOGS = Path(__file__).parent / "data" / "vllm_startup.csv"
_ANY_CARD = 80 * GiB
_NAMES = ("weights", "activations", "non-torch", "graphs", "cache", "cache per token")


@dataclass(frozen=True, slots=True)
class Said:
    """One quantity of one log, in GiB; a cache per token in KiB.

    Args:
        model: its id.
        setting: engine, card and GPUs.
        name: which quantity.
        logged: what the log says.
        estimated: what is estimated.
    """

    model: str
    setting: str
    name: str
    logged: float
    estimated: float

    @property
    def error(self) -> float:
        """Estimate over log, less one."""
        return self.estimated / self.logged - 1


def read_said(path: Path = LOGS) -> list[Said]:
    """Return every quantity that a log states, with what is estimated for it."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return [said for row in rows for said in _said(row)]


def _said(row: dict[str, str]) -> list[Said]:
    shape = find_known(row["model"])
    if shape is None:
        raise LookupError(row["model"])
    job = MemoryJob(
        engine="vllm",
        seq_len=int(row["max_len"] or 4096),
        quantization=row["quantization"],
        kv_dtype=row["kv_dtype"],  # type: ignore[arg-type]
        gpus=int(row["gpus"]),
        gpu_memory_utilization=float(row["utilization"] or 0.9),
    )
    room = serving_room(shape, job, round(float(row["card_gib"] or _ANY_CARD / GiB) * GiB), row["gpu"] or None)
    setting = f"vLLM {row['vllm']}, {row['gpus']} x {row['gpu'] or '?'}"
    estimated = {
        "weights": room.weights_bytes / GiB,
        "activations": room.activations_bytes / GiB,
        "non-torch": room.non_torch_bytes / GiB,
        "graphs": room.graphs_bytes / GiB,
        "cache": room.cache_bytes / GiB,
        "cache per token": _per_token(shape, job) / 1024 / (1 if shape.latent else job.gpus),
    }
    logged = dict(zip(_NAMES, (_number(row, name) for name in _COLUMNS), strict=False))
    if logged["cache"] and row["cache_tokens"] and float(row["cache_tokens"]):
        logged["cache per token"] = logged["cache"] * GiB / 1024 / float(row["cache_tokens"])
    if not row["card_gib"]:
        logged["cache"] = logged["activations"] = None
    return [
        Said(row["model"], setting, name, value, estimated[name])
        for name in _NAMES
        if (value := logged.get(name)) and value > 0
    ]


def _per_token(shape: ModelShape, job: MemoryJob) -> float:
    """Return what one token more costs: states and windows do not grow."""
    return float(cache_bytes(shape, job, 30_000) - cache_bytes(shape, job, 20_000)) / 10_000


_COLUMNS = ("weights_gib", "activations_gib", "non_torch_gib", "graphs_gib", "cache_gib")


def _number(row: dict[str, str], column: str) -> float | None:
    return float(row[column]) if row[column] else None


def main() -> int:
    """Print the report."""
    said = read_said()
    models = {(one.model, one.setting) for one in said}
    lines = [
        f"# What vLLM says when it starts, and what is estimated, {datetime.now(UTC):%Y-%m-%d}",
        "",
        f"{len(models)} logs quoted in public threads (tests/benchmarks/data/vllm_startup.csv names each).",
        "GiB of one GPU, a cache per token in KiB; errors in percent. The constants of non-torch memory, of graphs and",
        "of sampling a logit were chosen with these rows in view; weights and caches follow from shapes. Before 0.9",
        "the engine sampled fewer sequences in its trial, and graphs depend on the sizes captured (0.1 to 2 GiB).",
        "",
        "| quantity         | rows | median error | largest |",
        "|------------------|-----:|-------------:|--------:|",
    ]
    for name in _NAMES:
        errors = sorted(abs(one.error) for one in said if one.name == name)
        if errors:
            median, worst = 100 * statistics.median(errors), 100 * errors[-1]
            lines.append(f"| {name:<16} | {len(errors):>4} | {median:>12.1f} | {worst:>7.1f} |")
    lines += ["", "| model | engine and card | quantity | log | estimate |", "|---|---|---|---:|---:|"]
    lines += [f"| {one.model} | {one.setting} | {one.name} | {one.logged:.2f} | {one.estimated:.2f} |" for one in said]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
