"""How sure an estimate is: a standard deviation to either side, from what each part and each unsaid choice may do."""

from collections.abc import Mapping
from typing import Any

from hfplanner.estimate.memory.activations import adapter_doubt_bytes, legacy_doubt_bytes
from hfplanner.estimate.memory.adapters import expert_adapters, expert_deltas
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.states import training_states
from hfplanner.estimate.memory.weights import BITSANDBYTES, bare_experts, runs_as_stored, stored_as
from hfplanner.models.shape import ModelShape
from hfplanner.units import GB, MiB

__all__ = ["interval", "order_bytes", "spread_of"]

# Relative standard deviations, downwards and upwards. Weights are counted; activations follow from what autograd saves,
# of which a compiler saves a fifth (pytorch/torchtune's rows with torch.compile); logits are copied once more by
# wrappers that return fp32; what shards gather and send depends on how layers are wrapped.
_SIGMA = {
    "weights": (0.01, 0.01),
    "adapters": (0.10, 0.05),
    "optimizer": (0.05, 0.05),
    "gradients": (0.15, 0.08),
    "buckets": (0.50, 0.50),
    "gathered": (0.30, 0.30),
    "activations": (0.15, 0.05),
    "logits": (0.08, 0.18),
    "kv_cache": (0.04, 0.04),
    "optimizer_step": (0.12, 0.30),
    "fragmentation": (0.35, 0.45),
}
# A compiler chooses anew on each GPU and version what it fuses and computes again: inductor's code for the backward
# pass of single layers held 12 % less to 17 % more than the formula says (reports/compiled_layers.md), and layers are
# most of a job's activations.
_COMPILED = (0.12, 0.10)
# Convolutions run with or without large workspaces, as cuDNN chooses on each GPU (LambdaLabsML/lambda-diffusers).
_PICTURES = (0.16, 0.28)
_CONTEXT_SIGMA = 120 * MiB
# What all parts share: versions of libraries, units and instruments that a table does not name.
_TRAINING_SIGMA = (0.05, 0.03)
_INFERENCE_SIGMA = (0.05, 0.035)
# Experts are computed in more ways than dense blocks; layers without attention keep what their kernels want.
_EXPERTS_DOUBT = 0.08
_LINEAR_DOUBT = 0.15
# Libraries wrap layers into units, prefetch and copy in ways that a job does not say.
_SHARDED_DOUBT = 0.04
# A shape's doubt is that of a normal distribution; the reaches are nearer than its 1.645.
_NORMAL_REACH = 1.5
# Scripts that train denoisers differ in what else lies on the GPU: text encoders, the autoencoder, an averaged copy.
_PICTURES_DOUBT = 0.20
_QUANTIZED_SIGMA = 0.03
# A thing that is there or not, as a standard deviation of the bytes it takes.
_EITHER = 0.5
# How much of a model is read ahead while it is quantized: readers are faster than the quantizer, yet only a few.
_READ_AHEAD = 0.15
_MOST_AHEAD = 4 * GB
_LASTS = 0.6
# Lengths that differ from batch to batch leave holes. What a simulated allocator reserved beyond constant lengths is
# the high side (reports/order_of_batches.md): these are deviations, of which the upper reach of training, about 2.15,
# makes 0.3 of the activations and 0.9 where the stream is fp32. Freed activations and freed logits fill each other's
# holes, so that logits count for most where they are nearly all that comes and goes.
_ORDER = {False: 0.14, True: 0.42}
_ORDER_LOGITS, _ORDER_FILLED = 1.63, 0.7


def spread_of(shape: ModelShape, job: MemoryJob, parts: Mapping[str, Any], *, pressed: bool = False) -> tuple[Any, Any]:
    """Return one standard deviation in bytes, downwards and upwards: parts err independently.

    A model known badly adds its own doubt, and so does what a job leaves unsaid.

    Args:
        shape: the model.
        job: how it is run.
        parts: bytes of each part; what the allocator wastes counts where it is one of them.
        pressed: on a card that is full, where the allocator gives back what it holds unused.
    """
    down, up = (_shared(shape, job, parts, side) for side in (0, 1))
    if not pressed and "fragmentation" in parts:
        up += order_bytes(job, parts) ** 2
    return (down + _saved(shape, job) ** 2) ** 0.5, (up + _added(shape, job) ** 2) ** 0.5


