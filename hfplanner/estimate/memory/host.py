"""Main memory and disk: they follow from what is loaded and written."""

from dataclasses import replace

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.states import training_states
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape
from hfplanner.units import GB

__all__ = ["CHECKPOINTS_KEPT", "disk_need", "ram_need"]

# A process with torch, its CUDA libraries and a tokenizer: 2.96 to 3.97 GB in the table of peft's README.
_PROCESS = 3 * GB
# Weights are read shard by shard; the Hub's files are at most 5 GB unless somebody chose otherwise.
_SHARD = 5 * GB
CHECKPOINTS_KEPT = 2
"""How many checkpoints a run keeps on its disk."""


def ram_need(shape: ModelShape, job: MemoryJob) -> Estimate:
    """Return the main memory of a run: its processes, the shard that is being read, and what is offloaded.

    >>> from hfplanner.models.known import find_known
    >>> ram_need(find_known("meta-llama/Llama-3.2-1B"), MemoryJob()).likely
    5471628800
    """
    weights = _files(shape)
    shard = min(weights, _SHARD)
    offloaded = _offloaded(shape, job)
    likely = job.gpus * _PROCESS + shard + offloaded
    # A loader that does not stream holds a whole copy in each process.
    high = job.gpus * (2 * _PROCESS + weights) + 2 * offloaded
    basis = "processes, one shard of the weights, what is offloaded; high: every process loads all weights"
    return Estimate(job.gpus * _PROCESS + offloaded, likely, max(high, likely), (basis,))


def _files(shape: ModelShape) -> int:
    if not shape.stored_bytes and shape.stored_quantization != "none":
        return round(weight_bytes(shape, MemoryJob()))
    size = {"fp32": 4, "fp8": 1}.get(shape.stored_dtype, 2)
    return shape.stored_bytes or shape.parameters.total * size


def _offloaded(shape: ModelShape, job: MemoryJob) -> int:
    if not job.trains or job.offload == "none":
        return 0
    states = training_states(shape, job)
    # fp32 copy and two moments in main memory, as ZeRO-Offload and FSDP keep them, and the gradients they are fed with.
    total = states.trained * (12 + 2)
    if job.offload == "params":
        total += round(weight_bytes(shape, job))
    return total


def disk_need(shape: ModelShape, job: MemoryJob, dataset_bytes: int = 0) -> Estimate:
    """Return the disk of a run: the downloaded weights, the checkpoints kept, and the dataset as given.

    >>> from hfplanner.models.known import find_known
    >>> disk_need(find_known("meta-llama/Llama-3.2-1B"), MemoryJob()).likely
    2471628800
    """
    weights = _files(shape)
    checkpoint = 0
    if job.task == "full":
        states = training_states(shape, job)
        checkpoint = round(shape.parameters.total * states.width + states.optimizer * job.gpus)
    elif job.trains:
        # What is trained, and its two moments.
        checkpoint = 3 * training_states(shape, replace(job, sharding="none")).own
    likely = weights + CHECKPOINTS_KEPT * checkpoint + dataset_bytes
    basis = f"weight files, {CHECKPOINTS_KEPT} checkpoints with optimizer states, the dataset as given"
    return Estimate(weights + dataset_bytes, likely, weights + 4 * checkpoint + dataset_bytes, (basis,))
