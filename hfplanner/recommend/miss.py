"""What nearly fits, and what would make it fit."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.recommend.candidate import rank_key, wanted_on
from hfplanner.recommend.confidence import INTERVAL, one_sided
from hfplanner.recommend.estimates import NO_ESTIMATES, Estimates
from hfplanner.recommend.needs import NEED_LIMITS, Needs
from hfplanner.recommend.result import NearestMiss
from hfplanner.recommend.rules import Rule, broken_rules, has_wanted_accelerator
from hfplanner.units import (
    GB,
    MICRO_USD_PER_CENT,
    MINUTES_PER_HOUR,
    ceil_div,
    format_duration,
    format_usd_exact,
    per_minute_limit,
)

if TYPE_CHECKING:
    from hfplanner.recommend.memory import Alternative

__all__ = ["nearest_miss", "nearest_on_asked"]

# A cheaper flavor is worth naming beside a recommendation where it falls short by at most this share of the need.
NEAR = 0.25

# What has to give, the least painful first.
_SHARD, _BUDGET, _NEED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Asked:
    """One way to ask for a flavor: as it was asked, or with the smallest change of how the model is run."""

    kind: int
    needs: Needs
    estimates: Estimates
    other: "Alternative | None" = None

    @property
    def size(self) -> tuple[Any, ...]:
        return () if self.other is None else self.other.size

    @property
    def options(self) -> tuple[str, ...]:
        return () if self.other is None else self.other.options


@dataclass(frozen=True, slots=True)
class _Change:
    """What would have to be asked instead for a flavor to fit; ``gap`` adds up the shares of the needs it lacks."""

    asked: _Asked
    flavor: Flavor
    updates: Mapping[str, Any]
    kind: int
    gap: Fraction

    @property
    def size(self) -> tuple[Any, ...]:
        """How much has to give: its kind, how the model is run, the gap, the number of needs, and the first by rank."""
        needs = replace(self.asked.needs, **self.updates)
        rank = rank_key(needs, self.asked.estimates)(self.flavor)
        return self.kind, self.asked.size, self.gap, len(self.updates), rank


def nearest_miss(
    needs: Needs, flavors: Sequence[Flavor], fitting: Sequence[Flavor], estimates: Estimates = NO_ESTIMATES
) -> NearestMiss | None:
    """Return the flavor nearest to fitting, ``None`` where no change would make one fit.

    Where nothing fits: first what fits once the model may be sharded, or is run otherwise for the same result; then
    what fits within a larger budget; then what would do with less, or with another way to run the model. How a model is
    run otherwise is the smallest set of changes that ``estimate memory --fit`` finds for the flavor. Of several, the
    smallest change, then the first by rank: under the changed needs it is the recommendation. Where something fits:
    only a flavor that would be ranked before it and fits when sharded or run otherwise for the same result, or that
    falls short by at most a quarter of the need.

    Args:
        needs: what was asked.
        flavors: every flavor of the listing.
        fitting: those that meet the needs.
        estimates: what is known of the job on each.
    """
    names, order = {flavor.name for flavor in fitting}, rank_key(needs, estimates)
    missing = [f for f in flavors if f.price_micro_usd_per_minute is not None and f.name not in names]
    if fitting:
        best_value = min(order(flavor)[:2] for flavor in fitting)
        missing = [flavor for flavor in missing if order(flavor)[:2] < best_value]
    if not missing:
        return None
    ways = _ways(needs, estimates, missing, keeps_result=bool(fitting))
    changes = [change for flavor in missing if (change := _change(ways[flavor.name], flavor))]
    if fitting:
        changes = [change for change in changes if change.kind == _SHARD or change.gap <= NEAR]
    if not changes:
        return None
    best = min(changes, key=lambda change: change.size)
    options = (*best.asked.options, *(_option(field, value) for field, value in best.updates.items()))
    changed = replace(best.asked.needs, **best.updates)
    return NearestMiss(best.flavor, changed, options, _estimates_everywhere(best.asked, estimates))


def nearest_on_asked(
    needs: Needs, flavors: Sequence[Flavor], miss: NearestMiss | None, estimates: Estimates = NO_ESTIMATES
) -> NearestMiss | None:
    """Return the nearest miss on the accelerators that were asked for, where that of all flavors is on another.

    Who names a card may have no other, and would rather run the model otherwise.

    Args:
        needs: what was asked.
        flavors: every flavor of the listing.
        miss: the nearest of them all.
        estimates: what is known of the job on each.
    """
    if miss is None or not needs.accelerators or has_wanted_accelerator(needs, miss.flavor):
        return None
    return nearest_miss(needs, [flavor for flavor in flavors if has_wanted_accelerator(needs, flavor)], (), estimates)


def _ways(needs: Needs, estimates: Estimates, missing: Sequence[Flavor], *, keeps_result: bool) -> dict[str, _Asked]:
    """Return how to ask for each flavor: as it was asked, or where that does not hold the model, run otherwise."""
    as_asked = _Asked(_SHARD, needs, estimates)
    ways = {flavor.name: as_asked for flavor in missing}
    if estimates.memory is None:
        return ways
    from hfplanner.recommend.memory import alternatives  # noqa: PLC0415 - what estimates memory, only for a model

    least = one_sided(INTERVAL if needs.confidence is None else needs.confidence)
    for other in alternatives(estimates.memory, ways, least=least, keeps_result=keeps_result):
        memory = other.need(estimates.memory)
        kind = _SHARD if other.keeps_result else _NEED
        ways[other.flavor] = _Asked(kind, replace(needs, **other.updates), replace(estimates, memory=memory), other)
    return ways


def _estimates_everywhere(way: _Asked, estimates: Estimates) -> Estimates:
    """Return what is estimated under a way to ask on every flavor, not only on that for which it was found."""
    if way.other is None or estimates.memory is None:
        return way.estimates
    return replace(estimates, memory=way.other.need(estimates.memory, everywhere=True))


def _change(way: _Asked, flavor: Flavor) -> _Change | None:
    """Return the smallest change under which the flavor fits, ``None`` where it lacks something altogether."""
    if not _can_run(way, flavor):
        return None
    needs = wanted_on(way.needs, flavor, way.estimates)
    updates: dict[str, Any] = {}
    kind, gap = way.kind, Fraction(0)
    if not has_wanted_accelerator(needs, flavor):
        if flavor.accelerator is None:
            return None
        updates["accelerators"] = (flavor.accelerator,)
        kind, gap = _NEED, Fraction(1)
    asked = needs
    for rule in broken_rules(needs, flavor):
        if rule.code == "vram" and flavor.gpus > 1 and not needs.shard:
            updates["shard"] = True
            asked = replace(needs, shard=True)
            if rule.met(asked, flavor):
                continue
        have = rule.have(asked, flavor)
        if not have or have > NEED_LIMITS[rule.need]:
            return None
        updates[rule.need] = _enough(rule, have)
        kind = max(kind, _BUDGET if rule.is_budget else _NEED)
        need = getattr(needs, rule.need)
        gap += Fraction(abs(need - have), need)
    return _Change(way, flavor, updates, kind, gap)


def _can_run(way: _Asked, flavor: Flavor) -> bool:
    """Whether the flavor has what the model needs, which no other number of a request changes."""
    if way.estimates.memory is None:
        return True
    of_model = wanted_on(Needs(), flavor, Estimates(memory=way.estimates.memory))
    holds = way.estimates.memory.by_flavor[flavor.name].holds(way.needs.confidence)
    return holds and not any(broken_rules(of_model, flavor))


def _enough(rule: Rule, have: int) -> int:
    """Return the value of the need that the flavor meets, in round numbers where that is possible."""
    if rule.code == "max_cost":
        return have if have < MICRO_USD_PER_CENT else ceil_div(have, MICRO_USD_PER_CENT) * MICRO_USD_PER_CENT
    if rule.code != "max_price":
        return have
    in_cents = round(have / MICRO_USD_PER_CENT) * MICRO_USD_PER_CENT
    is_enough = in_cents > 0 and per_minute_limit(in_cents) * MINUTES_PER_HOUR >= have
    return in_cents if is_enough else have


def _option(field: str, value: Any) -> str:  # noqa: ANN401 - the value of any field of the needs
    """Return the change as it is typed in a shell."""
    match field:
        case "shard":
            return "--shard"
        case "accelerators":
            return f"--accelerator {shlex.quote(value[0])}"
        case "vram_bytes" | "ram_bytes" | "disk_bytes":
            size = f"{value // GB}GB" if value % GB == 0 else f"{value}B"
            return f"--{field.removesuffix('_bytes')} {size}"
        case "max_price_micro_usd_per_hour" | "max_cost_micro_usd":
            amount = format_usd_exact(value).removeprefix("$").replace(",", "")
            return f"--{'max-price' if 'price' in field else 'max-cost'} {amount}"
        case "max_time_secs" | "deadline_secs":
            return f"--{'max-time' if field == 'max_time_secs' else 'deadline'} {format_duration(value)}"
        case _:
            return f"--{'cpu' if field == 'vcpu' else field} {value}"
