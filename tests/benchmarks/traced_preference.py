"""Training on preferences, the formulas against TRL's own losses.

``python -m tests.benchmarks.traced_preference [--collect]``: with ``--collect`` every model and case that is not in
``data/traced_preference.csv`` yet is traced at full depth, with the installed torch, transformers, peft and trl; else
the rows there are held against the formulas, and the table of ``reports/traced_preference.md`` is printed.
"""

import csv
import importlib.metadata
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.models.known import find_known, shipped_config
from tests.benchmarks.traced_memory import TracedRow

__all__ = ["CASES", "job_of", "main", "read_traced"]

PEAKS = Path(__file__).parent / "data" / "traced_preference.csv"
_COLUMNS = ("model", "case", "allocated_bytes", "phase", "torch", "transformers", "peft", "trl")
_ANSWERS: dict[str, Any] = {"batch_size": 8, "seq_len": 1024, "prompt_len": 256}
_SERVER = {"generator": "server", **_ANSWERS}
CASES: dict[str, dict[str, Any]] = {
    "dpo, lora": {"task": "lora", "method": "dpo"},
    "dpo, lora, all kept": {"task": "lora", "method": "dpo", "checkpointing": "none"},
    "dpo, qlora": {"task": "qlora", "method": "dpo"},
    "dpo, full, a copy": {"task": "full", "method": "dpo"},
    "dpo, full fp32 under autocast, a copy": {"task": "full", "method": "dpo", "precision": "bf16-mixed"},
    "dpo, full, precomputed": {"task": "full", "method": "dpo", "reference": "precomputed"},
    "reward, lora": {"task": "lora", "method": "reward"},
    "reward, lora, all kept": {"task": "lora", "method": "reward", "checkpointing": "none"},
    "reward, full": {"task": "full", "method": "reward"},
    "grpo, lora, vLLM elsewhere": {"task": "lora", "method": "grpo", **_SERVER},
    "grpo, lora, vLLM elsewhere, all kept": {"task": "lora", "method": "grpo", "checkpointing": "none", **_SERVER},
    "grpo, lora, adapters off": {"task": "lora", "method": "grpo", "reference": "adapters-off", **_SERVER},
    "grpo, qlora, vLLM elsewhere": {"task": "qlora", "method": "grpo", **_SERVER},
    "grpo, full, a copy": {"task": "full", "method": "grpo", "reference": "model", **_SERVER},
    "grpo, full fp32 under autocast": {"task": "full", "method": "grpo", "precision": "bf16-mixed", **_SERVER},
    "grpo, lora, writes itself": {"task": "lora", "method": "grpo", **_ANSWERS},
    "grpo, full, writes itself": {"task": "full", "method": "grpo", **_ANSWERS},
    "grpo, lora, writes 64 answers at once": {
        "task": "lora",
        "method": "grpo",
        "batch_size": 4,
        "accumulation": 16,
        "seq_len": 2048,
        "prompt_len": 512,
    },
    "grpo, lora, short answers to long prompts": {
        "task": "lora",
        "method": "grpo",
        "checkpointing": "none",
        "batch_size": 8,
        "seq_len": 2048,
        "prompt_len": 1792,
        "generator": "server",
    },
}
_PHASES = ("prefill", "decode", "compare", "forward", "backward", "step")
MODELS = (
    "Qwen/Qwen3-0.6B",
    "meta-llama/Llama-3.2-1B",
    "Qwen/Qwen2.5-1.5B",
    "HuggingFaceTB/SmolLM2-1.7B",
    "google/gemma-2-2b",
    "microsoft/phi-2",
    "Qwen/Qwen3-4B",
    "mistralai/Mistral-7B-v0.1",
    "meta-llama/Llama-3.1-8B",
)


def job_of(case: str) -> MemoryJob:
    """Return how a case is run: 4 pairs of 512 tokens."""
    return MemoryJob(**{"batch_size": 4, "seq_len": 512, "lengths": "fixed", **CASES[case]})


def read_traced(path: Path = PEAKS) -> list[TracedRow]:
    """Return the traced rows with what the formulas say of each today."""
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            shape = find_known(row["model"])
            if shape is None:
                raise LookupError(row["model"])
            likely = estimate_memory(shape, job_of(row["case"])).as_metric("allocated").likely
            rows.append(TracedRow(row["model"], row["case"], int(row["allocated_bytes"]), likely))
    return rows


def _collect() -> None:
    from hfplanner.estimate.memory.trace.traced import trace_job  # noqa: PLC0415 - torch, only to collect

    if not PEAKS.exists():
        PEAKS.write_text(",".join(_COLUMNS) + "\n", encoding="utf-8")
    with PEAKS.open(newline="", encoding="utf-8") as file:
        known = {(row["model"], row["case"]) for row in csv.DictReader(file)}
    versions = [importlib.metadata.version(name) for name in ("torch", "transformers", "peft", "trl")]
    for model in MODELS:
        shape, raw = find_known(model), shipped_config(model)
        for case in CASES if shape and raw else ():
            if (model, case) in known:
                continue
            recorder = trace_job(raw, shape, job_of(case))
            peak = max(recorder.peaks.get(phase, 0) for phase in _PHASES)
            with PEAKS.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerow([model, case, peak, recorder.peak_phase, *versions])


def _line(name: str, rows: list[TracedRow]) -> str:
    errors = [row.error for row in rows]
    worst = max(errors, key=abs)
    return f"| {name} | {len(rows)} | {100 * statistics.median(map(abs, errors)):.1f} | {100 * worst:+.1f} |"


def main(arguments: list[str]) -> int:
    """Collect, or print the report."""
    if arguments[:1] == ["--collect"]:
        _collect()
        return 0
    rows = read_traced()
    with PEAKS.open(newline="", encoding="utf-8") as file:
        versions = sorted(
            {(row["torch"], row["transformers"], row["peft"], row["trl"]) for row in csv.DictReader(file)}
        )
    lines = [f"# Training on preferences: formulas against TRL's own losses, {datetime.now(UTC):%Y-%m-%d}", ""]
    lines += [
        "Allocated memory, the error of the formulas in percent. A trace runs `DPOTrainer._compute_loss`,",
        "`RewardTrainer.compute_loss` and `GRPOTrainer._compute_loss` as installed, on fake tensors at full depth; no",
        "GPU was there. GRPO's step begins with writing the answers, where the model does so itself, and scoring them.",
        "What stands in for a Triton kernel takes what that takes; what a metric reads out of a tensor is answered.",
    ]
    lines += [f"torch, transformers, peft, trl: {'; '.join(', '.join(one) for one in versions)}."]
    for title, by in (("case", "case"), ("model", "model")):
        names = dict.fromkeys(getattr(row, by) for row in rows)
        lines += ["", f"| {title} | rows | median | worst |", "|---|---|---|---|"]
        lines += [_line(name, [row for row in rows if getattr(row, by) == name]) for name in names]
    lines += [_line("all", rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
