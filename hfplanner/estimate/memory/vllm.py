"""What vLLM does with its share of a GPU: which context and how many sequences fit."""

from dataclasses import dataclass

from hfplanner.estimate.memory.activations import layer_passing
from hfplanner.estimate.memory.inference import cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.shape import ModelShape
from hfplanner.units import GiB, MiB

__all__ = ["GRAPHS", "ServingRoom", "default_batch", "serving_room"]

GRAPHS = 400 * MiB
"""``Graph capturing finished``: 0.1 to 2.0 GiB in the logs of tests/benchmarks/data/vllm_startup.csv, the median of
those that say so."""

# What lies beyond torch's allocator when the model has run once: the same logs say 0.13 to 0.16 GiB on one GPU, and
# 0.55 on each of two.
_BEYOND_TORCH = {False: 140 * MiB, True: 560 * MiB}
# Where nobody sets them, vLLM takes max_num_seqs and max_num_batched_tokens (those of its server) by card: the larger
# ones from 70 GiB on, but for A100 (EngineArgs.get_batch_defaults, vllm/engine/arg_utils.py, quoted in public files
# that were read on 2026-11-30). Its engine tries the sampler on that many sequences when it starts.
_BLOCK_TOKENS = 16
_LARGE_CARD = 70 * GiB
_LARGE, _SMALL = (1024, 8192), (256, 2048)
_AS_SMALL = "a100"
# Sorting, masking and adding up the probabilities of a logit takes 38 to 40 bytes, in seven logs of five vocabularies.
_SAMPLED = 38.5


@dataclass(frozen=True, slots=True)
class ServingRoom:
    """What is left for the cache, in the words of the log that vLLM writes when it starts.

    Args:
        cache_bytes: "Available KV cache memory" of one GPU, 0 where the weights alone do not fit.
        cache_tokens: "GPU KV cache size": tokens of all sequences together that it holds.
        sequences: whole sequences of the asked length at once: "Maximum concurrency", rounded down.
        weights_bytes: "Model loading took": the weights on one GPU.
        activations_bytes: "torch peak memory increase" (before 0.9 "PyTorch activation peak memory"): what the
            profiling run has at its peak beside the weights.
        graphs_bytes: "Graph capturing finished ... took": CUDA graphs.
        non_torch_bytes: "non-torch forward increase memory" (before 0.9 "non_torch_memory").
        cache_blocks: "# GPU blocks", of 16 tokens.
        concurrency: "Maximum concurrency for N tokens per request".
    """

    cache_bytes: int
    cache_tokens: int
    sequences: int
    weights_bytes: int = 0
    activations_bytes: int = 0
    graphs_bytes: int = 0
    non_torch_bytes: int = 0
    cache_blocks: int = 0
    concurrency: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return the room as the interface spells it."""
        return {
            "cache_tokens": self.cache_tokens,
            "sequences": self.sequences,
            "cache_bytes": self.cache_bytes,
            "weights_bytes": self.weights_bytes,
            "activations_bytes": self.activations_bytes,
            "graphs_bytes": self.graphs_bytes,
            "non_torch_bytes": self.non_torch_bytes,
            "cache_blocks": self.cache_blocks,
            "concurrency": round(self.concurrency, 2),
        }


def default_batch(memory_bytes: int, accelerator: str | None = None) -> tuple[int, int]:
    """Return how many sequences vLLM serves at once on a card, and how many tokens of prompts it takes at a time.

    >>> from hfplanner.units import GiB
    >>> default_batch(139 * GiB, "H200"), default_batch(79 * GiB, "A100"), default_batch(22 * GiB, "L4")
    ((1024, 8192), (256, 2048), (256, 2048))
    """
    is_large = memory_bytes >= _LARGE_CARD and _AS_SMALL not in (accelerator or "").casefold()
    return _LARGE if is_large else _SMALL


def serving_room(shape: ModelShape, job: MemoryJob, usable_bytes: int, accelerator: str | None = None) -> ServingRoom:
    """Return what fits beside the weights on a GPU with this much usable memory.

    Args:
        shape: the model.
        job: how it is run.
        usable_bytes: of one GPU.
        accelerator: which, where that is known.

    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(engine="vllm", seq_len=8192)
    >>> serving_room(find_known("meta-llama/Meta-Llama-3.1-8B"), job, 24 * 2**30).sequences
    4
    """
    sequences, tokens = default_batch(usable_bytes, accelerator)
    # The hidden states of the prompt are there while its last tokens are sampled.
    sampled = _SAMPLED * shape.vocab * sequences + 2.0 * shape.hidden * tokens
    profiled = max(layer_passing(shape, job) * tokens, sampled)
    weights = weight_bytes(shape, job) / job.gpus
    taken = weights + profiled + GRAPHS + _BEYOND_TORCH[job.gpus > 1]
    left = max(usable_bytes * job.gpu_memory_utilization - taken, 0.0)
    one = cache_bytes(shape, job, job.seq_len) / job.batch_size / (1 if shape.latent else job.gpus)
    concurrency = left / one if one else 0.0
    return ServingRoom(
        cache_bytes=round(left),
        cache_tokens=int(concurrency * job.seq_len),
        sequences=int(concurrency),
        weights_bytes=round(weights),
        activations_bytes=round(profiled),
        graphs_bytes=GRAPHS,
        non_torch_bytes=_BEYOND_TORCH[job.gpus > 1],
        cache_blocks=int(concurrency * job.seq_len) // _BLOCK_TOKENS,
        concurrency=concurrency,
    )
