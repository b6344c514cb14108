"""How well durations are told from history: ``python -m tests.benchmarks.duration_history`` prints the tables.

- Quantiles of runs of which 10 to 60 % are cut off: on traces that are made up, whose true distribution is known, and
  on real runs cut off here by limits drawn for it. An error is in points: how far from 50 or 90 the share of all runs
  is that the estimate says is 50 or 90.
- One further run, predicted from all earlier runs of its name, over real reruns: how often the 90 % interval holds it,
  how wide that is, and how often the suggested timeout would have killed it; beside two rules of thumb.

``data/rerun_durations.csv`` holds durations in the order of the runs, up to 300 of a name: every second executable
(with user and processors) of the NASA Ames iPSC/860 log (Parallel Workloads Archive, Feitelson and Nitzberg 1995, free
with citation), and every fifth submission of MLPerf Training v0.7 to v5.0 (github.com/mlcommons, Apache-2.0),
successful runs only. What is learnt from both logs, two numbers each, is how much runs of one name differ.
"""

import math
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from hfplanner.estimate.duration.like import repeats_share
from hfplanner.estimate.duration.predictive import next_run
from hfplanner.estimate.duration.recency import recency_weights
from hfplanner.estimate.duration.spread import LogRun, fit_log_normals, mixed_prior
from hfplanner.estimate.duration.survival import product_limit
from hfplanner.estimate.duration.timeout import KILLED_AT_MOST, timeout_from_history
from tests.benchmarks.ratio import Result, against_limit

__all__ = ["Forecast", "cut_off", "forecasts", "main", "measure", "point_errors", "read_reruns"]

DATA = Path(__file__).parent / "data" / "rerun_durations.csv"
_CUT_OFF = (0.1, 0.3, 0.6)
_SHARES = (0.5, 0.9)
_MADE_UP = 20_000
_FORECASTS_PER_NAME = 6
_WITHIN_POINTS = 2.0
_SEEDS = range(5)
_KINDS = {"mlperf_training": ("train-0a1b2c3d", "train"), "nasa_ipsc_1993": ("train",)}


def _traces(rng: random.Random) -> dict[str, Callable[[], float]]:
    """Return what draws a duration, by the name of the distribution [s]."""
    return {
        "exponential": lambda: rng.expovariate(1 / 3600),
        "log-normal": lambda: rng.lognormvariate(8, 0.7),
        "Weibull": lambda: rng.weibullvariate(3600, 2.5),
        "two modes": lambda: rng.lognormvariate(6, 0.1) if rng.random() < 0.3 else rng.lognormvariate(8, 0.2),
    }


def cut_off(secs: Sequence[float], share: float, rng: random.Random) -> tuple[list[float], list[bool]]:
    """Return times as they are seen, and whether each is the whole, when limits cut off a share of the runs.

    The limits are drawn from the runs themselves, all longer or shorter by one factor, so they are known to be
    independent of the run they stop.
    """
    limits = [rng.choice(secs) * rng.lognormvariate(0, 1) for _ in secs]
    ratios = sorted(one / limit for one, limit in zip(secs, limits, strict=True))
    factor = ratios[int((1 - share) * (len(ratios) - 1))]
    limits = [limit * factor for limit in limits]
    seen = [min(pair) for pair in zip(secs, limits, strict=True)]
    return seen, [one <= limit for one, limit in zip(secs, limits, strict=True)]


def point_errors(secs: Sequence[float], share: float, rng: random.Random) -> dict[float, float | None]:
    """Return the error of each quantile in points, held against all runs before they are cut off; ``None``: not known.

    A value that several runs share is right for any of their ranks.
    """
    seen, completed = cut_off(secs, share, rng)
    curve = product_limit(pl.Series(seen), pl.Series(completed))
    errors: dict[float, float | None] = {}
    for quantile in curve.quantiles(_SHARES):
        if quantile.secs is None:
            errors[quantile.share] = None
            continue
        below = sum(one < quantile.secs for one in secs) / len(secs)
        upto = sum(one <= quantile.secs for one in secs) / len(secs)
        errors[quantile.share] = 100 * max(below - quantile.share, quantile.share - upto, 0.0)
    return errors


