"""What vLLM does with its share of a GPU: which context and how many sequences fit."""

from dataclasses import dataclass

from hfplanner.estimate.memory.activations import layer_passing
from hfplanner.estimate.memory.inference import VLLM_BATCHED_TOKENS, cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.overhead import GRAPHS, context_bytes
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.shape import ModelShape

__all__ = ["ServingRoom", "serving_room"]


@dataclass(frozen=True, slots=True)
class ServingRoom:
    """What is left for the cache, in the words of the log that vLLM writes when it starts.

    Args:
        cache_bytes: "Available KV cache memory" of one GPU, 0 where the weights alone do not fit.
        cache_tokens: "GPU KV cache size": tokens of all sequences together that it holds.
        sequences: whole sequences of the asked length at once: "Maximum concurrency", rounded down.
        weights_bytes: "Model loading took": the weights on one GPU.
        activations_bytes: what the profiling run has at its peak beside the weights.
        graphs_bytes: "Graph capturing finished": CUDA graphs.
        concurrency: "Maximum concurrency for N tokens per request".
    """

    cache_bytes: int
    cache_tokens: int
    sequences: int
    weights_bytes: int = 0
    activations_bytes: int = 0
    graphs_bytes: int = 0
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
            "concurrency": round(self.concurrency, 2),
        }


def serving_room(shape: ModelShape, job: MemoryJob, usable_bytes: int) -> ServingRoom:
    """Return what fits beside the weights on a GPU with this much usable memory.

    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(engine="vllm", seq_len=8192)
    >>> serving_room(find_known("meta-llama/Meta-Llama-3.1-8B"), job, 24 * 2**30).sequences
    4
    """
    profiled = layer_passing(shape, job) * VLLM_BATCHED_TOKENS
    weights = weight_bytes(shape, job) / job.gpus
    taken = weights + profiled + GRAPHS + context_bytes(job)
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
        concurrency=concurrency,
    )
