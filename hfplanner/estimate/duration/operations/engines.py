"""What an engine adds to its kernels: gaps between them, and the time its Python needs to start them."""

import math
from dataclasses import dataclass
from functools import cache

from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.operations.lists import Times

__all__ = ["Engine", "engine_named", "with_host"]

_MICRO, _MILLI = 1e-6, 1e-3
# How far host and GPU overlap: where both take as long, 19 % longer than one of them.
_OVERLAP = 4


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine, as ``data/engine_overheads.csv`` has it.

    Args:
        name: ``eager``, ``diffusers``, ``compiled``, ``vllm`` or ``tensorrt``.
        gap: the GPU waits between two kernels [s].
        per_kernel: the host needs to start one [s].
        per_layer: the host needs for a layer's forward pass [s].
        per_sequence: the host needs for the next token of one sequence: scheduling, sampling, text of tokens [s].
        step: what every step takes beside [s].
        fused: whether it fuses what lies between the matrix products.
    """

    name: str
    gap: float
    per_kernel: float
    per_layer: float
    per_sequence: float
    step: float

    @property
    def fused(self) -> bool:
        """Whether it fuses what lies between the matrix products."""
        return self.name not in {"eager", "diffusers"}


@cache
def engine_named(name: str) -> Engine:
    """Return an engine.

    Raises:
        KeyError: there is none of that name.

    >>> engine_named("vllm").gap < engine_named("eager").gap
    True
    """
    rows = {row["engine"]: row for row in read_data_rows("engine_overheads.csv")}
    row = rows[name]
    return Engine(
        name,
        float(row["gap_us"]) * _MICRO,
        float(row["host_us_per_kernel"]) * _MICRO,
        float(row["host_ms_per_layer"]) * _MILLI,
        float(row["host_us_per_sequence"]) * _MICRO,
        float(row["step_ms"]) * _MILLI,
    )


def with_host(times: Times, engine: Engine, layers: float, *, slower: float = 1.0) -> float:
    """Return the seconds of a pass: the longer of GPU and host, and a little more where they are alike.

    Args:
        times: of its kernels.
        engine: that starts them.
        layers: passes through a layer, forward, backward and again.
        slower: how many times as long the host needs, for wrapped modules.

    >>> with_host(Times(matrices=1e-3, kernels=10), engine_named("eager"), 32) > 32 * 0.7e-3
    True
    """
    busy = times.total + times.kernels * engine.gap
    host = (times.kernels * engine.per_kernel + layers * engine.per_layer) * slower
    longer, shorter = max(busy, host), min(busy, host)
    return longer * math.pow(1 + (shorter / longer) ** _OVERLAP, 1 / _OVERLAP) + engine.step
