"""``python -m tests.benchmarks.work_accuracy``: published durations against the operations of their models.

Prints how far off the operations are by engine, phase and source, and with ``--write`` keeps how wide the bounds
have to be in ``data/first_principles_spread.csv``: the 5th and 95th percentile of measured over told, every source
weighing the same, and no narrower than a factor of 1.8 either way, because the constants of the engines were chosen
with these rows in view and software changes.
"""

import argparse
import csv
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.benchmarks.work_rows import UNSEEN, WorkRow, read_work_rows

__all__ = ["engine_lines", "factor_lines", "percentile"]

_DATA = Path(__file__).parents[2] / "data" / "first_principles_spread.csv"
_LEAST = math.log(1.8)
_LOW, _HIGH = 0.05, 0.95
# An engine nobody can choose; its rows are there for the cards.
_NOT_OFFERED = "tensorrt"
_KINDS = {"decode": "generating", "prefill": "reading", "denoise": "pictures", "pipeline": "pictures"}


def percentile(values: Iterable[tuple[float, float]], share: float) -> float:
    """Return the value below which a share of the weight lies.

    >>> percentile([(1.0, 1), (2.0, 1), (3.0, 2)], 0.5)
    2.0
    """
    ordered = sorted(values)
    total, passed = sum(weight for _, weight in ordered), 0.0
    for value, weight in ordered:
        passed += weight
        if passed >= share * total:
            return value
    return ordered[-1][0]


def _weighed(rows: Sequence[WorkRow]) -> list[tuple[float, float]]:
    """Return the logarithm of measured over told of each row, every source weighing the same."""
    many: dict[str, int] = defaultdict(int)
    for one in rows:
        many[one.row["source"]] += 1
    return [(-one.log, 1 / many[one.row["source"]]) for one in rows]


def factor_lines(rows: Sequence[WorkRow]) -> list[str]:
    """Return a table of factors by engine, phase, source and quantization."""
    lines = [
        "| engine | phase | source | quantized | rows | told / measured | factor off | p90 | inside |",
        "|---|---|---|---|--:|--:|--:|--:|--:|",
    ]
    groups: dict[tuple[str, ...], list[WorkRow]] = defaultdict(list)
    for one in rows:
        row = one.row
        groups[row["engine"], row["kind"], row["source"], row["quantization"] or "none"].append(one)
    for key, some in sorted(groups.items()):
        shown = (*key[:2], f"{key[2]} (unseen)" if key[2] in UNSEEN else key[2], key[3])
        logs = [one.log for one in some]
        sizes = sorted(abs(log) for log in logs)
        others = [one for one in rows if one.row["source"] != key[2] and one.row["engine"] != _NOT_OFFERED]
        low, high = _bounds(others)
        inside = sum(low <= -log <= high for log in logs) / len(logs)
        told = (median(logs), median(sizes), sizes[math.ceil(0.9 * len(sizes)) - 1])
        numbers = " | ".join(f"{math.exp(log):.2f}" for log in told)
        lines.append(f"| {' | '.join(shown)} | {len(some)} | {numbers} | {100 * inside:.0f} |")
    return lines


def engine_lines(rows: Sequence[WorkRow]) -> list[str]:
    """Return a table of factors by engine and kind of work, every source weighing the same, and of unseen sources."""
    lines = ["| engine | kind | sources | rows | factor off | inside |", "|---|---|--:|--:|--:|--:|"]
    offered = [one for one in rows if one.row["engine"] != _NOT_OFFERED]
    groups: dict[tuple[str, str], list[WorkRow]] = defaultdict(list)
    for one in offered:
        groups[one.row["engine"], _KINDS.get(one.row["kind"], "training")].append(one)
    unseen = [one for one in offered if one.row["source"] in UNSEEN]
    for key, some in (*sorted(groups.items()), (("any", "any"), offered), (("any", "any, unseen"), unseen)):
        by_source: dict[str, list[WorkRow]] = defaultdict(list)
        for one in some:
            by_source[one.row["source"]].append(one)
        off = [median(abs(one.log) for one in found) for found in by_source.values()]
        inside = []
        for source, found in by_source.items():
            low, high = _bounds([one for one in offered if one.row["source"] != source])
            inside.append(sum(low <= -one.log <= high for one in found) / len(found))
        factor, held = math.exp(sum(off) / len(off)), 100 * sum(inside) / len(inside)
        lines.append(f"| {' | '.join(key)} | {len(by_source)} | {len(some)} | {factor:.2f} | {held:.0f} |")
    return lines


def _bounds(rows: Sequence[WorkRow]) -> tuple[float, float]:
    weighed = _weighed(rows)
    return min(percentile(weighed, _LOW), -_LEAST), max(percentile(weighed, _HIGH), _LEAST)


def _inside(rows: Sequence[WorkRow], bounds: tuple[float, float]) -> float:
    """Return how many of a hundred lie within the bounds, every source weighing the same."""
    weighed = _weighed(rows)
    within = sum(weight for log, weight in weighed if bounds[0] <= log <= bounds[1])
    return 100 * within / sum(weight for _, weight in weighed)


def main() -> int:
    """Print the factors, and keep the bounds."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.work_accuracy")
    parser.add_argument("--write", action="store_true", help="write data/first_principles_spread.csv")
    rows = read_work_rows()
    sys.stdout.write("\n".join([*factor_lines(rows), "", *engine_lines(rows)]) + "\n")
    if parser.parse_args().write:
        offered = [one for one in rows if one.row["engine"] != _NOT_OFFERED]
        sources = len({one.row["source"] for one in offered})
        bounds = _bounds(offered)
        low, high = (math.exp(log) for log in bounds)
        told = f"{_inside(offered, bounds):.0f} of 100 of {len(offered)} published runs of {sources} projects took"
        source = f"{told} {low:.2f} to {high:.2f} times what their operations say"
        with _DATA.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("engine", "kind", "low", "high", "source", "checked"))
            day = datetime.now(UTC).date().isoformat()
            writer.writerow(("any", "any", f"{low:.3f}", f"{high:.3f}", source, day))
    return 0


if __name__ == "__main__":
    sys.exit(main())
