"""What a forward pass keeps for the backward pass, and what either needs in passing."""

from dataclasses import replace
from typing import Any, NamedTuple

from hfplanner.estimate.memory.adapters import adapter_inputs
from hfplanner.estimate.memory.columns import choose, greatest, least
from hfplanner.estimate.memory.compiled import compiled_kept
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.recurrent import recurrent_kept
from hfplanner.models.architectures import FUSED_GATES, FUSED_QKV, Architecture, Kept, find_architecture
from hfplanner.models.shape import ModelShape

__all__ = [
    "adapter_doubt_bytes",
    "heaviest_layer",
    "is_eager",
    "kept_per_layer",
    "layer_passing",
    "legacy_doubt_bytes",
    "loss_bytes",
    "residual_bytes",
    "stream_bytes",
]

# A gate on attention's output keeps its sigmoid and both factors (traced on qwen3_5).
_GATE = 4
# Queries, or keys, after rotation and attention's result, or values: what attention keeps in half precision.
_ROTATED = 4.0
# What each further copy of the stream keeps in a layer: predicted, corrected, scaled (traced on gemma3n_text).
_STREAM = 16
# What a layer keeps per inner width where its activation is four operations.
_WRITTEN_OUT = 8
# Old bitsandbytes kept each input once in tables of 2023 and about twice in those of 2024 (Lightning-AI/litgpt).
_KEPT_TWICE = 1.6
# What a compiler leaves of a recurrent layer, of which no compiled one was looked at: what it leaves of the others.
_COMPILED = 0.7
# The column's value for softmax and dropout in bf16 with a mask of one byte: 2 + 2 + 1.
_DROPS_OUT = 5.0
# Bytes per logit at the worst moment. standard: the fp32 log-softmax is saved, its incoming gradient and the one it
# returns are made from it (4 + 4 + 4), as the Trainer computes it, which lets go of the model's output. legacy: a loop
# that holds the output in fp32 (4) and gets its gradient in half precision (2) beside. half: the same four tensors in
# two bytes. Read off transformers' loss_utils.py (5.24) and modeling_llama.py (4.40) and accelerate's
# convert_outputs_to_fp32; the traced step says the same.
_LOSS_BYTES = {"standard": 12.0, "legacy": 18.0, "half": 8.0}
# T5 and its kin compute cross-entropy in the precision of their logits; autocast makes it fp32.
_HALF_LOSS = ("t5", "mt5", "umt5")
_HALF_LOSS_BYTES = 5.0
# BART and its kin add a bias to their logits; under autocast, which hands out an fp32 copy besides, both are held
# (traced on facebook/bart-base).
_BIASED_LOSS = ("bart", "mbart", "marian", "pegasus")
_BIASED_LOSS_BYTES = 14.5
# Architectures whose attention has no other kernel (transformers 5.24: _supports_sdpa).
_ONLY_EAGER = ("bloom", "mpt", "gpt_neo", "codegen", "deberta-v2")
# TRL's fused head computes one tile of logits at a time (trl 1.16: kernels/chunked_logprob.py, trainer/utils.py).
_TILE_TOKENS, _TILE_VOCAB = 4096, 32768
# Liger's fused loss has about as many logits in half precision as there are hidden values, and their gradients.
_FUSED_BYTES = 5.0


