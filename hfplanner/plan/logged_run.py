"""Where the log of a run is: a file, or a job on the Hub, which also tells where it ran and for how long.

Of a file that is said by a duration, or by a job of the history.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.errors import NoSuchJobs, UsageError, quoted
from hfplanner.estimate.progress import LogLine
from hfplanner.plan.job_log import LoggedRun, Ran, lines_after, ran_secs, row_of_job, run_of_lines, with_row

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.plan.asked import AskedTime
    from hfplanner.plan.workspace import Workspace

__all__ = ["log_of_run", "with_logged"]

_JOB = re.compile(r"(?:([^/@\s]+)/)?([0-9a-f]{24})")
_ADVICE = "--log takes a file, the id of a job, or @latest-failed."


def log_of_run(time: "AskedTime", workspace: "Workspace") -> LoggedRun | None:
    """Return what the log that was named says; ``None`` where none was.

    Raises:
        UsageError: the log cannot be read, says no progress, or nobody says how long the job ran, and where.
        NoSuchJobs: the history has no such job.
        HubError: the Hub does not show the job, or its log.
    """
    if time.log is None:
        return None
    if _names_job(time.log):
        if time.duration:
            raise UsageError(
                f"How long job {quoted(time.log)} ran the Hub tells, and --duration says it again.",
                hint="Leave --duration out.",
            )
        return _of_hub(time.log, workspace, time.epochs)
    lines = _read_file(time.log)
    if time.like is not None and not time.duration:
        return _of_history(time.like, lines, time, workspace)
    given = list(time.duration or ())
    if len(given) != 1 or given[0].flavor is None:
        raise UsageError(
            "--log says how far a job was, and how long it had run on which flavor is not said, or said twice.",
            hint="Add one --duration, for example --duration 30m@a10g-small, or name the job with --like.",
        )
    ran = given[0]
    return run_of_lines(lines, Ran(flavor=str(ran.flavor), secs=ran.seconds, log=_named(time.log)), epochs=time.epochs)


def _names_job(log: str) -> bool:
    """Whether a log is that of a job on the Hub: what is a file of this machine is the file."""
    return log.startswith("@") or (_JOB.fullmatch(log) is not None and not Path(log).exists())


def _named(log: str) -> str:
    return f"The log {quoted(log)}"


def _read_file(log: str) -> list[LogLine]:
    try:
        text = Path(log).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"The log {quoted(log)} cannot be read ({error.strerror}).", hint=_ADVICE) from error
    return [LogLine(line) for line in text.split("\n")]


def _of_hub(log: str, workspace: "Workspace", epochs: int | None) -> LoggedRun:
    """Read the log of a job that has ended from the Hub."""
    namespace, job_id = _find_job(log, workspace)
    hub, now = workspace.hub_to_ask(), workspace.now()
    job = hub.get_job(namespace, job_id)
    if not job.is_terminal:
        raise UsageError(
            f"Job {quoted(job_id)} has not ended: its log is not whole yet.",
            hint=f"`hf jobs logs -f {job_id}` shows it.",
        )
    secs, failures = ran_secs(job, now), int((job.status and job.status.failure_count) or 0)
    if secs is None or job.flavor is None:
        raise UsageError(f"Job {quoted(job_id)} never ran, or the Hub does not say how long.", hint=_ADVICE)
    if failures > 1:
        raise UsageError(
            f"Job {quoted(job_id)} was tried {failures} times: its log is not that of one run.", hint=_ADVICE
        )
    lines = lines_after(job.started_at, hub.logs(namespace, job_id))
    ran = Ran(flavor=str(job.flavor), secs=secs, job_id=job_id, log=f"The log of job {job_id}")
    run = run_of_lines(lines, ran, epochs=epochs)
    return with_row(run, row_of_job(job, workspace, namespace))


def _find_job(log: str, workspace: "Workspace") -> tuple[str, str]:
    """Return the namespace and the id of a job, of the history where only that knows them."""
    named = _JOB.fullmatch(log)
    if named and named[1]:
        return named[1], named[2]
    import polars as pl  # noqa: PLC0415 - as above

    from hfplanner.plan.job_names import named_job  # noqa: PLC0415 - as above

    jobs = workspace.history().scan()
    job_id = named_job(jobs, log)
    known = jobs.filter(pl.col("id") == job_id).select("namespace").collect()
    if not known.is_empty() and known["namespace"][0] is not None:
        return str(known["namespace"][0]), job_id
    from hfplanner.plan.account import find_account  # noqa: PLC0415 - where the Hub is asked

    return find_account(workspace.hub_to_ask(), None).namespace, job_id


def _of_history(like: str, lines: list[LogLine], time: "AskedTime", workspace: "Workspace") -> LoggedRun:
    """Return what a file says of a job of the history: of a name, the newest that was stopped before its end."""
    import polars as pl  # noqa: PLC0415 - as above

    from hfplanner.estimate.duration.like import jobs_like  # noqa: PLC0415 - as above
    from hfplanner.estimate.duration.observed import observe_runs  # noqa: PLC0415 - as above
    from hfplanner.plan.job_names import named_job  # noqa: PLC0415 - as above

    named = named_job(workspace.history().scan(), like)
    those = jobs_like(workspace.history().scan(), named).collect()
    itself = those.filter(pl.col("id") == named)
    told = observe_runs((those if itself.is_empty() else itself).lazy()).collect()
    stopped = told.filter(pl.col("cut_off").is_not_null(), pl.col("flavor").is_not_null())
    if stopped.is_empty():
        raise NoSuchJobs(
            f"No job like {quoted(like)} was stopped before its end: the log is not known to be of one that was.",
            hint="Say how long the job ran, and where, for example --duration 30m@a10g-small.",
        )
    job, secs, flavor = stopped.sort("moment", "id", nulls_last=False).select("id", "secs", "flavor").row(-1)
    ran = Ran(flavor=flavor, secs=secs, job_id=job, log=f"{_named(str(time.log))}, taken for that of job {job},")
    run = run_of_lines(lines, ran, epochs=time.epochs)
    return with_row(run, those.filter(pl.col("id") == job))


def with_logged(jobs: "pl.LazyFrame", run: LoggedRun | None) -> "pl.LazyFrame":
    """Return the jobs of a history with what a log says of one of them; one that is not in it comes to it."""
    if run is None or run.row is None:
        return jobs
    import polars as pl  # noqa: PLC0415 - as above

    return pl.concat([jobs.filter(pl.col("id") != run.job_id), run.row.lazy()])
