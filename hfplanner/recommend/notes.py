"""What a person should know about an option, a sentence each."""

from collections.abc import Iterator, Sequence

from hfplanner.catalog.accelerators import Accelerator, facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.recommend.break_even import break_even, longest_break_even_secs
from hfplanner.recommend.candidate import Candidate
from hfplanner.recommend.dominance import beaten_on_the_list
from hfplanner.recommend.estimates import NO_ESTIMATES, Estimates
from hfplanner.recommend.needs import Needs, Objective
from hfplanner.recommend.words import format_chance
from hfplanner.units import SECONDS_PER_MINUTE, format_about_duration, format_bytes, format_duration, format_usd

__all__ = ["option_notes", "standing"]


def option_notes(
    needs: Needs,
    candidate: Candidate,
    ordered: Sequence[Candidate],
    dominated_by: Sequence[str],
    estimates: Estimates = NO_ESTIMATES,
) -> tuple[str, ...]:
    """Return the notes of one option.

    Args:
        needs: what was asked.
        candidate: the option.
        ordered: every option, best first.
        dominated_by: options that are at least as good in everything.
        estimates: what is known of the job.
    """
    flavor = candidate.flavor
    notes = list(_about_time(needs, candidate, ordered, estimates))
    notes.extend(_about_wait(needs, candidate))
    notes.extend(_about_estimated_memory(candidate))
    if dominated_by:
        notes.append(f"{dominated_by[0]} is at least as good in everything listed and in speed, for no more money")
    notes.extend(_beaten_on_paper(flavor, [other.flavor for other in ordered], dominated_by))
    facts = facts_of(flavor.accelerator)
    if facts is not None:
        notes.extend(_about_memory(needs, flavor, facts))
        if facts.bf16 is False:
            notes.append(f"{facts.model} has no bf16 tensor cores")
    return tuple(notes)


def standing(candidate: Candidate, ordered: Sequence[Candidate], objective: Objective = "cost") -> str:
    """Say how an option compares with the recommendation, or the recommendation with the rest.

    Args:
        candidate: the option.
        ordered: every option, best first.
        objective: what they are ordered by.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> best, other = (Candidate(flavor=flavors[name]) for name in ("l40sx1", "a100-large"))
    >>> standing(other, [best, other])
    'cheaper per job only if it is 1.39x as fast as l40sx1'
    """
    best = ordered[0]
    if candidate is best:
        return _place(best, ordered, objective)
    if candidate.duration_secs is None or best.duration_secs is None or _as_long(candidate, best):
        return _beside_best(candidate.flavor, best)
    return _beside_in_time(candidate, best)


def _as_long(one: Candidate, other: Candidate) -> bool:
    """Whether a job is taken to run as long on both."""
    return one.duration_secs == other.duration_secs


def _place(best: Candidate, ordered: Sequence[Candidate], objective: Objective) -> str:
    if len(ordered) == 1:
        return "the only flavor that fits"
    second = ordered[1]
    differ = not all(_as_long(other, best) for other in ordered)
    if differ and objective == "time":
        return f"the fastest of {len(ordered)} flavors that fit"
    if _likely_cost(best) == _likely_cost(second) and (differ or best.flavor.price == second.flavor.price):
        return f"costs the same as {second.flavor.name}; {_tie_reason(best, second)}"
    return f"the cheapest of {len(ordered)} flavors that fit"


def _likely_cost(candidate: Candidate) -> int | None:
    """Return the likely cost of the job, where that is not known the price."""
    return candidate.cost_micro_usd.likely if candidate.cost_micro_usd else candidate.flavor.price


