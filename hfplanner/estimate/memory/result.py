"""The answer: parts in bytes, and what one GPU will show, as an interval."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from hfplanner.estimate.memory.inference import inference_parts
from hfplanner.estimate.memory.job import MemoryJob, settle
from hfplanner.estimate.memory.overhead import CALIBRATION, Calibration, context_bytes, fragmentation_bytes
from hfplanner.estimate.memory.preference import generator_job
from hfplanner.estimate.memory.spread import interval, spread_of
from hfplanner.estimate.memory.training import training_parts
from hfplanner.estimate.memory.weights import bare_experts
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape
from hfplanner.units import format_bytes

__all__ = ["Evidence", "Measured", "MemoryEstimate", "Metric", "estimate_memory", "raw_parts"]

Metric = Literal["allocated", "reserved", "total"]


class Evidence(Protocol):
    """What else is known of a model: it estimates any way to run it."""

    def estimate(self, shape: ModelShape, job: MemoryJob) -> "MemoryEstimate":
        """Return what a job needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What runs were seen to do with settings like these.

    Args:
        runs: how many peaks the need follows from; 0 where all such runs ran out of memory.
        ran_on: flavors that held such a run, or one that needs more.
        ran_out_on: flavors on which such a run, or one that needs no more, ran out of memory.
        ran_out_of_bytes: the most that was usable of one GPU then; no GPU with less can do.
    """

    runs: int
    ran_on: frozenset[str] = frozenset()
    ran_out_on: frozenset[str] = frozenset()
    ran_out_of_bytes: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {
            "runs": self.runs,
            "ran_on": sorted(self.ran_on),
            "ran_out_on": sorted(self.ran_out_on),
            "ran_out_of_bytes": self.ran_out_of_bytes or None,
        }


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """What a job needs of each GPU.

    Args:
        shape: the model.
        job: how it is run, nothing left open.
        parts: bytes at the moment of the peak; they add up to the likely value.
        per_gpu_bytes: what ``torch.cuda.max_memory_reserved`` and the CUDA context take together, a 90 % interval.
        pressed_bytes: the same on a card that is full, where the allocator gives back what it holds unused: this must
            fit.
        calibration: the learnt constants it was made with.
        measured: the runs it follows from; ``None`` where it follows from formulas.
        evidence: what else is known of the model, for other ways to run it; ``None`` for formulas alone.
        generator: what vLLM needs that writes the answers for GRPO; ``None`` where nothing of the kind runs.
    """

    shape: ModelShape
    job: MemoryJob
    parts: Mapping[str, int]
    per_gpu_bytes: Estimate
    pressed_bytes: Estimate
    calibration: Calibration = CALIBRATION
    measured: Measured | None = None
    evidence: Evidence | None = None
    generator: "MemoryEstimate | None" = None

    @property
    def resident_bytes(self) -> int:
        """What stays on a GPU between steps: weights, states, and what lies beyond tensors."""
        return sum(size for name, size in self.parts.items() if name in _STAYS)

    def on_card(self, cuda_context: int | None) -> "MemoryEstimate":
        """Return the need on a card whose CUDA context is known; ``None`` leaves what is charged for any card.

        Args:
            cuda_context: bytes, without NCCL's buffers.

        >>> from hfplanner.models.known import find_known
        >>> there = estimate_memory(find_known("Qwen/Qwen3-0.6B"), MemoryJob()).on_card(150 * 2**20)
        >>> there.parts["cuda_context"] // 2**20, sum(there.parts.values()) == there.per_gpu_bytes.likely
        (150, True)
        """
        less = 0 if cuda_context is None else self.calibration.context_bytes - cuda_context
        charged = self.parts.get("cuda_context", 0)
        if not less or not charged:
            return self
        parts = {**self.parts, "cuda_context": max(charged - less, 0)}
        less = charged - parts["cuda_context"]
        return replace(
            self,
            parts=parts,
            per_gpu_bytes=_less(self.per_gpu_bytes, less),
            pressed_bytes=_less(self.pressed_bytes, less),
            generator=self.generator and self.generator.on_card(cuda_context),
        )

    def otherwise(self, job: MemoryJob) -> "MemoryEstimate":
        """Return what the same model needs when it is run in another way, from all that is known of it.

        Raises:
            UsageError: the job names a quantization or a module that does not exist, or contradicts itself.
        """
        if self.evidence is None:
            return estimate_memory(self.shape, job, self.calibration)
        return self.evidence.estimate(self.shape, job)

    def as_metric(self, metric: Metric) -> Estimate:
        """Return the estimate as another instrument shows it.

        ``"allocated"`` is ``torch.cuda.max_memory_allocated``, ``"reserved"`` is ``max_memory_reserved``, ``"total"``
        adds the CUDA context, which ``nvidia-smi`` and the metrics of a job count.

        >>> from hfplanner.models.known import find_known
        >>> estimate = estimate_memory(find_known("meta-llama/Llama-3.2-1B"), MemoryJob())
        >>> estimate.as_metric("allocated").likely < estimate.as_metric("reserved").likely
        True
        """
        left_out = {"total": (), "reserved": ("cuda_context",), "allocated": ("cuda_context", "fragmentation")}[metric]
        less = sum(self.parts.get(part, 0) for part in left_out)
        likely = self.per_gpu_bytes.likely - less
        if self.measured is not None:
            span, basis = self.per_gpu_bytes, (*self.per_gpu_bytes.basis, f"as torch counts it: {metric}")
            return Estimate(max(span.low - less, 0), likely, span.high - less, basis)
        kept = {name: float(size) for name, size in self.parts.items() if name not in left_out}
        low, high = interval(likely, spread_of(self.shape, self.job, kept), self.calibration.reach(self.job))
        return Estimate(low, likely, high, (*self.per_gpu_bytes.basis, f"as torch counts it: {metric}"))

    def _generator_json(self, generator: "MemoryEstimate") -> dict[str, Any]:
        beside = self.job.generator == "colocate"
        return {
            "placement": "same_gpu" if beside else "other_gpu",
            "gpu_memory_utilization": generator.job.gpu_memory_utilization,
            "sleeps": self.job.vllm_sleep,
            "per_gpu_bytes": generator.per_gpu_bytes.to_json(),
            "parts": dict(generator.parts),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the estimate as the interface spells it."""
        return {
            "per_gpu_bytes": self.per_gpu_bytes.to_json(),
            "pressed_bytes": self.pressed_bytes.to_json(),
            "parts": dict(self.parts),
            "measured": self.measured and self.measured.to_json(),
            "generator": self.generator and self._generator_json(self.generator),
            "metrics": {
                "max_memory_allocated_bytes": self.as_metric("allocated").to_json(),
                "max_memory_reserved_bytes": self.as_metric("reserved").to_json(),
            },
        }


