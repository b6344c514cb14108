"""Reading the logs of runs that were stopped by their timeout: how far each was tells how long the whole takes."""

from datetime import timedelta
from typing import TYPE_CHECKING

from hfplanner.errors import HubError
from hfplanner.history.sync_result import LogsRead
from hfplanner.plan.job_log import LoggedRun, NoProgress, Ran, lines_after, run_of_lines, with_row

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.api.client import JobsClient
    from hfplanner.plan.workspace import Workspace

__all__ = ["MOST_LOGS", "sync_logs"]

MOST_LOGS = 20
"""So many logs are read at once, those of the newest runs first: a log may be long."""
_NEWEST = timedelta(days=30)


def sync_logs(hub: "JobsClient", workspace: "Workspace") -> LogsRead:
    """Read the logs of the newest runs of the history that timed out, and keep what they say of their progress.

    Only runs of the last 30 days of which nothing is known yet, that ran once, and of which the history knows how long.

    Args:
        hub: where the logs are.
        workspace: where the history is.

    Raises:
        HistoryError: the history cannot be read, or written.
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    store = workspace.history()
    ran = pl.coalesce("running_secs", "timeout_secs")
    wanted = store.scan().filter(
        pl.col("reason").is_in(["timeout", "canary"]),
        pl.col("whole_secs").is_null() & pl.col("flavor").is_not_null() & pl.col("namespace").is_not_null(),
        (pl.col("failure_count").fill_null(0) <= 1) & (ran > 0),
        pl.col("created_at") > workspace.now() - _NEWEST,
    )
    jobs = wanted.collect().sort("created_at", "id", descending=True).head(MOST_LOGS)
    told: list[pl.DataFrame] = []
    problem: str | None = None
    read = 0
    for row in jobs.iter_slices(1):
        try:
            run = _run_of(row, hub)
        except HubError as error:
            problem = f"The log of job {row['id'][0]} could not be read: {error.message}"
            continue
        read += 1
        if run is not None and run.row is not None:
            told.append(run.row)
    if told:
        store.add(pl.concat(told))
    return LogsRead(read=read, measured=len(told), problem=problem)


def _run_of(row: "pl.DataFrame", hub: "JobsClient") -> LoggedRun | None:
    job = row.row(0, named=True)
    lines = lines_after(job["started_at"], hub.logs(job["namespace"], job["id"]))
    secs = job["running_secs"] if job["running_secs"] is not None else job["timeout_secs"]
    try:
        return with_row(run_of_lines(lines, Ran(flavor=job["flavor"], secs=secs, job_id=job["id"])), row)
    except NoProgress:
        return None
