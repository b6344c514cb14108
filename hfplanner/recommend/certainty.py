"""How sure a recommendation is: how often each option is the cheapest, which limits it keeps, what to measure first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.recommend.estimates import Estimates
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.spread import share_below
from hfplanner.units import SECONDS_PER_MINUTE, ceiling_micro_usd

if TYPE_CHECKING:
    from hfplanner.estimate.queue_wait import QueueWait
    from hfplanner.recommend.measure import Measurement
    from hfplanner.recommend.result import Option

__all__ = ["NOT_SURE", "UNCERTAIN_ABOVE", "UNCERTAIN_BELOW", "Certainty", "certainty_of"]

NOT_SURE = 0.2
"""An option that is cheaper than the recommendation in at least this share of cases cannot be told apart from it."""


UNCERTAIN_ABOVE, UNCERTAIN_BELOW = 0.05, 0.95
"""Between these probabilities a verdict hangs on the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """How sure a recommendation is; empty where the time of the job is not known, or known exactly.

    Args:
        cheapest: in which share of the cases each fitting flavor costs least.
        within: how surely each keeps ``"max_time"``, ``"max_cost"`` and ``"deadline"``, where they were asked for.
        indistinguishable: the recommendation and the flavors that cannot be told apart from it, the likely cheapest
            first; empty where it stands out.
        measured: whether any flavor was measured.
        measure: what to measure first; ``None`` where nothing pays.
    """

    cheapest: Mapping[str, float] = field(default_factory=dict)
    within: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    indistinguishable: tuple[str, ...] = ()
    measured: bool = False
    measure: "Measurement | None" = None

    def of(self, name: str) -> dict[str, Any]:
        """Return what the interface says of one option."""
        share, within = self.cheapest.get(name), self.within.get(name)
        return {
            "probability_cheapest": None if share is None else round(share, 4),
            "probability_within": within and {limit: round(kept, 4) for limit, kept in within.items()},
        }

    def hangs_on(self, option: "Option") -> tuple[str, ...]:
        """Return what is uncertain of an option: limits and memory that it neither surely keeps nor surely breaks."""
        shares = dict(self.within.get(option.flavor.name, {}))
        if option.memory is not None:
            shares["memory"] = option.memory.probability
        return tuple(name for name, share in shares.items() if UNCERTAIN_ABOVE < share < UNCERTAIN_BELOW)

    def to_json(self) -> dict[str, Any]:
        """Return what the interface says of the whole answer."""
        return {
            "indistinguishable": list(self.indistinguishable),
            "measure": None if self.measure is None else self.measure.to_json(),
        }


def certainty_of(needs: Needs, fitting: Sequence[Flavor], estimates: Estimates, *, runs: int = 1) -> Certainty:
    """Return how sure the order of the fitting flavors is.

    Args:
        needs: what was asked.
        fitting: the priced flavors that meet the needs, the recommendation first.
        estimates: how long the job runs on each, and how long it waits for it.
        runs: how many runs the choice is made for.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.duration.measured import MeasuredRun
    >>> from hfplanner.estimate.duration.workload import Workload
    >>> from hfplanner.estimate.span import exactly
    >>> from hfplanner.recommend.durations import durations_from
    >>> listing = shipped_listing()
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8 * 3600, "one run"))
    >>> durations = durations_from([run], listing, Workload(phase="train"))
    >>> flavors = [listing.by_name()[name] for name in ("h200", "rtx-pro-6000", "a10g-small")]
    >>> sure = certainty_of(Needs(max_time_secs=2 * 3600), flavors, Estimates(durations=durations))
    >>> round(sum(sure.cheapest.values()), 9), sure.within["a10g-small"]["max_time"]
    (1.0, 0.0)
    """
    durations = estimates.durations
    if durations is None:
        return Certainty(within=_by_waits_alone(needs, fitting, estimates))
    spans = {flavor.name: durations.by_flavor[flavor.name] for flavor in fitting if flavor.name in durations.by_flavor}
    known = [flavor for flavor in fitting if flavor.name in spans]
    within = {flavor.name: _within(needs, flavor, spans[flavor.name], estimates) for flavor in known}
    if len(spans) < 2:  # noqa: PLR2004 - nothing to choose between
        return Certainty(cheapest=dict.fromkeys(spans, 1.0), within=_asked(within), measured=bool(durations.measured))
    from hfplanner.recommend.joint import JointDurations, ratios_between  # noqa: PLC0415 - numpy
    from hfplanner.recommend.measure import worth_measuring  # noqa: PLC0415 - numpy

    joint = JointDurations(spans, ratios_between(known, durations.workload))
    prices = {flavor.name: flavor.price for flavor in known}
    best = known[0].name
    near = [flavor.name for flavor in known[1:] if joint.cheaper(flavor.name, best, prices) >= NOT_SURE]
    return Certainty(
        cheapest=joint.cheapest(prices),
        within=_asked(within),
        indistinguishable=(best, *near) if near else (),
        measured=bool(durations.measured),
        measure=worth_measuring(joint, prices, runs=runs),
    )


def _within(needs: Needs, flavor: Flavor, duration: Estimate, estimates: Estimates) -> dict[str, float]:
    limits = {}
    if needs.max_time_secs is not None:
        limits["max_time"] = share_below(duration, needs.max_time_secs)
    if needs.max_cost_micro_usd is not None:
        minutes = ceiling_micro_usd(needs.max_cost_micro_usd) // flavor.price
        limits["max_cost"] = share_below(duration, minutes * SECONDS_PER_MINUTE)
    if needs.deadline_secs is not None:
        limits["deadline"] = _in_time(needs.deadline_secs, duration, estimates.waits.get(flavor.name))
    return limits


def _in_time(deadline_secs: int, duration: Estimate, wait: "QueueWait | None") -> float:
    """Return how surely wait and run are over by then; a wait of which nothing is known is not counted."""
    waits = (0,) if wait is None else wait.cases
    return sum(share_below(duration, deadline_secs - secs) for secs in waits) / len(waits)


def _by_waits_alone(needs: Needs, fitting: Sequence[Flavor], estimates: Estimates) -> Mapping[str, Mapping[str, float]]:
    """Return how surely a deadline is kept by a job that runs as long everywhere: only its wait is uncertain."""
    if needs.deadline_secs is None or needs.duration_secs is None:
        return {}
    duration = exactly(needs.duration_secs, "as given")
    alone = replace(needs, max_time_secs=None, max_cost_micro_usd=None)
    return {flavor.name: _within(alone, flavor, duration, estimates) for flavor in fitting}


def _asked(within: Mapping[str, Mapping[str, float]]) -> Mapping[str, Mapping[str, float]]:
    return {name: limits for name, limits in within.items() if limits}
