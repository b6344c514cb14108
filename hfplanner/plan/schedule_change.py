"""What is made of a schedule that is there: resumed, rescheduled, labelled otherwise, or run once more.

Each of them may spend more than was decided on: so each is decided like making a schedule, or like running a job.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hfplanner.api.models import JobInfo, ScheduledJobInfo
from hfplanner.budget.decision import Verdict
from hfplanner.errors import BudgetRefused, JobSpecError, quoted
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.budgets import overview_budgets
from hfplanner.plan.job_plan import KnownRequest, know_request
from hfplanner.plan.request import JobRequest
from hfplanner.plan.rerun import job_again
from hfplanner.plan.schedule_plan import SchedulePlan, plan_schedule
from hfplanner.plan.sending import refusal_of
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.identity import OUR_LABELS
from hfplanner.submit.timetable import When
from hfplanner.submit.triggers import Trigger

if TYPE_CHECKING:
    from hfplanner.api.new_job import NewJob
    from hfplanner.catalog.listing import Listing

__all__ = ["Change", "change", "know_trigger", "plan_resumed", "resume"]


def plan_resumed(schedule: ScheduledJobInfo, namespace: str, workspace: Workspace, listing: "Listing") -> SchedulePlan:
    """Return what a paused schedule costs once it runs again, and whether it may.

    Raises:
        JobSpecError: the Hub does not say what it runs, or when.
        HfplannerError: see :func:`~hfplanner.plan.schedule_plan.plan_schedule`.
    """
    request = JobRequest(job=_job_of(schedule), namespace=namespace)
    return _planned(request, _when_of(schedule), workspace, listing)


def _planned(request: JobRequest, when: When, workspace: Workspace, listing: "Listing") -> SchedulePlan:
    return plan_schedule(know_request(request, JobNeeds(), workspace, sends=True), when, workspace, listing)


def _job_of(schedule: ScheduledJobInfo) -> "NewJob":
    """Return the job of a schedule, as it would be sent; the Hub keeps its secrets, and tells only their names."""
    if schedule.job_spec is None or schedule.schedule is None:
        raise JobSpecError(f"The Hub does not say what the schedule {quoted(schedule.id)} runs, or when.")
    said = schedule.job_spec.model_dump(by_alias=True, exclude_none=True)
    return job_again(JobInfo.model_validate({**said, "id": schedule.id}))


def _when_of(schedule: ScheduledJobInfo) -> When:
    return When(schedule=str(schedule.schedule), concurrency=schedule.concurrency)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is changed of a schedule.

    Args:
        cron: when it runs, as :func:`~hfplanner.plan.schedule_plan.check_when` takes it; ``None`` leaves that.
        labels: all of its own; ``None`` leaves them.
    """

    cron: str | None = None
    labels: Mapping[str, str] | None = None


def change(
    schedule: ScheduledJobInfo, wanted: Change, namespace: str, workspace: Workspace, listing: "Listing"
) -> SchedulePlan:
    """Change when a schedule runs, or what it is called, if its budgets have room for that.

    Labels say under which budgets it falls. What costs no more than before in any budget is never refused. As when it
    is resumed, it is looked at again once it is changed, and changed back where somebody else took the room meanwhile.

    Raises:
        BudgetError: it may not; it is as it was.
        HubError: the Hub did not do it, or did not tell.
        JobSpecError: the Hub does not say what it runs.
    """
    job, when = _job_of(schedule), replace(_when_of(schedule), suspend=schedule.suspend)
    request = JobRequest(job=job, namespace=namespace, replaces=schedule.id)
    before = _planned(request, when, workspace, listing)
    changed = request if wanted.labels is None else replace(request, job=job.but(labels=dict(wanted.labels)))
    new_when = when if wanted.cron is None else replace(when, schedule=wanted.cron)
    plan = _planned(changed, new_when, workspace, listing)
    if plan.decision.verdict is not Verdict.ALLOWED and not _costs_no_more(plan, before):
        raise refusal_of(plan.decision)
    _set(schedule, wanted, namespace, workspace)
    over = None if _costs_no_more(plan, before) else _exceeded(plan, workspace, listing)
    if over is not None:
        _set(schedule, _as_it_was(schedule, wanted), namespace, workspace)
        raise BudgetRefused(
            f"While the schedule was changed, somebody else took what was left of budget {quoted(over)}: it is as it"
            " was.",
            hint="`hfplanner budget show` tells what holds it.",
        )
    return plan


def _costs_no_more(plan: SchedulePlan, before: SchedulePlan) -> bool:
    """Whether a change costs no more in any budget than what it changes did."""
    was = {line.window.budget: line.this_job_micro_usd for line in before.decision.lines}
    is_known = plan.decision.worst_case_micro_usd is not None and plan.runs <= before.runs
    return is_known and all(line.this_job_micro_usd <= was.get(line.window.budget, 0) for line in plan.decision.lines)


def _as_it_was(schedule: ScheduledJobInfo, wanted: Change) -> Change:
    labels = dict((schedule.job_spec and schedule.job_spec.labels) or {})
    return Change(
        cron=None if wanted.cron is None else schedule.schedule, labels=None if wanted.labels is None else labels
    )


def _set(schedule: ScheduledJobInfo, wanted: Change, namespace: str, workspace: Workspace) -> None:
    hub = workspace.hub_to_ask()
    if wanted.cron is not None:
        hub.scheduled.set_schedule(namespace, schedule.id, wanted.cron)
    if wanted.labels is not None:
        hub.scheduled.set_labels(namespace, schedule.id, _with_ours(schedule, wanted.labels))


def _with_ours(schedule: ScheduledJobInfo, labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels with those by which the ledger knows a schedule and its runs."""
    has = (schedule.job_spec and schedule.job_spec.labels) or {}
    return {**labels, **{name: has[name] for name in OUR_LABELS if name in has}}


def know_trigger(schedule: ScheduledJobInfo, namespace: str, workspace: Workspace) -> KnownRequest:
    """Return the request of one run of a schedule, which the Hub starts with the specification and secrets it keeps.

    Raises:
        HubError: the Hub does not tell which runs there are.
        JobSpecError: the Hub does not say what it runs.
    """
    trigger = Trigger.of(schedule, namespace, workspace.hub_to_ask())
    request = JobRequest(job=_job_of(schedule), namespace=namespace, trigger=trigger)
    return know_request(request, JobNeeds(), workspace, sends=True)


def _exceeded(plan: SchedulePlan, workspace: Workspace, listing: "Listing") -> str | None:
    """Return the first budget that is exceeded by all that was spent, is held and is scheduled now."""
    names = {line.window.budget for line in plan.decision.lines if line.window.waiver is None}
    if not names:
        return None
    overview = overview_budgets(workspace, plan.one.account.namespace, listing)
    over = (line.window.budget for line in overview.lines if line.window.budget in names and not line.is_within)
    return next(over, None)