def _less(span: Estimate, less: int) -> Estimate:
    return Estimate(max(span.low - less, 0), span.likely - less, span.high - less, span.basis)


_STAYS = frozenset(("weights", "adapters", "optimizer", "reference", "buckets", "fragmentation", "cuda_context"))


def estimate_memory(shape: ModelShape, job: MemoryJob, calibration: Calibration = CALIBRATION) -> MemoryEstimate:
    """Return what a job needs of each GPU.

    Args:
        shape: the model.
        job: how it is run.
        calibration: the learnt constants.

    Raises:
        UsageError: the job names a quantization or a module that does not exist.

    >>> from hfplanner.models.known import find_known
    >>> answer = estimate_memory(find_known("meta-llama/Llama-2-7b-hf"), MemoryJob(seq_len=4096, prompt_len=512))
    >>> answer.parts["kv_cache"] == 2 * 2**30, sum(answer.parts.values()) == answer.per_gpu_bytes.likely
    (True, True)
    """
    job = settle(job, shape.kind)
    raw = raw_parts(shape, job, calibration)
    parts = {name: round(size) for name, size in raw.items() if round(size) > 0}
    likely = sum(parts.values())
    low, high = interval(likely, spread_of(shape, job, raw), calibration.reach(job))
    pressed_low, pressed_high = interval(likely, spread_of(shape, job, raw, pressed=True), calibration.reach(job))
    basis = (*_basis(shape, job), *_held_unused(high, pressed_high))
    return MemoryEstimate(
        shape,
        job,
        parts,
        Estimate(low, likely, high, basis),
        Estimate(pressed_low, likely, pressed_high, basis),
        calibration,
        generator=_generator(shape, job, calibration),
    )


