"""The shipped formulas against traced steps of the real code: ``python -m tests.benchmarks.traced_memory [--collect]``.

With ``--collect`` every model of the table that is not in ``data/traced_peaks.csv`` yet is traced at full depth, with
the installed torch, transformers and peft (the extra ``trace``), which takes half a minute a row; without it the rows
there are held against the formulas, and the table of ``reports/traced_memory.md`` is printed.
"""

import csv
import importlib.metadata
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.models.known import find_known, shipped_config
from hfplanner.models.shape import ModelShape

__all__ = ["CASES", "TracedRow", "job_of", "main", "read_traced"]

PEAKS = Path(__file__).parent / "data" / "traced_peaks.csv"
_COLUMNS = ("model", "case", "allocated_bytes", "phase", "torch", "transformers", "peft")
CASES: dict[str, dict[str, Any]] = {
    "full, checkpointed, tiles": {"task": "full", "checkpointing": "full", "loss": "chunked"},
    "lora, checkpointed, tiles": {"task": "lora", "checkpointing": "full", "loss": "chunked"},
    "qlora, checkpointed, tiles": {"task": "qlora", "checkpointing": "full", "loss": "chunked"},
    "lora, all kept, all logits, padded": {"task": "lora", "lengths": "varying"},
    "full, all kept, all logits": {"task": "full"},
    "full fp32 under autocast, checkpointed, tiles": {
        "task": "full",
        "precision": "bf16-mixed",
        "checkpointing": "full",
        "loss": "chunked",
    },
    "full fp32 under autocast, all kept": {"task": "full", "precision": "bf16-mixed"},
    "lora, checkpointed, all logits": {"task": "lora", "checkpointing": "full"},
    "lora, eager attention": {"task": "lora", "attention": "eager"},
    "full, every second layer, tiles": {"task": "full", "checkpointing": "selective", "loss": "chunked"},
    "full, by operation, tiles": {"task": "full", "checkpointing": "selective-op", "loss": "chunked"},
    "lora, by operation, tiles": {"task": "lora", "checkpointing": "selective-op", "loss": "chunked"},
    "qlora, by operation, tiles": {"task": "qlora", "checkpointing": "selective-op", "loss": "chunked"},
    "qlora, all kept, tiles": {"task": "qlora", "loss": "chunked"},
    "lora, all kept, tiles": {"task": "lora", "loss": "chunked"},
    "prompt of 1024, answer of 3072": {"seq_len": 4096, "prompt_len": 1024},
    "prompt of 2048, logits of all": {"seq_len": 2048, "logits": "all"},
}
_LARGE = 12_000_000_000
_BESIDE_MAMBA = ("q_proj", "k_proj", "v_proj", "o_proj", "in_proj")


@dataclass(frozen=True, slots=True)
class TracedRow:
    """One traced step and its estimate.

    Args:
        model: its id.
        case: how it is run.
        traced: most bytes allocated.
        estimated: what the formulas say.
    """

    model: str
    case: str
    traced: int
    estimated: int

    @property
    def error(self) -> float:
        """Estimate over trace, less one."""
        return self.estimated / self.traced - 1


def text_shape(model: str) -> ModelShape:
    """Return the language model of a shipped model: towers for images and sounds are left out of these steps."""
    shape = find_known(model)
    if shape is None:
        raise LookupError(model)
    return replace(shape, parameters=replace(shape.parameters, vision=0))


def text_config(model: str) -> Mapping[str, Any] | None:
    """Return the config of the language model."""
    raw = shipped_config(model)
    if raw is None or not isinstance(raw.get("text_config"), Mapping):
        return raw
    tied = {"tie_word_embeddings": raw["tie_word_embeddings"]} if "tie_word_embeddings" in raw else {}
    return tied | raw["text_config"]


