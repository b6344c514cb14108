"""Watch a job that was submitted, as ``hf jobs run`` does: its stages, its log, its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from hfplanner.api.client import JobsClient
from hfplanner.api.models import JobInfo
from hfplanner.api.streams import LogLine
from hfplanner.errors import HubError
from hfplanner.submit.waiting import is_waiting

__all__ = ["follow_job"]

_POLL_SECS = 2.0


def follow_job(
    hub: JobsClient, namespace: str, job_id: str, *, sleep: Callable[[float], object] = time.sleep
) -> Iterator[JobInfo | LogLine]:
    """Yield what can be seen of a job until it has ended: its record whenever that is asked for, and its log's lines.

    The last thing that comes is the record of the job that has ended. The job runs on whatever happens here.

    Raises:
        HubError: the Hub does not show the job any more, or cannot be asked.
    """
    job = hub.get_job(namespace, job_id)
    while not job.is_terminal and is_waiting(job):
        yield job
        sleep(_POLL_SECS)
        job = hub.get_job(namespace, job_id)
    yield job
    # A log that breaks off says nothing of the job: its record does.
    with suppress(HubError):
        yield from hub.logs(namespace, job_id)
    job = hub.get_job(namespace, job_id)
    while not job.is_terminal:
        yield job
        sleep(_POLL_SECS)
        job = hub.get_job(namespace, job_id)
    yield job