def _generator(shape: ModelShape, job: MemoryJob, calibration: Calibration) -> MemoryEstimate | None:
    if job.method != "grpo" or job.generator == "transformers":
        return None
    return estimate_memory(shape, generator_job(job), calibration)


def raw_parts(shape: ModelShape, job: MemoryJob, calibration: Calibration = CALIBRATION) -> dict[str, Any]:
    """Return the bytes of each part, unrounded: numbers, or columns where the job's numbers are columns."""
    raw: dict[str, Any] = dict(training_parts(shape, job) if job.trains else inference_parts(shape, job))
    raw["fragmentation"] = fragmentation_bytes(raw, calibration, expandable=job.expandable_segments)
    raw["cuda_context"] = context_bytes(job, calibration)
    return raw


# From here on two high ends are worth a sentence.
_MUCH = 1.05
_COMPARED = {
    "model": "a frozen copy of the model",
    "adapters-off": "the model without its adapters",
    "precomputed": "what was computed before",
}


def _method_words(job: MemoryJob) -> list[str]:
    """Return what is said of training on preferences or on answers."""
    said = []
    if job.method in {"dpo", "reward"}:
        said.append(f"{job.batch_size} pairs are {job.sequences} sequences, which go through the model together")
    if job.reference in _COMPARED:
        said.append(f"The reference is {_COMPARED[job.reference]}")
    if job.method == "grpo" and job.generator == "colocate":
        share = f"{100 * job.gpu_memory_utilization:g} %"
        asleep = ", and sleeps while the model is trained" if job.vllm_sleep else ", all the time"
        said.append(f"This is the trainer's; vLLM takes {share} of the same GPU{asleep}")
    elif job.method == "grpo" and job.generator == "server":
        said.append("This is the trainer's; vLLM runs on another GPU")
    return said


def _held_unused(high: int, pressed_high: int) -> tuple[str, ...]:
    """Say what of the high end a full card gets back, where that is much."""
    if high <= _MUCH * pressed_high:
        return ()
    enough = f"a full card gets that back, and {format_bytes(pressed_high)} is enough"
    return (f"The high end counts what batches of different lengths leave unused; {enough}",)


def _basis(shape: ModelShape, job: MemoryJob) -> tuple[str, ...]:
    counted = "counted in the weight files" if shape.counted else "computed from the config"
    said = [f"{shape.parameters.total:,} parameters, {counted}"]
    said += [f"{note[0].upper()}{note[1:]}" for note in shape.notes]
    if job.trains and shape.kind != "diffusion":
        said.append("Activations as measured in one layer of this architecture (data/architectures.csv)")
    if job.trains and job.sharding == "fsdp" and job.accumulation > 1:
        after = "the last micro-batch (accelerate's no_sync)" if job.grad_sync == "last" else "every micro-batch"
        said.append(f"Gradients are shared out after {after}")
    said += _method_words(job)
    if bare_experts(shape, job):
        said.append("The experts are not quantized: bitsandbytes passes over them since transformers 5")
    if job.engine == "vllm":
        said.append("vLLM itself takes its whole share of the GPU; this is what it needs")
    said.append("90 % interval, its reach learnt from published measurements (reports/memory_accuracy.md)")
    return tuple(said)
