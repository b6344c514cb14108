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

__all__ = [
    "bias_lines",
    "floor_lines",
    "host_lines",
    "kill_lines",
    "regret_lines",
    "second_lines",
    "source_lines",
]

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


def second_lines(found: Sequence[Told]) -> list[str]:
    """Return, source by source, what a second measurement is worth on the same targets."""
    lines = ["## What a second measurement is worth, on the same targets", ""]
    lines += ["| source | error from one | from two | inside from one | from two |", "|---|--:|--:|--:|--:|"]
    large = [one for one in _of_large_sources(found) if len(one.group.logs) > 2]
    for source in sorted({one.group.source for one in large}):
        rows = [one for one in large if one.group.source == source]
        one, two = (_summary([row for row in rows if len(row.measured) == count]) for count in (1, 2))
        worse = " (worse)" if two[0] > one[0] else ""
        lines.append(f"| {source} | {one[0]:.1f} | {two[0]:.1f}{worse} | {one[1]:.1f} | {two[1]:.1f} |")
    return [*lines, ""]


_HOSTS = ("Auto-AVSR on Modal (a public repository)", "VectorInstitute/vectorlm", "tech-grandpa/llmperf")


def host_lines(found: Sequence[Told]) -> list[str]:
    """Return the same for sources whose jobs wait for their host: lip reading, small models, clients of a server."""
    lines = ["## Jobs that wait for their host", ""]
    lines += ["| source | from | rows | median error | inside | width |", "|---|--:|--:|--:|--:|--:|"]
    for source in _HOSTS:
        for count in (1, 2):
            rows = [one for one in found if one.group.source == source and len(one.measured) == count]
            error, inside, width = _summary(rows)
            lines.append(f"| {source} | {count} | {len(rows)} | {error:.1f} | {inside:.1f} | {width:.0f} |")
    return [*lines, ""]


def floor_lines(found: Sequence[Told]) -> list[str]:
    """Return what is left of the error of one measurement where the source's own ratio between two cards is known.

    No law of phase and precision can do better: the workloads of one source differ from each other by that.
    """
    ratios: dict[tuple[str, ...], list[float]] = defaultdict(list)
    large = [one for one in _of_large_sources(found) if len(one.measured) == 1]
    for one in large:
        ratios[_pair_of(one)].append(_ratio(one))
    own: dict[str, list[float]] = defaultdict(list)
    others: dict[str, list[float]] = defaultdict(list)
    for one in large:
        alike = ratios[_pair_of(one)]
        own[one.group.source].append(abs(_percent(median(alike) - _ratio(one))))
        if len(alike) > 1:
            rest = list(alike)
            rest.remove(_ratio(one))
            others[one.group.source].append(abs(_percent(median(rest) - _ratio(one))))
    lines = ["## The floor: the law against an oracle that knows the source's own ratio of two cards", ""]
    lines += [
        "Medians of each source, each weighing the same. The oracle is told the median ratio of the source, phase",
        "",
    ]
    lines[-1:] = ["and precision between the same two cards: with the workload itself in it, and without.", ""]
    lines += [
        "The law is told neither. What workloads of one source, phase and precision differ by stays: an error of",
        "",
    ]
    lines[-1:] = ["16 % would be that of knowing already how the source's other workloads changed between the two.", ""]
    lines += ["| oracle | sources | median error |", "|---|--:|--:|"]
    for title, errors in (("with the workload", own), ("without it", others)):
        lines.append(f"| {title} | {len(errors)} | {fmean(median(some) for some in errors.values()):.1f} |")
    return [*lines, ""]


def _pair_of(one: Told) -> tuple[str, ...]:
    return (one.group.source, one.group.phase, one.group.precision, *one.measured, one.target)


def _ratio(one: Told) -> float:
    return one.group.logs[one.target] - one.group.logs[one.measured[0]]


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
