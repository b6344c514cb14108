"""A job's duration on many flavors with what it costs there: what ``estimate duration`` and ``estimate cost`` say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.estimate.cost import job_cost, worst_case_micro_usd
from hfplanner.estimate.duration.carry import Carried
from hfplanner.estimate.duration.timeout import suggested_timeout
from hfplanner.estimate.span import Estimate
from hfplanner.units import ceil_div

__all__ = [
    "DurationPlan",
    "PlannedFlavor",
    "Terms",
    "cost_per_million",
    "find_flavors",
    "plan_flavors",
    "same_everywhere",
]

_MILLION = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under what terms a job is run.

    Args:
        timeout_secs: of one attempt [s]; ``None`` is the one suggested for each flavor.
        attempts: how often it may be tried.
        tokens: how many it reads or writes, for the cost of a million; ``None`` is not known.

    Raises:
        ValueError: one of them is not above 0.
    """

    timeout_secs: int | None = None
    attempts: int = 1
    tokens: int | None = None

    def __post_init__(self) -> None:
        """Refuse terms that cannot be."""
        given = (self.timeout_secs, self.attempts, self.tokens)
        if any(number is not None and number <= 0 for number in given):
            raise ValueError(f"not above 0: {self}")


@dataclass(frozen=True, slots=True)
class PlannedFlavor:
    """A job on one flavor.

    Args:
        flavor: where.
        duration_secs: how long [s].
        cost_micro_usd: of one attempt that ends by itself; ``None`` where the flavor has no price.
        worst_case_micro_usd: of all attempts, each until its timeout; ``None`` where the flavor has no price.
        timeout_secs: the timeout of the worst case [s].
        suggested_timeout_secs: the timeout that is suggested [s].
        micro_usd_per_million_tokens: what a million tokens cost, if their number is known.
        suggested_timeout_bound: what bound the suggested timeout; ``None`` where it is what 1 of 100 runs exceed.
    """

    flavor: Flavor
    duration_secs: Estimate
    cost_micro_usd: Estimate | None
    worst_case_micro_usd: int | None
    timeout_secs: int
    suggested_timeout_secs: int
    micro_usd_per_million_tokens: Estimate | None
    suggested_timeout_bound: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the flavor as the interface spells it."""
        cost, per_million = self.cost_micro_usd, self.micro_usd_per_million_tokens
        return {
            "flavor": self.flavor.name,
            "duration_secs": self.duration_secs.to_json(),
            "cost_micro_usd": cost and cost.to_json(),
            "worst_case_micro_usd": self.worst_case_micro_usd,
            "timeout_secs": self.timeout_secs,
            "suggested_timeout_secs": self.suggested_timeout_secs,
            "suggested_timeout_bound": self.suggested_timeout_bound,
            "micro_usd_per_million_tokens": per_million and per_million.to_json(),
        }


@dataclass(frozen=True, slots=True)
class DurationPlan:
    """What is known of a job on the flavors asked for.

    Args:
        flavors: where something can be said, in the order asked.
        unknown: why nothing can be said, by the name of each other flavor.
    """

    flavors: tuple[PlannedFlavor, ...]
    unknown: Mapping[str, str]

    def fastest_first(self) -> "DurationPlan":
        """Return the same, by likely duration; equal ones by cost and name."""
        return self._sorted(lambda row: (row.duration_secs.likely, _cost(row), row.flavor.name))

    def cheapest_first(self) -> "DurationPlan":
        """Return the same, by likely cost; equal ones by duration and name. What has no price comes last."""
        return self._sorted(lambda row: (_cost(row), row.duration_secs.likely, row.flavor.name))

    def _sorted(self, key: Any) -> "DurationPlan":  # noqa: ANN401 - a key of sorted()
        return DurationPlan(tuple(sorted(self.flavors, key=key)), self.unknown)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as the interface spells it."""
        return {
            "estimates": [row.to_json() for row in self.flavors],
            "unknown": [{"flavor": name, "reason": reason} for name, reason in self.unknown.items()],
        }


def _cost(row: PlannedFlavor) -> float:
    return float("inf") if row.cost_micro_usd is None else row.cost_micro_usd.likely


def same_everywhere(duration: Estimate, flavors: Iterable[Flavor]) -> Carried:
    """Return a duration of which nobody says where it was measured: it is taken to be the same on every flavor.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> same_everywhere(exactly(60, "as given"), shipped_listing().flavors).estimates["h200"].likely
    60
    """
    return Carried({flavor.name: duration for flavor in flavors}, {})


def find_flavors(names: Sequence[str], listed: Mapping[str, Flavor], option: str) -> tuple[Flavor, ...]:
    """Return the flavors of these names, all listed ones where there are no names.

    Raises:
        UsageError: the listing has no flavor of that name; near names are in the hint.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> [flavor.gpus for flavor in find_flavors(["l4x4"], shipped_listing().by_name(), "--to")]
    [4]
    """
    for name in names:
        if name not in listed:
            hint = f"{did_you_mean(name, listed)}See `hfplanner hardware`."
            raise UsageError(f"{option}: the listing has no flavor {quoted(name)}.", hint=hint)
    return tuple(listed[name] for name in dict.fromkeys(names)) if names else tuple(listed.values())


def plan_flavors(carried: Carried, flavors: Iterable[Flavor], terms: Terms) -> DurationPlan:
    """Return what a job of known durations costs, on every flavor that has one.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> flavors = shipped_listing().flavors
    >>> plan = plan_flavors(same_everywhere(exactly(3600, "as given"), flavors), flavors, Terms(timeout_secs=7200))
    >>> best = plan.cheapest_first().flavors[0]
    >>> best.flavor.name, best.cost_micro_usd.likely, best.worst_case_micro_usd
    ('cpu-basic', 10020, 20040)
    """
    suggested = cache(suggested_timeout)
    missing = [name for name in carried.estimates if name not in carried.timeouts]
    carried = carried.with_timeouts({name: suggested(carried.estimates[name]) for name in missing})
    rows = [_row(flavor, carried, terms) for flavor in flavors if flavor.name in carried.estimates]
    return DurationPlan(tuple(rows), dict(carried.unknown))


def _row(flavor: Flavor, carried: Carried, terms: Terms) -> PlannedFlavor:
    duration, suggested = carried.estimates[flavor.name], carried.timeouts[flavor.name]
    timeout = terms.timeout_secs or suggested
    price = flavor.price_micro_usd_per_minute
    cost = None if price is None else job_cost(price, duration)
    worst = None if price is None else worst_case_micro_usd(price, timeout, attempts=terms.attempts)
    per_million = None if cost is None or terms.tokens is None else cost_per_million(cost, terms.tokens)
    bound = carried.timeout_bounds.get(flavor.name)
    return PlannedFlavor(flavor, duration, cost, worst, timeout, suggested, per_million, bound)


def cost_per_million(cost: Estimate, tokens: int) -> Estimate:
    """Return what a million tokens cost, rounded up to whole micro-USD, of a job that costs so much for its tokens.

    >>> from hfplanner.estimate.span import exactly
    >>> cost_per_million(exactly(1_500_000, "as given"), 3_000_000).likely
    500000
    """
    low, likely, high = (ceil_div(part * _MILLION, tokens) for part in (cost.low, cost.likely, cost.high))
    return Estimate(low, likely, high, cost.basis)
