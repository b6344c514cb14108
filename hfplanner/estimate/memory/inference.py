"""The memory of generating text: weights, the cache of keys and values, and the prefill's activations."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hfplanner.estimate.memory.activations import layer_passing
from hfplanner.estimate.memory.columns import choose, greatest, least, pick
from hfplanner.estimate.memory.diffusion import diffusion_parts
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.recurrent import recurrent_passing, state_bytes
from hfplanner.estimate.memory.weights import (
    BITSANDBYTES,
    compute_bytes,
    largest_matrix,
    loading_bytes,
    stored_as,
    weight_bytes,
)
from hfplanner.models.shape import ModelShape

__all__ = ["VLLM_BATCHED_TOKENS", "cache_bytes", "cache_per_token", "inference_parts", "prefill_tokens"]

# vLLM cuts long prompts into passes of at most this many tokens (max_num_batched_tokens, 8192 in engine/arg_utils.py).
VLLM_BATCHED_TOKENS = 8192
_KV_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1}
# Kernels that unpack a whole matrix before they multiply it with a long prompt (bitsandbytes, exllama, AWQ's GEMM).
_UNPACKED = (*BITSANDBYTES, "gptq-4bit", "gptq-8bit", "awq-4bit")


def cache_per_token(shape: ModelShape, job: MemoryJob) -> float:
    """Return the bytes one more token costs where every layer sees everything: keys and values of one layer.

    Latent attention caches the latent in vLLM; transformers caches the keys and values made from it.
    """
    size = _KV_BYTES.get(job.kv_dtype, compute_bytes(job))
    latent = shape.latent
    if latent is None:
        return 2.0 * shape.kv_width * size
    if job.engine == "vllm":
        return float((latent.kv_rank + latent.rope) * size)
    return float((shape.query_width + shape.value_width) * size)


def cache_bytes(shape: ModelShape, job: MemoryJob, context: Any) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the bytes of the cache at a context: whole layers grow with it, sliding ones to their window.

    >>> from hfplanner.models.known import find_known
    >>> cache_bytes(find_known("meta-llama/Llama-2-7b-hf"), MemoryJob(), 4096) / 2**30
    2.0
    """
    if shape.kind == "encoder":
        return 0.0
    growing = shape.layers - shape.sliding_layers - shape.linear_layers
    window = least(context, shape.sliding_window) if shape.sliding_window else context
    positions = growing * context + shape.sliding_layers * window
    if shape.kind == "encoder-decoder":
        positions *= 2
    states = state_bytes(shape, compute_bytes(job)) or _guessed_states(shape, job)
    if shape.global_head_dim:
        # Layers that see everything have wider heads, and fewer of them.
        wider = shape.global_head_dim * (shape.global_kv_heads or shape.kv_heads) / shape.kv_width
        positions += (wider - 1) * growing * context
    return (positions * cache_per_token(shape, job) + states) * job.batch_size


def _guessed_states(shape: ModelShape, job: MemoryJob) -> float:
    """Return the states of layers whose widths a config does not say; those that share another's cache have none."""
    layers = 0 if shape.recurrent or shape.layer_input else shape.linear_layers
    return float(layers * shape.hidden * 128 * compute_bytes(job))


def _prompt_cache(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the bytes of the cache after the prefill: transformers' windows are views of the whole prompt."""
    if job.engine == "transformers" and shape.sliding_layers:
        shape = replace(shape, sliding_layers=0, sliding_window=0)
    return cache_bytes(shape, job, job.prompt)


def prefill_tokens(job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the tokens of one forward pass: all prompts at once, or as many as vLLM's scheduler takes."""
    together = job.batch_size * job.prompt
    return least(together, VLLM_BATCHED_TOKENS) if job.engine == "vllm" else together


def inference_parts(shape: ModelShape, job: MemoryJob) -> Mapping[str, float]:
    """Return the bytes of each part at the peak, on one GPU of those the weights are spread over.

    Three moments: the prefill's last block (the prompt's activations, the cache so far), its logits, and the last token
    (the whole cache, of which one layer is copied while it grows).
    """
    if shape.diffusion:
        return diffusion_parts(shape, job)
    prompt, context = job.prompt, job.seq_len
    spread = max(job.gpus, 1)
    copies = 2.0 if job.legacy_cache else 1.0
    one_layer = cache_bytes(shape, job, context) / max(shape.layers, 1)
    logits = shape.vocab * 6.0 * job.batch_size if shape.kind != "encoder" else 0.0
    # Until 4.45 transformers upcast the logits of the whole prompt to fp32 and kept both.
    per_logit = 6.0 if job.legacy_cache else float(compute_bytes(job))
    prompt_logits = shape.vocab * per_logit * job.batch_size * prompt if job.logits == "all" else logits
    passing = layer_passing(shape, job)
    first = greatest(passing, recurrent_passing(shape.recurrent)) if shape.recurrent else passing
    prefill = prefill_tokens(job)
    # vLLM gives every GPU the whole latent of latent attention; heads are shared.
    cache_spread = 1 if shape.latent and job.engine == "vllm" else spread
    at_prompt = _prompt_cache(shape, job) / cache_spread
    moments: list[dict[str, Any]] = [
        {"kv_cache": at_prompt, "activations": first * prefill},
        # The last block is gone before the logits are there.
        {"kv_cache": at_prompt, "activations": 2.0 * shape.hidden * prefill, "logits": prompt_logits},
        {
            "kv_cache": copies * cache_bytes(shape, job, context) / cache_spread,
            "activations": one_layer + passing * job.batch_size,
            "logits": logits,
        },
    ]
    # The prefill itself gives the first token; with one token to answer, nothing grows.
    grows = job.prompt_len is not None and context - prompt > 1
    moments[2] = {name: choose(grows, size, 0.0) for name, size in moments[2].items()}
    moments.append({"loading": loading_bytes(shape, job)})
    worst = pick(moments)
    gathered = 2.0 * largest_matrix(shape) if stored_as(shape, job) in _UNPACKED else 0.0
    if job.mixed:
        # Autocast keeps a half-precision copy of every matrix it has met.
        gathered += 2.0 * (shape.parameters.linear + shape.vocab * shape.hidden) / spread
    return {"weights": weight_bytes(shape, job) / spread, "gathered": gathered, **worst}
