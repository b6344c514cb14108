"""The order of what fits, and what each option means beside the others."""

from collections.abc import Sequence

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.cost import job_cost
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.recommend.break_even import break_even
from hfplanner.recommend.dominance import dominated
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.notes import option_notes, standing
from hfplanner.recommend.result import Option, Placement
from hfplanner.recommend.rules import rank_order

__all__ = ["DURATION_BASIS", "rank_options"]

DURATION_BASIS = "as given, the same on every flavor"
MEASURED_BASIS = "measured on {flavor}; taken to be the same on every flavor"


def rank_options(needs: Needs, fitting: Sequence[Flavor]) -> list[Option]:
    """Return the options, best first.

    Args:
        needs: what was asked.
        fitting: the priced flavors that meet the needs, in any order.
    """
    ordered = sorted(fitting, key=rank_order)
    duration = _duration(needs)
    costs = [None if duration is None else job_cost(flavor.price, duration) for flavor in ordered]
    points = [(cost.likely, duration.likely) for cost in costs if cost is not None and duration is not None]
    options = []
    for index, flavor in enumerate(ordered):
        beaten_by = tuple(other.name for other in ordered if dominated(flavor, other))
        options.append(
            Option(
                rank=index + 1,
                flavor=flavor,
                placement=_placement(needs, flavor),
                duration_secs=duration,
                cost_micro_usd=costs[index],
                pareto=_on_front(points[index], points) if points else None,
                break_even=break_even(flavor, ordered[0]),
                dominated_by=beaten_by,
                standing=standing(flavor, ordered, needs.duration_secs),
                notes=option_notes(needs, flavor, ordered, beaten_by),
            )
        )
    return options


def _duration(needs: Needs) -> Estimate | None:
    if needs.duration_secs is None:
        return None
    measured_on = needs.duration_flavor
    basis = DURATION_BASIS if measured_on is None else MEASURED_BASIS.format(flavor=measured_on)
    return exactly(needs.duration_secs, basis)


def _placement(needs: Needs, flavor: Flavor) -> Placement:
    if not flavor.gpus:
        return "cpu"
    on_one_gpu = needs.vram_bytes is None or needs.vram_bytes <= flavor.vram_per_gpu_bytes
    return "single" if on_one_gpu else "sharded"


def _on_front(point: tuple[int, int], points: Sequence[tuple[int, int]]) -> bool:
    """Whether no other point is at most as dear and as slow, and less in one of the two."""
    return not any(other != point and other[0] <= point[0] and other[1] <= point[1] for other in points)
