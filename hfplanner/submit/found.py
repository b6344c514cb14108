"""Jobs on the Hub that carry our labels, and which of them is the one that was submitted."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from hfplanner.api.client import JobsClient
from hfplanner.api.models import JobInfo
from hfplanner.budget.ledger.records import SID_LABEL
from hfplanner.submit.identity import LEDGER_LABEL

__all__ = ["carries", "is_copy", "jobs_of_ledger", "jobs_of_submission", "original"]

# As many as one page of the listing holds.
_NEWEST = 100
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


def original(jobs: Iterable[JobInfo]) -> JobInfo | None:
    """Return the job among those of one label that was submitted itself: the oldest that is no copy."""
    ours = [job for job in jobs if not is_copy(job)]
    return min(ours, key=lambda job: (job.created_at is None, job.created_at, job.id), default=None)
