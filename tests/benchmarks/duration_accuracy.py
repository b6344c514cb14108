"""``python -m tests.benchmarks.duration_accuracy``: carried durations against published measurements.

Each source is predicted with constants learnt from all the others. From one measurement: every ordered pair of
accelerators of a group; from two: every third accelerator of it. Errors are of the likely value, in percent.
"""

import argparse
import csv
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from statistics import median, quantiles

from hfplanner.estimate.duration.fit import Point, believe, carried
from hfplanner.estimate.duration.shares import Shares
from tests.benchmarks.carry_tables import bias_lines, regret_lines, source_lines
from tests.benchmarks.cross_gpu_rows import Group, kind_of, read_before, read_groups, read_rows
from tests.benchmarks.fit_carry import Fitted, fit
from tests.benchmarks.work_accuracy import factor_lines, percentile
from tests.benchmarks.work_rows import read_work_rows

__all__ = ["Guess", "guesses", "summary"]

_OFFERED = {"T4", "L4", "A10G", "L40S", "A100", "H200", "RTX PRO 6000"}
_LEVELS = Path(__file__).parents[2] / "data" / "carry_levels.csv"
# Fewer sources are no sample of what the next one is like, and fewer groups none of what a source is like.
_FEWEST_SOURCES, _FEWEST_GROUPS = 2, 4
# Levels below the least would put the bounds of every job where the few that wait for their host are.
_HELD, _LEAST_LEVEL, _MOST_LEVEL = 0.88, 0.04, 0.06
_REPORT = Path(__file__).parents[2] / "reports" / "duration_accuracy.md"


@dataclass(frozen=True, slots=True)
class Guess:
    """A duration that was predicted and is known: logarithms of prediction over truth.

    Args:
        group: what it is of.
        measured: the accelerators it was predicted from.
        target: the accelerator it was predicted for.
        likely: of the likely value.
        low: of the lower bound.
        high: of the upper bound.
        compute: of the rule "as the datasheets' operations per second".
        bandwidth: of the rule "as the datasheets' bandwidth".
        tail: the probability of what is at least as far on that side as the truth: a level below it holds the truth.
    """

    group: Group
    measured: tuple[str, ...]
    target: str
    likely: float
    low: float
    high: float
    compute: float
    bandwidth: float
    tail: float

    @property
    def offered(self) -> bool:
        """Whether all its accelerators can be rented at the Hub."""
        return {*self.measured, self.target} <= _OFFERED


@dataclass(frozen=True, slots=True)
class _Case:
    """A group with what is believed of its accelerators and shares, and with their datasheets."""

    group: Group
    points: dict[str, Point]
    shares: Shares
    sheets: dict[str, dict[str, float]]

    def guess(self, measured: tuple[str, ...], target: str) -> Guess:
        """Predict one accelerator from others."""
        logs, truth = self.group.logs, self.group.logs[target]
        belief = believe([self.points[name] for name in measured], self.shares)
        change, below = carried(belief, self.points[target]), belief.share_below(self.points[target], truth)
        compute, bandwidth = (
            logs[measured[0]] + self._sheet(measured[0], kind) - self._sheet(target, kind) - truth
            for kind in (self.group.precision, "")
        )
        return Guess(
            self.group,
            measured,
            target,
            change.likely - truth,
            change.low - truth,
            change.high - truth,
            compute,
            bandwidth,
            min(below, 1 - below),
        )

    def _sheet(self, name: str, precision: str) -> float:
        """Return the logarithm of a datasheet's operations per second, of its bandwidth where no precision is named."""
        sheet = self.sheets[name]
        kind = kind_of(name, precision, {(name, kind) for kind in sheet}) if precision else "bandwidth"
        return math.log(sheet[kind])


def guesses(groups: Sequence[Group], fitted: Fitted, *, batch_told: bool = False) -> Iterator[Guess]:
    """Predict every accelerator of every group from one other, and from every two others."""
    before, sheets = read_before(), _datasheets()
    for group in groups:
        points = {name: _point(name, group, fitted, before) for name in group.logs}
        shares = fitted.shares(group.phase).with_batch(group.batch if batch_told else None)
        case = _Case(group, points, shares, sheets)
        for target in group.logs:
            others = [name for name in group.logs if name != target]
            for count in (1, 2):
                yield from (case.guess(measured, target) for measured in combinations(others, count))


