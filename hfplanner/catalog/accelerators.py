"""Facts about accelerators: what a program can really use, and how fast it is on paper."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType

from hfplanner.catalog.shipped import read_data_rows
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.units import GB, TERA, GiB, MiB

__all__ = ["Accelerator", "accelerator_facts", "accelerator_key", "facts_of", "match_accelerators"]

_FACTORS = {"GB": GB, "GiB": GiB, "MiB": MiB, "GB/s": GB, "TFLOPS": TERA, "TOPS": TERA, "W": 1, "": 1}
_PRECISIONS = ("fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """One accelerator model; ``None`` is not known.

    Args:
        model: as the Hub's listing spells it.
        memory_listed_bytes: what is sold.
        memory_usable_bytes: what PyTorch reports as total capacity, the lowest seen, before any CUDA context.
        cache_bytes: the second-level cache that all multiprocessors share.
        context_bytes: what nvidia-smi shows of a process with a CUDA context and no tensors, since CUDA 12.
        bandwidth_bytes_per_sec: memory bandwidth of the datasheet.
        ops_per_sec: dense operations per second of the datasheet by precision (``fp32 tf32 fp16 bf16 fp8 int8
            fp4``); 0 where the hardware has none of that precision, absent where not known.
        compute_capability: of CUDA, for example 8.9.
        architecture: for example ``"Ada"``.
        interconnect: between the accelerators of one host, in words.
        bf16: whether bf16 runs on tensor cores.
        fp8: whether fp8 does.
        tdp_watts: power limit.
        multiprocessors: streaming multiprocessors.
    """

    model: str
    memory_listed_bytes: int | None
    memory_usable_bytes: int | None
    bandwidth_bytes_per_sec: int | None
    ops_per_sec: Mapping[str, int]
    compute_capability: float | None
    architecture: str | None
    interconnect: str | None
    bf16: bool | None
    fp8: bool | None
    tdp_watts: int | None
    multiprocessors: int | None = None
    context_bytes: int | None = None
    cache_bytes: int | None = None


@lru_cache(maxsize=4096)
def accelerator_key(name: str) -> str:
    """Return the spelling two names of one accelerator share.

    >>> accelerator_key("Nvidia RTX PRO 6000"), accelerator_key("rtx-pro-6000"), accelerator_key("A100")
    ('rtxpro6000', 'rtxpro6000', 'a100')
    """
    return re.sub(r"[^a-z0-9]", "", name.casefold()).removeprefix("nvidia").removeprefix("aws")


@cache
def accelerator_facts() -> Mapping[str, Accelerator]:
    """Return the facts of ``data/accelerators.csv`` by :func:`accelerator_key`.

    >>> l4 = accelerator_facts()["l4"]
    >>> l4.bandwidth_bytes_per_sec, l4.fp8, accelerator_facts()["t4"].bf16
    (300000000000, True, False)
    """
    facts: dict[str, dict[str, tuple[str, str]]] = {}
    for row in read_data_rows("accelerators.csv"):
        facts.setdefault(row["accelerator"], {})[row["fact"]] = (row["value"], row["unit"])
    return MappingProxyType({accelerator_key(model): _accelerator(model, known) for model, known in facts.items()})


def facts_of(model: str | None) -> Accelerator | None:
    """Return the facts of a listing's accelerator, ``None`` where there is none or nothing is known about it.

    >>> facts_of("RTX PRO 6000").architecture, facts_of(None), facts_of("X1")
    ('Blackwell (sm_120)', None, None)
    """
    return None if model is None else accelerator_facts().get(accelerator_key(model))


def _accelerator(model: str, known: Mapping[str, tuple[str, str]]) -> Accelerator:
    def amount(fact: str) -> int | None:
        value, unit = known.get(fact, (None, ""))
        return None if value is None else round(Fraction(value) * _FACTORS[unit])

    def text(fact: str) -> str | None:
        return known.get(fact, (None, ""))[0]

    def flag(fact: str) -> bool | None:
        return {"yes": True, "no": False, None: None}[text(fact)]

    ops = {precision: amount(precision) for precision in _PRECISIONS}
    unsupported = {p: 0 for p in ("tf32", "bf16", "fp8") if flag(f"{p}_support") is False}
    capability = text("compute_capability")
    return Accelerator(
        model=model,
        memory_listed_bytes=amount("memory_listed"),
        memory_usable_bytes=amount("memory_usable"),
        bandwidth_bytes_per_sec=amount("bandwidth"),
        ops_per_sec=MappingProxyType({p: v for p, v in ops.items() if v is not None} | unsupported),
        compute_capability=None if capability is None else float(capability),
        architecture=text("architecture"),
        interconnect=text("interconnect"),
        bf16=flag("bf16_support"),
        fp8=flag("fp8_support"),
        tdp_watts=amount("tdp"),
        multiprocessors=amount("multiprocessors"),
        context_bytes=amount("cuda_context"),
        cache_bytes=amount("l2_cache"),
    )


def match_accelerators(asked: Iterable[str], offered: Iterable[str]) -> tuple[str, ...]:
    """Return the offered models that the asked names mean, in the order asked and in every spelling offered.

    Raises:
        UsageError: a name matches nothing offered; near names are in the hint.

    >>> match_accelerators(["nvidia-a100"], ["T4", "A100"])
    ('A100',)
    """
    models: dict[str, list[str]] = {}
    for model in offered:
        models.setdefault(accelerator_key(model), []).append(model)
    found = []
    for name in asked:
        if accelerator_key(name) not in models:
            raise _unknown(name, models)
        found.extend(models[accelerator_key(name)])
    return tuple(dict.fromkeys(found))


def _unknown(name: str, models: Mapping[str, Sequence[str]]) -> UsageError:
    spellings = sorted(spelled[0] for spelled in models.values())
    near = did_you_mean(name, spellings) or did_you_mean(name.upper(), spellings)
    every = ", ".join(spellings) or "none"
    return UsageError(f"No flavor has the accelerator {quoted(name)}.", hint=f"{near}Offered: {every}.")
