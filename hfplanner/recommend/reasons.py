"""Why a flavor does not do: each reason with its code, a sentence, what was needed and what there is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.recommend.candidate import wanted_on
from hfplanner.recommend.certainty import UNCERTAIN_ABOVE, UNCERTAIN_BELOW
from hfplanner.recommend.confidence import INTERVAL, bytes_at
from hfplanner.recommend.estimates import NO_ESTIMATES, Estimates, FlavorMemory
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Option, Reason, Rejection
from hfplanner.recommend.rules import Rule, broken_rules, has_wanted_accelerator
from hfplanner.recommend.words import format_chance
from hfplanner.units import format_bytes, format_usd, format_usd_exact

__all__ = ["below_top", "rejections_of_unreadable_rows", "why_not"]


def why_not(needs: Needs, flavor: Flavor, estimates: Estimates = NO_ESTIMATES) -> tuple[Reason, ...]:
    """Return every reason why a flavor does not meet the needs, none where it does.

    Args:
        needs: what is asked.
        flavor: the flavor.
        estimates: what is known of the job there.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> [reason] = why_not(Needs(vram_bytes=40 * 10**9), shipped_listing().by_name()["l4x4"])
    >>> reason.code, reason.message, reason.need, reason.have
    ('vram', '24 GB on one GPU, 40 GB of VRAM needed', 40000000000, 24000000000)
    """
    return tuple(_reasons(needs, flavor, estimates))


def _reasons(needs: Needs, flavor: Flavor, estimates: Estimates) -> Iterator[Reason]:
    needs = wanted_on(needs, flavor, estimates)
    if flavor.price_micro_usd_per_minute is None:
        yield Reason("unpriced", flavor.unpriced_reason or "it has no price")
    if not has_wanted_accelerator(needs, flavor):
        yield _other_accelerator(needs, flavor)
    if estimates.memory is not None:
        yield from _too_little_memory(needs, flavor, estimates.memory.by_flavor[flavor.name])
    for rule in broken_rules(needs, flavor):
        need, have = getattr(needs, rule.need), rule.have(needs, flavor)
        if have is None and rule.is_budget and (rule.code == "max_price" or needs.duration_secs is not None):
            # That it has no price is said above, once.
            continue
        rule = replace(rule, show=_show(rule, need, have))  # noqa: PLW2901 - the same rule, with more digits
        limit = f"at most {rule.show(need)} allowed" if rule.is_budget else f"{rule.show(need)}{rule.noun} needed"
        if have is None and rule.is_budget:
            yield Reason(rule.code, _no_time(flavor, estimates), limit, need, have)
        else:
            is_bound = bool(needs.confidence) and estimates.durations is not None and rule.code != "max_price"
            offer = _offer(rule, needs, flavor, is_bound=is_bound)
            wait = estimates.waits.get(flavor.name) if rule.code == "deadline" else None
            waits = f", of which it waits {rule.show(wait.at(needs.confidence))}" if wait else ""
            yield Reason(rule.code, f"{offer}{waits}", limit, need, have)


def _show(rule: Rule, need: Any, have: Any) -> Callable[[int], str]:  # noqa: ANN401 - the values of any rule
    """Return how a rule's quantity is shown: money exactly where the two differ and would look the same in cents."""
    if rule.show is format_usd and have is not None and need != have and format_usd(need) == format_usd(have):
        return format_usd_exact
    return rule.show


def _other_accelerator(needs: Needs, flavor: Flavor) -> Reason:
    have = flavor.accelerator
    if not needs.accelerators:
        kind = flavor.accelerator_type
        return Reason("accelerator_type", f"{have} is of the type {kind}", "a GPU needed", "gpu", kind)
    wanted = " or ".join(needs.accelerators)
    return Reason("accelerator", have or "no accelerator", f"{wanted} needed", wanted, have)


def _too_little_memory(needs: Needs, flavor: Flavor, there: FlavorMemory) -> Iterator[Reason]:
    """Say that what a program can use is less than what the job may need, where the flavor has the GPUs at all."""
    # Another kind than a GPU is refused as such, unless it was named: then what is not known of it never fits.
    is_asked = flavor.accelerator_type == "gpu" or bool(needs.accelerators)
    if not is_asked or flavor.gpus < there.gpus or there.holds(needs.confidence):
        return
    need = bytes_at(there.per_gpu_bytes, INTERVAL if needs.confidence is None else needs.confidence)
    likely = format_bytes(there.per_gpu_bytes.likely)
    limit = f"likely {likely}, at most {format_bytes(need)} of GPU memory needed{_on_each(there.gpus)}"
    if there.usable_bytes is None:
        offer = f"what a program can use of an {flavor.accelerator} is not known"
    else:
        hangs = "UNCERTAIN: " if UNCERTAIN_ABOVE < there.probability < UNCERTAIN_BELOW else ""
        offer = f"{format_bytes(there.usable_bytes)} usable, {hangs}fits in {format_chance(there.probability)} of cases"
    yield Reason("memory", offer, limit, need, there.usable_bytes, round(there.probability, 4))


def _no_time(flavor: Flavor, estimates: Estimates) -> str:
    """Say why a limit on time or cost cannot be judged on a flavor, which is never taken for kept."""
    why = estimates.durations.unknown.get(flavor.name) if estimates.durations else None
    return f"its duration is not known: {why}" if why else "its duration is not known"


def _on_each(gpus: int) -> str:
    return "" if gpus == 1 else f" on each of {gpus} GPUs"


def _offer(rule: Rule, needs: Needs, flavor: Flavor, *, is_bound: bool) -> str:
    have = rule.have(needs, flavor)
    if have is None:
        return f"does not state its {rule.code}"
    if rule.code in {"vram", "gpus"} and not flavor.gpus:
        return "no accelerator"
    where = f"over {flavor.gpus} GPUs" if needs.shard and flavor.gpus > 1 else "on one GPU"
    up_to = "up to " if is_bound and rule.is_budget else ""
    return rule.says.format(have=f"{up_to}{rule.show(have)}", where=where)


def below_top(option: Option, fitting: int, kept: int) -> Reason:
    """Return the reason of an option that fits and is not among those asked for."""
    return Reason("not_in_top", f"fits, but ranks {option.rank} of {fitting}", f"{kept} asked for", kept, option.rank)


def rejections_of_unreadable_rows(listing: Listing) -> Iterator[Rejection]:
    """Reject by name the flavors whose rows could not be read, so that no listed flavor is missing."""
    readable = listing.by_name()
    for name in sorted({p.name for p in listing.problems if p.name is not None and p.name not in readable}):
        reasons = sorted({problem.reason for problem in listing.problems if problem.name == name})
        yield Rejection(name, tuple(Reason("unreadable", reason) for reason in reasons))
