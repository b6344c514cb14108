"""When a flavor meets needs: one table of rules, which decides a single need and a whole frame of needs alike.

A rule compares what is wanted with what one flavor has, using only ``<=``, ``|``, ``&`` and integer arithmetic.
``wanted`` is a :class:`~hfplanner.recommend.needs.Needs` (the answer is a bool) or holds polars columns of the same
names (the answer is an expression), so the two cannot disagree. A rule applies where its need is given; what a flavor
does not state, it does not meet.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.recommend.needs import Needs
from hfplanner.units import (
    LIMIT_TOLERANCE_MICRO_USD,
    MINUTES_PER_HOUR,
    format_bytes,
    format_duration,
    format_usd,
    per_minute_limit,
)

__all__ = ["RULES", "Rule", "broken_rules", "has_wanted_accelerator", "is_gpu", "rank_order", "tie_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One comparison of what is wanted with what a flavor has.

    Args:
        code: the machine-readable reason when it is broken.
        need: the field of the needs that switches the rule on.
        have: what a flavor offers towards it, ``None`` where unknown.
        met: whether that is enough; only asked where the need is given and the offer is known.
        says: what a flavor offers, in words, with ``{have}`` and, for VRAM, ``{where}`` it lies.
        show: one quantity in words.
        noun: what is needed of it, after the quantity.
        is_budget: whether the need is a limit on money or time, rather than a property of the machine.
    """

    code: str
    need: str
    have: Callable[[Any, Flavor], Any]
    met: Callable[[Any, Flavor], Any]
    says: str = "{have}"
    show: Callable[[int], str] = str
    noun: str = ""
    is_budget: bool = False

    @property
    def is_wished_in_its_own_words(self) -> bool:
        """Whether :meth:`wish` says it all: a limit is "at most", memory lies somewhere, and one GPU is "a GPU"."""
        return not self.is_budget and self.need not in {"vram_bytes", "gpus"}

    def wish(self, quantity: int) -> str:
        """Return what is wanted, in words.

        >>> RULES[2].wish(8)
        '8 vCPU'
        """
        return f"{self.show(quantity)}{self.noun}"


def _at_least(code: str, field: str, show: Callable[[int], str], noun: str = "") -> Rule:
    """Return the rule that a field of the flavor is at least the field of the same name of the needs."""
    return Rule(
        code=code,
        need=field,
        have=lambda _, flavor: getattr(flavor, field),
        met=lambda wanted, flavor: getattr(wanted, field) <= getattr(flavor, field),
        show=show,
        noun=noun,
    )


def _vram_met(wanted: Any, flavor: Flavor) -> Any:  # noqa: ANN401 - numbers or polars columns
    on_one_gpu = wanted.vram_bytes <= flavor.vram_per_gpu_bytes
    return on_one_gpu | (wanted.shard & (wanted.vram_bytes <= flavor.vram_total_bytes))


def _show_gpus(count: int) -> str:
    return f"{count} GPU{'' if count == 1 else 's'}"


def _show_vcpu(count: int) -> str:
    return f"{count} vCPU"


def _job_cost(wanted: Any, flavor: Flavor) -> Any:  # noqa: ANN401 - as above
    if wanted.duration_secs is None or not _is_priced(flavor):
        return None
    return job_cost_micro_usd(flavor.price, wanted.duration_secs)


def _is_priced(flavor: Flavor) -> bool:
    return flavor.price_micro_usd_per_minute is not None


RULES: tuple[Rule, ...] = (
    _at_least("gpus", "gpus", _show_gpus),
    Rule(
        code="vram",
        need="vram_bytes",
        have=lambda wanted, flavor: flavor.vram_total_bytes if wanted.shard is True else flavor.vram_per_gpu_bytes,
        met=_vram_met,
        says="{have} {where}",
        show=format_bytes,
        noun=" of VRAM",
    ),
    _at_least("vcpu", "vcpu", _show_vcpu),
    _at_least("ram", "ram_bytes", format_bytes, " of RAM"),
    _at_least("disk", "disk_bytes", format_bytes, " of disk"),
    Rule(
        code="max_price",
        need="max_price_micro_usd_per_hour",
        have=lambda _, flavor: flavor.price * MINUTES_PER_HOUR if _is_priced(flavor) else None,
        met=lambda wanted, flavor: flavor.price <= per_minute_limit(wanted.max_price_micro_usd_per_hour),
        says="{have} an hour",
        show=format_usd,
        is_budget=True,
    ),
    Rule(
        code="max_cost",
        need="max_cost_micro_usd",
        have=_job_cost,
        met=lambda wanted, flavor: _job_cost(wanted, flavor) <= wanted.max_cost_micro_usd + LIMIT_TOLERANCE_MICRO_USD,
        says="{have} for the job",
        show=format_usd,
        is_budget=True,
    ),
    Rule(
        code="max_time",
        need="max_time_secs",
        have=lambda wanted, _: wanted.duration_secs,
        met=lambda wanted, _: wanted.duration_secs <= wanted.max_time_secs,
        says="runs {have}",
        show=format_duration,
        is_budget=True,
    ),
    Rule(
        code="deadline",
        need="deadline_secs",
        have=lambda wanted, _: wanted.done_secs,
        met=lambda wanted, _: wanted.done_secs <= wanted.deadline_secs,
        says="done in {have}",
        show=format_duration,
        is_budget=True,
    ),
)


def broken_rules(needs: Needs, flavor: Flavor) -> Iterator[Rule]:
    """Yield the rules that a flavor is not known to meet."""
    for rule in RULES:
        if getattr(needs, rule.need) is None:
            continue
        if rule.have(needs, flavor) is None or not rule.met(needs, flavor):
            yield rule


def is_gpu(flavor: Flavor) -> bool:
    """Whether nothing in the flavor is an accelerator of another kind than a GPU.

    A program for a GPU does not run on a neuron accelerator, however much memory that has: such a flavor does for a
    need of VRAM or GPUs only where it is asked for by name.
    """
    return not flavor.gpus or flavor.accelerator_type == "gpu"


def has_wanted_accelerator(needs: Needs, flavor: Flavor) -> bool:
    """Whether the flavor's accelerator is one of those asked for; where none was, whether it is of the right kind."""
    if not needs.accelerators:
        return not needs.asks_for_gpu or is_gpu(flavor)
    wanted = {accelerator_key(name) for name in needs.accelerators}
    return flavor.accelerator is not None and accelerator_key(flavor.accelerator) in wanted


def rank_order(flavor: Flavor) -> tuple[int, int, int, str]:
    """Return the sort key of priced flavors: cheaper, then more VRAM per GPU, then fewer GPUs, then the name.

    Raises:
        ValueError: the flavor has no price.
    """
    return flavor.price, *tie_order(flavor)


def tie_order(flavor: Flavor) -> tuple[int, int, str]:
    """Return what decides between flavors of one price: more VRAM per GPU, then fewer GPUs, then the name."""
    return -flavor.vram_per_gpu_bytes, flavor.gpus, flavor.name
