"""The memory of a training step: what stays, and the worst of the moments it passes through."""

from collections.abc import Mapping

from hfplanner.estimate.memory.activations import (
    heaviest_layer,
    kept_per_layer,
    layer_passing,
    loss_bytes,
    residual_bytes,
)
from hfplanner.estimate.memory.adapters import expert_deltas
from hfplanner.estimate.memory.columns import pick
from hfplanner.estimate.memory.diffusion import picture_moments
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.preference import (
    generation_moment,
    reference_bytes,
    reference_moment,
    trained_shape,
)
from hfplanner.estimate.memory.selective import kept_operations
from hfplanner.estimate.memory.states import States, training_states
from hfplanner.estimate.memory.weights import expert_weights, largest_matrix, loading_bytes, stored_as, weight_bytes
from hfplanner.models.shape import ModelShape

__all__ = ["training_parts"]

_SHARDS_WEIGHTS = ("zero3", "fsdp")
# What the backward pass of one layer needs beside what it kept: its own gradients, while the kept tensors are let go.
# A simulated step of llama, qwen3, phi3 and olmo2 (every tensor followed from birth to death) gives 0.1 to 0.4 of what
# a forward pass holds at once.
_BACKWARD_SHARE = 0.3
# A compiled layer's backward graph holds more of them at once: inductor's code for single checkpointed layers of llama,
# qwen3 and gemma2, its allocations followed, gives 0.39, 0.51 and 0.91 (tests/benchmarks/compiled_layers.py).
_COMPILED_BACKWARD_SHARE = 0.6
# Adapters add the gradients of their own products (traced steps of 20 architectures, reports/traced_memory.md).
_BACKWARD_SHARE_OF_ADAPTERS = {"decoder": 0.8, "encoder": 1.7}
_NOT_YET_OFFLOADED = 2
# Bytes per token and width of what all layers get from their own embedding: looked up, projected, normed, added up.
_LAYER_INPUTS = 8.0


def training_parts(shape: ModelShape, job: MemoryJob) -> Mapping[str, float]:
    """Return the bytes of each part at the moment of the peak, on one GPU.

    The moments: the loss (all activations, the logits), the backward pass of the last layer, that of the first (all
    gradients), the optimizer's step. The first step has no states yet, so the second decides.
    """
    shape = trained_shape(shape, job)
    states = training_states(shape, job)
    stays = {
        "weights": _weights(shape, job),
        "adapters": _added(job, states),
        "optimizer": states.optimizer,
        "buckets": states.buckets,
        "reference": reference_bytes(shape, job),
        "gathered": _gathered(shape, job),
    }
    moments = _moments(shape, job, states)
    # While weights are loaded there are no adapters and no states yet.
    later = sum(size for name, size in stays.items() if name != "weights")
    moments.append({"loading": max(loading_bytes(shape, job) - later, 0.0)})
    return stays | pick(moments)


def _added(job: MemoryJob, states: States) -> float:
    """Return the bytes of trained weights that are there beside the model's own."""
    if job.task == "full":
        return 0.0
    return states.own / (job.gpus if job.sharding in _SHARDS_WEIGHTS else 1)


def _weights(shape: ModelShape, job: MemoryJob) -> float:
    total = weight_bytes(shape, job)
    if job.task == "full" and job.sharding in {"zero1", "zero2", "zero3"} and job.mixed:
        # DeepSpeed holds half-precision weights beside its fp32 copy.
        total = shape.parameters.total * 2.0
    if job.sharding in _SHARDS_WEIGHTS:
        total /= job.gpus
    if job.offload == "params":
        total /= max(shape.layers, 1)
    return total


def _layer_weights(shape: ModelShape) -> float:
    return shape.parameters.linear / max(shape.layers, 1)


def _gathered(shape: ModelShape, job: MemoryJob) -> float:
    """Return the weights that are whole on a GPU although they are sharded, or copied for autocast, or unpacked.

    Two layers are gathered at once (one in use, one prefetched), and embedding and output projection, which belong to
    the outermost unit, throughout.
    """
    total = 0.0
    if job.sharding in _SHARDS_WEIGHTS or job.offload == "params":
        outer = shape.parameters.embedding + shape.parameters.head
        per_element = 2.0 if stored_as(shape, job) == "none" else 0.6
        total += 2.0 * outer + 2 * per_element * _layer_weights(shape)
    elif job.mixed and job.task != "qlora":
        # The backward pass needs autocast's half-precision copies of all matrices.
        copied = shape.parameters.linear + (shape.parameters.head or shape.vocab * shape.hidden)
        total += 2.0 * copied * _kept_share(shape, job)
    if stored_as(shape, job) != "none":
        total += 2.0 * largest_matrix(shape)
    # The product of an expert's adapters, and the sum with its weights.
    total += 2 * 2.0 * expert_deltas(shape, job)
    if expert_deltas(shape, job) and job.checkpointing in {"none", "selective"}:
        # Where nothing is recomputed, the sums of all layers are kept for the backward pass.
        total += (4.0 if job.upcast else 2.0) * expert_weights(shape) * _kept_share(shape, job)
    return total


