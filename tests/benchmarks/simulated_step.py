"""A training step without a GPU, byte by byte: ``python -m tests.benchmarks.simulated_step``.

Needs torch and transformers, which nothing else here does. Tensors are fake: they have sizes and no contents. Every
storage is followed from its birth to its death through forward, backward and optimizer, in blocks of 512 bytes as the
caching allocator rounds them; the highest sum is what ``torch.cuda.max_memory_allocated`` would show, and it is printed
beside the estimate. What a CPU does otherwise than a GPU (attention with dropout, key heads repeated) is avoided.
"""

import gc
import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.training import training_parts
from hfplanner.models.config import parse_config
from hfplanner.units import GB

__all__ = ["main", "simulate"]

_BLOCK = 512
_SMALL = {
    "hidden_size": 1024, "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 4,
    "intermediate_size": 4096, "vocab_size": 8000,
}  # fmt: skip
_LLAMA_1B = {
    "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 8192, "vocab_size": 128256, "head_dim": 64, "tie_word_embeddings": True,
}  # fmt: skip


class _Follow(TorchDispatchMode):
    """Adds up the storages that are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, int] = {}
        self.now = 0
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's interface
        """Run an operation and follow what it returns."""
        result = func(*args, **(kwargs or {}))
        for value in tree_flatten(result)[0]:
            if isinstance(value, torch.Tensor):
                self._born(value.untyped_storage())
        return result

    def _born(self, storage: Any) -> None:  # noqa: ANN401 - a private class of torch
        key = storage._cdata  # noqa: SLF001 - the only name a storage has
        if key not in self.alive:
            self.alive[key] = -(-storage.nbytes() // _BLOCK) * _BLOCK
            self.now += self.alive[key]
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._dead, key)

    def _dead(self, key: int) -> None:
        self.now -= self.alive.pop(key, 0)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to simulate: an architecture, its widths, and how it is trained."""

    model_type: str
    widths: Mapping[str, Any]
    job: MemoryJob


def simulate(case: Case) -> int:
    """Return the highest sum of bytes over two steps; the second has optimizer states from the start."""
    job = case.job
    config = transformers.CONFIG_MAPPING[case.model_type](pad_token_id=0, use_cache=False, **case.widths)
    dtype = torch.float32 if job.precision in {"fp32", "bf16-mixed"} else torch.bfloat16
    with FakeTensorMode(allow_non_fake_inputs=True), _Follow() as follow:
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa", dtype=dtype).train()
        if job.checkpointing == "full":
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        optimizer = torch.optim.AdamW(model.parameters(), foreach=job.foreach, fused=False)
        gc.collect()
        peaks = [_step(model, optimizer, job, follow) for _ in range(2)]
    return max(peaks)


def _step(model: Any, optimizer: torch.optim.Optimizer, job: MemoryJob, follow: _Follow) -> int:  # noqa: ANN401
    follow.peak = follow.now
    tokens = torch.randint(1, 100, (job.batch_size, job.seq_len))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job.mixed):
        loss = model(input_ids=tokens, attention_mask=torch.ones_like(tokens), labels=tokens).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    del loss
    gc.collect()
    return follow.peak


def _cases() -> list[Case]:
    full = MemoryJob(task="full", batch_size=2, seq_len=1024)
    recomputed = MemoryJob(task="full", batch_size=2, seq_len=1024, checkpointing="full")
    mixed = MemoryJob(task="full", batch_size=2, seq_len=1024, precision="bf16-mixed")
    foreach = MemoryJob(task="full", batch_size=2, seq_len=128, foreach=True)
    cases = [Case("llama", _LLAMA_1B, job) for job in (full, recomputed, mixed, foreach)]
    wide = {**_SMALL, "head_dim": 128}
    mixture = {**_SMALL, "num_experts": 16, "num_experts_per_tok": 4, "moe_intermediate_size": 768, "head_dim": 64}
    for model_type, widths in (
        ("qwen3", wide),
        ("phi3", _SMALL),
        ("olmo2", _SMALL),
        ("starcoder2", _SMALL),
        ("qwen3_moe", mixture),
    ):
        cases += [Case(model_type, widths, job) for job in (full, recomputed)]
    return cases


def main() -> int:
    """Print one line for each case."""
    sys.stdout.write(f"transformers {transformers.__version__}, torch {torch.__version__}\n")
    for case in _cases():
        simulated = simulate(case)
        shape = parse_config({"model_type": case.model_type, **case.widths}, name=case.model_type)
        estimated = sum(training_parts(shape, case.job).values())
        error = 100 * (estimated / simulated - 1)
        how = f"{case.job.precision}, checkpointing {case.job.checkpointing}, foreach {case.job.foreach}"
        sizes = f"{simulated / GB:.2f} GB simulated, {estimated / GB:.2f} estimated"
        sys.stdout.write(f"{case.model_type} ({how}): {sizes}, {error:+.1f} %\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