def order_bytes(job: MemoryJob, parts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as `columns` says
    """Return by how much the order of batches of different lengths makes the allocator reserve more, as a deviation.

    >>> round(order_bytes(MemoryJob(task="lora"), {"activations": 10e9}))
    1400000000
    >>> order_bytes(MemoryJob(task="lora", lengths="packed"), {"activations": 10e9})
    0.0
    """
    if not job.trains or not job.padded or job.expandable_segments:
        return 0.0
    activations, logits = (parts.get(name, 0.0) for name in ("activations", "logits"))
    # One byte more, for where there is neither.
    unfilled = logits / (logits + _ORDER_FILLED * activations + 1.0)
    return _ORDER[job.upcast] * activations + _ORDER_LOGITS * logits * unfilled


def _shared(shape: ModelShape, job: MemoryJob, parts: Mapping[str, Any], side: int) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the variance to one side of what may be more or less."""
    total = sum(parts.values())
    common = (_TRAINING_SIGMA if job.trains else _INFERENCE_SIGMA)[side]
    variance: Any = float(_CONTEXT_SIGMA**2) + ((_doubt(shape, job) ** 2 + common**2) * total**2)
    variance += adapter_doubt_bytes(shape, job) ** 2 + legacy_doubt_bytes(shape, job) ** 2
    for name, size in parts.items():
        share = _SIGMA.get(name, (0.0, 0.0))[side]
        if name == "weights" and stored_as(shape, job) != "none":
            share = _QUANTIZED_SIGMA
        elif name == "activations" and shape.diffusion:
            share = _PICTURES[side]
        elif name == "activations" and job.compiled:
            share = _COMPILED[side]
        variance += (share * size) ** 2
    return variance


def _doubt(shape: ModelShape, job: MemoryJob) -> float:
    known_badly = _NORMAL_REACH * shape.doubt
    if not job.trains:
        return known_badly
    unusual = _EXPERTS_DOUBT if shape.experts else _PICTURES_DOUBT if shape.diffusion else 0.0
    sharded = _SHARDED_DOUBT if job.sharding != "none" and job.gpus > 1 else 0.0
    return known_badly + unusual + sharded + _LINEAR_DOUBT * shape.linear_layers / max(shape.layers, 1)


def _saved(shape: ModelShape, job: MemoryJob) -> float:
    """Return what a job may need less: experts quantized after all, or gradients shared all the time (FSDP2)."""
    plain = 4 if job.precision == "fp32" or job.mixed else 2
    over = job.gpus if job.gpus > 1 and (job.sharding in {"zero3", "fsdp"} or not job.trains) else 1
    saved = plain * bare_experts(shape, job) / over
    if job.task in {"lora", "qlora"}:
        # Before 0.21 peft put no adapters on experts: two moments, a gradient and the weight of each less.
        states = training_states(shape, job)
        saved += expert_adapters(shape, job) * job.lora_rank * (4 * states.width) + 4.0 * expert_deltas(shape, job)
    if job.trains and job.upcast:
        # Whoever keeps it in half precision needs half of what is not quantized.
        saved += 2.0 * (shape.parameters.embedding + shape.parameters.head) / over
    if job.trains and job.sharding == "fsdp":
        states = training_states(shape, job)
        saved += states.gradients - states.stepped
    return _EITHER * saved


def _added(shape: ModelShape, job: MemoryJob) -> float:
    """Return what a job may need more.

    Unquantized matrices of a quantized model may be there twice or in fp32: peft's prepare_model_for_kbit_training
    makes them so, AutoAWQ and AutoGPTQ keep or load the output projection once more (Qwen's tables of GPTQ and AWQ).
    Where bitsandbytes quantizes while it loads, transformers 5 reads ahead: some of the weights are there in half
    precision; generating, most of that is gone before the cache is there. A model spread over GPUs layer by layer has
    its first or last matrix whole on one of them.
    """
    outer = 2.0 * (shape.parameters.embedding + shape.parameters.head)
    largest = 2.0 * max(shape.parameters.embedding, shape.parameters.head)
    spread = 0.0 if job.trains or job.gpus == 1 else _EITHER * largest * (1 - 1 / job.gpus)
    stored = stored_as(shape, job)
    if stored == "none" or stored.startswith("gguf"):
        return spread
    quantizes = stored in BITSANDBYTES and not runs_as_stored(shape, job)
    ahead = min(_READ_AHEAD * 1.5 * shape.parameters.linear, _MOST_AHEAD) if quantizes else 0.0
    lasts = 1.0 if job.trains else _LASTS
    return float((spread**2 + lasts**2 * ((_EITHER * outer) ** 2 + ahead**2)) ** 0.5)


def interval(likely: int, sigma: tuple[float, float], reach: tuple[float, float]) -> tuple[int, int]:
    """Return the bounds of the 90 % interval, never below nothing.

    >>> interval(1000, (100, 100), (1.5, 2.5))
    (850, 1250)
    """
    return max(round(likely - reach[0] * sigma[0]), 0), round(likely + reach[1] * sigma[1])
