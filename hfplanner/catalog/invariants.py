"""What holds of every hardware listing anybody has seen, so that a listing where it does not hold is looked at twice.

A violation costs no flavor its place: the listing may be right and the rule too narrow. Those that put money or memory
at stake become warnings of the listing (``warn``); the others only matter to whoever keeps the shipped data.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from hfplanner.catalog.accelerators import accelerator_key, facts_of
from hfplanner.catalog.flavor import LEAST_MICRO_USD_PER_MINUTE, Flavor, far_apart, hardware_row, price_difference
from hfplanner.units import format_bytes

__all__ = ["Violation", "check_flavors", "check_rows"]

# $400 an hour: ten times the dearest flavor of 2026.
MOST_MICRO_USD_PER_MINUTE = 6_666_667
# The listing mixes GB and GiB, which are 7 % apart; another variant of a card differs by more than a tenth.
_MEMORY_TOLERANCE_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing about a flavor that no listing had before.

    Args:
        code: which invariant.
        flavor: the name.
        message: one sentence.
        warn: whether it puts money or memory at stake, so that a person should know.
    """

    code: str
    flavor: str
    message: str
    warn: bool


def check_flavors(flavors: Sequence[Flavor]) -> tuple[Violation, ...]:
    """Return where a listing's flavors break an invariant.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> check_flavors(shipped_listing().flavors)
    ()
    """
    return tuple(violation for rule in _RULES for violation in rule(flavors))


def check_rows(rows: Iterable[object]) -> tuple[Violation, ...]:
    """Return the rows whose price in US dollars is not their price in micro-USD, to the last micro-USD.

    >>> check_rows([{"name": "x", "unitCostMicroUSD": 167, "unitCostUSD": 0.0167}])[0].message
    'x costs 167 micro-USD and 0.0167 USD: it counts as unpriced.'
    """
    return tuple(violation for row in rows for violation in _price_spelled_twice(row))


def _price_spelled_twice(row: object) -> Iterator[Violation]:
    try:
        info = hardware_row(row)
    except ValueError:
        return
    if price_difference(info):
        micro, dollars = info.unit_cost_micro_usd, info.unit_cost_usd
        message = f"{info.name} costs {micro} micro-USD and {dollars} USD, which is not the same; the first is used."
        if far_apart(info):
            message = f"{info.name} costs {micro} micro-USD and {dollars} USD: it counts as unpriced."
        yield Violation("price_spelled_twice", info.name, message, warn=True)


def _price_in_range(flavors: Sequence[Flavor]) -> Iterator[Violation]:
    for flavor in flavors:
        price = flavor.price_micro_usd_per_minute
        if price is not None and not LEAST_MICRO_USD_PER_MINUTE <= price <= MOST_MICRO_USD_PER_MINUTE:
            message = f"{flavor.name} costs ${flavor.usd_per_hour} an hour, which no flavor ever did."
            yield Violation("price_in_range", flavor.name, message, warn=True)


def _vram_shared_evenly(flavors: Sequence[Flavor]) -> Iterator[Violation]:
    for flavor in flavors:
        if flavor.gpus and flavor.vram_total_bytes % flavor.gpus:
            message = (
                f"{flavor.name} has {format_bytes(flavor.vram_total_bytes)} on {flavor.gpus} accelerators, "
                "which are no equal shares; the share is rounded down."
            )
            yield Violation("vram_shared_evenly", flavor.name, message, warn=True)


def _memory_of_the_model(flavors: Sequence[Flavor]) -> Iterator[Violation]:
    for flavor in flavors:
        facts = facts_of(flavor.accelerator)
        known = facts.memory_listed_bytes if facts else None
        if known and abs(flavor.vram_per_gpu_bytes - known) * 100 > known * _MEMORY_TOLERANCE_PERCENT:
            message = (
                f"{flavor.name} has {format_bytes(flavor.vram_per_gpu_bytes)} on each {flavor.accelerator}, "
                f"which is known with {format_bytes(known)}: "
                "what is said of its usable memory and speed may not hold."
            )
            yield Violation("memory_of_the_model", flavor.name, message, warn=True)


def _model_is_known(flavors: Sequence[Flavor]) -> Iterator[Violation]:
    for flavor in flavors:
        if flavor.accelerator is not None and facts_of(flavor.accelerator) is None:
            message = f"Nothing is known about {flavor.accelerator}, the accelerator of {flavor.name}."
            yield Violation("model_is_known", flavor.name, message, warn=False)


def _machine_is_described(flavors: Sequence[Flavor]) -> Iterator[Violation]:
    for flavor in flavors:
        if not flavor.vcpu or flavor.ram_bytes is None or flavor.disk_bytes is None:
            message = f"{flavor.name} does not state its vCPU, RAM and disk."
            yield Violation("machine_is_described", flavor.name, message, warn=False)


def _more_costs_more(flavors: Sequence[Flavor]) -> Iterator[Violation]:
    """Of one accelerator model more are dearer, and each holds as much."""
    for one, other in combinations((flavor for flavor in flavors if flavor.accelerator), 2):
        small, big = sorted((one, other), key=lambda flavor: (flavor.gpus, flavor.name))
        if accelerator_key(small.accelerator or "") != accelerator_key(big.accelerator or ""):
            continue
        if big.vram_per_gpu_bytes != small.vram_per_gpu_bytes:
            message = f"Each accelerator of {big.name} holds another amount than that of {small.name}."
            yield Violation("same_model_same_memory", big.name, message, warn=False)
        cheap, dear = small.price_micro_usd_per_minute, big.price_micro_usd_per_minute
        if cheap is not None and dear is not None and big.gpus > small.gpus and dear <= cheap:
            message = f"{big.name} has more accelerators than {small.name} for no more money."
            yield Violation("more_costs_more", big.name, message, warn=False)


_RULES: tuple[Callable[[Sequence[Flavor]], Iterator[Violation]], ...] = (
    _price_in_range,
    _vram_shared_evenly,
    _memory_of_the_model,
    _model_is_known,
    _machine_is_described,
    _more_costs_more,
)
