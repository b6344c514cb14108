"""Jobs on the Hub that carry our labels, and which of them is the one that was submitted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice

from hfplanner.api.client import JobsClient
from hfplanner.api.models import JobInfo
from hfplanner.budget.ledger.records import SID_LABEL, Submission
from hfplanner.errors import HubError
from hfplanner.submit.identity import LEDGER_LABEL

__all__ = ["ask_each", "carries", "is_copy", "jobs_of_ledger", "jobs_of_submission", "newest_of_ledger", "original"]

# As many as one page of the listing holds.
_NEWEST = 100
# After so many of a listing the few jobs that are still looked for are asked for one by one.
_LISTED = 500
_AT_ONCE = 8
# By how much the Hub's clock may be behind ours.
_CLOCK_SKEW = timedelta(hours=1)
_COPIES = frozenset({"duplicated-job", "scheduled-job", "webhook"})


def carries(job: JobInfo, labels: Mapping[str, str]) -> bool:
    """Say whether a job has labels, looked at on the job itself: a listing may ignore a filter."""
    has = job.labels or {}
    return all(has.get(name) == value for name, value in labels.items())


def is_copy(job: JobInfo) -> bool:
    """Say whether something else than a request of ours started a job: its labels came with the copy.

    >>> is_copy(JobInfo.model_validate({"id": "a", "initiator": {"type": "duplicated-job", "id": "b"}}))
    True
    """
    return job.initiator is not None and str(job.initiator.type) in _COPIES


def jobs_of_submission(hub: JobsClient, namespace: str, sid: str) -> list[JobInfo]:
    """Return every job that carries a submission's label, from the filtered listing and the newest of the whole one.

    An empty answer proves nothing: a job may be listed late.

    Raises:
        HubError: the Hub did not tell.
    """
    labels = {SID_LABEL: sid}
    filtered = (job for job in hub.list_jobs(namespace, labels=labels) if carries(job, labels))
    newest = (job for job in islice(hub.list_jobs(namespace), _NEWEST) if carries(job, labels))
    return list({job.id: job for job in (*filtered, *newest)}.values())


def jobs_of_ledger(hub: JobsClient, namespace: str, ledger_id: str) -> Iterator[JobInfo]:
    """Yield every job that carries a ledger's label, newest first.

    Raises:
        HubError: the Hub did not tell all.
    """
    labels = {LEDGER_LABEL: ledger_id}
    return (job for job in hub.list_jobs(namespace, labels=labels) if carries(job, labels))


def newest_of_ledger(
    hub: JobsClient, namespace: str, ledger_id: str, submissions: Sequence[Submission]
) -> list[JobInfo]:
    """Return the jobs of a ledger's label that one listing shows, as far back as these submissions need it.

    Where one of them has no job yet, the newest of the whole listing are looked at, too. What is not in it proves
    nothing.

    Args:
        hub: to be asked.
        namespace: of the submissions.
        ledger_id: of the ledger.
        submissions: open ones.

    Raises:
        HubError: the Hub did not tell.
    """
    labels = {LEDGER_LABEL: ledger_id}
    oldest = min(submission.created_at for submission in submissions) - _CLOCK_SKEW
    sids = {submission.sid for submission in submissions if submission.job_id is None}
    wanted = {submission.job_id for submission in submissions} - {None}
    found: dict[str, JobInfo] = {}
    for number, job in enumerate(hub.list_jobs(namespace, labels=labels), start=1):
        if job.created_at is not None and job.created_at < oldest:
            break
        if carries(job, labels):
            found[job.id] = job
        if not sids and (wanted <= found.keys() or number == _LISTED):
            break
    if sids - {(job.labels or {}).get(SID_LABEL) for job in found.values()}:
        newest = islice(hub.list_jobs(namespace), _NEWEST)
        found |= {job.id: job for job in newest if carries(job, labels)}
    return list(found.values())


def ask_each(hub: JobsClient, submissions: Sequence[Submission]) -> list[JobInfo | HubError]:
    """Return what the Hub says of the job of each submission, or why that is not known; several are asked at once."""

    def ask(submission: Submission) -> JobInfo | HubError:
        try:
            return hub.get_job(submission.terms.namespace, str(submission.job_id))
        except HubError as error:
            return error

    if len(submissions) <= 1:
        return [ask(submission) for submission in submissions]
    with ThreadPoolExecutor(min(len(submissions), _AT_ONCE)) as pool:
        return list(pool.map(ask, submissions))


def original(jobs: Iterable[JobInfo]) -> JobInfo | None:
    """Return the job among those of one label that was submitted itself: the oldest that is no copy."""
    ours = [job for job in jobs if not is_copy(job)]
    return min(ours, key=lambda job: (job.created_at is None, job.created_at, job.id), default=None)