def _point(name: str, group: Group, fitted: Fitted, before: dict[tuple[str, str], object]) -> Point:
    rates = fitted.rates
    kind = kind_of(name, group.precision, before)
    return Point(rates[name, kind], rates[name, "bandwidth"], rates[name, "clock"], group.logs[name])


def _datasheets() -> dict[str, dict[str, float]]:
    rows = read_rows(Path(__file__).parent / "data" / "gpu_datasheets.csv")
    return {
        row["accelerator"]: {name: float(value) for name, value in row.items() if name != "accelerator" and value}
        for row in rows
    }


def levels(found: Sequence[Guess]) -> dict[tuple[str, int], float]:
    """Return by phase and number of measurements the level of bounds that hold 88 of 100, as far as it is allowed."""
    answer = {}
    found = _of_large_sources(found)
    for phase in ("any", *sorted({guess.group.phase for guess in found})):
        for count in (1, 2):
            rows = [g for g in found if len(g.measured) == count and phase in {"any", g.group.phase}]
            many = Counter(guess.group.source for guess in rows)
            if len(many) >= _FEWEST_SOURCES or phase == "any":
                level = percentile([(guess.tail, 1 / many[guess.group.source]) for guess in rows], 1 - _HELD)
                answer[phase, count] = min(max(level, _LEAST_LEVEL), _MOST_LEVEL)
    return answer


def _of_large_sources(found: Sequence[Guess]) -> list[Guess]:
    groups: dict[str, set[int]] = defaultdict(set)
    for guess in found:
        groups[guess.group.source].add(id(guess.group))
    return [guess for guess in found if len(groups[guess.group.source]) >= _FEWEST_GROUPS]


def write_levels(found: Sequence[Guess]) -> None:
    """Keep the levels in ``data/carry_levels.csv``."""
    day = datetime.now(UTC).date().isoformat()
    with _LEVELS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("phase", "measured", "level", "held", "source", "checked"))
        for (phase, count), level in levels(found).items():
            large = _of_large_sources(found)
            rows = [g for g in large if len(g.measured) == count and phase in {"any", g.group.phase}]
            sources = len({guess.group.source for guess in rows})
            many = Counter(guess.group.source for guess in rows)
            held = sum((guess.tail >= level) / many[guess.group.source] for guess in rows) / len(many)
            source = f"{len(rows)} published pairs of {sources} sources, each left out once"
            writer.writerow((phase, count, f"{level:.4f}", f"{held:.3f}", source, day))


def _error(log: float) -> float:
    return abs(math.expm1(log)) * 100


def summary(found: Sequence[Guess]) -> tuple[float, ...]:
    """Return in percent: median and p90 error, bias, cases inside and above the interval, width, and both rules."""
    errors = [_error(guess.likely) for guess in found]
    return (
        median(errors),
        quantiles(errors, n=10)[-1] if len(errors) > 1 else errors[0],
        math.expm1(median(guess.likely for guess in found)) * 100,
        100 * sum(guess.low <= 0 <= guess.high for guess in found) / len(found),
        100 * sum(guess.high < 0 for guess in found) / len(found),
        100 * median(math.exp(guess.high - guess.likely) - math.exp(guess.low - guess.likely) for guess in found),
        median(_error(guess.compute) for guess in found),
        median(_error(guess.bandwidth) for guess in found),
    )


