"""The default report over 10^4 to 10^7 jobs: seconds beside DuckDB's on the same files, and peak memory."""

import json
import os
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfplanner.units import GiB
from tests.benchmarks.processes import child_environ, interleaved, python, run_process
from tests.benchmarks.ratio import NotMeasured, Result, against_limit, against_peer

__all__ = ["measure"]

# How the time grows is shown by all sizes; below ten million jobs both sides are quick, and half as long again will do.
_GOALS = {10_000: 1.5, 100_000: 1.5, 1_000_000: 1.5, 10_000_000: 1.0}
_ROUNDS = 3
_LIMIT_BYTES = 2 * GiB
_PEER = "the same SQL in DuckDB"


def measure() -> list[Result]:
    """Return, for each size, the report's time in parts of DuckDB's, and for the largest its memory."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as home:
        environ = child_environ(os.environ, Path(home))
        for size in _GOALS:
            results += _of_size(size, environ)
    return results


def _of_size(size: int, environ: dict[str, str]) -> list[Result]:
    title = f"report over {size:,} jobs"
    with tempfile.TemporaryDirectory() as folder:
        run_process(python("-m", "tests.benchmarks.write_jobs", str(size), folder), environ)
        sides = {"ours": partial(_figures, "report_jobs", folder, environ)}
        if find_spec("duckdb") is not None:
            sides["peer"] = partial(_figures, "report_duckdb", folder, environ)
        figures = interleaved(sides, rounds=_ROUNDS)
    ours = figures["ours"]
    memory = against_limit(title, [one["peak_bytes"] for one in ours], _LIMIT_BYTES, unit="bytes")
    if "peer" not in figures:
        reason = "not measured: install '.[bench]'"
        return [NotMeasured(name=title, peer_name=_PEER, goal=_GOALS[size], reason=reason), memory]
    peer = figures["peer"]
    _check_same_answers(ours[0], peer[0])
    remark = f"DuckDB {peer[0]['version']}: costs into a temporary table, then one query for each table of the report"
    secs = [[one["secs"] for one in side] for side in (ours, peer)]
    return [against_peer(title, secs[0], _PEER, secs[1], goal=_GOALS[size], remark=remark), memory]


def _figures(module: str, folder: str, environ: dict[str, str]) -> dict[str, Any]:
    """Run a process of this folder and return the figures it prints."""
    _, printed = run_process(python("-m", f"tests.benchmarks.{module}", folder), environ)
    return json.loads(printed)


def _check_same_answers(ours: dict[str, Any], peer: dict[str, Any]) -> None:
    """Refuse to compare two sides that do not find the same jobs and the same money.

    Raises:
        RuntimeError: a flavor costs one micro-USD more on one side.
    """
    if (ours["jobs"], ours["groups"]) != (peer["jobs"], peer["groups"]):
        raise RuntimeError(f"We find {ours['groups']}, DuckDB {peer['groups']}.")
