"""Bring the books up to what the Hub says: find what is unknown, adopt what was not held, settle what has ended.

Run any number of times, at once or after any crash, it does what running it once does: every step is a compare-and-set
or once-only in the ledger.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hfplanner.api.models import JobInfo
from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.records import SID_LABEL, State, Submission
from hfplanner.errors import HubError, HubNotFound
from hfplanner.submit.adopt import adoption_of
from hfplanner.submit.charging import Charging
from hfplanner.submit.granted import granted_terms, hold_what_was_granted
from hfplanner.submit.identity import copy_sid, is_sid
from hfplanner.submit.labelled_jobs import (
    ask_each,
    is_copy,
    jobs_of_ledger,
    jobs_of_submission,
    newest_of_ledger,
    original,
)
from hfplanner.submit.schedules import settle_schedules
from hfplanner.submit.send import Submitter
from hfplanner.submit.settlement import foreign_price, longest_life, settlement
from hfplanner.submit.timetable import is_schedule
from hfplanner.submit.triggers import is_awaited, is_trigger, job_of_trigger
from hfplanner.units import format_usd

__all__ = ["SOON_SECS", "Reconciled", "reconcile"]

SOON_SECS = 5.0
"""How long a command that spends asks the Hub about what is open, all questions together [s]."""
_NAMED = 3


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """What reconciling did.

    Args:
        expired: reservations that were never sent and hold nothing any more.
        interrupted: submissions whose sender died; their money stays held.
        found: submissions whose job was found.
        adopted: jobs that nothing was held for.
        settled: submissions settled at what they cost.
        presumed: submissions of which nothing was found for so long that they are taken as spent.
        corrected: settled ones for which the bill says otherwise.
        unknown: submissions that stay unknown.
        alerts: what somebody should look at, a sentence each.
        gaps: what could not be asked, a sentence each; the books may be behind there.
    """

    expired: list[str] = field(default_factory=list)
    interrupted: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    presumed: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything that had to be asked was answered."""
        return not self.gaps

    def to_json(self) -> dict[str, Any]:
        """Return what was done as a JSON object."""
        return {"complete": self.complete} | {name: list(getattr(self, name)) for name in self.__slots__}


def reconcile(
    submitter: Submitter, charging: Charging, *, sweep: bool = True, within_secs: float = math.inf
) -> Reconciled:
    """Do all steps of reconciling, in order.

    Args:
        submitter: where submissions are made.
        charging: what charges a job nobody reserved money for.
        sweep: look for jobs with the ledger's label that the ledger does not know, too: a whole listing for each
            namespace. The start of a spending command leaves it out: it takes one listing for all that is open, as far
            back as that goes, and asks for single jobs only where that does not show them.
        within_secs: for all questions together; what could not be asked by then is a gap [s].

    Raises:
        LedgerError: the ledger cannot be used.
    """
    with submitter.hub.within(within_secs):
        return _Reconciliation(submitter, charging).run(sweep=sweep)


