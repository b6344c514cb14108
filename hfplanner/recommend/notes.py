"""What a person should know about an option, a sentence each."""

from collections.abc import Iterator, Sequence

from hfplanner.catalog.accelerators import Accelerator, facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.recommend.break_even import break_even, longest_break_even_secs
from hfplanner.recommend.dominance import beaten_on_the_list
from hfplanner.recommend.needs import Needs
from hfplanner.units import format_bytes, format_duration, format_usd

__all__ = ["option_notes", "standing"]


def option_notes(
    needs: Needs, flavor: Flavor, ordered: Sequence[Flavor], dominated_by: Sequence[str]
) -> tuple[str, ...]:
    """Return the notes of one option.

    Args:
        needs: what was asked.
        flavor: the option.
        ordered: every option, best first.
        dominated_by: options that are at least as good in everything.
    """
    notes = list(_about_time(needs)) if flavor is ordered[0] else []
    if dominated_by:
        notes.append(f"{dominated_by[0]} is at least as good in everything listed and in speed, for no more money")
    notes.extend(_beaten_on_paper(flavor, ordered, dominated_by))
    facts = facts_of(flavor.accelerator)
    if facts is not None:
        notes.extend(_about_memory(needs, flavor, facts))
        if facts.bf16 is False:
            notes.append(f"{facts.model} has no bf16 tensor cores")
    return tuple(notes)


def standing(flavor: Flavor, ordered: Sequence[Flavor], duration_secs: int | None = None) -> str:
    """Say how an option compares with the recommendation, or the recommendation with the rest.

    Args:
        flavor: the option.
        ordered: every option, best first.
        duration_secs: how long the job runs, ``None`` where that is not known.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> standing(flavors["a100-large"], [flavors["l40sx1"], flavors["a100-large"]])
    'cheaper per job only if it is 1.39x as fast as l40sx1'
    """
    best = ordered[0]
    return _place(best, ordered) if flavor is best else _beside_best(flavor, best, duration_secs)


def _place(best: Flavor, ordered: Sequence[Flavor]) -> str:
    if len(ordered) == 1:
        return "the only flavor that fits"
    second = ordered[1]
    if second.price_micro_usd_per_minute == best.price_micro_usd_per_minute:
        return f"costs the same as {second.name}; {_tie_reason(best, second)}"
    return f"the cheapest of {len(ordered)} flavors that fit"


def _beside_best(flavor: Flavor, best: Flavor, duration_secs: int | None) -> str:
    if flavor.price == best.price:
        return f"costs the same as {best.name}, which is preferred: {_tie_reason(best, flavor)}"
    times = f"{float(break_even(flavor, best)):.2f}"
    if times == "1.00":
        return f"costs all but the same as {best.name}"
    claim = f"cheaper per job only if it is {times}x as fast as {best.name}"
    if duration_secs is None:
        return claim
    longest = longest_break_even_secs(flavor, best, duration_secs)
    if not longest:
        return f"dearer at any speed for so short a job: each started minute costs {format_usd(flavor.price)}"
    return f"{claim}: this job in at most {format_duration(longest)}"


def _about_time(needs: Needs) -> Iterator[str]:
    """Say what the order and the costs take for granted."""
    if needs.duration_flavor is not None:
        yield f"the duration was measured on {needs.duration_flavor} and is taken to be the same on every flavor"
    if needs.objective == "time":
        yield "every flavor is taken to be as fast as the others, so the cheapest comes first"


def _tie_reason(winner: Flavor, loser: Flavor) -> str:
    if winner.vram_per_gpu_bytes != loser.vram_per_gpu_bytes:
        winner_vram, loser_vram = format_bytes(winner.vram_per_gpu_bytes), format_bytes(loser.vram_per_gpu_bytes)
        return f"more VRAM per GPU ({winner_vram} against {loser_vram})"
    if winner.gpus != loser.gpus:
        return f"fewer GPUs ({winner.gpus} against {loser.gpus})"
    return "the name decides"


def _beaten_on_paper(flavor: Flavor, ordered: Sequence[Flavor], dominated_by: Sequence[str]) -> Iterator[str]:
    """Name the option that beats this one on the list, though its accelerator is slower."""
    mine = facts_of(flavor.accelerator)
    for other in ordered:
        theirs = facts_of(other.accelerator)
        if mine is None or theirs is None or other.name in dominated_by or not beaten_on_the_list(flavor, other):
            continue
        mine_speed, their_speed = mine.bandwidth_bytes_per_sec, theirs.bandwidth_bytes_per_sec
        if mine_speed and their_speed and mine_speed > their_speed:
            times = mine_speed / their_speed
            yield (
                f"{other.name} has no less of anything listed for no more money, but {mine.model} has "
                f"{times:.1f}x the memory bandwidth of {theirs.model}"
            )
            return


def _about_memory(needs: Needs, flavor: Flavor, facts: Accelerator) -> Iterator[str]:
    """Say where the listed memory is enough and the memory a program can use is not."""
    usable = facts.memory_usable_bytes
    if usable is None or needs.vram_bytes is None:
        return
    if needs.vram_bytes <= flavor.vram_per_gpu_bytes:
        available, where = usable, "of one GPU"
    else:
        available, where = usable * flavor.gpus, f"over {flavor.gpus} GPUs"
    if needs.vram_bytes > available:
        yield (
            f"a program can use {format_bytes(available)} {where}: "
            f"{format_bytes(needs.vram_bytes)} fits the listed memory, not the usable"
        )