def _kept_share(shape: ModelShape, job: MemoryJob) -> float:
    """Return in how much of a model nothing is recomputed, or else the share of the one layer that is at work."""
    return {"none": 1.0, "selective": 0.5}.get(job.checkpointing, 1 / max(shape.layers, 1))


def _stack_layers(shape: ModelShape) -> int:
    second = shape.encoder.layers if shape.kind == "encoder-decoder" and shape.encoder else 0
    return shape.layers + second


def _moments(shape: ModelShape, job: MemoryJob, states: States) -> list[dict[str, float]]:
    if shape.diffusion:
        return picture_moments(shape, job, states)
    tokens = job.tokens
    layers = _stack_layers(shape)
    average = kept_per_layer(shape, job) * tokens
    one_layer = heaviest_layer(shape, job) * tokens
    residual = residual_bytes(shape, job) * tokens
    outside = (6 * shape.hidden * 2.0 + _LAYER_INPUTS * shape.layers * shape.layer_input) * tokens
    again = kept_operations(shape, job) * tokens if job.checkpointing == "selective-op" else 0.0
    kept = {
        "none": layers * average,
        "selective": (layers + 1) // 2 * residual + layers // 2 * average,
        "selective-op": layers * (residual + again),
        "full": layers * residual,
    }[job.checkpointing]
    if job.offload == "activations":
        # The layer that computes and the one whose copy is under way (torchtune and TRL, OffloadActivations).
        kept = min(layers, _NOT_YET_OFFLOADED) / max(layers, 1) * kept
    kept += outside
    loss = loss_bytes(shape, job)
    recomputed = one_layer - again if _recomputes_last(job, layers) else 0.0
    passing = layer_passing(shape, job) * tokens * _backward_share(shape, job)
    earlier = states.gradients if job.accumulation > 1 else 0.0
    first = _gradients_of_last_layer(shape, job, states)
    late, twice = _embedding_gradients(shape, job, states)
    compared = reference_moment(shape, job)
    beside = 0.0 if job.method == "grpo" else kept
    answered = generation_moment(shape, job)
    return [
        {"gradients": earlier, "activations": kept, "logits": loss},
        {"gradients": first, "activations": kept + recomputed + passing},
        {"gradients": states.gradients + states.whole - late, "activations": outside + one_layer + passing},
        {"gradients": states.gradients + states.whole + twice, "activations": outside},
        {"gradients": states.stepped, "optimizer_step": states.step},
        *({"gradients": earlier, **moment, "activations": beside + moment["activations"]} for moment in compared),
        *answered,
    ]


def _gradients_of_last_layer(shape: ModelShape, job: MemoryJob, states: States) -> float:
    """Return the gradients that are there while the last layer goes backward, which comes first.

    FSDP holds those of its outermost unit, the output projection among them, whole until the end, and those of a layer
    until they are sent in the precision of the weights; what was shared out after an earlier micro-batch lies beside.
    """
    earlier = states.gradients if job.accumulation > 1 else 0.0
    head = shape.vocab * shape.hidden * states.width if job.task == "full" or job.trained_embeddings else 0
    if job.sharding != "fsdp" or (job.accumulation > 1 and job.grad_sync == "last"):
        return max(earlier, min(states.gradients + states.whole, head))
    computed = head / 2 if job.mixed else head
    layer = 2 * states.width * states.trained / max(shape.layers, 1)
    if job.task == "full":
        layer = 2 * states.width * _layer_weights(shape)
    return earlier + min(computed + layer, states.own)


def _backward_share(shape: ModelShape, job: MemoryJob) -> float:
    if job.task != "full":
        return _BACKWARD_SHARE_OF_ADAPTERS.get(shape.kind, 0.8)
    return _COMPILED_BACKWARD_SHARE if job.compiled else _BACKWARD_SHARE


def _recomputes_last(job: MemoryJob, layers: int) -> bool:
    """Whether the last layer is recomputed, which is so while all others keep what they do; of every second, if odd."""
    return job.checkpointing != "none" and not (job.checkpointing == "selective" and layers % 2 == 0)


def _embedding_gradients(shape: ModelShape, job: MemoryJob, states: States) -> tuple[float, float]:
    """Return what of the gradients comes after all layers, and what of them is there twice in the end.

    The embedding's gradient is the last; where it shares the output projection's weights, both are made whole and then
    added up.
    """
    if job.task != "full" or job.sharding != "none" or job.optimizer_in_backward:
        return 0.0, 0.0
    if shape.parameters.head or shape.kind != "decoder" or job.method == "reward":
        return (0.0 if job.accumulation > 1 else float(shape.parameters.embedding * states.width)), 0.0
    return 0.0, float(min(shape.parameters.embedding, shape.vocab * shape.hidden) * states.width)
