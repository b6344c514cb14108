"""One flavor for one request: what is asked of it there, how long the job runs on it, what it costs, and its order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.cost import job_cost
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.recommend.confidence import seconds_at
from hfplanner.recommend.estimates import Estimates, FlavorMemory
from hfplanner.recommend.needs import NEED_LIMITS, Needs
from hfplanner.recommend.rules import rank_order

__all__ = ["DURATION_BASIS", "Candidate", "candidate_on", "rank_key", "wanted_on"]

DURATION_BASIS = "as given, the same on every flavor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A priced flavor with what the job takes and costs there; ``None`` is not known, or was not asked.

    Args:
        flavor: the flavor.
        duration_secs: how long the job runs.
        cost_micro_usd: what that costs.
        memory: what its model needs.
        wait_secs: how long it waits in the queue.
    """

    flavor: Flavor
    duration_secs: Estimate | None = None
    cost_micro_usd: Estimate | None = None
    memory: FlavorMemory | None = None
    wait_secs: Estimate | None = None


def candidate_on(needs: Needs, flavor: Flavor, estimates: Estimates) -> Candidate:
    """Return a flavor with what the job takes and costs there.

    Raises:
        ValueError: the flavor has no price.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> there = candidate_on(Needs(duration_secs=5400), shipped_listing().by_name()["l4x1"], Estimates())
    >>> there.cost_micro_usd.likely
    1199970
    """
    duration, wait = _duration_on(needs, flavor, estimates), estimates.waits.get(flavor.name)
    return Candidate(
        flavor=flavor,
        duration_secs=duration,
        cost_micro_usd=None if duration is None else job_cost(flavor.price, duration),
        memory=estimates.memory.by_flavor[flavor.name] if estimates.memory else None,
        wait_secs=None if wait is None else wait.secs,
    )


def _duration_on(needs: Needs, flavor: Flavor, estimates: Estimates) -> Estimate | None:
    if estimates.durations is not None:
        return estimates.durations.by_flavor.get(flavor.name)
    return None if needs.duration_secs is None else exactly(needs.duration_secs, DURATION_BASIS)


def wanted_on(needs: Needs, flavor: Flavor, estimates: Estimates) -> Needs:
    """Return what is asked of one flavor: the needs, and what estimates say the job needs and takes there.

    The duration is the one that budgets are held against: the likely one, or with ``confidence`` one that it stays
    below. Main memory and disk are likely values, and not asked of a flavor that does not state what it has.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> wanted_on(Needs(vcpu=8), shipped_listing().by_name()["l4x1"], Estimates()) == Needs(vcpu=8)
    True
    """
    updates: dict[str, Any] = {}
    if estimates.durations is not None:
        duration = estimates.durations.by_flavor.get(flavor.name)
        secs = None if duration is None else seconds_at(duration, needs.confidence)
        updates["duration_secs"] = None if secs is None else min(max(secs, 1), NEED_LIMITS["duration_secs"])
    if needs.deadline_secs is not None:
        updates["done_secs"] = _done_on(needs, flavor, estimates)
    if estimates.memory is not None:
        there = estimates.memory.by_flavor[flavor.name]
        updates["gpus"] = max(needs.gpus or 1, there.gpus)
        for field, need in (("ram_bytes", there.ram_bytes.likely), ("disk_bytes", there.disk_bytes.likely)):
            if getattr(flavor, field) is not None:
                updates[field] = max(getattr(needs, field) or 1, need)
    return replace(needs, **updates) if updates else needs


def _done_on(needs: Needs, flavor: Flavor, estimates: Estimates) -> int | None:
    """Return how long until the job is done there [s]: its wait, as far as it is known, and its run."""
    duration, wait = _duration_on(needs, flavor, estimates), estimates.waits.get(flavor.name)
    if duration is None:
        return None
    waiting = 0 if wait is None else wait.at(needs.confidence)
    return min(waiting + seconds_at(duration, needs.confidence), NEED_LIMITS["deadline_secs"] + 1)


def rank_key(needs: Needs, estimates: Estimates) -> Callable[[Flavor], tuple[Any, ...]]:
    """Return the order of priced flavors for a request.

    By likely cost, or for ``objective="time"`` by likely duration, each before the other; what has neither comes last.
    Then cheaper, more VRAM per GPU, fewer GPUs, the name.
    """
    if estimates.durations is None:
        # While a job takes as long everywhere, the order by price is the order by cost and by time.
        return lambda flavor: (False, flavor.price, 0, *rank_order(flavor))

    def key(flavor: Flavor) -> tuple[Any, ...]:
        there = candidate_on(needs, flavor, estimates)
        if there.duration_secs is None or there.cost_micro_usd is None:
            return True, flavor.price, 0, *rank_order(flavor)
        cost, secs = there.cost_micro_usd.likely, there.duration_secs.likely
        first, second = (secs, cost) if needs.objective == "time" else (cost, secs)
        return False, first, second, *rank_order(flavor)

    return key
