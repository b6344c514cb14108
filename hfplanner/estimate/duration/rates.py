"""How fast accelerators really compute and read memory: sustained rates, not those of the datasheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from hfplanner.catalog.accelerators import accelerator_key, facts_of
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.units import GB, MEGA, TERA

__all__ = ["Rates", "compute_kind", "compute_rate", "missing_precision", "rates_of"]

_FACTORS = {"GB/s": GB, "TFLOPS": TERA, "TOPS": TERA, "MHz": MEGA}

# What a precision runs as where the tensor cores have none of it, in this order: fp8 and bf16 are computed in the next
# wider format, TF32 in plain fp32 (CUDA C++ Programming Guide, compute capabilities).
_FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "fp32": ("fp32",),
    "tf32": ("tf32", "fp32"),
    "half": ("half", "fp32"),
    "fp16": ("half", "fp32"),
    "bf16": ("bf16", "fp32"),
    "fp8": ("fp8", "half", "fp32"),
    "int8": ("int8", "half", "fp32"),
}


@dataclass(frozen=True, slots=True)
class Rates:
    """What one accelerator sustains under load.

    Args:
        model: as the Hub's listing spells it.
        ops_per_sec: operations per second by kind (``fp32 tf32 half bf16 fp8 int8``, ``half`` is the faster of fp16 and
            bf16); absent where the hardware has none.
        bytes_per_sec: read from its memory.
        clock_hz: under light load.
    """

    model: str
    ops_per_sec: Mapping[str, float]
    bytes_per_sec: float
    clock_hz: float


@cache
def _table() -> Mapping[str, Rates]:
    found: dict[str, dict[str, float]] = {}
    for row in read_data_rows("sustained_rates.csv"):
        found.setdefault(row["accelerator"], {})[row["quantity"]] = float(row["value"]) * _FACTORS[row["unit"]]
    return {accelerator_key(model): _rates(model, known) for model, known in found.items()}


def _rates(model: str, known: dict[str, float]) -> Rates:
    ops = {kind: value for kind, value in known.items() if kind not in {"bandwidth", "clock"}}
    facts = facts_of(model)
    if facts is None or facts.bf16:
        ops["bf16"] = ops["half"]
    return Rates(model, MappingProxyType(ops), known["bandwidth"], known["clock"])


def rates_of(model: str | None) -> Rates | None:
    """Return the sustained rates of ``data/sustained_rates.csv``, ``None`` where nothing is known.

    >>> rates_of("L4").bytes_per_sec < 300 * 10**9, rates_of("X1"), rates_of(None)
    (True, None, None)
    """
    return None if model is None else _table().get(accelerator_key(model))


def compute_rate(rates: Rates, precision: str) -> float:
    """Return the operations per second at which a precision runs, in the next wider format where it has no hardware.

    >>> t4 = rates_of("T4")
    >>> compute_rate(t4, "tf32") == compute_rate(t4, "fp32")
    True
    """
    return rates.ops_per_sec[compute_kind(rates.ops_per_sec, precision)]


def compute_kind(ops_per_sec: Mapping[str, float], precision: str) -> str:
    """Return the kind of arithmetic that a precision runs as on a card that has these.

    >>> compute_kind({"fp32": 4e12, "half": 26e12}, "bf16"), compute_kind({"fp32": 4e12, "half": 26e12}, "fp8")
    ('fp32', 'half')
    """
    return next(kind for kind in _FALLBACKS[precision] if kind in ops_per_sec)


def missing_precision(rates: Rates, precision: str | None) -> str | None:
    """Return that an accelerator has no arithmetic of a precision, and what runs instead; ``None`` where it has.

    >>> missing_precision(rates_of("T4"), "bf16")
    'T4 has no bf16: it is computed in fp32, 6 times slower than fp16, which would do'
    >>> missing_precision(rates_of("A100"), "bf16") is None
    True
    """
    if precision is None:
        return None
    kind = compute_kind(rates.ops_per_sec, precision)
    if kind == _FALLBACKS[precision][0]:
        return None
    ran = "16 bits" if kind == "half" else kind
    told = f"{rates.model} has no {precision}: it is computed in {ran}"
    slower = rates.ops_per_sec["half"] / rates.ops_per_sec[kind]
    return f"{told}, {slower:.0f} times slower than fp16, which would do" if precision == "bf16" else told
