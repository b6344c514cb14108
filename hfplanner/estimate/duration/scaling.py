"""How many GPUs a job on several of them is worth: the efficiency of data-parallel work over one flavor."""

import math
from dataclasses import dataclass
from functools import cache

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.shipped import read_data_rows

__all__ = ["Speedup", "speedup_of"]


@dataclass(frozen=True, slots=True)
class Speedup:
    """The logarithm of how many times faster several GPUs are than one.

    Args:
        log: the likely value.
        sigma: one standard deviation.
    """

    log: float
    sigma: float


@cache
def _table() -> dict[str, tuple[int, float, float]]:
    rows = read_data_rows("gpu_scaling.csv")
    return {
        accelerator_key(row["accelerator"]): (int(row["gpus"]), float(row["efficiency"]), float(row["sigma"]))
        for row in rows
    }


def speedup_of(model: str, gpus: int) -> Speedup | None:
    """Return what several GPUs of one host are worth: n x efficiency, lost in equal parts at every doubling.

    Measured efficiencies over 8 GPUs are in ``data/gpu_scaling.csv``; ``None`` where there are none of this model.

    >>> speedup_of("A100", 1).log, speedup_of("X1", 4)
    (0.0, None)
    >>> speedup_of("A100", 8).log < speedup_of("H200", 8).log
    True
    """
    if gpus == 1:
        return Speedup(0.0, 0.0)
    known = _table().get(accelerator_key(model))
    if known is None:
        return None
    measured, efficiency, sigma = known
    doublings = math.log(gpus) / math.log(measured)
    return Speedup(math.log(gpus) + math.log(efficiency) * doublings, sigma * doublings)