def _table(title: str, found: Sequence[Guess], key: Callable[[Guess], str]) -> list[str]:
    """Return a table of one summary per key, from one measurement and from two."""
    head = "| group | from | rows | median | p90 | bias | inside | above | width | by compute | by bandwidth |"
    lines = [f"## {title}", "", head, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for name in sorted({key(guess) for guess in found}):
        for count in (1, 2):
            rows = [guess for guess in found if key(guess) == name and len(guess.measured) == count]
            if rows:
                numbers = " | ".join(f"{number:.1f}" for number in summary(rows))
                lines.append(f"| {name} | {count} | {len(rows)} | {numbers} |")
    return [*lines, ""]


def _pair(guess: Guess) -> str:
    return f"{' + '.join(guess.measured)} to {guess.target}"


def _by_source(found: Sequence[Guess]) -> list[str]:
    """Return a table in which every source and phase weighs the same, however many rows it has."""
    head = "| from | sources and phases | median | inside | width |"
    lines = [
        "## Between accelerators of the Hub, every source and phase weighing the same",
        "",
        head,
        "|--:|--:|--:|--:|--:|",
    ]
    for count in (1, 2):
        rows = [guess for guess in found if len(guess.measured) == count]
        keys = sorted({(guess.group.source, guess.group.phase) for guess in rows})
        parts = [summary([guess for guess in rows if (guess.group.source, guess.group.phase) == key]) for key in keys]
        middle, inside, width = (sum(part[place] for part in parts) / len(parts) for place in (0, 3, 5))
        lines.append(f"| {count} | {len(parts)} | {middle:.1f} | {inside:.1f} | {width:.1f} |")
    return [*lines, ""]


def report(left_out: Sequence[Guess], told: Sequence[Guess], shipped: Sequence[Guess], day: str) -> str:
    """Return the report as Markdown."""
    offered = [guess for guess in left_out if guess.offered]
    lines = [
        f"# Durations carried to other accelerators against published measurements, {day}",
        "",
        "In percent. Every source is predicted with constants learnt from all others; nothing is told but phase and",
        "precision. Inside, above, width: of the 90 % interval. Beside it the rules people use: by the datasheets'",
        "operations per second, and by their bandwidth.",
        "",
        "What single kernels reach (kernel_rates.py) counts as hardware and is always known. The prompts of",
        "ai-dynamo/aiconfigurator are sums of such kernels: its prefill rows, nearly all of those from two machines",
        "of the Hub, are not independent of the rates.",
        "",
        *source_lines(left_out),
        *bias_lines(left_out),
        *regret_lines(left_out),
        "## From first principles, by engine and phase",
        "",
        "Told over measured, and the factor either way (work_accuracy.py); inside: of bounds learnt from the other",
        "sources. The constants of the engines were chosen with all of these rows in view, those of the kernels with",
        "none of them. TensorRT is no engine of the planner: its rows are bursts on cards that clock down under load.",
        "",
        *factor_lines(read_work_rows()),
        "",
        *_table("All", left_out, lambda _: "every source left out once"),
        *_table("All, with the constants as shipped", shipped, lambda _: "all"),
        *_table("By phase", left_out, lambda guess: guess.group.phase),
        *_table("By source", left_out, lambda guess: guess.group.source),
        *_table(
            "Inference of a known batch size, told nothing and told that size",
            [guess for guess in left_out if guess.group.phase == "inference" and guess.group.batch],
            lambda _: "told nothing",
        )[:-1],
        *_table("", told, lambda _: "told the batch size")[4:],
        *_table("Between accelerators of the Hub", offered, lambda _: "all"),
        *_by_source(offered),
        *_table("Between accelerators of the Hub, by pair", offered, _pair),
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print and, with --write, keep the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.duration_accuracy")
    parser.add_argument("--write", action="store_true", help="write reports/duration_accuracy.md")
    parser.add_argument("--unseen", type=Path, help="more rows, predicted with the constants as shipped")
    asked = parser.parse_args()
    groups = read_groups()
    everything = fit(groups)
    left_out: list[Guess] = []
    told: list[Guess] = []
    for source in sorted({group.source for group in groups}):
        rest = fit([group for group in groups if group.source != source])
        unseen = [group for group in groups if group.source == source]
        left_out.extend(guesses(unseen, rest))
        batched = [group for group in unseen if group.phase == "inference" and group.batch]
        told.extend(guesses(batched, rest, batch_told=True))
    text = report(left_out, told, list(guesses(groups, everything)), datetime.now(UTC).date().isoformat())
    if asked.unseen:
        more = list(guesses(read_groups([asked.unseen]), everything))
        text += "\n".join(["", *_table("Unseen", more, lambda guess: f"{guess.group.source} {guess.group.phase}")])
    sys.stdout.write(f"{text}\n")
    if asked.write:
        write_levels(left_out)
        _REPORT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
