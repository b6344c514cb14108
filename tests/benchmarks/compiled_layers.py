"""What compiled layers keep, against the formula: ``python -m tests.benchmarks.compiled_layers [--collect]``.

With ``--collect`` one layer of each model is compiled on a CPU at two lengths, as ``torch.compile`` would: it is cut in
forward and backward by AOTAutograd's ``min_cut_rematerialization_partition``. What passes from one to the other, each
storage once and without weights, is written to ``data/compiled_layers.csv`` in bytes a token. ``--backward`` compiles
checkpointed layers with inductor and follows their allocations. Without either, the rows there are held against the
formula, and reports/compiled_layers.md is printed. Needs the extra ``trace``, and a C++ compiler.
"""

import csv
import statistics
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.estimate.memory.activations import heaviest_layer, kept_per_layer, layer_passing
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.known import find_known, shipped_config
from hfplanner.models.shape import ModelShape

__all__ = ["CompiledRow", "job_of", "main", "read_compiled"]

ROWS = Path(__file__).parent / "data" / "compiled_layers.csv"
_COLUMNS = ("model", "task", "precision", "kept_bytes_per_token", "torch", "transformers")
_MODELS = (
    "Qwen/Qwen3-0.6B", "meta-llama/Llama-3.2-1B", "Qwen/Qwen2.5-0.5B", "allenai/OLMo-2-0425-1B", "google/gemma-2-2b",
    "microsoft/Phi-3-mini-4k-instruct", "HuggingFaceTB/SmolLM3-3B", "bigcode/starcoder2-3b", "microsoft/phi-2",
)  # fmt: skip
_BACKWARD = ("Qwen/Qwen3-0.6B", "meta-llama/Llama-3.2-1B", "google/gemma-2-2b")
_WAYS = (("lora", "bf16"), ("full", "bf16"), ("full", "bf16-mixed"))
_SHORT, _LONG = 256, 512


@dataclass(frozen=True, slots=True)
class CompiledRow:
    """One compiled layer.

    Args:
        model: its id.
        task: lora or full.
        precision: bf16, or bf16-mixed for autocast.
        kept: bytes a token that go from its forward to its backward graph.
    """

    model: str
    task: str
    precision: str
    kept: float

    @property
    def error(self) -> float:
        """Formula over partition, less one."""
        shape = find_known(self.model)
        if shape is None:
            raise LookupError(self.model)
        return float(kept_per_layer(shape, job_of(self.task, self.precision))) / self.kept - 1


def job_of(task: str, precision: str) -> MemoryJob:
    """Return how the layer is run: nothing padded, adapters in a loop without autocast."""
    how: dict[str, Any] = {"task": task, "precision": precision, "own_loop": precision == "bf16"}
    return MemoryJob(**how, lengths="packed", checkpointing="none", loss="standard", compiled=True)


def read_compiled(path: Path = ROWS) -> list[CompiledRow]:
    """Return the rows that were collected."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            CompiledRow(row["model"], row["task"], row["precision"], float(row["kept_bytes_per_token"]))
            for row in csv.DictReader(file)
        ]


def _layer(model: str, job: MemoryJob) -> tuple[ModelShape, Any, Any]:
    """Return a model's shape, its first layer on the CPU, and what makes its rotary embeddings."""
    from hfplanner.estimate.memory.trace.build import build_model  # noqa: PLC0415 - needs torch

    shape, raw = find_known(model), shipped_config(model)
    if shape is None or raw is None:
        raise LookupError(model)
    one: Mapping[str, Any] = {**raw, "num_hidden_layers": 1}
    if "layer_types" in raw:
        one = {**one, "layer_types": raw["layer_types"][:1]}
    made: Any = build_model(one, shape, job).to_empty(device="cpu")
    base = made.get_base_model() if hasattr(made, "get_base_model") else made
    return shape, base.model.layers[0], base.model.rotary_emb


def _partition(shape: ModelShape, layer: Any, rotary: Any, job: MemoryJob, tokens: int) -> int:
    """Return the bytes that a compiled layer hands from its forward to its backward graph for so many tokens."""
    import torch  # noqa: PLC0415 - of the extra
    from functorch.compile import (  # noqa: PLC0415 - as above
        aot_function,
        make_boxed_func,
        min_cut_rematerialization_partition,
    )
    from torch._inductor.decomposition import select_decomp_table  # noqa: PLC0415 - as above

    handed: dict[int, int] = {}

    def forward(graph: Any, _: Any) -> Any:
        return make_boxed_func(graph.forward)

    def backward(graph: Any, _: Any) -> Any:
        def run(*arguments: Any) -> Any:
            # The last is the gradient of the layer's output.
            for value in arguments[:-1]:
                if isinstance(value, torch.Tensor):
                    handed[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
            return graph.forward(*arguments)

        return make_boxed_func(run)

    hidden = torch.randn(1, tokens, shape.hidden, dtype=torch.float32 if job.mixed else torch.bfloat16)
    hidden.requires_grad_(requires_grad=True)
    places = torch.arange(tokens)[None]
    turned = rotary(hidden, places)
    named = dict(layer.named_parameters())

    def compute(hidden: Any, cosine: Any, sine: Any, *weights: Any) -> Any:
        beside = {"position_embeddings": (cosine, sine), "attention_mask": None, "position_ids": places}
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job.mixed):
            found = torch.func.functional_call(layer, dict(zip(named, weights, strict=True)), (hidden,), beside)
        return found[0] if isinstance(found, tuple) else found

    compiled = aot_function(
        compute,
        fw_compiler=forward,
        bw_compiler=backward,
        partition_fn=min_cut_rematerialization_partition,
        decompositions=select_decomp_table(),
    )
    compiled(hidden, *turned, *named.values()).sum().backward()
    own = {value.untyped_storage().data_ptr() for value in (*named.values(), *turned)}
    return sum(size for storage, size in handed.items() if storage not in own)


