"""Submissions that are schedules: found by their label, and let go once the Hub lists them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.records import SID_LABEL, State, Submission
from hfplanner.errors import HubError, HubNotFound
from hfplanner.submit.identity import LEDGER_LABEL
from hfplanner.submit.send import Submitter

__all__ = ["SettledSchedules", "settle_schedules"]

_LISTED_AFTER = timedelta(minutes=5)
"""So long somebody may decide on a listing from before it was there: as long as a reservation lasts."""


@dataclass(slots=True, kw_only=True)
class SettledSchedules:
    """What was found and let go.

    Args:
        found: submissions whose schedule was found.
        settled: those that hold nothing any more: the Hub's schedules count them.
        unknown: those that may exist.
        gaps: what could not be asked, a sentence each.
    """

    found: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def settle_schedules(submitter: Submitter, submissions: Sequence[Submission]) -> SettledSchedules:
    """Bring schedules up to what the Hub says: one listing for each namespace.

    Absence is no proof: one that is not found stays held in the period it was made in, until somebody resolves it.

    Args:
        submitter: where they were made.
        submissions: schedules that are ``UNKNOWN``, ``LAUNCHED`` or ``ADOPTED``.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    done = SettledSchedules()
    for namespace in sorted({submission.terms.namespace for submission in submissions}):
        mine = [submission for submission in submissions if submission.terms.namespace == namespace]
        try:
            listed = submitter.hub.scheduled.list(namespace)
        except HubError as error:
            done.gaps.append(f"the schedules of {namespace} could not be listed: {error.message}")
            done.unknown += [submission.sid for submission in mine if submission.state is State.UNKNOWN]
            continue
        by_sid = _by_sid(listed, submitter.ledger.ledger_id)
        for submission in mine:
            if submission.state is State.UNKNOWN:
                _find(submission, by_sid, submitter, done)
            else:
                _let_go(submission, {schedule.id for schedule in listed}.__contains__, submitter, done)
    return done


def _by_sid(schedules: Sequence[ScheduledJobInfo], ledger_id: str) -> dict[str, str]:
    labels = {schedule.id: (schedule.job_spec and schedule.job_spec.labels) or {} for schedule in schedules}
    return {
        found[SID_LABEL]: own_id
        for own_id, found in labels.items()
        if found.get(LEDGER_LABEL) == ledger_id and SID_LABEL in found
    }


def _find(submission: Submission, by_sid: Mapping[str, str], submitter: Submitter, done: SettledSchedules) -> None:
    own_id = by_sid.get(submission.sid)
    if own_id is not None and submitter.ledger.found(
        submission.sid, own_id, "", submitter.clock(), "Found by its label."
    ):
        done.found.append(submission.sid)
    else:
        done.unknown.append(submission.sid)


def _let_go(
    submission: Submission, is_listed: Callable[[str], bool], submitter: Submitter, done: SettledSchedules
) -> None:
    """Hold no more for a schedule that is old enough to be in every listing that is decided on, or is gone."""
    now = submitter.clock()
    if now - submission.changed_at < _LISTED_AFTER:
        return
    own_id = str(submission.job_id)
    evidence = "none: its runs are counted with the Hub's schedules"
    if not is_listed(own_id):
        try:
            submitter.hub.scheduled.get(submission.terms.namespace, own_id)
        except HubNotFound:
            evidence = "none: it was deleted, and its runs are jobs of their own"
        except HubError as error:
            done.gaps.append(f"the schedule {own_id} could not be asked for: {error.message}")
            return
        else:
            return
    if submitter.ledger.settle(submission.sid, Settlement(cost_micro_usd=0, evidence=evidence, at=now)):
        done.settled.append(submission.sid)
