"""The one change that would make a job fit, each with its own estimate."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Fit, Place, fit_into
from hfplanner.estimate.memory.job import MemoryJob, Reference, settle
from hfplanner.estimate.memory.result import MemoryEstimate
from hfplanner.estimate.memory.weights import stored_as
from hfplanner.models.shape import ModelShape

__all__ = ["Advice", "advise", "changes"]

_FITS = ("yes", "likely")
# Further away than this, one change is not a change but another job.
_NEAR = 8.0


@dataclass(frozen=True, slots=True)
class Advice:
    """A change, and where it makes the job fit.

    Args:
        code: the kind of change.
        change: what to do, in words and options.
        estimate: the job with that change.
        fit: the flavor it then fits.
    """

    code: str
    change: str
    estimate: MemoryEstimate
    fit: Fit

    def to_json(self) -> Mapping[str, Any]:
        """Return the advice as the interface spells it."""
        return {
            "flavor": self.fit.flavor,
            "code": self.code,
            "change": self.change,
            "per_gpu_bytes": self.estimate.per_gpu_bytes.to_json(),
            "fits": self.fit.verdict,
            "probability": round(self.fit.probability, 4),
        }


def changes(shape: ModelShape, job: MemoryJob) -> Iterator[tuple[str, str, MemoryJob]]:
    """Yield single changes that need less memory, those that cost least first."""
    job = settle(job, shape.kind)
    if job.attention == "eager":
        yield "attention", "--attention sdpa: the same result without score matrices", replace(job, attention="sdpa")
    if job.trains:
        yield from _training_changes(job)
    else:
        yield from _inference_changes(shape, job)
    half = job.batch_size // 2
    if half:
        keep = ", with twice the accumulation the same step" if job.trains else ""
        yield "batch", f"--batch-size {half}{keep}", replace(job, batch_size=half)
    if job.trains:
        yield from _other_training(job)
    shorter = job.seq_len // 2
    if shorter:
        prompt = None if job.prompt_len is None else min(job.prompt_len, shorter)
        yield "context", f"--seq-len {shorter}", replace(job, seq_len=shorter, prompt_len=prompt)


def _training_changes(job: MemoryJob) -> Iterator[tuple[str, str, MemoryJob]]:
    if job.loss in {"standard", "legacy"}:
        words = "--loss chunked: never all logits at once (TRL's default since 1.x)"
        yield "loss", words, replace(job, loss="chunked")
    if job.reference == "model":
        words = "--reference precomputed: no copy of the model, its log probabilities are computed once before"
        yield "reference", words, replace(job, reference="precomputed")
    if job.generator == "colocate" and not job.vllm_sleep:
        yield (
            "sleep",
            "--vllm-sleep: vLLM gives its memory back while the model is trained",
            replace(job, vllm_sleep=True),
        )
    if job.checkpointing != "full":
        words = "--checkpointing full: recompute activations, about a third slower"
        yield "checkpointing", words, replace(job, checkpointing="full")
    if job.task == "full" and job.optimizer not in {"adamw-8bit", "paged-adamw-8bit", "sgd", "adafactor"}:
        yield (
            "optimizer",
            "--optimizer adamw-8bit: states in a quarter of the bytes",
            replace(job, optimizer="adamw-8bit"),
        )


def _other_training(job: MemoryJob) -> Iterator[tuple[str, str, MemoryJob]]:
    # With adapters the model is its own reference.
    adapted: Reference = "adapters-off" if job.reference == "model" else job.reference
    if job.task == "full":
        yield "lora", "--task lora: train adapters only", replace(job, task="lora", precision="bf16", reference=adapted)
    if job.task in {"full", "lora"}:
        yield (
            "qlora",
            "--task qlora: adapters over 4-bit weights",
            replace(job, task="qlora", precision="bf16", reference=adapted),
        )
    for gpus in (2, 4, 8):
        if gpus > job.gpus:
            words = f"--sharding fsdp --gpus {gpus}: weights, gradients and states shared by {gpus} GPUs"
            yield "sharding", words, replace(job, sharding="fsdp", gpus=gpus)


def _inference_changes(shape: ModelShape, job: MemoryJob) -> Iterator[tuple[str, str, MemoryJob]]:
    if job.kv_dtype != "fp8" and job.engine == "vllm":
        yield "kv_dtype", "--kv-dtype fp8: a cache of half the bytes", replace(job, kv_dtype="fp8")
    if stored_as(shape, job) == "none":
        yield "int8", "--quantization int8", replace(job, quantization="int8")
        yield "nf4", "--quantization nf4", replace(job, quantization="nf4")
    for gpus in (2, 4, 8):
        if gpus > job.gpus:
            yield "gpus", f"--gpus {gpus}: weights and cache spread over {gpus} GPUs", replace(job, gpus=gpus)


def advise(estimate: MemoryEstimate, fits: Iterable[Fit], places: Iterable[Place]) -> tuple[Advice, ...]:
    """Return, for every flavor that nearly fits, the least change that makes it fit."""
    wanted = {fit.flavor for fit in fits if fit.verdict not in _FITS}
    tried: list[tuple[str, str, MemoryEstimate]] = []
    for code, words, job in changes(estimate.shape, estimate.job):
        try:
            tried.append((code, words, estimate.otherwise(job)))
        except UsageError:
            # A change may not go with the rest of the job; then it is no advice.
            continue
    found: list[Advice] = []
    for place in places:
        near = place.usable_bytes is not None and estimate.per_gpu_bytes.likely <= _NEAR * place.usable_bytes
        if place.flavor not in wanted or not near:
            continue
        for code, words, changed in tried:
            fit = fit_into(changed, place)
            if fit.verdict in _FITS:
                found.append(Advice(code, words, changed.on_card(place.context_bytes), fit))
                break
    return tuple(found)
