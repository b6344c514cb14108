"""When a job is to run, as part of what is sent, and the money of all its runs.

A schedule is created by one POST, exactly once like a job: reserved, labelled, sent, looked for by its label where the
answer is lost. What it holds is only there for the time in which somebody else may decide on a listing that does not
show it yet. From then on its runs are counted by what the Hub says of it, afresh at every check, until the end of each
budget's own period: so it is renewed when a period turns, and ends when somebody deletes the schedule anywhere. Where
the period turns before that, its runs are counted from the ledger (:mod:`hfplanner.submit.kept_schedules`).

One amount is held in all budgets, the one of the longest period. Budgets that need less are not reserved in, but looked
at after the money is held: of two schedules made at once one is refused, or both, and never both made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.records import Submission
from hfplanner.budget.terms import JobTerms

__all__ = ["Timetable", "When", "attempts_of_a_run", "is_schedule", "timeout_of_a_run", "when_of"]

_SCHEDULE = "schedule"
_SUSPEND = "suspend"
_CONCURRENCY = "concurrency"
_TIMEOUT = "timeout_secs"
_ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a job runs, as ``hf jobs scheduled run`` takes it.

    Args:
        schedule: ``"@hourly"`` and the like, or a cron expression.
        suspend: begin paused; ``None`` leaves it to the Hub, which begins at once.
        concurrency: whether a run may start while the last one runs; ``None`` leaves it to the Hub: it may not.

    >>> When(schedule="@daily", suspend=True).body({"flavor": "l4x1"})
    {'jobSpec': {'flavor': 'l4x1'}, 'schedule': '@daily', 'suspend': True}
    """

    schedule: str
    suspend: bool | None = None
    concurrency: bool | None = None

    def options(self) -> dict[str, Any]:
        """Return what is said of it, as the API spells it."""
        said = {_SCHEDULE: self.schedule, _SUSPEND: self.suspend, _CONCURRENCY: self.concurrency}
        return {name: value for name, value in said.items() if value is not None}

    def body(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body that asks the Hub for it."""
        return {"jobSpec": dict(spec), **self.options()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a job runs, and what all its runs cost.

    Args:
        when: it runs.
        one: the terms of one run.
        held: the terms of one job that costs what all runs do until the end of the longest period.
        beside: the budgets whose period is shorter, with what its runs cost until then [micro-USD].
    """

    when: When
    one: JobTerms
    held: JobTerms
    beside: tuple[tuple[BudgetWindow, int], ...] = ()

    def notes(self) -> dict[str, str]:
        """Return what is kept in the ledger of a schedule beside its money."""
        one, when = self.one, self.when
        return {
            _SCHEDULE: when.schedule,
            _SUSPEND: str(bool(when.suspend)),
            _CONCURRENCY: str(bool(when.concurrency)),
            _TIMEOUT: str(one.timeout_secs),
            _ATTEMPTS: str(one.attempts),
        }


def is_schedule(submission: Submission) -> bool:
    """Say whether a submission is a schedule, and not a job."""
    return _SCHEDULE in submission.notes


def timeout_of_a_run(submission: Submission) -> int:
    """Return the timeout of one attempt of one run of a schedule [s]."""
    return int(submission.notes[_TIMEOUT])


def attempts_of_a_run(submission: Submission) -> int:
    """Return how often one run of a schedule is tried."""
    return int(submission.notes[_ATTEMPTS])


def when_of(submission: Submission) -> When:
    """Return when a schedule of the ledger runs; what an earlier version did not note is as much as it can be.

    >>> from types import SimpleNamespace
    >>> when_of(SimpleNamespace(notes={"schedule": "@daily", "suspend": "True"}))
    When(schedule='@daily', suspend=True, concurrency=True)
    """
    notes = submission.notes
    return When(
        schedule=notes[_SCHEDULE],
        suspend=notes.get(_SUSPEND) == str(True),
        concurrency=notes.get(_CONCURRENCY) != str(False),
    )