def job_of(model: str, case: str) -> MemoryJob:
    """Return how a model is run in a case: batches of 4 x 1024 tokens, smaller where the model is large or old."""
    shape = text_shape(model)
    how: dict[str, Any] = {"batch_size": 4, "seq_len": 1024, "lengths": "fixed", "checkpointing": "none"}
    how |= {"loss": "standard", **CASES[case]}
    if how.get("task", "inference") == "inference":
        # The traced class has plain weights, however the repository stores them.
        how["quantization"] = "none"
    if shape.parameters.total > _LARGE:
        how["batch_size"] = 2
    if shape.recurrent and not shape.recurrent.delta:
        # peft puts no adapters on a Mamba layer's way out, so that "all-linear" fails.
        how["lora_targets"] = _BESIDE_MAMBA
    if shape.kind != "decoder":
        how |= {"seq_len": 512, "loss": "standard"}
        how.pop("prompt_len", None)
    return MemoryJob(**how)


def read_traced(path: Path = PEAKS) -> list[TracedRow]:
    """Return the traced rows with what the formulas say of each today."""
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            estimate = estimate_memory(text_shape(row["model"]), job_of(row["model"], row["case"]))
            traced = int(row["allocated_bytes"])
            rows.append(TracedRow(row["model"], row["case"], traced, estimate.as_metric("allocated").likely))
    return rows


def _collect(models: list[str], cases: list[str]) -> None:
    from hfplanner.estimate.memory.trace.traced import trace_job  # noqa: PLC0415 - torch, only to collect

    with PEAKS.open(newline="", encoding="utf-8") as file:
        known = {(row["model"], row["case"]) for row in csv.DictReader(file)}
    versions = [importlib.metadata.version(name) for name in ("torch", "transformers", "peft")]
    for model in models:
        shape, raw = text_shape(model), text_config(model)
        for case in cases if raw else ():
            if (model, case) in known:
                continue
            try:
                recorder = trace_job(raw, shape, job_of(model, case))
            except (UsageError, RuntimeError, TypeError, ValueError) as error:
                sys.stderr.write(f"{model}, {case}: {error}\n")
                continue
            phases = ("forward", "backward", "step", "prefill", "decode")
            peak = max(recorder.peaks.get(phase, 0) for phase in phases)
            with PEAKS.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerow([model, case, peak, recorder.peak_phase, *versions])


def _line(name: str, rows: list[TracedRow]) -> str:
    errors = sorted(abs(row.error) for row in rows)
    p95 = errors[min(round(0.95 * len(errors)), len(errors) - 1)]
    values = (statistics.median(errors), p95, errors[-1], statistics.median(row.error for row in rows))
    return f"| {name:<46} | {len(rows):>4} | " + " | ".join(f"{100 * value:>6.1f}" for value in values) + " |"


def _table(title: str, groups: dict[str, list[TracedRow]]) -> list[str]:
    head = [f"| {title:<46} | rows | median | p95    | worst  | bias   |", f"|{'-' * 48}|-----:|" + "-------:|" * 4]
    return [*head, *(_line(name, groups[name]) for name in groups)]


def _grouped(rows: list[TracedRow], by: str) -> dict[str, list[TracedRow]]:
    groups: dict[str, list[TracedRow]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    return dict(sorted(groups.items()))


def main(arguments: list[str]) -> int:
    """Collect the models and cases that are named after ``--collect``, or print the report."""
    if arguments[:1] == ["--collect"]:
        known = {row.model for row in read_traced()}
        cases = [name for name in CASES if name in arguments] or list(CASES)
        _collect([name for name in arguments[1:] if name not in CASES] or sorted(known), cases)
        return 0
    rows = read_traced()
    with PEAKS.open(newline="", encoding="utf-8") as file:
        versions = sorted({(row["torch"], row["transformers"], row["peft"]) for row in csv.DictReader(file)})
    lines = [f"# The formulas against traced steps of the real code, {datetime.now(UTC):%Y-%m-%d}", ""]
    lines += [
        "Allocated memory, in percent. A trace runs the installed libraries on fake tensors at full depth and follows",
        "every storage (`hfplanner.estimate.memory.trace`); no GPU was there.",
        *(f"Versions: torch {torch}, transformers {library}, peft {peft}." for torch, library, peft in versions),
        f"{len(rows)} steps of {len({row.model for row in rows})} architectures.",
        "",
        *_table("all", {"all": rows}),
        "",
        *_table("how it is run", _grouped(rows, "case")),
        "",
        *_table("architecture", _grouped(rows, "model")),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
