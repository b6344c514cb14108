"""Jobs named by what they are in the history: ``@latest``, ``@latest-failed``, ``@name=sft``."""

from typing import TYPE_CHECKING

from hfplanner.errors import NoSuchJobs, UsageError, did_you_mean, quoted

if TYPE_CHECKING:
    import polars as pl

__all__ = ["JOB_NAMES", "named_job", "named_job_and_payer"]

JOB_NAMES = ("@latest", "@latest-failed", "@latest-completed", "@name=")
"""What begins with @: the newest job, the newest that failed or was stopped by its timeout, the newest that completed,
and the newest of a name."""

_STAGES = {"latest": None, "latest-failed": "error", "latest-completed": "completed"}
_ADVICE = "`hfplanner sync` reads your jobs from the Hub, `hfplanner import` from files."


def named_job(jobs: "pl.LazyFrame", said: str) -> str:
    """Return the id of the job that is meant; what does not begin with @ is returned as it is.

    Args:
        jobs: a frame of :data:`~hfplanner.frames.job_schema.JOBS_SCHEMA`.
        said: as it was typed.

    Raises:
        UsageError: a word after the @ that means nothing.
        NoSuchJobs: the history has no such job.

    >>> import polars as pl
    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> row = dict.fromkeys(JOBS_SCHEMA) | {"id": "a", "name": "sft", "stage": "error"}
    >>> jobs = pl.LazyFrame([row, row | {"id": "b", "name": "eval", "stage": "completed"}], schema=JOBS_SCHEMA)
    >>> named_job(jobs, "@latest-failed"), named_job(jobs, "@name=eval"), named_job(jobs, "sft-0a1b2c3d")
    ('a', 'b', 'sft-0a1b2c3d')
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    if not said.startswith("@"):
        return said
    word, equals, name = said[1:].partition("=")
    if word == "name" and equals and name:
        those, what = jobs.filter(pl.col("name") == name), f"of the name {quoted(name)}"
    elif word in _STAGES and not equals:
        stage = _STAGES[word]
        those = jobs if stage is None else jobs.filter(pl.col("stage") == stage)
        what = {None: "at all", "error": "that failed", "completed": "that completed"}[stage]
    else:
        near = did_you_mean(said, JOB_NAMES)
        raise UsageError(f"{quoted(said)} names no job.", hint=f"{near}Accepted: {', '.join(JOB_NAMES)}NAME, or an id.")
    newest = those.select("id", "created_at").collect().sort("created_at", "id", nulls_last=False)
    if newest.is_empty():
        raise NoSuchJobs(f"The history has no job {what}.", hint=_ADVICE)
    return str(newest["id"][-1])


def named_job_and_payer(jobs: "pl.LazyFrame", said: str) -> tuple[str, str | None]:
    """Return the id of the job that is meant, and who paid for it; ``None`` where the history does not say.

    Raises:
        UsageError, NoSuchJobs: see :func:`named_job`.

    >>> import polars as pl
    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> jobs = pl.LazyFrame([dict.fromkeys(JOBS_SCHEMA) | {"id": "a", "namespace": "acme"}], schema=JOBS_SCHEMA)
    >>> named_job_and_payer(jobs, "@latest")
    ('a', 'acme')
    """
    import polars as pl  # noqa: PLC0415 - as above

    job_id = named_job(jobs, said)
    payers = jobs.filter(pl.col("id") == job_id).select("namespace").collect()["namespace"].drop_nulls()
    return job_id, None if payers.is_empty() else str(payers[-1])
