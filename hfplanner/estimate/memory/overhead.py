"""What the allocator and the driver take beside the tensors, and how far estimates were off: the learnt numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.units import MiB

__all__ = ["CALIBRATION", "Calibration", "context_bytes", "fragmentation_bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The few numbers that are learnt from measurements; everything else follows from shapes and source code.

    What stays and the reaches are those that ``tests/benchmarks/memory_accuracy.py`` learnt from all its rows on
    2026-11-30; it prints them again.

    Args:
        context_bytes: a CUDA context. CUDA 12 loads kernels when first used; a context with cuBLAS and a few hundred
            kernels takes 300 to 550 MiB (nvidia-smi less ``max_memory_reserved``). CUDA 11 loaded them all: 1343 MiB on
            V100 (transformers, docs/source/en/model_memory_anatomy.md).
        nccl_bytes: NCCL's buffers where a run has several GPUs (NCCL user guide: NCCL_BUFFSIZE is 4 MiB a channel, in
            both directions).
        left_over_bytes: what stays reserved whatever is computed: cuBLAS' workspace (8 MiB a stream, 32 MiB on Hopper:
            ATen/cuda/CUDABlas.cpp), pools of small blocks, segments left from loading. What rows that show reserved or
            used memory leave beside the tensors, as medians: 640 MiB in huggingface/transformers, 620 in
            huggingface/optimum, 480 in huggingface/peft, 1500 in QwenLM/Qwen.
        fragmented_share: of what comes and goes, what the caching allocator reserves without using it.
        training_reach: standard deviations from the likely value down to the low bound of a training job, and up to its
            high bound, so that one row in 80 lies above and one in 14 below: what runs out of memory costs more than a
            larger GPU.
        inference_reach: the same for inference.
    """

    context_bytes: int = 450 * MiB
    nccl_bytes: int = 400 * MiB
    left_over_bytes: int = 694 * MiB
    fragmented_share: float = 0.03
    training_reach: tuple[float, float] = (1.05, 2.15)
    inference_reach: tuple[float, float] = (0.5, 1.75)

    def reach(self, job: MemoryJob) -> tuple[float, float]:
        """Return the standard deviations down to the low bound and up to the high one."""
        return self.training_reach if job.trains else self.inference_reach


CALIBRATION = Calibration()
# Segments that grow leave no holes between sizes, and loading leaves nothing behind: a simulated allocator reserved
# 0 to 1 % more than was allocated for 1 to 8 billion weights (reports/order_of_batches.md). Two jobs of
# PrimeIntellect-ai/prime-rl that ran so, and out of memory, say 104 and 419 MiB (benchmarks/baselines at 147e443).
_GROWING_LEFT_OVER = 256 * MiB
_COMES_AND_GOES = ("activations", "logits", "gradients", "kv_cache", "optimizer_step", "gathered")


def context_bytes(job: MemoryJob, calibration: Calibration = CALIBRATION) -> float:
    """Return the CUDA context's bytes, with NCCL's where there are several GPUs.

    >>> context_bytes(MemoryJob()) / MiB
    450.0
    """
    return float(calibration.context_bytes + (calibration.nccl_bytes if job.gpus > 1 else 0))


def fragmentation_bytes(
    parts: Mapping[str, float], calibration: Calibration = CALIBRATION, *, expandable: bool = False
) -> float:
    """Return what the allocator reserves and no tensor uses, where all batches are as long.

    Args:
        parts: bytes by name.
        calibration: the learnt constants.
        expandable: whether segments grow (``expandable_segments``).

    >>> fragmentation_bytes({"weights": 10**10, "activations": 10**9}) / MiB > 600
    True
    >>> fragmentation_bytes({"weights": 10**10, "activations": 10**9}, expandable=True) / MiB
    256.0
    """
    if expandable:
        return float(min(_GROWING_LEFT_OVER, calibration.left_over_bytes))
    moving = sum(parts.get(name, 0.0) for name in _COMES_AND_GOES)
    return calibration.left_over_bytes + calibration.fragmented_share * moving