class _Reconciliation:
    """One pass. What the Hub does not tell is a gap, and costs the other steps nothing."""

    def __init__(self, submitter: Submitter, charging: Charging) -> None:
        self.submitter = submitter
        self.charging = charging
        self.done = Reconciled()
        self.seen: dict[str, JobInfo] = {}

    def run(self, *, sweep: bool) -> Reconciled:
        """Return what was done."""
        self._expire()
        self._schedules()
        # Before any listing by labels: a run that was started by hand has those of its schedule, like every other one.
        self._triggers()
        if sweep:
            self._look_for_unknown()
            self._sweep()
        else:
            self._look_at_newest()
        self._settle()
        self._bill()
        return self.done

    def _submissions(self, *states: State) -> list[Submission]:
        return list(self.submitter.ledger.submissions(states))

    def _expire(self) -> None:
        ledger, now = self.submitter.ledger, self.submitter.clock()
        for submission in self._submissions(State.RESERVED):
            reason = "Reserved and never sent."
            if submission.expires_at <= now and ledger.void(
                submission.sid, from_state=State.RESERVED, reason=reason, at=now
            ):
                self.done.expired.append(submission.sid)
        for submission in self._submissions(State.SENDING):
            sender = submission.sender
            if sender is not None and not self.submitter.machine.is_dead(
                sender, marked_at=submission.changed_at, now=now
            ):
                continue
            if ledger.unknown(submission.sid, "The process that sent it ended before it told what came of it.", now):
                self.done.interrupted.append(submission.sid)

    def _jobs(self, *states: State) -> list[Submission]:
        return [submission for submission in self._submissions(*states) if not is_schedule(submission)]

    def _schedules(self) -> None:
        """Find schedules whose creation is not known, and let go of those that the Hub lists."""
        schedules = [one for one in self._submissions(State.UNKNOWN, State.LAUNCHED, State.ADOPTED) if is_schedule(one)]
        done = settle_schedules(self.submitter, schedules)
        self.done.found += done.found
        self.done.settled += done.settled
        self.done.unknown += done.unknown
        for gap in done.gaps:
            self._gap(gap)

    def _triggers(self) -> None:
        """Find the jobs of schedules that were started by hand and whose answer is not known."""
        ledger = self.submitter.ledger
        for submission in filter(is_trigger, self._submissions(State.UNKNOWN)):
            try:
                job = job_of_trigger(self.submitter.hub, submission, ledger)
            except HubError as error:
                self._gap(f"submission {submission.sid} could not be looked for: {error.message}")
                self.done.unknown.append(submission.sid)
                continue
            reason = "Found as a run of its schedule."
            if job is not None and ledger.found(submission.sid, job.id, "", self.submitter.clock(), reason):
                self.seen[job.id] = job
                self.done.found.append(submission.sid)
            else:
                self._not_found(submission)

    def _labelled(self, *states: State) -> list[Submission]:
        return [submission for submission in self._jobs(*states) if not is_trigger(submission)]

    def _look_for_unknown(self) -> None:
        for submission in self._labelled(State.UNKNOWN):
            try:
                jobs = jobs_of_submission(self.submitter.hub, submission.terms.namespace, submission.sid)
            except HubError as error:
                self._gap(f"submission {submission.sid} could not be looked for: {error.message}")
                self.done.unknown.append(submission.sid)
                continue
            self._take(submission.sid, jobs)
            if original(jobs) is None:
                self._not_found(submission)

    def _look_at_newest(self) -> None:
        """See what is open in one listing of each namespace."""
        of_namespace: dict[str, list[Submission]] = {}
        for submission in self._labelled(State.UNKNOWN, State.LAUNCHED, State.ADOPTED):
            of_namespace.setdefault(submission.terms.namespace, []).append(submission)
        for namespace, submissions in of_namespace.items():
            unknown = [submission for submission in submissions if submission.state is State.UNKNOWN]
            try:
                jobs = newest_of_ledger(self.submitter.hub, namespace, self.submitter.ledger.ledger_id, submissions)
            except HubError as error:
                self._gap(f"what is open in {namespace} could not be listed: {error.message}")
                self.done.unknown += [submission.sid for submission in unknown]
                continue
            self.seen |= {job.id: job for job in jobs}
            for submission in unknown:
                labelled = [job for job in jobs if (job.labels or {}).get(SID_LABEL) == submission.sid]
                self._take(submission.sid, labelled)
                if original(labelled) is None:
                    self._not_found(submission)

    def _not_found(self, submission: Submission) -> None:
        """Keep what was not found held: absence is no proof. After its longest life it is presumed spent."""
        now = self.submitter.clock()
        life = longest_life(submission)
        if now - submission.created_at > life and self.submitter.ledger.presume(
            submission.sid, "Not found for longer than it could run: taken as spent.", now
        ):
            self.done.presumed.append(submission.sid)
            self._alert(
                f"submission {submission.sid} was never found; {format_usd(submission.cap_micro_usd)} are taken as"
                " spent until evidence says otherwise"
            )
        else:
            self.done.unknown.append(submission.sid)

    def _sweep(self) -> None:
        ledger_id = self.submitter.ledger.ledger_id
        for namespace in self._namespaces():
            by_sid: dict[str, list[JobInfo]] = {}
            try:
                for job in jobs_of_ledger(self.submitter.hub, namespace, ledger_id):
                    by_sid.setdefault((job.labels or {}).get(SID_LABEL, ""), []).append(job)
            except HubError as error:
                self._gap(f"the jobs of {namespace} could not be listed whole: {error.message}")
            for sid, jobs in by_sid.items():
                self._take(sid, jobs)

    def _namespaces(self) -> list[str]:
        of_ledger = (submission.terms.namespace for submission in self.submitter.ledger.submissions())
        return sorted({*of_ledger, *self.charging.namespaces})

    def _take(self, sid: str, jobs: Iterable[JobInfo]) -> None:
        """Book every job of one label: the one that was submitted, and copies."""
        jobs = list(jobs)
        ours = original(jobs)
        for job in jobs:
            self.seen[job.id] = job
            if self._has_owner(job):
                continue
            if job is ours:
                self._take_original(sid, job)
            else:
                why = "is a copy of" if is_copy(job) else "has the label of"
                self._adopt(self._copy_sid(job), job, f"job {job.id} {why} submission {sid}")

    def _has_owner(self, job: JobInfo) -> bool:
        """Whether a job is in the books, or whoever started it books it just now."""
        ledger = self.submitter.ledger
        # Looked for once more after the one: who was awaited may have booked it in between.
        return ledger.by_job(job.id) is not None or is_awaited(job, ledger) or ledger.by_job(job.id) is not None

    def _take_original(self, sid: str, job: JobInfo) -> None:
        ledger = self.submitter.ledger
        submission = ledger.get(sid) if is_sid(sid) else None
        if submission is None:
            own = sid if is_sid(sid) else self._copy_sid(job)
            self._adopt(own, job, f"job {job.id} carries the ledger's label, but is not in it")
        elif is_schedule(submission):
            self._adopt(self._copy_sid(job), job, f"job {job.id} is a run of submission {sid}")
        elif submission.state in {State.RESERVED, State.SENDING} or submission.job_id == job.id:
            # Its sender records it, or has just done so.
            return
        elif not ledger.found(sid, job.id, "", self.submitter.clock(), "Found by its label."):
            # It has another job: a label was copied by hand.
            self._adopt(self._copy_sid(job), job, f"job {job.id} has the label of submission {sid}")
        elif submission.state is State.VOID:
            self.done.adopted.append(sid)
            self._alert(
                f"job {job.id} exists although submission {sid} was taken as not sent;"
                f" {format_usd(submission.cap_micro_usd)} are held for it"
            )
        else:
            self.done.found.append(sid)

    def _copy_sid(self, job: JobInfo) -> str:
        return copy_sid(self.submitter.ledger.ledger_id, job.id)

    def _adopt(self, sid: str, job: JobInfo, reason: str) -> None:
        adoption = adoption_of(job, sid, self.charging, reason=reason, at=self.submitter.clock())
        if adoption is None:
            self._gap(f"{reason}, and nothing is known of its price")
            return
        self.submitter.ledger.adopt(adoption)
        self.done.adopted.append(sid)
        self._alert(f"{reason}; {format_usd(adoption.cap_micro_usd)} are held for it")

    def _settle(self) -> None:
        ledger = self.submitter.ledger
        submissions = self._jobs(State.LAUNCHED, State.ADOPTED)
        for submission, answer in self._answers(submissions):
            now = self.submitter.clock()
            cost = self._cost_of(submission, answer, now)
            if isinstance(answer, JobInfo) and (cost is None or cost.is_bound) and self._raise(submission, answer, now):
                submission = ledger.get(submission.sid) or submission  # noqa: PLW2901 - as it stands now
                cost = self._cost_of(submission, answer, now)
            if cost is None or not ledger.settle(submission.sid, cost):
                continue
            self.done.settled.append(submission.sid)
            if cost.cost_micro_usd > submission.cap_micro_usd:
                self._alert(
                    f"submission {submission.sid} cost {format_usd(cost.cost_micro_usd)}, more than the"
                    f" {format_usd(submission.cap_micro_usd)} it was allowed"
                )

    def _answers(self, submissions: Sequence[Submission]) -> list[tuple[Submission, JobInfo | HubError]]:
        """Return what the Hub says of the job of each: as a listing showed it, or asked for by itself."""
        unseen = [submission for submission in submissions if submission.job_id not in self.seen]
        asked = dict(zip((submission.sid for submission in unseen), ask_each(self.submitter.hub, unseen), strict=True))
        failed = {sid: answer for sid, answer in asked.items() if isinstance(answer, HubError)}
        untold = [one for one in unseen if one.sid in failed and not isinstance(failed[one.sid], HubNotFound)]
        if untold:
            ids = ", ".join(str(one.job_id) for one in untold[:_NAMED]) + (", ..." if len(untold) > _NAMED else "")
            jobs = "job" if len(untold) == 1 else f"{len(untold)} jobs:"
            self._gap(f"{jobs} {ids} could not be asked for: {failed[untold[0].sid].message}")
        return [(one, asked.get(one.sid) or self.seen[str(one.job_id)]) for one in submissions]

    def _raise(self, submission: Submission, job: JobInfo, now: datetime) -> bool:
        """Hold what the Hub granted a job beyond what was asked for; whether that is more."""
        granted = granted_terms(job, submission.terms, self.charging.worst_price_of)
        if granted is None:
            return False
        windows = self.charging.windows_of(granted, submission.counts_at)
        told = hold_what_was_granted(self.submitter.ledger, submission, granted, windows, now)
        self.done.alerts += told
        return bool(told)

    def _cost_of(self, submission: Submission, answer: JobInfo | HubError, now: datetime) -> Settlement | None:
        if isinstance(answer, HubNotFound):
            return self._vanished(submission, now)
        if isinstance(answer, HubError):
            return None
        return settlement(answer, submission, now, ran_at=foreign_price(answer, submission, self.charging))

    def _vanished(self, submission: Submission, now: datetime) -> Settlement | None:
        """Return the cap of a job the Hub does not know any more, once its longest life is over."""
        if now - submission.created_at <= longest_life(submission):
            self._alert(f"the Hub does not show job {submission.job_id}; its money stays held")
            return None
        return Settlement(cost_micro_usd=submission.cap_micro_usd, evidence="vanished: its cap", at=now)

    def _bill(self) -> None:
        ledger, now = self.submitter.ledger, self.submitter.clock()
        for job_id, billed in self.charging.bills.items():
            submission = ledger.by_job(job_id)
            if submission is None or submission.state is not State.SETTLED or submission.posted_micro_usd == billed:
                continue
            if ledger.correct(submission.sid, Settlement(cost_micro_usd=billed, evidence="bill", at=now)):
                self.done.corrected.append(submission.sid)

    def _alert(self, text: str) -> None:
        self.done.alerts.append(f"{text[0].upper()}{text[1:]}.")

    def _gap(self, text: str) -> None:
        self.done.gaps.append(text.rstrip("."))
