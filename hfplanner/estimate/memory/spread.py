"""How sure an estimate is: one standard deviation per part, and the interval they make."""

from collections.abc import Mapping
from typing import Any

from hfplanner.estimate.memory.activations import adapter_doubt_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.overhead import CALIBRATION, Calibration
from hfplanner.models.shape import ModelShape
from hfplanner.units import MiB

__all__ = ["interval", "spread_of"]

# Relative standard deviations. Weights are counted, activations follow from what autograd saves, yet depend on a
# library's version and on padding; the whole is scaled so that 90 of 100 published measurements lie within.
_SIGMA = {
    "weights": 0.01,
    "adapters": 0.05,
    "optimizer": 0.05,
    "gradients": 0.10,
    "buckets": 0.50,
    "gathered": 0.30,
    "activations": 0.08,
    "logits": 0.08,
    "kv_cache": 0.04,
    "optimizer_step": 0.30,
    "fragmentation": 0.50,
}
_CONTEXT_SIGMA = 150 * MiB
# What all parts share: versions of libraries, units and instruments that a table does not name.
_TRAINING_SIGMA = 0.055
_INFERENCE_SIGMA = 0.035
# Experts are computed in more ways than dense blocks, and quantized by some libraries only.
_EXPERTS_DOUBT = 0.10
# Scripts that train denoisers differ in what else lies on the GPU: text encoders, the autoencoder, an averaged copy.
_PICTURES_DOUBT = 0.20
_QUANTIZED_SIGMA = 0.03


def spread_of(shape: ModelShape, job: MemoryJob, parts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as `columns` says
    """Return one standard deviation in bytes: parts err independently, and a model known badly adds its own doubt."""
    total = sum(parts.values())
    doubt = shape.doubt + (_EXPERTS_DOUBT if shape.experts and job.trains else 0.0)
    doubt += _PICTURES_DOUBT if shape.diffusion and job.trains else 0.0
    common = _TRAINING_SIGMA if job.trains else _INFERENCE_SIGMA
    variance: Any = float(_CONTEXT_SIGMA**2) + ((doubt**2 + common**2) * total**2)
    variance += adapter_doubt_bytes(shape, job) ** 2
    for name, size in parts.items():
        share = _SIGMA.get(name, 0.0)
        if name == "weights" and (job.quantization != "auto" or job.task == "qlora"):
            share = _QUANTIZED_SIGMA
        variance += (share * size) ** 2
    return variance**0.5


def interval(likely: int, sigma: float, calibration: Calibration = CALIBRATION) -> tuple[int, int]:
    """Return the bounds of the 90 % interval, never below nothing.

    >>> interval(1000, 100)
    (840, 1300)
    """
    low, high = likely - calibration.reach_down * sigma, likely + calibration.reach_up * sigma
    return max(round(low), 0), round(high)
