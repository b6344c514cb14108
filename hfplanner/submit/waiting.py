"""Waiting for a job to start, and cancelling one that does not: ended is only what the Hub says has ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hfplanner.api.client import JobsClient
from hfplanner.api.job_parts import JobStage
from hfplanner.api.models import JobInfo
from hfplanner.errors import HubError, SubmissionUnknown
from hfplanner.submit.send import Submitted

__all__ = ["Cancelled", "cancel_waiting", "is_waiting", "wait_for_start", "waited_secs"]

_POLL_SECS = 2.0
# How long a cancelled job is watched until the Hub says that it has ended.
_PROOF_SECS = 120.0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A job that was cancelled while it waited, or had started before it could be.

    Args:
        job: its record, after that.
        unseen_secs: from when it was last seen waiting until it was seen to have ended [s]: longer it cannot have run.
    """

    job: JobInfo
    unseen_secs: float


def is_waiting(job: JobInfo) -> bool:
    """Whether a job waits for hardware: only then is another flavor of use."""
    return job.status is not None and job.status.stage == JobStage.SCHEDULING


def waited_secs(job: JobInfo, now: datetime) -> int:
    """Return how long a job has waited since it was created [s], 0 where that is not told."""
    return 0 if job.created_at is None else max(int((now - job.created_at) / timedelta(seconds=1)), 0)


def wait_for_start(
    hub: JobsClient,
    submitted: Submitted,
    max_wait_secs: int,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object] = time.sleep,
) -> JobInfo:
    """Return a job once it does not wait any more, or has waited too long.

    Raises:
        HubError: the Hub does not show it.
    """
    namespace, job_id = submitted.submission.terms.namespace, str(submitted.job_id)
    began = clock()
    job = hub.get_job(namespace, job_id)
    while is_waiting(job):
        # Where the Hub does not say since when it waits, what was seen counts.
        waited = max(waited_secs(job, clock()), int((clock() - began) / timedelta(seconds=1)))
        if waited >= max_wait_secs:
            return job
        sleep(min(_POLL_SECS, max_wait_secs - waited))
        job = hub.get_job(namespace, job_id)
    return job


def cancel_waiting(
    hub: JobsClient,
    submitted: Submitted,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object] = time.sleep,
) -> Cancelled:
    """Cancel a job that waits, and return its record once the Hub says that it has ended; or that it started before.

    That the Hub took the request proves nothing: only a record with an end does.

    Raises:
        SubmissionUnknown: nothing proves that it has ended; its money stays held.
        HubError: the Hub does not show it.
    """
    namespace, job_id = submitted.submission.terms.namespace, str(submitted.job_id)
    seen = clock()
    job = hub.get_job(namespace, job_id)
    if not is_waiting(job):
        return Cancelled(job, 0.0)
    trouble = ""
    try:
        hub.cancel_job(namespace, job_id)
    except HubError as error:
        # Whether it was cancelled is what the record says.
        trouble = f" {error.message}"
    until = clock() + timedelta(seconds=_PROOF_SECS)
    while clock() < until:
        try:
            job = hub.get_job(namespace, job_id)
        except HubError as error:
            trouble = f" {error.message}"
        if job.is_terminal or (trouble and not is_waiting(job)):
            return Cancelled(job, (clock() - seen).total_seconds())
        sleep(_POLL_SECS)
    raise SubmissionUnknown(
        f"Job {job_id} was cancelled, and nothing proves that it has ended; no other was sent.{trouble}",
        submission_id=submitted.submission.sid,
        job_id=job_id,
        hint="Its money stays held. Run the same command with the same --key again: it goes on from there.",
    )
