"""What vLLM does with its share of a GPU: which context and how many sequences fit."""

from dataclasses import dataclass

from hfplanner.estimate.memory.activations import layer_passing
from hfplanner.estimate.memory.inference import VLLM_BATCHED_TOKENS, cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.overhead import context_bytes
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.shape import ModelShape
from hfplanner.units import MiB

__all__ = ["ServingRoom", "serving_room"]

# CUDA graphs of 1 to 512 sequences; vLLM logs 0.3 to 1 GiB for models of 7 to 70 billion parameters.
_GRAPHS = 600 * MiB


@dataclass(frozen=True, slots=True)
class ServingRoom:
    """What is left for the cache.

    Args:
        cache_bytes: of one GPU, 0 where the weights alone do not fit.
        cache_tokens: tokens of all sequences together that it holds.
        sequences: whole sequences of the asked length at once.
    """

    cache_bytes: int
    cache_tokens: int
    sequences: int


def serving_room(shape: ModelShape, job: MemoryJob, usable_bytes: int) -> ServingRoom:
    """Return what fits beside the weights on a GPU with this much usable memory.

    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(engine="vllm", seq_len=8192)
    >>> serving_room(find_known("meta-llama/Meta-Llama-3.1-8B"), job, 24 * 2**30).sequences
    4
    """
    profiled = layer_passing(shape, job) * VLLM_BATCHED_TOKENS
    taken = weight_bytes(shape, job) / job.gpus + profiled + _GRAPHS + context_bytes(job)
    left = max(usable_bytes * job.gpu_memory_utilization - taken, 0.0)
    one = cache_bytes(shape, job, job.seq_len) / job.batch_size / (1 if shape.latent else job.gpus)
    sequences = int(left / one) if one else 0
    return ServingRoom(round(left), int(left / one * job.seq_len) if one else 0, sequences)
