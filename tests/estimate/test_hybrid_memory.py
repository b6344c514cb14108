"""Models whose layers are not all the same: counts, caches and states."""

from dataclasses import replace

import pytest

from hfplanner.estimate.memory.inference import cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.models.config import parse_config
from hfplanner.models.known import find_known, shipped_config

HYBRIDS = [
    "Qwen/Qwen3.5-9B",
    "Qwen/Qwen3-Next-80B-A3B-Instruct",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
    "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16",
    "nvidia/Nemotron-H-56B-Base-8K",
    "google/gemma-3n-E4B",
    "ibm-granite/granite-4.0-tiny-preview",
]


@pytest.mark.parametrize("name", HYBRIDS)
def test_the_parts_of_a_hybrid_add_up_to_what_its_class_has(name: str) -> None:
    """From widths alone within half a percent of what transformers counts."""
    shape, config = find_known(name), shipped_config(name)
    assert shape
    assert config
    derived = parse_config(config, name=name).parameters.total
    assert derived == pytest.approx(shape.parameters.total, rel=0.005)


def test_only_layers_of_attention_have_a_cache_that_grows() -> None:
    """Qwen3.5-9B: 8 of 32 layers hold 2 x 4 x 256 values a token, the others a state that does not grow."""
    shape = find_known("Qwen/Qwen3.5-9B")
    assert shape
    job = MemoryJob(precision="bf16")
    grown = cache_bytes(shape, job, 9000) - cache_bytes(shape, job, 1000)
    assert grown == 8 * 2 * 4 * 256 * 2 * 8000
    # 24 states of 32 heads of 128 x 128 in fp32, and 4 positions of 8192 channels.
    assert cache_bytes(shape, job, 0) == 24 * (32 * 128 * 128 * 4 + 4 * 8192 * 2)


def test_wider_heads_where_a_layer_sees_everything_count() -> None:
    """Gemma 4 31B: 10 layers hold 2 x 4 x 512 values a token, 50 hold 2 x 16 x 256 within the window."""
    shape = find_known("google/gemma-4-31B")
    assert shape
    grown = cache_bytes(shape, MemoryJob(), 9000) - cache_bytes(shape, MemoryJob(), 8000)
    assert grown == 10 * 2 * 4 * 512 * 2 * 1000


def test_layers_that_read_the_cache_of_another_have_none() -> None:
    """Gemma 3n E4B: 15 of 35 layers share; of the other 20 every fifth sees everything."""
    shape = find_known("google/gemma-3n-E4B")
    assert shape
    grown = cache_bytes(shape, MemoryJob(), 9000) - cache_bytes(shape, MemoryJob(), 8000)
    assert grown == 4 * 2 * 2 * 256 * 2 * 1000


def test_an_embedding_of_each_layer_is_not_quantized() -> None:
    """Gemma 3n: 2.9 of 6.8 billion weights are looked up, so nf4 leaves more than half of the bytes."""
    shape = find_known("google/gemma-3n-E4B")
    assert shape
    plain, quantized = (
        estimate_memory(shape, MemoryJob(quantization=kind)).parts["weights"] for kind in ("none", "nf4")
    )
    assert quantized > plain * 0.5


def test_checkpointing_recomputes_the_heaviest_kind_of_layer() -> None:
    """A model of nothing but its lighter layers recomputes less."""
    shape = find_known("Qwen/Qwen3.5-9B")
    assert shape
    job = MemoryJob(task="lora", batch_size=4, lengths="fixed", checkpointing="full")
    attention_only = replace(shape, recurrent=None, linear_layers=0)
    heavy, light = (estimate_memory(one, job).parts["activations"] for one in (shape, attention_only))
    assert heavy > 1.4 * light