def kept_per_layer(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - a number, or a column as `columns` says
    """Return the bytes per token that one layer keeps where nothing is recomputed, on average over all layers.

    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("meta-llama/Llama-3.2-3B")
    >>> kept_per_layer(shape, MemoryJob(task="full", packed=True)) == 16*3072 + 4*3072 + 4*1024 + 8*8192 + 4*24
    True
    """
    kept = _parts(shape, job)
    if not shape.recurrent and not shape.feed_forward_layers:
        return kept.stream + kept.attention + kept.block
    recurrent = shape.recurrent.layers if shape.recurrent else 0
    total = shape.attention_layers * kept.attention + recurrent * kept.recurrent + shape.block_layers * kept.block
    return kept.stream + total / max(shape.layers, 1)


def heaviest_layer(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the bytes per token of the layer that keeps most, which is what recomputing them one by one needs.

    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("meta-llama/Llama-3.2-3B")
    >>> heaviest_layer(shape, MemoryJob(task="full")) == kept_per_layer(shape, MemoryJob(task="full"))
    True
    """
    kept = _parts(shape, job)
    mixer = kept.attention
    if shape.global_head_dim:
        wide = replace(shape, head_dim=shape.global_head_dim, global_head_dim=0)
        mixer = _attention(wide, job, find_architecture(shape.model_type, gated=shape.gated))
    if shape.recurrent:
        mixer = greatest(mixer, kept.recurrent)
    heaviest = greatest(mixer, kept.block) if shape.feed_forward_layers else mixer + kept.block
    return kept.stream + heaviest


class _Parts(NamedTuple):
    """Bytes per token of a layer's parts: its norms and adapters, its attention or state, its feed-forward block."""

    stream: Any
    attention: Any
    recurrent: float
    block: float


def _parts(shape: ModelShape, job: MemoryJob) -> _Parts:
    architecture = find_architecture(shape.model_type, gated=shape.gated)
    kept = _kept(architecture, job)
    wide = 2.0 if job.precision == "fp32" or job.upcast else 1.0
    stream = _stream_kept(architecture, job) * shape.hidden
    stream += _STREAM * (shape.streams - 1) * shape.hidden * wide
    if job.legacy_quantization and job.task == "qlora":
        stream += _KEPT_TWICE * _quantized_inputs(shape)
    stream += adapter_inputs(shape, job) * _adapter_bytes(job)
    recurrent = recurrent_kept(shape.recurrent, _mode(job)) if shape.recurrent else 0.0
    recurrent *= _COMPILED if job.compiled else 1.0
    attention = _attention(shape, job, architecture)
    # What sends tokens to experts is not compiled into their products.
    ffn = getattr(architecture, _mode(job)) if shape.experts else kept
    block = _feed_forward(shape, ffn, frozen=_mode(job) == "frozen") * wide
    return _Parts(stream, attention, recurrent, block)


def _attention(shape: ModelShape, job: MemoryJob, architecture: Architecture) -> Any:  # noqa: ANN401 - as `columns` says
    kept = _kept(architecture, job)
    # Autocast hands attention half precision, whatever its inputs are in.
    wide = 2.0 if _is_fp32(job) and not job.autocasts else 1.0
    if job.upcast and job.autocasts and shape.model_type in FUSED_QKV:
        # The cast to half precision splits what came in one tensor, of which nothing is kept then.
        kept = replace(kept, query=min(kept.query, _ROTATED), key_value=min(kept.key_value, _ROTATED))
    total = (kept.query + (_GATE if shape.gated_attention else 0)) * shape.query_width * wide
    total += _key_value(shape, job, kept) * wide + 4 * shape.heads
    if is_eager(shape, job):
        # An encoder's and a decoder's layer have three attentions between them, of which one reads the other stack.
        attentions = 1.5 if shape.kind == "encoder-decoder" else 1.0
        total += attentions * _scores(architecture, job) * shape.heads * job.seq_len
    return total


def _is_fp32(job: MemoryJob) -> bool:
    """Whether what layers hand on is fp32: all of it, or what is not quantized and so the residual stream."""
    return job.precision == "fp32" or job.upcast


def _stream_kept(architecture: Architecture, job: MemoryJob) -> float:
    """Return the bytes per token that a layer keeps for each value of the stream.

    Norms that upcast keep fp32 already; torch's LayerNorm, two vectors each, does so under autocast: two bytes more.
    """
    kept = _kept(architecture, job).hidden
    if _is_fp32(job) and not job.autocasts:
        return kept * _fp32_scale(architecture)
    layer_norms = architecture.fp32_share >= 1 and not job.compiled
    return kept + architecture.norms if layer_norms and job.autocasts and _mode(job) == "frozen" else kept


def is_eager(shape: ModelShape, job: MemoryJob) -> bool:
    """Whether attention makes score matrices: asked for, or because the architecture has no other.

    >>> from hfplanner.models.known import find_known
    >>> is_eager(find_known("bigscience/bloom-560m"), MemoryJob()), is_eager(find_known("Qwen/Qwen3-8B"), MemoryJob())
    (True, False)
    """
    return job.attention == "eager" or shape.model_type in _ONLY_EAGER


def _scores(architecture: Architecture, job: MemoryJob) -> float:
    """Return the bytes that eager attention keeps per head and pair of positions.

    The softmax is fp32 and cast back (4 + 2); with dropout on it, the mask is one byte, and autocast makes the softmax
    fp32 where it was not. In fp32 nothing is cast.
    """
    drops_out = architecture.scores == _DROPS_OUT
    if job.precision == "fp32":
        return architecture.scores + 4 if drops_out else architecture.scores - 2
    return architecture.scores + 2 if drops_out and job.mixed else architecture.scores


def _mode(job: MemoryJob) -> str:
    if job.task in {"lora", "qlora"}:
        return "frozen"
    # What shards weights computes in half precision outright, without autocast.
    return "amp" if job.mixed and job.sharding == "none" else "full"


def _kept(architecture: Architecture, job: MemoryJob) -> Kept:
    if job.compiled:
        return compiled_kept(architecture, _mode(job))
    kept: Kept = getattr(architecture, _mode(job))
    return kept


def _fp32_scale(architecture: Architecture) -> float:
    """Return how much more the hidden widths keep in fp32: norms that upcast keep less than twice as much."""
    return 2 * architecture.fp32_share


def _key_value(shape: ModelShape, job: MemoryJob, kept: Kept) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the keys' and values' share: repeated for every query head where there is a mask, or eager attention."""
    total = kept.key_value * shape.kv_width
    # Two tensors of two bytes grow to the queries' width; norms and fused projections before them do not.
    growth = min(kept.key_value, 4.0) * (shape.query_width - shape.kv_width)
    if is_eager(shape, job):
        return total + growth
    if not job.padded or job.attention == "flash":
        return total
    return total + choose(job.sequences > 1, growth, 0.0)


def _feed_forward(shape: ModelShape, kept: Kept, *, frozen: bool) -> float:
    """Return the feed-forward block's share, averaged over dense and sparse layers."""
    experts = shape.experts
    if experts is None:
        return kept.ffn * shape.ffn
    # Each visit of an expert keeps its output, and where it is trained its input (measured on mixtral, qwen3_moe).
    gathered = (2 if frozen else 4) * shape.hidden
    sparse = experts.per_token * (kept.ffn * experts.ffn + gathered) + kept.ffn * experts.shared_ffn
    share = experts.dense_layers / shape.block_layers if shape.block_layers else 0.0
    return share * kept.ffn * shape.ffn + (1 - share) * sparse


def _adapter_bytes(job: MemoryJob) -> float:
    """Return the bytes of an adapter's input.

    PEFT keeps adapters in fp32 and casts their input to it: a loop of one's own keeps four bytes. The Trainer runs
    under autocast, which casts that back: two.
    """
    return 2.0 if job.autocasts else 4.0


def adapter_doubt_bytes(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return how many bytes more there are where a loop of one's own casts adapters' inputs, and no autocast."""
    if job.task != "lora" or not job.autocasts or job.mixed or job.checkpointing != "none":
        return 0.0
    return 2 * adapter_inputs(shape, job) * shape.layers * job.tokens


def _quantized_inputs(shape: ModelShape) -> int:
    return 2 * (3 * shape.hidden + shape.value_width + shape.ffn)


def legacy_doubt_bytes(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return by how many bytes once or twice is off the middle, where old quantized layers keep their inputs."""
    if job.task != "qlora" or not job.legacy_quantization or job.checkpointing != "none":
        return 0.0
    return 0.4 * _quantized_inputs(shape) * shape.layers * job.tokens


def stream_bytes(job: MemoryJob) -> int:
    """Return the bytes of one value of the residual stream.

    fp32 embeddings make an fp32 stream: full training under autocast, and adapters over a quantized model whose other
    parts are fp32. What FSDP and DeepSpeed shard computes in half precision outright.
    """
    wide = job.precision == "fp32" or job.upcast or (job.mixed and job.sharding == "none")
    return 4 if wide else 2


def residual_bytes(shape: ModelShape, job: MemoryJob) -> float:
    """Return the bytes per token of the residual stream, which checkpointing keeps once per layer."""
    return float(shape.streams * shape.hidden * stream_bytes(job))


def layer_passing(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the bytes per token that a forward pass without gradients needs at once: the feed-forward block's.

    A gated block holds the gate, the other half and their product, beside the residual stream and its norm. Attention
    holds queries, keys and values before and after rotation. Eager attention adds the scores in fp32 and bf16.
    """
    size = 4 if job.precision == "fp32" else 2
    experts = shape.experts
    ffn = shape.ffn
    if experts:
        ffn = experts.per_token * (experts.ffn + shape.hidden) + experts.shared_ffn
    block = _block_widths(shape) * ffn + 4 * shape.hidden
    attention = 3 * shape.hidden + 3 * shape.query_width + 3 * shape.kv_width
    scores = (4 + 2) * shape.heads * job.prompt if is_eager(shape, job) else 0
    return greatest(size * block, size * attention + scores)


def _block_widths(shape: ModelShape) -> int:
    """Return how many tensors of the inner width a feed-forward block holds at once.

    Gate, other half and product; where both halves are one tensor, it lives on beside them. Without a gate the inner
    tensor and its activation, of which one written out in Python (GELU by tanh) makes two more.
    """
    if shape.gated:
        return 4 if shape.model_type in FUSED_GATES else 3
    return 4 if find_architecture(shape.model_type, gated=False).frozen.ffn >= _WRITTEN_OUT else 2


def loss_bytes(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the bytes that logits and cross-entropy need at their worst moment.

    >>> from hfplanner.models.known import find_known
    >>> loss_bytes(find_known("meta-llama/Llama-3.2-3B"), MemoryJob(task="lora", loss="standard", seq_len=1))
    1539072.0
    """
    if shape.kind == "encoder" or job.method == "reward":
        # One number for each sequence.
        return 0.0
    if job.loss == "chunked" and shape.kind == "decoder":
        return _tiled_bytes(shape, job)
    if job.loss == "fused":
        return _FUSED_BYTES * shape.hidden * job.tokens
    in_half = shape.model_type in _HALF_LOSS and not job.autocasts and job.precision != "fp32"
    if job.loss in {"auto", "standard", "chunked"} and in_half:
        return _HALF_LOSS_BYTES * shape.vocab * job.tokens
    if job.loss != "legacy" and job.autocasts and shape.model_type in _BIASED_LOSS:
        return _BIASED_LOSS_BYTES * shape.vocab * job.tokens
    return _LOSS_BYTES.get(job.loss, _LOSS_BYTES["standard"]) * shape.vocab * job.tokens


def _tiled_bytes(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return what TRL's head has at its worst: a tile, the tokens with a label, gradients in fp32 and their cast.

    The tile is whole however small the vocabulary; what it is made of is cast to half precision where it is not yet.
    """
    compute = 4 if job.precision == "fp32" else 2
    stream = stream_bytes(job)
    scored = job.sequences * job.answer
    rows = least(scored, _TILE_TOKENS)
    tile = rows * _TILE_VOCAB * compute
    cast = (rows if stream > compute else 0) * shape.hidden * compute
    if job.mixed or job.upcast:
        cast += min(shape.vocab, _TILE_VOCAB) * shape.hidden * compute
    hidden = scored * shape.hidden * (stream + 4 + (stream if stream < 4 else 0))  # noqa: PLR2004 - fp32
    head = 0
    if job.task == "full" or job.trained_embeddings:
        head = shape.vocab * shape.hidden * (4 if job.precision == "fp32" or job.mixed else 6)
    return tile + cast + hidden + head
