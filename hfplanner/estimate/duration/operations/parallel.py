"""Training on several GPUs of one host: what they tell each other, as far as it does not hide behind the arithmetic."""

import math

from hfplanner.estimate.duration.operations.links import all_reduce_secs
from hfplanner.estimate.duration.operations.phases import Run
from hfplanner.estimate.memory.adapters import adapter_parameters

__all__ = ["with_communication"]

_HALF = 2
# Gradients are handed over in buckets while the backward pass goes on: what is as long as the arithmetic adds a fifth.
_OVERLAP = 4
_GATHERED = ("zero3", "fsdp")


def with_communication(run: Run, secs: float, model: str, gpus: int) -> float:
    """Return the seconds of one micro-batch on each of several GPUs.

    Data parallelism adds the gradients once for every optimizer step. Sharded weights are gathered for the forward and
    for the backward pass of each micro-batch, and their gradients scattered: half an all-reduce each (Rajbhandari et
    al. 2020, arXiv:1910.02054, section 7).

    Args:
        run: what is trained.
        secs: of one micro-batch on one GPU [s].
        model: the accelerator.
        gpus: how many work on a batch each.

    Raises:
        KeyError: nothing is known of how such GPUs are connected.

    >>> from hfplanner.estimate.memory.job import MemoryJob
    >>> from hfplanner.models.known import find_known
    >>> run = Run(shape=find_known("Qwen/Qwen3-8B"), job=MemoryJob(task="full", sharding="fsdp"), precision="bf16")
    >>> nvlink, pcie = (with_communication(run, 1.0, name, 8) for name in ("H200", "L40S"))
    >>> nvlink < 1.01 < 2 < pcie
    True
    """
    if gpus == 1:
        return secs
    job, shape = run.job, run.shape
    full = job.task == "full"
    weights = shape.parameters.total * run.weight_bytes
    trained = (shape.parameters.total if full else adapter_parameters(shape, job)) * (_HALF if not job.mixed else 4)
    told = all_reduce_secs(model, gpus, trained) / job.accumulation
    if job.sharding in _GATHERED:
        told = all_reduce_secs(model, gpus, weights) + all_reduce_secs(model, gpus, trained) / 2
    longer, shorter = max(secs, told), min(secs, told)
    return longer * math.pow(1 + (shorter / longer) ** _OVERLAP, 1 / _OVERLAP)
