"""Waiting for a job to start, and cancelling one that does not: ended is only what the Hub says has ended."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from hfplanner.api.client import JobsClient
from hfplanner.api.job_parts import JobStage
from hfplanner.api.models import JobInfo
from hfplanner.errors import HubError, SubmissionUnknown
from hfplanner.submit.send import Submitted

__all__ = ["Cancelled", "cancel_waiting", "is_waiting", "never_started", "wait_for_start", "waited_secs"]

_POLL_SECS = 2.0
# How long a cancelled job is watched until the Hub says that it has ended.
_PROOF_SECS = 120.0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A job that was cancelled while it waited, or had started before it could be.

    Args:
        job: its record, after that.
        unseen_secs: from when it was last seen waiting until it was seen to have ended [s]: longer it cannot have run.
        is_ours: whether we asked for it; somebody else may have.
    """

    job: JobInfo
    unseen_secs: float
    is_ours: bool = True

    @property
    def has_waited(self) -> bool:
        """Whether it was cancelled and never ran: only then is it of use elsewhere."""
        return never_started(self.job)

    @property
    def had_started(self) -> bool:
        """Whether our cancel came when it had just begun to run, and ended that."""
        return self.is_ours and _is_cancelled(self.job) and self.job.started_at is not None


def is_waiting(job: JobInfo) -> bool:
    """Whether a job waits for hardware: only then is another flavor of use."""
    return job.status is not None and job.status.stage == JobStage.SCHEDULING


def never_started(job: JobInfo) -> bool:
    """Whether a job was cancelled before it ran."""
    return _is_cancelled(job) and job.started_at is None


def _is_cancelled(job: JobInfo) -> bool:
    return job.status is not None and job.status.stage == JobStage.CANCELED


def waited_secs(job: JobInfo, submitted: Submitted, now: datetime) -> int:
    """Return how long a job that never started has waited [s]: as the Hub tells, else as seen from here.

    Times of the Hub are compared with each other only: its clock may be another than ours.
    """
    if job.created_at is not None and job.finished_at is not None:
        since, until = job.created_at, job.finished_at
    else:
        since, until = submitted.submission.created_at, now
    return max(int((until - since) / timedelta(seconds=1)), 0)


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
    until = submitted.submission.created_at + timedelta(seconds=max_wait_secs)
    job = hub.get_job(namespace, job_id)
    while is_waiting(job):
        left = (until - clock()) / timedelta(seconds=1)
        if left <= 0:
            return job
        sleep(min(_POLL_SECS, left))
        job = hub.get_job(namespace, job_id)
    return job


def cancel_waiting(
    hub: JobsClient,
    submitted: Submitted,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object] = time.sleep,
    within_secs: float = _PROOF_SECS,
) -> Cancelled:
    """Cancel a job that waits, and return its record once the Hub says that it has ended; or that it started before.

    That the Hub took the request proves nothing: only a record with an end does. Where it did not take it, or its
    answer was lost, it is asked again while the job waits: to cancel twice is no harm. It is not asked again for a job
    that runs: that has what it waited for.

    Raises:
        SubmissionUnknown: nothing proves that it has ended; its money stays held.
        HubError: the Hub does not show it.
    """
    namespace, job_id = submitted.submission.terms.namespace, str(submitted.job_id)
    seen = clock()
    job = hub.get_job(namespace, job_id)
    if not is_waiting(job):
        return Cancelled(job, 0.0, is_ours=False)
    trouble, is_taken = "", False
    until = seen + timedelta(seconds=within_secs)
    while clock() < until:
        try:
            if not is_taken:
                hub.cancel_job(namespace, job_id)
                is_taken = True
            job = hub.get_job(namespace, job_id)
        except HubError as error:
            # Whether it was cancelled is what the record says.
            trouble = f" {error.message}"
            with suppress(HubError):
                job = hub.get_job(namespace, job_id)
        if job.is_terminal or (not is_taken and not is_waiting(job)):
            return Cancelled(job, (clock() - seen).total_seconds())
        sleep(_POLL_SECS)
    if not is_waiting(job):
        return Cancelled(job, (clock() - seen).total_seconds())
    raise SubmissionUnknown(
        f"Job {job_id} was cancelled, and nothing proves that it has ended; no other was sent.{trouble}",
        submission_id=submitted.submission.sid,
        job_id=job_id,
        hint="Its money stays held. Run the same command with the same --key again: it goes on from there.",
    )
