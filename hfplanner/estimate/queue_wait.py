"""How long jobs waited for each flavor before they started, from the history.

Nothing is billed while a job waits, but a deadline comes nearer. Jobs that were given up in the queue, or are still in
it, waited at least so long (the product-limit estimate of :mod:`hfplanner.estimate.duration.survival`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.estimate.duration.survival import SurvivalCurve, product_limit
from hfplanner.estimate.span import Estimate
from hfplanner.units import MICROSECONDS_PER_SECOND

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FEWEST_WAITS", "QueueWait", "queue_waits"]

FEWEST_WAITS = 5
"""Fewer waits than this say nothing about a queue."""

_STEPS = 50


@dataclass(frozen=True, slots=True)
class QueueWait:
    """The wait for one flavor.

    Args:
        flavor: its name.
        jobs: how many jobs waited for it.
        cases: evenly likely waits, shortest first [s]; where too many jobs left the queue to know, the longest seen.
    """

    flavor: str
    jobs: int
    cases: tuple[int, ...]

    @property
    def secs(self) -> Estimate:
        """The wait as a 90 % interval [s]."""
        low, likely, high = (self.cases[int(share * (len(self.cases) - 1))] for share in (0.05, 0.5, 0.95))
        return Estimate(low, likely, high, (f"the queue wait of {self.jobs} jobs on {self.flavor}",))

    def at(self, confidence: float | None) -> int:
        """Return what a wait stays below: the median, or the upper end of the interval of that confidence [s].

        >>> wait = QueueWait("h200", 100, tuple(range(0, 1000, 10)))
        >>> wait.at(None), wait.at(0.9)
        (490, 940)
        """
        return self.cases[int((1 + (confidence or 0.0)) / 2 * (len(self.cases) - 1))]

    def to_json(self) -> dict[str, Any]:
        """Return the wait as the interface spells it."""
        return {"flavor": self.flavor, "jobs": self.jobs, "queue_wait_secs": self.secs.to_json()}


def queue_waits(jobs: "pl.LazyFrame") -> Mapping[str, QueueWait]:
    """Return the wait for every flavor that at least five jobs waited for.

    Args:
        jobs: a frame of :data:`~hfplanner.frames.job_schema.JOBS_SCHEMA`.

    >>> import polars as pl
    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> row = dict.fromkeys(JOBS_SCHEMA) | {"flavor": "h200", "stage": "completed"}
    >>> rows = [row | {"id": str(secs), "scheduling_secs": float(secs)} for secs in (60, 120, 600, 3600, 14400)]
    >>> queue_waits(pl.LazyFrame(rows, schema=JOBS_SCHEMA))["h200"].secs.likely
    600
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    def between(start: str, end: str) -> pl.Expr:
        return (pl.col(end) - pl.col(start)).dt.total_microseconds() / MICROSECONDS_PER_SECOND

    started = pl.coalesce("scheduling_secs", between("created_at", "started_at"))
    never = pl.col("started_at").is_null() & pl.col("running_secs").is_null()
    waiting = pl.when(pl.col("stage") == "scheduling").then(between("created_at", "seen_at"))
    left = waiting.when(never).then(between("created_at", "finished_at"))
    # A job that never started tells how long it waited in vain, even where the Hub counts that as its scheduling.
    waits = (
        jobs.filter(pl.col("flavor").is_not_null())
        .select(
            "flavor",
            ended=~never & (pl.col("stage") != "scheduling") | pl.col("stage").eq("completed"),
            started=started,
            left=left,
        )
        .with_columns(secs=pl.when("ended").then("started").otherwise(pl.coalesce("left", "started")))
        .filter(pl.col("secs").is_finite() & (pl.col("secs") >= 0))
        .select("flavor", "secs", "ended")
        .collect()
    )
    found = {}
    for (name,), frame in waits.partition_by("flavor", as_dict=True).items():
        if frame.height >= FEWEST_WAITS and frame["ended"].any():
            curve = product_limit(frame["secs"], frame["ended"])
            found[str(name)] = QueueWait(str(name), frame.height, _cases(curve))
    return found


def _cases(curve: SurvivalCurve) -> tuple[int, ...]:
    shares: Sequence[float] = [(step + 0.5) / _STEPS for step in range(_STEPS)]
    return tuple(round(curve.longest if q.secs is None else q.secs) for q in curve.quantiles(shares))
