"""How long the GPUs of one host need to add up what each of them has."""

import math
from functools import cache

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.units import GB

__all__ = ["all_reduce_secs"]

_MICRO = 1e-6


@cache
def _links() -> dict[str, tuple[tuple[float, float, float], ...]]:
    """Return (GPUs, latency, bytes per second on the bus) of two and of eight GPUs by accelerator."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for row in read_data_rows("gpu_links.csv"):
        numbers = (float(row["gpus"]), float(row["latency_us"]) * _MICRO, float(row["bus_gb_per_sec"]) * GB)
        found.setdefault(accelerator_key(row["accelerator"]), []).append(numbers)
    return {name: tuple(sorted(rows)) for name, rows in found.items()}


def all_reduce_secs(model: str, gpus: int, size_bytes: float) -> float:
    """Return the seconds of an all-reduce of so many bytes on each of the GPUs.

    Latency and bandwidth are those measured on two and on eight (``data/gpu_links.csv``), and change by the same factor
    at each doubling in between; a ring moves ``2 (n - 1) / n`` of the bytes (Patarasuk and Yuan, J. Parallel Distrib.
    Comput. 69 (2009) 117).

    Raises:
        KeyError: nothing is known of the accelerator's connection.

    >>> nvlink, pcie = (all_reduce_secs(name, 8, 64 * 2**20) for name in ("H200", "L40S"))
    >>> pcie > 20 * nvlink, all_reduce_secs("H200", 1, 2**30)
    (True, 0.0)
    """
    if gpus == 1:
        return 0.0
    (few, latency, bus), (many, last_latency, last_bus) = _links()[accelerator_key(model)]
    share = math.log(gpus / few) / math.log(many / few)
    latency *= math.pow(last_latency / latency, share)
    bus *= math.pow(last_bus / bus, share)
    return latency + 2 * (gpus - 1) / gpus * size_bytes / bus
