"""Jobs of every kind in any number, the same ones for the same seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from hfplanner.frames.job_schema import JOBS_SCHEMA

__all__ = ["NOW", "generate_jobs"]

NOW = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
_FLAVORS = ("cpu-basic", "t4-small", "l4x1", "a10g-small", "a10g-large", "a100-large", "h200", "l40sx4", "h100")
_ODD_FLAVORS = ("nowhere-x9", None, "inf2x6")
_FINAL = ("completed", "completed", "completed", "error", "cancelled", "deleted")
_REASONS = {"error": ("error", "timeout", "out_of_memory"), "cancelled": ("cancelled", "no_credits")}
_DAYS = 420


def generate_jobs(count: int, seed: int = 7) -> pl.DataFrame:
    """Return a jobs frame with ended, running, waiting, lost and unpriced jobs, over fourteen months up to now."""
    return pl.DataFrame(list(_rows(count, random.Random(seed))), schema=JOBS_SCHEMA)  # noqa: S311 - test data


def _rows(count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(count):
        # Whole microseconds, and often exactly whole minutes, where rounding up has its edge.
        created = NOW - timedelta(microseconds=rng.randrange(_DAYS * 86400 * 10**6))
        team = rng.choice(["nlp", "vision", "", None])
        owner = f"user-{rng.randrange(40)}"
        yield {
            "id": f"{number:024x}",
            "namespace": rng.choice([owner, "acme"]),
            "owner": owner,
            "initiator_type": rng.choice(["user", "scheduled-job", None]),
            "initiator": rng.choice(["cron", None]),
            "flavor": rng.choice(_FLAVORS) if rng.random() < 0.97 else rng.choice(_ODD_FLAVORS),
            "name": rng.choice([None, f"train-{rng.randrange(200)}"]),
            "labels": [] if team is None else [{"key": "a", "value": "x"}, {"key": "team", "value": team}],
            "timeout_secs": rng.choice([None, 1800.0, 3600.0, 90.5, 86400.0]),
            "attempts": rng.choice([None, 1, 1, 3]),
            "failure_count": rng.choice([None, 0, 0, 1, 2, 9]),
            "ports": rng.choice([None, 0, 2]),
            "created_at": created,
            "seen_at": created + timedelta(hours=rng.randrange(1, 100)),
            **_course(created, rng),
        }


def _course(created: datetime, rng: random.Random) -> dict[str, Any]:
    """Return how a job went."""
    waited = timedelta(microseconds=rng.randrange(900 * 10**6))
    ran = rng.choice(
        [
            timedelta(microseconds=rng.randrange(5 * 3600 * 10**6)),
            timedelta(minutes=rng.randrange(300)),
            timedelta(minutes=rng.randrange(300), microseconds=1),
        ]
    )
    started, chance = created + waited, rng.random()
    if chance < 0.08:
        return _alive(started, chance, rng)
    stage = rng.choice(_FINAL)
    ended: dict[str, Any] = {"stage": stage, "reason": rng.choice(_REASONS.get(stage, (stage,)))}
    if chance < 0.12:
        return ended | {"finished_at": started, "total_secs": waited.total_seconds()}
    if chance < 0.15:
        return ended
    if chance < 0.20:
        return ended | {"running_secs": ran.total_seconds(), "total_secs": (waited + ran).total_seconds()}
    return ended | {
        "started_at": started,
        "finished_at": started + ran,
        "scheduling_secs": rng.choice([None, waited.total_seconds()]),
        "running_secs": ran.total_seconds(),
    }


def _alive(started: datetime, chance: float, rng: random.Random) -> dict[str, Any]:
    """Return how a job goes that has not ended, as far as is known."""
    if chance < 0.03:
        return {"stage": "scheduling", "reason": "scheduling"}
    if chance < 0.07:
        return {"stage": "running", "reason": "running", "started_at": rng.choice([started, started, None])}
    return {"stage": "unknown", "reason": "unknown", "started_at": started, "finished_at": None}
