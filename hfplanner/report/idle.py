"""Time that passed between one run of a name and the next: nobody bills it, and it is when nothing was done.

What is known of a name is the sum of its running times and the time from its first start to its last end. Where runs
do not overlap, what lies between them is the difference of the two; where they do, it is more than that. The difference
is thus the least there can have been, and no job has to be held against the one before, in a history of any size.
"""

import polars as pl

from hfplanner.report.evidence import evidence_of
from hfplanner.report.money import NOTHING
from hfplanner.report.waste_result import Finding
from hfplanner.sanitize import sanitize
from hfplanner.units import MICROSECONDS_PER_SECOND, format_count, format_duration

__all__ = ["find_idle", "idle_sums"]

_SCHEDULE = "scheduled-job"
_NAME = ("namespace", "name")


def idle_sums() -> dict[str, pl.Expr]:
    """Return what :func:`find_idle` needs to know of prepared jobs of one name."""
    started, ran = pl.col("started_at"), pl.col("ran_microseconds")
    nowhere = started.is_null() & ran.is_null()
    did_not_run = pl.col("cost_basis").is_in(["never_started", "not_started_yet"])
    return {
        "runs": started.count().cast(pl.Int64),
        "first": started.min(),
        "last": (started + pl.duration(microseconds=ran)).max(),
        "unended": pl.when(ran.is_null()).then(started).min(),
        "hidden": (nowhere & ~did_not_run).sum().cast(pl.Int64),
        "waited": pl.col("_wait").sum(),
        "scheduled": (pl.col("initiator_type") == _SCHEDULE).sum().cast(pl.Int64),
    }


def find_idle(names: pl.DataFrame, *, at_least_secs: int, apart_secs: int) -> list[Finding]:
    """Return the names whose runs follow one another with time between them, as one finding in time and not in money.

    Left out are names that a schedule runs, since it is meant to wait, and names of which a run is somewhere in time
    and nobody knows where.

    Args:
        names: the sums of :func:`idle_sums` beside ``namespace``, ``name`` and ``ran`` [s], in any number of parts.
        at_least_secs: what lies between the runs of a name together is told from here on [s].
        apart_secs: what lies between two of them on average is at most this, or they have little to do with each
            other [s].
    """
    sums = names.group_by(_NAME).agg(
        pl.col("runs", "hidden", "waited", "scheduled", "ran").sum(), pl.col("first", "unended").min(), pl.max("last")
    )
    # After a run whose end is not known began, nothing says that no run was under way.
    until = pl.min_horizontal("last", "unended")
    told = sums.with_columns(span=(until - pl.col("first")).dt.total_microseconds() // MICROSECONDS_PER_SECOND)
    idle = told.with_columns(idle=pl.col("span") - pl.col("ran")).filter(
        (pl.col("hidden") == 0)
        & (pl.col("scheduled") == 0)
        & (pl.col("idle") >= at_least_secs)
        & (pl.col("idle") <= apart_secs * (pl.col("runs") - 1))
    )
    if idle.is_empty():
        return []
    ordered = idle.sort("idle", *_NAME, descending=[True, False, False], nulls_last=True)
    return [
        Finding(
            code="idle_between_runs",
            title="Idle between runs of one name",
            jobs=int(idle["runs"].sum()),
            cost=NOTHING,
            idle_secs=int(idle["idle"].sum()),
            evidence=evidence_of(ordered, _sentence),
            counted=False,
        )
    ]


def _sentence(row: dict[str, int]) -> str:
    said = (
        f"{sanitize(str(row['name']))}: {format_count(row['runs'], 'run')} within {format_duration(row['span'])}, "
        f"at least {format_duration(row['idle'])} of it between one run and the next"
    )
    waited = f", in which {format_duration(row['waited'])} of waiting for a machine may lie" if row["waited"] else ""
    return f"{said}{waited}"
