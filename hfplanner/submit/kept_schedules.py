"""Schedules that the ledger holds money for and that the Hub does not list yet, as the Hub would list them.

What a schedule holds counts in the period that it was made in. Where the period turns before the Hub lists it, its
runs in the new one are counted from here: until then by nobody, and from the listing on by that.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from hfplanner.budget.ledger.records import SID_LABEL, State, Submission
from hfplanner.submit.timetable import attempts_of_a_run, is_schedule, timeout_of_a_run, when_of

if TYPE_CHECKING:
    from hfplanner.api.models import ScheduledJobInfo

__all__ = ["with_kept_schedules"]

_OPEN = frozenset(state for state in State if state.holds_money)


class _Submissions(Protocol):
    """What is asked of a ledger."""

    def submissions(self, states: Collection[State]) -> Iterable[Submission]:
        """Return the submissions in some states."""


def with_kept_schedules(listed: "Sequence[ScheduledJobInfo]", books: _Submissions) -> "list[ScheduledJobInfo]":
    """Return what the Hub lists, and beside it each schedule that may exist and is not listed.

    Raises:
        LedgerError: the ledger cannot be asked.
    """
    ids = {schedule.id for schedule in listed}
    sids = {((schedule.job_spec and schedule.job_spec.labels) or {}).get(SID_LABEL) for schedule in listed}
    kept = [one for one in books.submissions(_OPEN) if is_schedule(one)]
    unseen = [one for one in kept if (one.sid not in sids if one.job_id is None else one.job_id not in ids)]
    return [*listed, *map(_as_listed, unseen)]


def _as_listed(submission: Submission) -> "ScheduledJobInfo":
    from hfplanner.api.models import ScheduledJobInfo  # noqa: PLC0415 - pydantic, for those who make schedules

    terms, when = submission.terms, when_of(submission)
    return ScheduledJobInfo.model_validate(
        {
            "id": submission.job_id or submission.sid,
            "schedule": when.schedule,
            "suspend": when.suspend,
            "concurrency": when.concurrency,
            "owner": {"name": terms.namespace},
            "initiator": {"name": terms.owner} if terms.owner else None,
            "jobSpec": {
                "flavor": terms.flavor,
                "timeout": timeout_of_a_run(submission),
                "attempts": attempts_of_a_run(submission),
                "labels": {**terms.labels, SID_LABEL: submission.sid},
                **({"expose": {"ports": [0]}} if terms.has_ports else {}),
            },
        }
    )