def _collect() -> None:
    """Write the rows."""
    import torch  # noqa: PLC0415 - of the extra
    import transformers  # noqa: PLC0415 - as above

    rows = []
    for model in _MODELS:
        for task, precision in _WAYS:
            job = job_of(task, precision)
            shape, layer, rotary = _layer(model, job)
            short, long = (_partition(shape, layer, rotary, job, tokens) for tokens in (_SHORT, _LONG))
            kept = (long - short) / (_LONG - _SHORT)
            rows.append((model, task, precision, f"{kept:.0f}", torch.__version__, transformers.__version__))
    with ROWS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


def _most(run: Callable[[], None]) -> int:
    """Return the most bytes that a run has allocated on the CPU at once."""
    from torch.profiler import ProfilerActivity, profile  # noqa: PLC0415 - of the extra

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        run()
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most


def _backward_line(model: str) -> str:
    """Return what the backward pass of a compiled, checkpointed layer holds beside what the layer keeps."""
    import torch  # noqa: PLC0415 - of the extra
    from torch.utils.checkpoint import checkpoint  # noqa: PLC0415 - as above

    job = job_of("full", "bf16")
    shape, layer, rotary = _layer(model, job)
    torch._dynamo.reset()

    def compute(hidden: Any, cosine: Any, sine: Any) -> Any:
        found = layer(hidden, position_embeddings=(cosine, sine), attention_mask=None)
        return found[0] if isinstance(found, tuple) else found

    def checkpointed(*arguments: Any) -> Any:
        return checkpoint(compute, *arguments, use_reentrant=False, preserve_rng_state=False)

    compiled = torch.compile(checkpointed, dynamic=False)
    most = []
    for tokens in (4 * _SHORT, 4 * _LONG):
        hidden = torch.randn(1, tokens, shape.hidden, dtype=torch.bfloat16, requires_grad=True)
        turned, gradient = rotary(hidden, torch.arange(tokens)[None]), torch.randn_like(hidden)
        for parameter in layer.parameters():
            parameter.grad = torch.zeros_like(parameter)

        def step(hidden: Any = hidden, turned: Any = turned, gradient: Any = gradient) -> None:
            hidden.grad = None
            compiled(hidden, *turned).backward(gradient)

        step()
        most.append(_most(step))
    held = (most[1] - most[0]) / (4 * (_LONG - _SHORT))
    share = (held - heaviest_layer(shape, job)) / layer_passing(shape, job)
    return f"| {model:<34} | {held:>9,.0f} | {share:>5.2f} |"


_HEAD = """\
# What compiled layers keep, {day}

One layer of each model, partitioned into forward and backward by AOTAutograd as `torch.compile` does; bytes a token
that go from one to the other, each storage once, weights left out. No GPU was there. Printed by
`python -m tests.benchmarks.compiled_layers`; the formula is `hfplanner/estimate/memory/compiled.py`, its coefficients
were read off these rows. Versions: in `tests/benchmarks/data/compiled_layers.csv`.

Mixtures are not among them: a layer of OLMoE trained whole keeps 156,256 bytes a token, 0.71 of eager code, and under
autocast more than eager code, so the formula lets their experts keep what eager code keeps.

With `--backward`: the most that inductor's code for a checkpointed layer has allocated, and which share of what a
forward pass holds at once (`layer_passing`) that is beside what the layer keeps: 0.51 for Qwen/Qwen3-0.6B, 0.39 for
meta-llama/Llama-3.2-1B, 0.91 for google/gemma-2-2b, on a CPU (2026-11-30); `_COMPILED_BACKWARD_SHARE` is their mean.

| model                              | how        | kept, B/token | formula, % off |
|------------------------------------|------------|--------------:|---------------:|
"""


def main(arguments: list[str]) -> int:
    """Collect, or print the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "--collect" in arguments:
            _collect()
        if "--backward" in arguments:
            sys.stdout.write("\n".join(map(_backward_line, _BACKWARD)) + "\n")
            return 0
    rows = read_compiled()
    sys.stdout.write(_HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}"))
    for row in rows:
        how = "lora" if row.task == "lora" else "full" if row.precision == "bf16" else "full, amp"
        sys.stdout.write(f"| {row.model:<34} | {how:<10} | {row.kept:>13,.0f} | {100 * row.error:>14.1f} |\n")
    errors = sorted(abs(row.error) for row in rows)
    sys.stdout.write(
        f"\n{len(rows)} layers: median {100 * statistics.median(errors):.1f} %, worst {100 * errors[-1]:.1f} %.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
