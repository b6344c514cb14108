"""What budgets have spent or committed outside the ledger, added up from the evidence there is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.records import SID_LABEL, Submission
from hfplanner.budget.off_ledger import LedgerReader, OffLedger, Spending
from hfplanner.budget.scope import covers
from hfplanner.units import LIMIT_TOLERANCE_MICRO_USD

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.api.models import ScheduledJobInfo
    from hfplanner.budget.policy import AppliedBudget
    from hfplanner.catalog.listing import Listing

__all__ = ["read_off_ledger"]


def read_off_ledger(  # noqa: PLR0913 - the evidence there is, each piece of which may be missing
    applied: Sequence["AppliedBudget"],
    books: LedgerReader,
    *,
    now: datetime,
    listing: "Listing",
    jobs: "Callable[[], pl.LazyFrame] | None" = None,
    gaps: Sequence[str] = (),
    bills: "pl.LazyFrame | None" = None,
    schedules: "Sequence[ScheduledJobInfo] | None" = None,
) -> OffLedger:
    """Return what the budgets have spent or committed outside the ledger.

    Args:
        applied: the budgets, in the period that counts.
        books: the ledger; a job that it counts in a budget is not counted for that budget again.
        now: the time, UTC.
        listing: today's prices.
        jobs: gives the history, a frame of the jobs schema; ``None`` where it is empty.
        gaps: where the history is known to lack jobs, a sentence each.
        bills: what was really billed; it wins over every estimate.
        schedules: what the Hub will start; ``None`` where it was not asked.
    """
    spendings = {budget.budget.name: Spending() for budget in applied}
    seen_at = None
    if jobs is not None and applied:
        from hfplanner.budget.off_ledger_jobs import JobEvidence, spending_of_jobs  # noqa: PLC0415 - polars

        evidence = JobEvidence(jobs=jobs(), listing=listing, now=now, bills=bills)
        spendings, seen_at = spending_of_jobs(applied, books, evidence)
    if schedules is not None and applied:
        from hfplanner.budget.off_ledger_schedules import committed  # noqa: PLC0415 - only where there are schedules

        held = _held(schedules, books)

        def runs(budget: "AppliedBudget", found: "Sequence[ScheduledJobInfo]") -> Spending:
            return committed(budget, found, listing, now)

        spendings = {
            budget.budget.name: _with_schedules(spendings[budget.budget.name], _runs(budget, schedules, held, runs))
            for budget in applied
        }
    return OffLedger(
        by_budget=spendings,
        history_seen_at=seen_at,
        gaps=tuple(gaps) if applied else (),
        asked_schedules=schedules is not None,
    )


def _held(schedules: "Sequence[ScheduledJobInfo]", books: LedgerReader) -> dict[str, Submission]:
    """Return the submissions of schedules by the schedules' ids.

    One whose schedule is not known yet holds money for one of its label, the first.
    """
    found = dict(books.by_jobs([schedule.id for schedule in schedules])) if schedules else {}
    claimed: set[str] = set()
    for schedule in schedules:
        sid = ((schedule.job_spec and schedule.job_spec.labels) or {}).get(SID_LABEL)
        if schedule.id in found or sid is None or sid in claimed:
            continue
        labelled = books.get(sid)
        if labelled is not None and labelled.job_id is None:
            claimed.add(sid)
            found[schedule.id] = labelled
    return found


def _runs(
    applied: "AppliedBudget",
    schedules: "Sequence[ScheduledJobInfo]",
    held: Mapping[str, Submission],
    runs: "Callable[[AppliedBudget, Sequence[ScheduledJobInfo]], Spending]",
) -> Spending:
    """Return the runs that the ledger holds no money for in a budget, and the schedules for which it does.

    It does for minutes after one is made. One that was made paused and runs now, or runs more often now, costs more
    than is held, and counts whole.
    """
    window, counted, kept = applied.window, [], []
    for schedule in schedules:
        submission = held.get(schedule.id)
        cost = runs(applied, [schedule])
        if submission is not None and _holds(submission, window, cost):
            kept.append((submission.sid, cost.scheduled_micro_usd))
        else:
            counted.append(schedule)
    return replace(runs(applied, counted), held_schedules=tuple(kept))


def _holds(submission: Submission, window: BudgetWindow, cost: Spending) -> bool:
    """Whether what a submission holds of a window is enough for the runs of its schedule."""
    if not submission.state.holds_money or not covers(window.scope, submission.terms):
        return False
    at = submission.counts_at
    if at < window.start or (window.end is not None and at >= window.end) or cost.unknown:
        return False
    return cost.scheduled_micro_usd <= submission.cap_micro_usd + LIMIT_TOLERANCE_MICRO_USD


def _with_schedules(jobs: Spending, scheduled: Spending) -> Spending:
    return replace(
        jobs,
        scheduled_micro_usd=scheduled.scheduled_micro_usd,
        scheduled_runs=scheduled.scheduled_runs,
        unknown=(*jobs.unknown, *scheduled.unknown),
        held_schedules=scheduled.held_schedules,
    )
