"""What is known of the work a job does, as far as it decides how its duration changes with the machine."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Bound", "Phase", "Precision", "Workload"]

Phase = Literal["train", "prefill", "decode", "inference"]
Precision = Literal["fp32", "tf32", "fp16", "bf16", "fp8", "int8"]
Bound = Literal["compute", "memory", "input", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a job does with its machine.

    Args:
        phase: training, reading prompts, generating tokens, or inference of any kind; ``None`` is not known.
        precision: of the matrix products; ``None`` is not known.
        batch_size: samples side by side on one GPU; ``None`` is not known. More of them fill a large GPU better.
        bound: what its time goes to: arithmetic, memory bandwidth, loading data on the CPU; ``"auto"`` is not known.
        scales_with_gpus: whether it computes on every GPU of a flavor. A script that uses one GPU takes as long on
            four.

    Raises:
        ValueError: a batch of less than one sample.

    >>> Workload(phase="train").scales_with_gpus
    False
    """

    phase: Phase | None = None
    precision: Precision | None = None
    batch_size: int | None = None
    bound: Bound = "auto"
    scales_with_gpus: bool = False

    def __post_init__(self) -> None:
        """Refuse a batch that cannot be."""
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"not a batch size: {self.batch_size}")
