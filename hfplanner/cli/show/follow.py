"""Following a job, for people: a spinner with its stage and cost so far, its log, and what it cost in the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.text import Text

from hfplanner.api.job_parts import JobStage
from hfplanner.api.models import JobInfo
from hfplanner.budget.ledger.records import Submission
from hfplanner.cli.show.output import hint, note, print_error, print_log, warn
from hfplanner.errors import HfplannerError, HubError, SubmissionError
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.plan.followed import FollowedRun
from hfplanner.sanitize import sanitize
from hfplanner.submit.charging import Charging
from hfplanner.submit.follow import follow_job
from hfplanner.submit.send import Submitted, Submitter
from hfplanner.submit.settlement import foreign_price, settlement
from hfplanner.units import format_duration, format_usd

__all__ = ["Standing", "follow", "spinner"]


class Standing:
    """What the spinner says: computed each time it is drawn."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.job: JobInfo | None = None
        self.began = time.monotonic()
        self.started_at: float | None = None

    def see(self, job: JobInfo, now: datetime) -> None:
        """Take in the newest record."""
        self.job = job
        if job.started_at is not None and self.started_at is None:
            self.started_at = time.monotonic() - max((now - job.started_at).total_seconds(), 0.0)

    def __rich__(self) -> Text:
        return Text(sanitize(self.words()))

    def words(self) -> str:
        """Return the stage, how long it lasts, and the cost so far."""
        status = self.job.status if self.job is not None else None
        if self.started_at is None:
            message = (status and status.message) or "Scheduling"
            return f"{message} ({format_duration(int(time.monotonic() - self.began))})"
        secs = max(int(time.monotonic() - self.started_at), 1)
        terms, most = self.submission.terms, format_usd(self.submission.cap_micro_usd)
        so_far = "" if terms.price is None else format_usd(job_cost_micro_usd(terms.price.micro_usd_per_minute, secs))
        return f"Running on {terms.flavor} for {format_duration(secs)}: {so_far} of at most {most}"


def follow(submitted: Submitted, submitter: Submitter, books: Charging, run: FollowedRun) -> int:
    """Show a job until it has ended, settle it, and keep what it took; return 1 where it did not complete, else 0.

    Args:
        submitted: the job.
        submitter: where it was sent.
        books: what charges it where it ran on another flavor.
        run: reads its log.
    """
    namespace, job_id = submitted.submission.terms.namespace, str(submitted.job_id)
    standing = Standing(submitted.submission)
    # Who reads a pipe knows the job at once, not when it has ended.
    sys.stdout.flush()
    last: JobInfo | None = None
    try:
        with spinner(standing):
            for seen in follow_job(submitter.hub, namespace, job_id):
                if isinstance(seen, JobInfo):
                    last = seen
                    standing.see(seen, submitter.clock())
                else:
                    print_log(seen.data)
                    run.see(seen.data)
    except KeyboardInterrupt:
        note(f"Job {namespace}/{job_id} was not cancelled: it runs on, and its money stays held.")
        hint(f"`hf jobs logs -f {namespace}/{job_id}` follows it; `hf jobs cancel {namespace}/{job_id}` cancels it.")
        raise
    except HubError as error:
        warn(f"The job cannot be followed any more: {error.message} It runs on.")
        return 0
    code = _ended(last, submitted, submitter, books)
    if last is not None and (said := run.keep(last)):
        note(said)
    return code


def _ended(job: JobInfo | None, submitted: Submitted, submitter: Submitter, books: Charging) -> int:
    """Settle a job that has ended, and say how it did and what it cost."""
    if job is None:
        return 0
    submission = submitted.submission
    cost = settlement(job, submission, submitter.clock(), ran_at=foreign_price(job, submission, books))
    if cost is None:
        return 0
    try:
        submitter.ledger.settle(submission.sid, cost)
    except HfplannerError as error:
        warn(f"The ledger could not settle it: {error.message} `hfplanner ledger reconcile` does.")
    spent = f"{format_usd(cost.cost_micro_usd)} of at most {format_usd(submission.cap_micro_usd)}"
    stage = "unknown" if job.status is None else str(job.status.stage)
    if job.status is not None and job.status.stage == JobStage.COMPLETED:
        note(f"Job {job.id} completed. It cost {spent}.")
        return 0
    message = job.status and job.status.message
    why = f": {message}" if message else ""
    print_error(SubmissionError(f"Job {job.id} ended with stage {stage}{why}. It cost {spent}."), json=False)
    return SubmissionError.exit_code


@contextmanager
def spinner(standing: Standing) -> Iterator[None]:
    """Show how a job stands until it is over, on a terminal; elsewhere nothing."""
    out = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        yield
        return
    with out.status(standing):
        yield
