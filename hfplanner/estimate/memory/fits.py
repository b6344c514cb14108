"""Whether a need fits a GPU, with its probability."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import MemoryEstimate
from hfplanner.estimate.memory.vllm import GRAPHS
from hfplanner.estimate.span import Estimate

__all__ = ["Fit", "Place", "fit_into", "fit_places", "probability_to_fit", "usable_share"]

Verdict = Literal["yes", "likely", "unlikely", "no"]
# The 95 % quantile of a normal distribution, in standard deviations.
# The 95 % point of the normal distribution, its last digit rounded up: at the high end a need fits with 95 %, no less.
_Z95 = 1.644853626951473
_YES, _LIKELY, _UNLIKELY = 0.95, 0.5, 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job could run.

    Args:
        flavor: its name.
        gpus: how many GPUs it has.
        usable_bytes: what a program can use of one of them, its context included; ``None`` is not known.
        bf16: whether they compute in bf16.
        context_bytes: of a CUDA context on it, where that is known; ``None`` is what estimates charge for any card.
        accelerator: which they are, where that is known.
    """

    flavor: str
    gpus: int
    usable_bytes: int | None
    bf16: bool | None = None
    context_bytes: int | None = None
    accelerator: str | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a job fits a flavor.

    Args:
        flavor: its name.
        usable_bytes: of one GPU; ``None`` is not known, which never fits.
        verdict: ``"yes"`` at 95 % and above, ``"likely"`` at 50 %, ``"unlikely"`` at 5 %, else ``"no"``.
        probability: that the need stays below what is usable.
        note: what else to know; ``""`` for nothing.
        cuda_context_bytes: what of the need is the CUDA context on this flavor's cards, NCCL's buffers included.
    """

    flavor: str
    usable_bytes: int | None
    verdict: Verdict
    probability: float
    note: str = ""
    cuda_context_bytes: int | None = None

    def to_json(self) -> Mapping[str, Any]:
        """Return the row as the interface spells it."""
        return {
            "flavor": self.flavor,
            "usable_bytes": self.usable_bytes,
            "fits": self.verdict,
            "probability": round(self.probability, 4),
            "note": self.note or None,
            "cuda_context_bytes": self.cuda_context_bytes,
        }


def probability_to_fit(need: Estimate, usable: float) -> float:
    """Return the probability that a need is at most ``usable``: one half at the likely value, 0.95 at the high one.

    >>> need = Estimate(80, 100, 130, ())
    >>> [round(probability_to_fit(need, usable), 2) for usable in (80, 100, 130)]
    [0.05, 0.5, 0.95]
    """
    reach = need.high - need.likely if usable > need.likely else need.likely - need.low
    return 0.5 * math.erfc(_Z95 * (need.likely - usable) / (math.sqrt(2) * max(reach, 1)))


def usable_share(job: MemoryJob) -> float:
    """Return the share of a GPU's usable memory that a job may take: vLLM leaves some to others.

    >>> usable_share(MemoryJob()), usable_share(MemoryJob(engine="vllm"))
    (1.0, 0.9)
    >>> usable_share(MemoryJob(task="lora", method="grpo", generator="colocate", gpu_memory_utilization=0.25))
    0.75
    """
    if job.generator == "colocate" and not job.vllm_sleep:
        return 1.0 - job.gpu_memory_utilization
    return job.gpu_memory_utilization if job.engine == "vllm" else 1.0


def fit_into(estimate: MemoryEstimate, place: Place) -> Fit:
    """Say whether a job fits a flavor; what is not known does not fit.

    A card that is full makes the allocator give back what it holds unused, so that does not have to fit. Where such a
    run, or one that needs no less, was seen to end it fits; where one ran out of memory it never does.
    """
    estimate = estimate.on_card(place.context_bytes)
    context = estimate.parts.get("cuda_context")
    job = estimate.job
    if not place.gpus:
        return Fit(place.flavor, 0, "no", 0.0, "it has no GPU")
    if place.usable_bytes is None:
        return Fit(place.flavor, None, "no", 0.0, "its usable memory is not known")
    if place.gpus < job.gpus:
        return Fit(place.flavor, place.usable_bytes, "no", 0.0, f"it has {place.gpus} GPU, the job runs on {job.gpus}")
    usable = place.usable_bytes * usable_share(job)
    probability = min(probability_to_fit(estimate.pressed_bytes, usable), _beside(estimate, place.usable_bytes))
    note = "no bf16 on this GPU" if place.bf16 is False and job.precision.startswith("bf16") else ""
    measured = estimate.measured
    if measured is not None and (
        place.flavor in measured.ran_out_on or place.usable_bytes <= measured.ran_out_of_bytes
    ):
        return Fit(place.flavor, place.usable_bytes, "no", 0.0, "such a run ran out of memory", context)
    if measured is not None and place.flavor in measured.ran_on:
        probability, note = max(probability, _YES), "such a run fitted"
    return Fit(place.flavor, place.usable_bytes, _verdict(probability), probability, note, context)


def _beside(estimate: MemoryEstimate, usable: int) -> float:
    """Return the probability that vLLM finds room on the GPU of the model that is trained.

    Its share must hold the weights once more, and what stays of the trainer must leave it that share. Asleep, its
    context and its graphs are still there while the model is trained.
    """
    job, generator = estimate.job, estimate.generator
    if generator is None or job.generator != "colocate":
        return 1.0
    share = job.gpu_memory_utilization * usable
    found = [probability_to_fit(generator.pressed_bytes, share)]
    if job.vllm_sleep:
        found.append(probability_to_fit(estimate.pressed_bytes, usable - generator.parts["cuda_context"] - GRAPHS))
        found.append(1.0 if estimate.resident_bytes <= usable - share else 0.0)
    return min(found)


def _verdict(probability: float) -> Verdict:
    if probability >= _YES:
        return "yes"
    if probability >= _LIKELY:
        return "likely"
    return "unlikely" if probability >= _UNLIKELY else "no"


def fit_places(estimate: MemoryEstimate, places: Iterable[Place]) -> tuple[Fit, ...]:
    """Return the fit of every place, in their order."""
    return tuple(fit_into(estimate, place) for place in places)
