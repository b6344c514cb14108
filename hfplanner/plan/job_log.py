"""A job's log as a measurement: how far it was after so long, and how long it then takes in all.

Where the log is found is a matter of :mod:`hfplanner.plan.logged_run`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.estimate.progress import LogLine, duration_from_progress, read_progress
from hfplanner.estimate.span import Estimate
from hfplanner.times import read_json_moment
from hfplanner.units import format_duration

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.api.models import JobInfo
    from hfplanner.api.streams import LogLine as HubLine
    from hfplanner.plan.workspace import Workspace

__all__ = ["LoggedRun", "NoProgress", "Ran", "lines_after", "ran_secs", "row_of_job", "run_of_lines", "with_row"]

_PRINT = 'print("hfplanner: progress=0.35")'


class NoProgress(UsageError):
    """A log says nothing of how far its job was."""

    code = "no_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRun:
    """A run whose log says how far it was.

    Args:
        job_id: of the job; ``""`` where only its log is known.
        flavor: where it ran.
        secs: how long it ran until its log ends [s].
        progress: the share of its work that was done then.
        whole: how long all of it takes there [s].
        said_by: ``"line"`` where the job said its progress by itself; or its ``"bar"``, or its ``"record"``.
        row: the job as the history has it, with what its log says; ``None`` where only its log is known.
    """

    job_id: str = ""
    flavor: str
    secs: int
    progress: float
    whole: Estimate
    said_by: str = "line"
    row: "pl.DataFrame | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Where a run was, and for how long.

    Args:
        flavor: where it ran.
        secs: how long it ran until its log ends [s].
        job_id: of the job; ``""`` where only its log is known.
        log: its log, as a sentence names it.
    """

    flavor: str
    secs: float
    job_id: str = ""
    log: str = "The log"


def run_of_lines(lines: Iterable[LogLine], ran: Ran, *, epochs: int | None = None) -> LoggedRun:
    """Return what the lines of a log say of a run.

    Args:
        lines: of the log.
        ran: where it ran, and how long.
        epochs: how many the training has: the trainer's records count them.

    Raises:
        NoProgress: they say none.

    >>> lines = [LogLine("hfplanner: progress=0.5", 600.0)]
    >>> run_of_lines(lines, Ran(flavor="l4x1", secs=600)).whole.likely
    1200
    """
    marks = read_progress(lines, epochs=epochs)
    whole = duration_from_progress(marks, ran.secs)
    if whole is None:
        raise NoProgress(
            f"{ran.log} says no progress: all that is known is that the job takes longer than"
            f" {format_duration(round(ran.secs))}.",
            hint=f"Understood are tqdm's bars, Trainer's records with --epochs, and {_PRINT}.",
        )
    return LoggedRun(
        job_id=ran.job_id,
        flavor=ran.flavor,
        secs=round(ran.secs),
        progress=marks[-1].share,
        whole=whole,
        said_by=marks[-1].source,
    )


def with_row(run: LoggedRun, row: "pl.DataFrame") -> LoggedRun:
    """Return a run with its job as the history has it, and in that what its log says."""
    import polars as pl  # noqa: PLC0415 - where there is a job to keep

    return replace(run, row=row.with_columns(progress=pl.lit(run.progress), whole_secs=pl.lit(float(run.whole.likely))))


def row_of_job(job: "JobInfo", workspace: "Workspace", namespace: str | None = None) -> "pl.DataFrame":
    """Return a job as the history has it, a frame of one row; of none where its record cannot be right.

    Args:
        job: as the Hub tells it.
        workspace: whose Hub, and whose clock.
        namespace: whose it is; by default that of its owner.
    """
    from hfplanner.frames.jobs import job_frames  # noqa: PLC0415 - polars, where there is a job

    raw = job.model_dump_json(by_alias=True, exclude_none=True).encode()
    return job_frames(raw, source=workspace.endpoint, seen_at=workspace.now(), namespace=namespace).jobs


def ran_secs(job: "JobInfo", now: datetime) -> float | None:
    """Return how long a job ran, or has been running [s]; ``None`` where it never did, or nobody knows."""
    if job.durations is not None and job.durations.running_secs is not None:
        return float(job.durations.running_secs)
    if job.started_at is None:
        return None
    return max(((job.finished_at or now) - job.started_at) / timedelta(seconds=1), 0.0)


def lines_after(start: datetime | None, lines: "Iterable[HubLine]") -> list[LogLine]:
    """Return the lines of the Hub's log with their times after the start of the job."""
    return [LogLine(line.data, _after(start, line.timestamp)) for line in lines]


def _after(start: datetime | None, said: str | None) -> float | None:
    try:
        moment = None if said is None else read_json_moment(said)
    except ValueError:
        return None
    return None if moment is None or start is None else max((moment - start) / timedelta(seconds=1), 0.0)
