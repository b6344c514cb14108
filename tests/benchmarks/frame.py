"""A million needs at once: seconds, memory, and the time per need beside gpuhunt's."""

import json
import os
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfplanner.units import GiB
from tests.benchmarks.processes import child_environ, interleaved, python, run_process
from tests.benchmarks.ratio import NotMeasured, Ratio, Result, against_limit, against_peer

__all__ = ["measure"]

_ROUNDS = 5
_NEEDS = 1_000_000
_SAMPLE = 500
_LIMIT_SECS = 3.0
_LIMIT_BYTES = 2 * GiB
# A tenth of the peer's time per need.
_GOAL_PER_NEED = 0.1
_PEER = "gpuhunt Catalog.query"

# What gpuhunt has no filter for.
_NOT_EXPRESSIBLE = ("duration_secs", "max_time_secs", "max_cost_micro_usd")

_RUNS = {
    "top=1": ("--top", "1"),
    "all options": (),
    "all options, every flavor fits": ("--loosest",),
}

Figures = dict[str, list[dict[str, Any]]]


def measure() -> list[Result]:
    """Return the frame function's time and memory beside their limits, and its time per need beside gpuhunt's."""
    with tempfile.TemporaryDirectory() as folder:
        environ = child_environ(os.environ, Path(folder))
        sides = {
            name: partial(_figures, environ, "rank_needs", "--needs", str(_NEEDS), *options)
            for name, options in _RUNS.items()
        }
        has_peer = find_spec("gpuhunt") is not None
        if has_peer:
            _check_same_answers(environ)
            sides[_PEER] = partial(_figures, environ, "query_gpuhunt", "--needs", str(_SAMPLE))
        figures = interleaved(sides, rounds=_ROUNDS)
    return [*_against_limits(figures), *(_per_need(figures) if has_peer else _no_peer())]


def _figures(environ: dict[str, str], module: str, *arguments: str) -> dict[str, Any]:
    """Run a process of this folder and return the figures it prints; making its needs is not in its seconds."""
    _, printed = run_process(python("-m", f"tests.benchmarks.{module}", *arguments), environ)
    return json.loads(printed)


def _against_limits(figures: Figures) -> list[Ratio]:
    found = []
    for name in _RUNS:
        seen = figures[name]
        title = f"{_NEEDS:,} needs x {seen[0]['flavors']} flavors, {name}"
        found += [
            against_limit(title, [one["secs"] for one in seen], _LIMIT_SECS, unit="s"),
            against_limit(title, [one["peak_bytes"] for one in seen], _LIMIT_BYTES, unit="bytes"),
        ]
    return found


def _per_need(figures: Figures) -> list[Ratio]:
    ours = [one["secs"] / _NEEDS for one in figures["all options"]]
    theirs = [one["secs"] / _SAMPLE for one in figures[_PEER]]
    version = figures[_PEER][0]["version"]
    remark = f"gpuhunt {version}, {_SAMPLE} needs one by one, without {', '.join(_NOT_EXPRESSIBLE)}: it has no filter"
    return [against_peer("one need of these, all options", ours, _PEER, theirs, goal=_GOAL_PER_NEED, remark=remark)]


def _no_peer() -> list[NotMeasured]:
    reason = "not measured: install '.[bench]'"
    return [
        NotMeasured(name="one need of these, all options", peer_name=_PEER, goal=_GOAL_PER_NEED, reason=reason),
    ]


def _check_same_answers(environ: dict[str, str]) -> None:
    """Refuse to compare two sides that do not answer the same question.

    Raises:
        RuntimeError: they find different numbers of options for the sample, without what gpuhunt has no filter for.
    """
    count = ("--needs", str(_SAMPLE))
    ours = _figures(environ, "rank_needs", *count, "--without", *_NOT_EXPRESSIBLE)
    theirs = _figures(environ, "query_gpuhunt", *count)
    if ours["options"] != theirs["options"]:
        raise RuntimeError(f"For the same needs we find {ours['options']} options, gpuhunt {theirs['options']}.")
