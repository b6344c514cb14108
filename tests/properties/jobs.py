"""Jobs and models that the laws of memory are tried on."""

from typing import get_args

from hypothesis import strategies as st

from hfplanner.estimate.memory.job import (
    Attention,
    Checkpointing,
    Loss,
    MemoryJob,
    Offload,
    Optimizer,
    Precision,
    Sharding,
    Task,
)
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.models.known import find_known
from hfplanner.models.shape import ModelShape

__all__ = ["SHAPES", "jobs", "known", "likely", "shapes"]

# One of every kind: dense, grouped queries, sliding window, experts, latent attention, hybrid, encoder, both, pictures.
SHAPES = (
    "meta-llama/Llama-2-7b-hf",
    "Qwen/Qwen3-8B",
    "google/gemma-3-27b-it",
    "mistralai/Mixtral-8x7B-v0.1",
    "openai/gpt-oss-20b",
    "deepseek-ai/DeepSeek-V3",
    "LiquidAI/LFM2-1.2B",
    "google-bert/bert-base-uncased",
    "google/flan-t5-xl",
    "Qwen/Qwen2.5-VL-7B-Instruct",
    "black-forest-labs/FLUX.1-dev",
    "stabilityai/stable-diffusion-xl-base-1.0",
)


_ANY_GPUS = st.integers(1, 8)


def shapes() -> st.SearchStrategy[str]:
    """Return names of shipped models, one of every kind."""
    return st.sampled_from(SHAPES)


def jobs(*, gpus: st.SearchStrategy[int] = _ANY_GPUS) -> st.SearchStrategy[MemoryJob]:
    """Return jobs of every kind."""
    return st.builds(
        MemoryJob,
        task=st.sampled_from(get_args(Task)),
        precision=st.sampled_from(get_args(Precision)),
        quantization=st.sampled_from(["auto", "none", "int8", "nf4", "gptq-4bit", "gguf:Q4_K_M"]),
        kv_dtype=st.sampled_from(["auto", "fp8"]),
        engine=st.sampled_from(["transformers", "vllm"]),
        batch_size=st.integers(1, 64),
        seq_len=st.integers(1, 131072),
        logits=st.sampled_from(["last", "all"]),
        optimizer=st.sampled_from(get_args(Optimizer)),
        optimizer_in_backward=st.booleans(),
        foreach=st.booleans(),
        lora_rank=st.integers(1, 256),
        trained_embeddings=st.booleans(),
        quantized_experts=st.booleans(),
        lora_targets=st.sampled_from([("all-linear",), ("q_proj", "v_proj"), ("mlp",)]),
        checkpointing=st.sampled_from(get_args(Checkpointing)),
        attention=st.sampled_from(get_args(Attention)),
        loss=st.sampled_from(get_args(Loss)),
        accumulation=st.sampled_from([1, 8]),
        packed=st.booleans(),
        sharding=st.sampled_from(get_args(Sharding)),
        gpus=gpus,
        offload=st.sampled_from(get_args(Offload)),
    )


def known(name: str) -> ModelShape:
    """Return a shipped model."""
    shape = find_known(name)
    assert shape is not None
    return shape


def likely(name: str, job: MemoryJob) -> int:
    """Return the likely need of a shipped model."""
    return estimate_memory(known(name), job).per_gpu_bytes.likely