def _beside_best(flavor: Flavor, best: Candidate) -> str:
    """Compare by price, as for jobs that take as long on both."""
    name = best.flavor.name
    if flavor.price == best.flavor.price:
        return f"costs the same as {name}, which is preferred: {_tie_reason(best, Candidate(flavor=flavor))}"
    times = f"{float(break_even(flavor, best.flavor)):.2f}"
    if times == "1.00":
        return f"costs all but the same as {name}"
    claim = f"cheaper per job only if it is {times}x as fast as {name}"
    if best.duration_secs is None:
        return claim
    longest = longest_break_even_secs(flavor, best.flavor, best.duration_secs.likely)
    if not longest:
        return f"dearer at any speed for so short a job: each started minute costs {format_usd(flavor.price)}"
    return f"{claim}: this job in at most {format_duration(longest)}"


def _beside_in_time(candidate: Candidate, best: Candidate) -> str:
    """Compare by the likely duration and cost of each."""
    mine, theirs = _point(candidate), _point(best)
    name = best.flavor.name
    more = mine[1] - theirs[1]
    pace = f"likely {theirs[0] / max(mine[0], 1):.2f}x as fast as {name}"
    if more == 0:
        return f"{pace}, for the same cost"
    if more < 0:
        return f"{pace}, for {format_usd(-more)} less"
    longest = longest_break_even_secs(candidate.flavor, best.flavor, theirs[0])
    told = f"only if done in {format_duration(longest)}" if longest else "at no speed"
    return f"{pace}, for {format_usd(more)} more: cheaper per job {told}"


def _point(candidate: Candidate) -> tuple[int, int]:
    """Return the likely duration and cost of a candidate that has both."""
    duration, cost = candidate.duration_secs, candidate.cost_micro_usd
    return (duration.likely if duration else 0, cost.likely if cost else 0)


def _about_time(
    needs: Needs, candidate: Candidate, ordered: Sequence[Candidate], estimates: Estimates
) -> Iterator[str]:
    """Say what the order and the costs take for granted, and where nothing is known."""
    durations = estimates.durations
    if durations is None:
        if needs.objective == "time" and candidate is ordered[0]:
            yield "every flavor is taken to be as fast as the others, so the cheapest comes first"
    elif candidate.duration_secs is None:
        yield f"its duration is not known: {durations.unknown[candidate.flavor.name]}"


def _about_wait(needs: Needs, candidate: Candidate) -> Iterator[str]:
    """Say how long it waits before it runs, which no running time has in it, and where that is not known."""
    wait = candidate.wait_secs
    if wait is not None and wait.likely >= SECONDS_PER_MINUTE:
        about, most = format_about_duration(wait.likely), format_about_duration(wait.high)
        yield f"before it runs it waits about {about}, and up to {most} ({', '.join(wait.basis)})"
    elif wait is None and needs.deadline_secs is not None:
        yield "how long it waits in the queue is not known, and the deadline counts no wait"


def _about_estimated_memory(candidate: Candidate) -> Iterator[str]:
    """Say where memory is less than sure, and what a flavor does not state that the job needs."""
    there = candidate.memory
    if there is None:
        return
    if there.verdict != "yes":
        yield f"{there.verdict} to fit: {format_chance(there.probability)}"
    for what, need, have in (
        ("main memory", there.ram_bytes, candidate.flavor.ram_bytes),
        ("disk", there.disk_bytes, candidate.flavor.disk_bytes),
    ):
        if have is None:
            yield f"it does not state its {what}, of which the job needs likely {format_bytes(need.likely)}"


def _tie_reason(winner: Candidate, loser: Candidate) -> str:
    ours, theirs = winner.duration_secs, loser.duration_secs
    if ours and theirs and ours.likely != theirs.likely:
        return f"faster ({format_duration(ours.likely)} against {format_duration(theirs.likely)})"
    one, other = winner.flavor, loser.flavor
    if one.vram_per_gpu_bytes != other.vram_per_gpu_bytes:
        winner_vram, loser_vram = format_bytes(one.vram_per_gpu_bytes), format_bytes(other.vram_per_gpu_bytes)
        return f"more VRAM per GPU ({winner_vram} against {loser_vram})"
    if one.gpus != other.gpus:
        return f"fewer GPUs ({one.gpus} against {other.gpus})"
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
