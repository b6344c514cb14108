"""The order of what fits, and what each option means beside the others."""

from collections.abc import Mapping, Sequence

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.recommend.break_even import break_even
from hfplanner.recommend.candidate import DURATION_BASIS, Candidate, candidate_on, rank_key
from hfplanner.recommend.dominance import dominated
from hfplanner.recommend.estimates import NO_ESTIMATES, Estimates
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.notes import option_notes, standing
from hfplanner.recommend.result import Option, Placement

__all__ = ["rank_options"]


def rank_options(needs: Needs, fitting: Sequence[Flavor], estimates: Estimates = NO_ESTIMATES) -> list[Option]:
    """Return the options, best first.

    Args:
        needs: what was asked.
        fitting: the priced flavors that meet the needs, in any order.
        estimates: what is known of the job on each.
    """
    ordered = sorted(fitting, key=rank_key(needs, estimates))
    candidates = [candidate_on(needs, flavor, estimates) for flavor in ordered]
    points = [point for candidate in candidates if (point := _point(candidate)) is not None]
    timeouts = _timeouts(needs, ordered, estimates)
    bounds = estimates.durations.timeout_bounds if estimates.durations else {}
    options = []
    for index, candidate in enumerate(candidates):
        flavor, point = candidate.flavor, _point(candidate)
        beaten_by = tuple(other.name for other in ordered if dominated(flavor, other))
        options.append(
            Option(
                rank=index + 1,
                flavor=flavor,
                placement=_placement(needs, candidate),
                duration_secs=candidate.duration_secs,
                cost_micro_usd=candidate.cost_micro_usd,
                pareto=None if point is None else _on_front(point, points),
                break_even=break_even(flavor, ordered[0]),
                dominated_by=beaten_by,
                standing=standing(candidate, candidates, needs.objective),
                notes=option_notes(needs, candidate, candidates, beaten_by, estimates),
                memory=candidate.memory,
                wait_secs=candidate.wait_secs,
                timeout_secs=timeouts.get(flavor.name),
                timeout_bound=bounds.get(flavor.name),
                micro_usd_per_million_tokens=_per_million(candidate, estimates),
            )
        )
    return options


def _timeouts(needs: Needs, flavors: Sequence[Flavor], estimates: Estimates) -> Mapping[str, int]:
    """Return the suggested timeout by the name of each flavor on which a duration is known."""
    if estimates.durations is not None:
        return estimates.durations.timeouts
    if needs.duration_secs is None:
        return {}
    from hfplanner.estimate.duration.timeout import suggested_timeout_secs  # noqa: PLC0415 - only with a duration

    secs = suggested_timeout_secs(exactly(needs.duration_secs, DURATION_BASIS))
    return dict.fromkeys((flavor.name for flavor in flavors), secs)


def _per_million(candidate: Candidate, estimates: Estimates) -> Estimate | None:
    """Return what a million tokens cost there, where their number and the time are known."""
    tokens = estimates.durations.tokens if estimates.durations else None
    if tokens is None or candidate.cost_micro_usd is None:
        return None
    from hfplanner.estimate.duration.plan import cost_per_million  # noqa: PLC0415 - only where tokens are counted

    return cost_per_million(candidate.cost_micro_usd, tokens)


def _point(candidate: Candidate) -> tuple[int, int] | None:
    """Return the likely cost and the likely duration, ``None`` where they are not known."""
    cost, duration = candidate.cost_micro_usd, candidate.duration_secs
    return None if cost is None or duration is None else (cost.likely, duration.likely)


def _placement(needs: Needs, candidate: Candidate) -> Placement:
    flavor, memory = candidate.flavor, candidate.memory
    if not flavor.gpus:
        return "cpu"
    on_one_gpu = needs.vram_bytes is None or needs.vram_bytes <= flavor.vram_per_gpu_bytes
    return "single" if on_one_gpu and (memory is None or memory.gpus == 1) else "sharded"


def _on_front(point: tuple[int, int], points: Sequence[tuple[int, int]]) -> bool:
    """Whether no other point is at most as dear and as slow, and less in one of the two."""
    return not any(other != point and other[0] <= point[0] and other[1] <= point[1] for other in points)
