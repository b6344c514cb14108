"""Reading the logs of runs that were stopped by their timeout: how far each was tells how long the whole takes.

What such a run says of the memory it took is kept as well, under its name and with what its labels say of its settings.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from hfplanner.errors import HubError
from hfplanner.estimate.memory.peak_log import PeakReader
from hfplanner.history.measured import add_peaks
from hfplanner.history.peaks import KeptPeak, log_peak_id, settings_of_labels
from hfplanner.history.sync_result import LogsRead
from hfplanner.plan.job_log import LoggedRun, NoProgress, Ran, lines_after, run_of_lines, with_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from hfplanner.api.client import JobsClient
    from hfplanner.estimate.progress import LogLine
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
    peaks: list[KeptPeak] = []
    problem: str | None = None
    read = 0
    for row in jobs.iter_slices(1):
        try:
            lines = _lines_of(row, hub)
        except HubError as error:
            problem = f"The log of job {row['id'][0]} could not be read: {error.message}"
            continue
        read += 1
        run, peak = _run_of(row, lines), _peak_of(row, lines)
        if run is not None and run.row is not None:
            told.append(run.row)
        if peak is not None:
            peaks.append(peak)
    if told:
        store.add(pl.concat(told))
    if peaks:
        add_peaks(store, peaks)
    return LogsRead(read=read, measured=len(told), peaks=len(peaks), problem=problem)


def _lines_of(row: "pl.DataFrame", hub: "JobsClient") -> "Sequence[LogLine]":
    job = row.row(0, named=True)
    return lines_after(job["started_at"], hub.logs(job["namespace"], job["id"]))


def _peak_of(row: "pl.DataFrame", lines: "Sequence[LogLine]") -> "KeptPeak | None":
    """Return what a run took; of a canary nothing: it did a part of the work."""
    job = row.row(0, named=True)
    reader = PeakReader()
    for line in lines:
        reader.see(line.text)
    mark = reader.said_by_the_job
    if mark is None or mark.peak_bytes is None or job["reason"] != "timeout":
        return None
    labels = {label["key"]: label["value"] for label in job["labels"] or ()}
    return KeptPeak(
        id=log_peak_id(job["id"]),
        flavor=job["flavor"],
        peak_bytes=mark.peak_bytes,
        metric=mark.metric,
        source="log",
        seen_at=job["created_at"],
        name=labels.get("name"),
        job_id=job["id"],
        settings=settings_of_labels(labels),
    )


def _run_of(row: "pl.DataFrame", lines: "Sequence[LogLine]") -> LoggedRun | None:
    job = row.row(0, named=True)
    secs = job["running_secs"] if job["running_secs"] is not None else job["timeout_secs"]
    try:
        return with_row(run_of_lines(lines, Ran(flavor=job["flavor"], secs=secs, job_id=job["id"])), row)
    except NoProgress:
        return None
