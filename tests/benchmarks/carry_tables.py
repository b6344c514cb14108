"""Tables of carried durations that pool nothing away: by phase and target, by source, and what a choice costs."""

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, median
from typing import Protocol

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.timeout import suggested_timeout
from hfplanner.estimate.span import Estimate
from tests.benchmarks.cross_gpu_rows import Group

__all__ = ["bias_lines", "kill_lines", "regret_lines", "source_lines"]

_FEWEST_GROUPS = 4
_FEWEST_ROWS = 8
# As long as the jobs whose timeouts are looked at are taken to be: the minutes that jobs are billed in hardly matter.
_JOB_SECS = 4 * 3600


class Told(Protocol):
    """A prediction beside its truth, as :class:`tests.benchmarks.duration_guesses.Guess` is."""

    @property
    def group(self) -> Group:
        """What it is of."""

    @property
    def measured(self) -> tuple[str, ...]:
        """Where it was measured."""

    @property
    def target(self) -> str:
        """Where it was predicted."""

    @property
    def likely(self) -> float:
        """Logarithm of predicted over true."""

    @property
    def low(self) -> float:
        """Of the lower bound."""

    @property
    def high(self) -> float:
        """Of the upper bound."""


def _percent(log: float) -> float:
    return 100 * math.expm1(log)


def bias_lines(found: Sequence[Told]) -> list[str]:
    """Return the signed error from one measurement by phase and target, where eight rows or more tell it.

    Pooled over both directions of every pair it is 0 by construction, and says nothing.
    """
    rows: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in found:
        if len(one.measured) == 1:
            rows[one.group.phase, one.target].append(one.likely)
    lines = ["## Signed error by phase and target, from one measurement", "", "| phase | target | rows | median |"]
    lines.append("|---|---|--:|--:|")
    for (phase, target), logs in sorted(rows.items()):
        if len(logs) >= _FEWEST_ROWS:
            lines.append(f"| {phase} | {target} | {len(logs)} | {_percent(median(logs)):+.1f} |")
    return [*lines, ""]


def source_lines(found: Sequence[Told]) -> list[str]:
    """Return the means over sources of four groups and more: error, share inside, width; and the least of the second.

    Beside two measurements stands one measurement on the same targets: a second one should never hurt.
    """
    large = _of_large_sources(found)
    lines = ["## Every source weighing the same, those of four groups and more", ""]
    lines += ["| from | sources | median error | inside | least inside | width |", "|---|--:|--:|--:|--:|--:|"]
    for title, rows in (
        ("one", [one for one in large if len(one.measured) == 1]),
        (
            "one, of groups of three and more",
            [one for one in large if len(one.measured) == 1 and len(one.group.logs) > 2],
        ),
        ("two", [one for one in large if len(one.measured) == 2]),
    ):
        by_source: dict[str, list[Told]] = defaultdict(list)
        for one in rows:
            by_source[one.group.source].append(one)
        parts = [_summary(some) for some in by_source.values()]
        error, inside, width = (fmean(part[place] for part in parts) for place in range(3))
        least = min(part[1] for part in parts)
        lines.append(f"| {title} | {len(parts)} | {error:.1f} | {inside:.1f} | {least:.1f} | {width:.0f} |")
    return [*lines, ""]


def _of_large_sources(found: Sequence[Told]) -> list[Told]:
    groups: dict[str, set[int]] = defaultdict(set)
    for one in found:
        groups[one.group.source].add(id(one.group))
    return [one for one in found if len(groups[one.group.source]) >= _FEWEST_GROUPS]


def kill_lines(found: Sequence[Told]) -> list[str]:
    """Return how many jobs the suggested timeout of a carried duration would stop, every source weighing the same.

    The job is one of four hours that repeats exactly: what the software of a day adds is not in it.
    """
    lines = ["## Timeouts of carried durations, each source weighing the same", ""]
    lines += ["| from | killed, of 100 | most of one source | median timeout / likely |", "|---|--:|--:|--:|"]
    for title, count in (("one", 1), ("two", 2)):
        killed: dict[str, list[bool]] = defaultdict(list)
        times = []
        for one in _of_large_sources(found):
            if len(one.measured) == count:
                low, likely, high = (round(_JOB_SECS * math.exp(log)) for log in (one.low, one.likely, one.high))
                secs = suggested_timeout(Estimate(low, likely, high, ("carried",))).secs
                killed[one.group.source].append(secs < _JOB_SECS)
                times.append(secs / likely)
        shares = [100 * fmean(some) for some in killed.values()]
        lines.append(f"| {title} | {fmean(shares):.2f} | {max(shares):.1f} | {median(times):.1f} |")
    return [*lines, ""]


def _summary(some: Sequence[Told]) -> tuple[float, float, float]:
    inside = 100 * sum(one.low <= 0 <= one.high for one in some) / len(some)
    width = 100 * median(math.exp(one.high - one.likely) - math.exp(one.low - one.likely) for one in some)
    return median(abs(_percent(one.likely)) for one in some), inside, width


def _prices() -> dict[str, int]:
    """Return micro-USD a minute of one GPU by accelerator."""
    found: dict[str, int] = {}
    for flavor in shipped_listing().flavors:
        if flavor.gpus == 1 and flavor.accelerator and flavor.price_micro_usd_per_minute:
            price = flavor.price_micro_usd_per_minute
            found[flavor.accelerator] = min(found.get(flavor.accelerator, price), price)
    return found


def regret_lines(found: Sequence[Told]) -> list[str]:
    """Return how much more the chosen accelerator costs than the cheapest would: by likely cost, and by two rules.

    Of each group that ran on several accelerators of the Hub, measured on each of them in turn.
    """
    prices = _prices()
    choices: dict[tuple[int, str], dict[str, float]] = defaultdict(dict)
    groups: dict[int, Group] = {}
    for one in found:
        if len(one.measured) == 1 and {one.target, *one.measured} <= set(prices):
            groups[id(one.group)] = one.group
            choices[id(one.group), one.measured[0]][one.target] = one.likely + one.group.logs[one.target]
    regrets: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (key, measured), carried in choices.items():
        group = groups[key]
        told = {**carried, measured: group.logs[measured]}
        cost = {name: group.logs[name] + math.log(prices[name]) for name in told}
        best = min(cost.values())
        picked = {
            "recommended": min(told, key=lambda name: told[name] + math.log(prices[name])),
            "cheapest per hour": min(told, key=lambda name: prices[name]),
            "stay": measured,
        }
        for rule, name in picked.items():
            regrets[group.source][rule].append(_percent(cost[name] - best))
    lines = ["## What the choice costs, in percent above the cheapest", ""]
    lines += ["| source | choices | recommended | cheapest per hour | stay |", "|---|--:|--:|--:|--:|"]
    rules = ("recommended", "cheapest per hour", "stay")
    for source, rows in sorted(regrets.items()):
        cells = " | ".join(f"{fmean(rows[rule]):.1f}" for rule in rules)
        lines.append(f"| {source} | {len(rows['stay'])} | {cells} |")
    means = " | ".join(f"{fmean(fmean(rows[rule]) for rows in regrets.values()):.1f}" for rule in rules)
    lines.append(f"| mean of the sources | | {means} |")
    return [*lines, ""]
