"""Jobs of every kind in any number, the same ones for the same seed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl

from hfplanner.frames.job_schema import JOBS_SCHEMA

__all__ = ["NOW", "generate_jobs"]

NOW = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
_FLAVORS = ("cpu-basic", "t4-small", "l4x1", "a10g-small", "a10g-large", "a100-large", "h200", "l40sx4", "h100")
_ODD_FLAVORS = ("nowhere-x9", None, "inf2x6")
_FINAL = ("completed", "completed", "completed", "error", "cancelled", "deleted")
_REASONS = {"error": ("error", "timeout", "out_of_memory"), "cancelled": ("cancelled", "no_credits")}
_LABELS = ([], *([{"key": "a", "value": "x"}, {"key": "team", "value": team}] for team in ("nlp", "vision", "")))
_DAYS = 420
_MICRO = 10**6
_MINUTE = 60 * _MICRO
# What is drawn for each job: whole numbers below these.
_BELOW = {
    "ago": _DAYS * 86400 * _MICRO,
    "waited": 900 * _MICRO,
    "some": 300 * _MINUTE,
    "minutes": 300,
    "odd": 3,
    "hours": 99,
    "coin": 100,
    "rare": 100,
    "fate": 100,
}


class _Draw:
    """Columns of a number of values that are drawn by chance."""

    def __init__(self, count: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._count = count

    def below(self, end: int) -> pl.Series:
        """Return whole numbers from 0."""
        return pl.Series(self._rng.integers(0, end, self._count))

    def of(self, name: str, values: Sequence[object]) -> pl.Series:
        """Return values out of these, of the type that a column of jobs has."""
        return pl.Series(values, dtype=JOBS_SCHEMA[name]).gather(self.below(len(values)))


def generate_jobs(count: int, seed: int = 7) -> pl.DataFrame:
    """Return a jobs frame with ended, running, waiting, lost and unpriced jobs, over fourteen months up to now."""
    draw = _Draw(count, seed)
    names = [f"train-{number}" for number in range(200)]
    drawn = pl.DataFrame(
        {
            "id": pl.int_range(count, eager=True).cast(pl.String).str.zfill(24),
            "owner": draw.of("owner", [f"user-{number}" for number in range(40)]),
            "initiator_type": draw.of("initiator_type", ["user", "scheduled-job", None]),
            "initiator": draw.of("initiator", ["cron", None]),
            "flavor": draw.of("flavor", _FLAVORS),
            "odd_flavor": draw.of("flavor", _ODD_FLAVORS),
            "name": draw.of("name", [*names, *[None] * len(names)]),
            "labels": draw.of("labels", _LABELS),
            "timeout_secs": draw.of("timeout_secs", [None, 1800.0, 3600.0, 90.5, 86400.0]),
            "attempts": draw.of("attempts", [None, 1, 1, 3]),
            "failure_count": draw.of("failure_count", [None, 0, 0, 1, 2, 9]),
            "ports": draw.of("ports", [None, 0, 2]),
            "final": draw.of("stage", _FINAL),
            **{stage: draw.of("reason", reasons) for stage, reasons in _REASONS.items()},
            **{name: draw.below(end) for name, end in _BELOW.items()},
        }
    )
    jobs = drawn.with_columns(**_when()).with_columns(**_course())
    return jobs.match_to_schema(JOBS_SCHEMA, missing_columns="insert", extra_columns="ignore")


def _when() -> Mapping[str, pl.Expr]:
    """Return when a job was made and could have started and ended, and for how long it ran [us]."""
    created = pl.lit(NOW, JOBS_SCHEMA["created_at"]) - pl.duration(microseconds="ago")
    started = created + pl.duration(microseconds="waited")
    # Whole microseconds, and often exactly whole minutes, where rounding up has its edge.
    ran = pl.when(odd=0).then("some").otherwise(pl.col("minutes") * _MINUTE + pl.col("odd") - 1)
    return {
        "namespace": pl.when(pl.col("coin") < 50).then("owner").otherwise(pl.lit("acme")),
        "flavor": pl.when(pl.col("rare") < 97).then("flavor").otherwise("odd_flavor"),
        "created_at": created,
        "seen_at": created + pl.duration(hours=pl.col("hours") + 1),
        "start": started,
        "end": started + pl.duration(microseconds=ran),
        "ran": ran,
    }


def _course() -> Mapping[str, pl.Expr]:
    """Return how a job went: of a hundred, eight have not ended, and of twelve little is known."""
    fate, start = pl.col("fate"), pl.col("start")
    waiting, running, alive = fate < 3, fate.is_between(3, 6), fate < 8
    never, timed, whole = fate.is_between(8, 11), fate.is_between(15, 19), fate >= 20
    stage = pl.when(waiting).then(pl.lit("scheduling")).when(running).then(pl.lit("running"))
    stage = stage.when(alive).then(pl.lit("unknown")).otherwise("final")
    reason = pl.when(alive).then(stage)
    for final in _REASONS:
        reason = reason.when(final=final).then(final)
    seen_running = running & (pl.col("coin") < 67)
    secs = {"waited": pl.col("waited") / _MICRO, "ran": pl.col("ran") / _MICRO}
    return {
        "stage": stage,
        "reason": reason.otherwise("final"),
        "started_at": pl.when(seen_running | (fate == 7) | whole).then(start),
        "finished_at": pl.when(never).then(start).when(whole).then("end"),
        "scheduling_secs": pl.when(whole & (pl.col("coin") < 50)).then(secs["waited"]),
        "running_secs": pl.when(timed | whole).then(secs["ran"]),
        "total_secs": pl.when(never).then(secs["waited"]).when(timed).then((pl.col("waited") + pl.col("ran")) / _MICRO),
    }
