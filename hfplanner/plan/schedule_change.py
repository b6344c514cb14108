"""Pausing, resuming and deleting a schedule; resuming spends, so it is decided like making one."""

from typing import TYPE_CHECKING

from hfplanner.api.models import JobInfo, ScheduledJobInfo
from hfplanner.budget.decision import Verdict
from hfplanner.errors import BudgetRefused, JobSpecError, quoted
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.budgets import overview_budgets
from hfplanner.plan.job_plan import know_request
from hfplanner.plan.request import JobRequest
from hfplanner.plan.rerun import job_again
from hfplanner.plan.schedule_plan import SchedulePlan, plan_schedule
from hfplanner.plan.sending import refusal_of
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.timetable import When

if TYPE_CHECKING:
    from hfplanner.catalog.listing import Listing

__all__ = ["plan_resumed", "resume"]


def plan_resumed(schedule: ScheduledJobInfo, namespace: str, workspace: Workspace, listing: "Listing") -> SchedulePlan:
    """Return what a paused schedule costs once it runs again, and whether it may.

    Raises:
        JobSpecError: the Hub does not say what it runs, or when.
        HfplannerError: see :func:`~hfplanner.plan.schedule_plan.plan_schedule`.
    """
    if schedule.job_spec is None or schedule.schedule is None:
        raise JobSpecError(f"The Hub does not say what the schedule {quoted(schedule.id)} runs, or when.")
    said = schedule.job_spec.model_dump(by_alias=True, exclude_none=True)
    job = job_again(JobInfo.model_validate({**said, "id": schedule.id}))
    request = JobRequest(job=job, namespace=namespace)
    asked = know_request(request, JobNeeds(), workspace, sends=True)
    when = When(schedule=schedule.schedule, concurrency=schedule.concurrency)
    return plan_schedule(asked, when, workspace, listing)


def resume(schedule: ScheduledJobInfo, namespace: str, workspace: Workspace, listing: "Listing") -> SchedulePlan:
    """Let a paused schedule run again, if its budgets have room.

    Nothing is held for it: it is looked at again once it runs, with all that the Hub lists by then, and paused again
    where somebody else took the room meanwhile. Of two at once one is paused, or both.

    Raises:
        BudgetError: it may not run; it is paused.
        HubError: the Hub did not do it, or did not tell.
        JobSpecError: the Hub does not say what it runs.
    """
    hub = workspace.hub_to_ask()
    plan = plan_resumed(schedule, namespace, workspace, listing)
    if plan.decision.verdict is not Verdict.ALLOWED:
        raise refusal_of(plan.decision)
    hub.scheduled.resume(namespace, schedule.id)
    over = _exceeded(plan, workspace, listing)
    if over is not None:
        hub.scheduled.suspend(namespace, schedule.id)
        raise BudgetRefused(
            f"While the schedule was resumed, somebody else took what was left of budget {quoted(over)}: it is paused.",
            hint="`hfplanner budget show` tells what holds it.",
        )
    return plan


def _exceeded(plan: SchedulePlan, workspace: Workspace, listing: "Listing") -> str | None:
    """Return the first budget that is exceeded by all that was spent, is held and is scheduled now."""
    names = {line.window.budget for line in plan.decision.lines if line.window.waiver is None}
    if not names:
        return None
    overview = overview_budgets(workspace, plan.one.account.namespace, listing)
    over = (line.window.budget for line in overview.lines if line.window.budget in names and not line.is_within)
    return next(over, None)
