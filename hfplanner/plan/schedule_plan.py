"""The plan of a schedule: that of one run, what all runs cost until the end of each budget's period, and in a month."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hfplanner.budget.agent_check import APPROVAL_REQUIRED
from hfplanner.budget.check import over_budget_reasons
from hfplanner.budget.decision import Decision, verdict_of
from hfplanner.budget.ledger.limits import RunningCaps
from hfplanner.budget.policy import UnknownSpending
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.schedule_cost import runs_as_one_job
from hfplanner.budget.schedules import count_runs
from hfplanner.budget.terms import JobTerms
from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError, quoted
from hfplanner.plan.account import Account
from hfplanner.plan.approvals import judge_agent
from hfplanner.plan.job_plan import JobPlan, KnownRequest
from hfplanner.plan.spec_check import DAYS_OF_A_MONTH
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.timetable import Timetable, When

if TYPE_CHECKING:
    from hfplanner.submit.send import JobOrder

__all__ = ["SchedulePlan", "check_when", "plan_schedule", "read_when"]

# What is decided of one job now, and not of runs to come: what runs at once, and the sum of one run in a budget.
_OF_ONE_JOB = frozenset(
    {
        "over_budget",
        "over_agent_session",
        "over_agent_day",
        APPROVAL_REQUIRED,
        "agent_unknown",
        "waived",
        "running_unknown",
        "over_max_running_jobs",
        "over_max_running_per_owner",
        "over_max_running_price",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """A schedule as it would be made.

    Args:
        one: the plan of one run.
        timetable: when it runs, and what is held for it.
        decision: whether it may be made: every run by itself, and all of a period in each budget.
        runs: in the 30 days from now.
        monthly_micro_usd: what those cost at most; ``None`` where that is not known.
    """

    one: JobPlan
    timetable: Timetable
    decision: Decision
    runs: int
    monthly_micro_usd: int | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything to know before it is made, a sentence each."""
        return (
            *self.one.notices,
            *self.one.plan_warnings,
            *(reason.message for reason in self.decision.warnings),
        )

    def order(self, key: str | None = None) -> "JobOrder":
        """Return what is sent; see :meth:`~hfplanner.plan.job_plan.JobPlan.order`."""
        longest = {name for name, _ in _longest(self.decision)}
        windows = tuple(window for window in self.decision.windows if window.budget in longest)
        return replace(
            self.one.order(key),
            windows=windows,
            caps=RunningCaps(),
            approve_above_micro_usd=self.decision.approve_above_micro_usd,
            timetable=self.timetable,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what would be made and what it may cost, as the interface spells it."""
        when = self.timetable.when
        return {
            **self.one.to_dict(),
            **self.decision.to_json(),
            "schedule": when.schedule,
            "suspend": bool(when.suspend),
            "concurrency": bool(when.concurrency),
            "runs": self.runs,
            "monthly_worst_case_micro_usd": self.monthly_micro_usd,
        }


def read_when(schedule: str, *, suspend: bool, no_suspend: bool, concurrency: bool, no_concurrency: bool) -> When:
    """Return when a job runs, as it was typed.

    Raises:
        UsageError: it is no schedule, or both of two opposites are said.

    >>> read_when("@daily", suspend=False, no_suspend=True, concurrency=False, no_concurrency=False)
    When(schedule='@daily', suspend=False, concurrency=None)
    """
    return check_when(
        When(
            schedule=schedule,
            suspend=_either("suspend", yes=suspend, no=no_suspend),
            concurrency=_either("concurrency", yes=concurrency, no=no_concurrency),
        )
    )


def _either(name: str, *, yes: bool, no: bool) -> bool | None:
    if yes and no:
        raise UsageError(f"--{name} and --no-{name} are both given.", hint="Give one of the two.")
    return True if yes else False if no else None


def check_when(when: When) -> When:
    """Return when a job runs, if the Hub would take it.

    Raises:
        UsageError: it is no schedule.
    """
    moment = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    try:
        count_runs(when.schedule, moment, moment)
    except ValueError as error:
        raise UsageError(
            f"{quoted(when.schedule)} is no schedule: {str(error).rstrip('.')}.",
            hint="Accepted: @hourly, @daily, @weekly, @monthly, @yearly, or 5 to 7 numeric cron fields in quotes.",
        ) from error
    return when


def plan_schedule(
    asked: KnownRequest,
    when: When,
    workspace: Workspace,
    listing: Listing | None = None,
    account: Account | None = None,
) -> SchedulePlan:
    """Return the schedule that would be made, and whether it may be, as things stand now.

    Args:
        asked: one run.
        when: it runs.
        workspace: where prices, policy, books and the Hub are.
        listing: what can be rented; by default that of the workspace.
        account: who pays and submits; by default as the Hub tells.

    Raises:
        HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
    """
    one = asked.plan(workspace, listing, account)
    now = workspace.now()
    terms = one.decision.terms
    month_end = now + timedelta(days=DAYS_OF_A_MONTH)
    runs, month = _all_runs(terms, when, now, month_end)
    ends = {line.window.budget: line.window.end or month_end for line in one.decision.lines}
    held = {name: _all_runs(terms, when, now, end)[1] for name, end in ends.items()}
    costs = {name: (found and found.cap_micro_usd) or 0 for name, found in held.items()}
    warns = workspace.policy().limits.unknown_spending is UnknownSpending.WARN
    decision = _decision(one.decision, costs, () if when.suspend else tuple(_endless(one.decision, warns=warns)))
    longest = max((found for found in held.values() if found), key=lambda found: found.cap_micro_usd or 0, default=None)
    names = {name for name, _ in _longest(decision)}
    timetable = Timetable(
        when=when,
        one=terms,
        held=longest or terms,
        beside=tuple(
            (line.window, costs[line.window.budget]) for line in decision.lines if line.window.budget not in names
        ),
    )
    # An agent's schedule is approved for what is held: all its runs.
    all_runs = replace(decision, terms=timetable.held, worst_case_micro_usd=timetable.held.cap_micro_usd)
    judged = judge_agent(all_runs, one.account.namespace, one.job.to_api() | when.options(), workspace)
    decision = replace(judged, terms=decision.terms, worst_case_micro_usd=decision.worst_case_micro_usd)
    monthly = 0 if not runs else None if month is None else month.cap_micro_usd
    return SchedulePlan(one=one, timetable=timetable, decision=decision, runs=runs, monthly_micro_usd=monthly)


def _all_runs(terms: JobTerms, when: When, start: datetime, end: datetime) -> tuple[int, JobTerms | None]:
    """Return how many runs there are, and the terms of one job that costs as much; ``None`` where nothing runs."""
    runs = 0 if when.suspend else count_runs(when.schedule, start, end)
    overlap = bool(when.concurrency)
    return runs, runs_as_one_job(terms, when.schedule, runs, overlap=overlap, start=start, end=end) if runs else None


def _longest(decision: Decision) -> Iterator[tuple[str, int]]:
    """Yield the budgets in which the runs cost most, with what they cost there."""
    most = max((line.this_job_micro_usd for line in decision.lines), default=0)
    return ((line.window.budget, most) for line in decision.lines if most and line.this_job_micro_usd == most)


def _decision(one: Decision, costs: Mapping[str, int], more: tuple[DecisionReason, ...]) -> Decision:
    """Return the decision on all runs: what holds of one run, and the sums of every budget."""
    lines = tuple(replace(line, this_job_micro_usd=costs[line.window.budget]) for line in one.lines)
    kept = (reason for reason in one.reasons if reason.code not in _OF_ONE_JOB)
    reasons = (*over_budget_reasons(lines), *kept, *more)
    return replace(one, lines=lines, reasons=reasons, caps=RunningCaps(), verdict=verdict_of(reasons))


def _endless(decision: Decision, *, warns: bool) -> Iterator[DecisionReason]:
    """Yield the budgets whose period never ends: what a schedule spends there has no bound."""
    for line in decision.lines:
        # A session ends some day: what a schedule spends in 30 days counts there.
        if line.window.end is None and not line.window.scope.sessions:
            sentence = f"The schedule does not end, and neither does the period of budget {quoted(line.window.budget)}"
            way_out = "." if warns else ': give it a period, or set unknown_spending = "warn".'
            yield DecisionReason("spending_unknown", sentence + way_out, Effect.WARN if warns else Effect.BLOCK)
