"""A run of a schedule that is started by hand: one POST without a body, so it can carry no label of its own.

Its money is reserved like that of any job, and the POST is sent at most once. Where the answer is lost, its job is
found by what the Hub says of every job that a schedule started: whose run it is, and when it was made. A run that the
schedule started by itself at the same time may be taken for it, and the other way round: both are jobs of the same
specification, each is booked once, and so is its money.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from hfplanner.api.client import JobsClient
from hfplanner.api.launch import Launched
from hfplanner.api.models import JobInfo, ScheduledJobInfo
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.errors import HubConflict, HubError, Outcome

__all__ = ["Trigger", "is_awaited", "is_trigger", "job_of_trigger"]

_NOTE = "trigger"
_AFTER = "trigger_after"
# By how much the Hub's clock may be behind ours, where its own time of the run before is not known.
_CLOCK_SKEW = timedelta(hours=1)
# As many as one page of the listing holds.
_NEWEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The schedule whose job is started.

    Args:
        schedule_id: of the schedule.
        after: when the Hub made its last run, by the Hub's clock; ``None`` where it never ran.
    """

    schedule_id: str
    after: datetime | None = None

    @classmethod
    def of(cls, schedule: ScheduledJobInfo, namespace: str, hub: JobsClient) -> "Trigger":
        """Return the next run of a schedule: the one after all those there are.

        Raises:
            HubError: the Hub did not tell.
        """
        last = schedule.status.last_job if schedule.status else None
        newest = (job for job in islice(hub.list_jobs(namespace), _NEWEST) if _schedule_of(job) == schedule.id)
        seen = (last.at if last else None, *(job.created_at for job in newest))
        return cls(schedule_id=schedule.id, after=max((at for at in seen if at is not None), default=None))

    def said(self) -> dict[str, str]:
        """Return what tells it from the same job sent by itself."""
        return {_NOTE: self.schedule_id}

    def notes(self) -> dict[str, str]:
        """Return what is kept in the ledger beside its money."""
        return self.said() | ({} if self.after is None else {_AFTER: self.after.isoformat()})

    def start(self, namespace: str, hub: JobsClient) -> Launched:
        """Ask the Hub for the run, once.

        The Hub refuses it while another run goes on that may not overlap. That refusal counts as one only where no
        newer run is there: a request that was repeated on its way is refused because of itself.

        Raises:
            HubError: its ``outcome`` says whether there may be a job.
        """
        try:
            return hub.scheduled.run(namespace, self.schedule_id)
        except HubConflict as error:
            if error.answer.server_message is not None and self._is_alone(namespace, hub):
                error.outcome = Outcome.REJECTED
            raise

    def _is_alone(self, namespace: str, hub: JobsClient) -> bool:
        """Whether there surely is no run since the one before."""
        with suppress(HubError):
            return self.after is not None and next(self.runs(namespace, hub, self.after), None) is None
        return False

    def runs(self, namespace: str, hub: JobsClient, since: datetime) -> Iterator[JobInfo]:
        """Yield the runs of the schedule after a moment, newest first, as the Hub lists them.

        Raises:
            HubError: the Hub did not tell.
        """
        for job in hub.list_jobs(namespace):
            if job.created_at is not None and job.created_at <= since:
                return
            if _schedule_of(job) == self.schedule_id:
                yield job


def is_trigger(submission: Submission) -> bool:
    """Say whether a submission is a run of a schedule that was started by hand."""
    return _NOTE in submission.notes


def job_of_trigger(hub: JobsClient, submission: Submission, ledger: Ledger) -> JobInfo | None:
    """Return the oldest run of its schedule that came after the submission was made and that nobody has booked.

    Raises:
        HubError: the Hub did not tell.
        LedgerError: the ledger cannot be used.
    """
    after = submission.notes.get(_AFTER)
    since = submission.created_at - _CLOCK_SKEW if after is None else datetime.fromisoformat(after)
    runs = Trigger(schedule_id=submission.notes[_NOTE]).runs(submission.terms.namespace, hub, since)
    return next((job for job in reversed(list(runs)) if ledger.by_job(job.id) is None), None)


def is_awaited(job: JobInfo, ledger: Ledger) -> bool:
    """Say whether somebody is just now starting a run of the schedule that made a job: they will book it."""
    schedule_id = _schedule_of(job)
    if schedule_id is None:
        return False
    open_ones = ledger.submissions((State.RESERVED, State.SENDING))
    return any(submission.notes.get(_NOTE) == schedule_id for submission in open_ones)


def _schedule_of(job: JobInfo) -> str | None:
    initiator = job.initiator
    return initiator.id if initiator is not None and str(initiator.type) == "scheduled-job" else None