def read_reruns(path: Path = DATA) -> dict[str, dict[str, list[float]]]:
    """Return the durations of real reruns in the order they ran, by source and name [s]."""
    found: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for number, (source, name, secs) in enumerate(pl.read_csv(path).iter_rows()):
        found[source][f"{name} #{number}"] = [float(one) for one in secs.split()]
    return dict(found)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One further run, held against what was said before it.

    Args:
        runs: how many came before.
        inside: whether it lies in the 90 % interval.
        width: of the interval, relative to the likely value.
        error: likely over measured, less one, without sign.
        killed: whether the suggested timeout would have killed it.
        margin: the timeout over the likely value, which counts as a minute at least: timeouts are whole ones.
        beyond_longest: whether the timeout is more than the longest of the runs, in whole minutes.
        killed_by_thumb: the same for the longest run so far, and for twice the median.
    """

    runs: int
    inside: bool
    width: float
    error: float
    killed: bool
    margin: float
    beyond_longest: bool
    killed_by_thumb: tuple[bool, bool]


def forecasts(names: Mapping[str, Sequence[float]], repeats: float, rng: random.Random) -> Iterator[Forecast]:
    """Predict some runs of each name from those before.

    Args:
        names: the runs of each, in order [s].
        repeats: the share of such names that are taken for repeats.
        rng: chooses which runs.
    """
    prior = mixed_prior(repeats)
    for secs in names.values():
        places = range(1, len(secs))
        for place in sorted(rng.sample(places, min(_FORECASTS_PER_NAME, len(places)))):
            yield _forecast(secs[:place], secs[place], prior)


def _forecast(before: Sequence[float], measured: float, prior: Sequence[float]) -> Forecast:
    weights = recency_weights(len(before))
    curve = product_limit(pl.Series(before), pl.Series([True] * len(before)), weights)
    pairs = zip(before, weights, strict=True)
    runs = [LogRun(math.log(max(secs, 1)), completed=True, count=weight) for secs, weight in pairs]
    ahead = next_run(curve, fit_log_normals(runs, prior))
    low, likely, high = (ahead.quantile(share) for share in (0.05, 0.5, 0.95))
    timeout = timeout_from_history(ahead, completed=len(before), longest_secs=max(before), seen_secs=max(before)).secs
    return Forecast(
        runs=len(before),
        inside=low <= measured <= high,
        width=(high - low) / likely,
        error=abs(likely / measured - 1),
        killed=measured > timeout,
        margin=timeout / max(likely, 60),
        beyond_longest=timeout > max(before) + 60,
        killed_by_thumb=(measured > max(before), measured > 2 * statistics.median(before)),
    )


def _quantile_errors() -> dict[str, list[tuple[float, float, float | None]]]:
    """Return (share cut off, quantile, error in points) of every trace and seed, by the trace's name."""
    errors: dict[str, list[tuple[float, float, float | None]]] = defaultdict(list)
    real = {source: [one for secs in names.values() for one in secs] for source, names in read_reruns().items()}
    for seed in _SEEDS:
        rng = random.Random(seed)  # noqa: S311 - a sample, no secret
        drawn = {f"made up: {name}": [draw() for _ in range(_MADE_UP)] for name, draw in _traces(rng).items()}
        for name, secs in (drawn | real).items():
            for share in _CUT_OFF:
                errors[name] += [(share, one, error) for one, error in point_errors(secs, share, rng).items()]
    return errors


def _all_forecasts() -> dict[str, list[Forecast]]:
    reruns = read_reruns()
    found = {}
    for source, kinds in _KINDS.items():
        for name in kinds:
            rng = random.Random(1)  # noqa: S311 - a sample, no secret
            share = repeats_share("name", name)
            found[f"{source}, {share:.0%} taken for repeats"] = list(forecasts(reruns[source], share, rng))
    return found


def _percent(flags: Sequence[bool]) -> float:
    return 100 * sum(flags) / len(flags)


def measure() -> list[Result]:
    """Return the goals: quantiles within two points, and one run in a hundred killed at most."""
    results: list[Result] = []
    for name, found in _quantile_errors().items():
        for share in _SHARES:
            errors = [error for _, one, error in found if one == share and error is not None]
            title = f"p{100 * share:.0f}, 10 to 60 % cut off, {name}"
            results.append(against_limit(title, errors, _WITHIN_POINTS, unit="points"))
    for name, ahead in _all_forecasts().items():
        killed = _percent([one.killed for one in ahead])
        results.append(against_limit(f"killed by the timeout, {name}", [killed], 100 * KILLED_AT_MOST, unit="%"))
    return results


def _forecast_lines(name: str, found: Sequence[Forecast]) -> list[str]:
    lines = [f"## {name}", "", "| earlier runs | forecasts | inside | width | error | killed | margin | longest | 2x |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for low, high in ((1, 1), (2, 2), (3, 4), (5, 9), (10, 49), (50, 10**6), (1, 10**6)):
        some = [one for one in found if low <= one.runs <= high]
        if some:
            title = "all" if high - low > 10**5 and low == 1 else (f"{low} to {high}" if high < 10**6 else f"{low} on")
            lines.append(
                f"| {title} | {len(some)} | {_percent([one.inside for one in some]):.1f} "
                f"| {100 * statistics.median(one.width for one in some):.0f} "
                f"| {100 * statistics.median(one.error for one in some):.1f} "
                f"| {_percent([one.killed for one in some]):.2f} | {statistics.median(one.margin for one in some):.2f} "
                f"| {_percent([one.killed_by_thumb[0] for one in some]):.1f} "
                f"| {_percent([one.killed_by_thumb[1] for one in some]):.1f} |"
            )
    return [*lines, ""]


def main() -> int:
    """Print the tables."""
    lines = [
        f"# Durations from history, {datetime.now(UTC):%Y-%m-%d}",
        "",
        "## Quantiles of runs that were cut off",
        "",
    ]
    lines += ["Errors in points over five draws.", "", "| trace | cut off | quantile | mean | largest | not known |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, found in _quantile_errors().items():
        for share in _CUT_OFF:
            for quantile in _SHARES:
                errors = [error for one, other, error in found if (one, other) == (share, quantile)]
                known = [error for error in errors if error is not None] or [math.nan]
                lines.append(
                    f"| {name} | {share:.0%} | p{100 * quantile:.0f} | {statistics.fmean(known):.2f} "
                    f"| {max(known):.2f} | {errors.count(None)} |"
                )
    lines += [
        "",
        "In percent, save the margin: the timeout over the likely duration (median). Killed: by the suggested",
    ]
    lines += ["timeout; beside it by the longest run so far, and by twice the median, as timeouts.", ""]
    for name, ahead in _all_forecasts().items():
        lines += _forecast_lines(name, ahead)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
