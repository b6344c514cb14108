"""``python -m tests.benchmarks.duration_accuracy``: carried durations against published measurements.

Each source is predicted with constants learnt from all the others. From one measurement: every ordered pair of
accelerators of a group; from two: every third accelerator of it. Errors are of the likely value, in percent.

``--write`` calibrates the levels of the bounds, which nothing else follows, and keeps the report with those bounds.
"""

import argparse
import csv
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration import shares
from tests.benchmarks.blend_accuracy import blend_lines
from tests.benchmarks.carry_tables import (
    bias_lines,
    floor_lines,
    host_lines,
    kill_lines,
    regret_lines,
    second_lines,
    source_lines,
)
from tests.benchmarks.cross_gpu_rows import Group, read_groups
from tests.benchmarks.duration_guesses import Guess, guesses
from tests.benchmarks.fit_carry import Fitted, fit
from tests.benchmarks.work_accuracy import engine_lines, factor_lines, percentile
from tests.benchmarks.work_rows import read_work_rows

__all__ = ["summary"]

_LEVELS = Path(__file__).parents[2] / "data" / "carry_levels.csv"
# Fewer sources are no sample of what the next one is like, and fewer groups none of what a source is like.
_FEWEST_SOURCES, _FEWEST_GROUPS = 2, 4
_HELD, _MOST_LEVEL = 0.885, 0.06
# From one measurement, levels below the least would put the bounds of every job where the few that wait for their host
# are. Two measurements tell which those are, so bounds may lie further out; below this, two durations known within a
# factor of two would be less sure than one of them (tests/estimate/test_carry.py).
_LEAST_LEVEL = {1: 0.04, 2: 0.02}
_REPORT = Path(__file__).parents[2] / "reports" / "duration_accuracy.md"


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
                answer[phase, count] = min(max(level, _LEAST_LEVEL[count]), _MOST_LEVEL)
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


def report(
    left_out: Sequence[Guess], told: Sequence[Guess], shipped: Sequence[Guess], blend: Sequence[str], day: str
) -> str:
    """Return the report as Markdown."""
    offered = [guess for guess in left_out if guess.offered]
    work = read_work_rows()
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
        *second_lines(left_out),
        *host_lines(left_out),
        *floor_lines(left_out),
        *bias_lines(left_out),
        *regret_lines(left_out),
        *kill_lines(left_out),
        "## From first principles, by engine and phase",
        "",
        "Told over measured, and the factor either way (work_accuracy.py); inside: of bounds learnt from the other",
        "sources. The constants of the kernels were chosen with none of these rows in view, those of the engines with",
        "the rows of all sources but those marked unseen. TensorRT is no engine of the planner: its rows are bursts on",
        "cards that clock down under load. B200, RTX 4090 and RTX A6000 are not rented, and left out.",
        "",
        *factor_lines(work),
        "",
        "Every source weighing the same:",
        "",
        *engine_lines(work),
        "",
        "## Carried with the model known, from one measurement",
        "",
        "The median error of the law, whose constants are learnt without the source, of the operations alone, and of",
        "the two blended; inside and width are of the blend's bounds. The constants of the operations and how far the",
        "blend believes them were chosen with these rows in view.",
        "",
        *blend,
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


def _left_out(groups: Sequence[Group], learnt: Mapping[str, Fitted], *, batch_told: bool = False) -> list[Guess]:
    """Return what is predicted of each source with the constants learnt from the others."""
    return [
        guess
        for source, rest in learnt.items()
        for guess in guesses([group for group in groups if group.source == source], rest, batch_told=batch_told)
    ]


def main() -> int:
    """Measure, print and, with --write, keep the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.duration_accuracy")
    parser.add_argument("--write", action="store_true", help="write reports/duration_accuracy.md")
    parser.add_argument("--unseen", type=Path, help="more rows, predicted with the constants as shipped")
    asked = parser.parse_args()
    groups = read_groups()
    everything = fit(groups)
    sources = sorted({group.source for group in groups})
    learnt = {source: fit([group for group in groups if group.source != source]) for source in sources}
    left_out = _left_out(groups, learnt)
    if asked.write:
        write_levels(left_out)
        shares.levels_of.cache_clear()
        read_data_rows.cache_clear()
        left_out = _left_out(groups, learnt)
    batched = [group for group in groups if group.phase == "inference" and group.batch]
    told = _left_out(batched, learnt, batch_told=True)
    blend = blend_lines(read_work_rows(), lambda source: learnt.get(source, everything))
    day = datetime.now(UTC).date().isoformat()
    text = report(left_out, told, list(guesses(groups, everything)), blend, day)
    if asked.unseen:
        more = list(guesses(read_groups([asked.unseen]), everything))
        text += "\n".join(["", *_table("Unseen", more, lambda guess: f"{guess.group.source} {guess.group.phase}")])
    sys.stdout.write(f"{text}\n")
    if asked.write:
        _REPORT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
