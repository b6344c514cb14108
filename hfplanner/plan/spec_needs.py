"""What a job in a file needs, and its plan with that: read by the same readers as what is typed."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hfplanner.errors import JobSpecError, NoSuchJobs, UsageError
from hfplanner.plan.arguments import as_argument, find_arguments, read_value
from hfplanner.plan.asked import AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.job_plan import JobPlan, plan_job
from hfplanner.plan.spec_job import asks_for_needs

if TYPE_CHECKING:
    from hfplanner.plan.account import Account
    from hfplanner.plan.request import JobRequest
    from hfplanner.plan.workspace import Workspace
    from hfplanner.specs.found import FoundJob

__all__ = ["needs_of", "needs_of_table", "plan_with_needs"]

# What says nothing about what a job needs: where the money is from, and how it tells how far it is.
_NOT_NEEDS = {"budget", "progress"}


def needs_of(found: "FoundJob") -> JobNeeds:
    """Return what a job in a file needs, as its table for the planner says.

    Raises:
        JobSpecError: a value that cannot be meant; the sentence names the file and the key.

    >>> from hfplanner.specs.found import FoundJob
    >>> needs = {"vram": "40GB"}
    >>> job = FoundJob(source="jobs.toml", line=None, title="a", kind="image", flavor="auto", planner=needs)
    >>> needs_of(job).machine.vram
    40000000000
    """
    return needs_of_table(found.planner, found.where) if asks_for_needs(found) else JobNeeds()


def needs_of_table(table: Mapping[str, str], where: str) -> JobNeeds:
    """Return what a table for the planner says of a job's needs.

    Args:
        table: ``[tool.hfplanner]``, or the same keys of a file of jobs.
        where: the file, for sentences.

    Raises:
        JobSpecError: a value that cannot be meant; the sentence names the file and the key.
    """
    read = {as_argument(key): value for key, value in table.items() if key not in _NOT_NEEDS}
    values: dict[str, Any] = {}
    for argument in find_arguments(*read):
        try:
            value = read_value(argument, read[argument.name], lambda name: name.replace("_", "-"))
        except UsageError as error:
            raise JobSpecError(f"{where}: {error.message}", hint=error.hint) from error
        values[argument.name] = [value] if argument.repeatable else value
    return JobNeeds(
        machine=AskedMachine(**_of(AskedMachine, values)),
        model=AskedModel(**_of(AskedModel, values)),
        time=AskedTime(**_of(AskedTime, values)),
        limits=AskedLimits(**_of(AskedLimits, values)),
    )


def _of(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def plan_with_needs(
    found: "FoundJob", request: "JobRequest", workspace: "Workspace", account: "Account", *, name: str | None
) -> JobPlan:
    """Return the plan of one run of a job, with what it says of its needs.

    Args:
        found: the job.
        request: what is sent for it.
        workspace: where prices, policy, books and the Hub are.
        account: who pays and submits.
        name: of jobs that ran before, whose time counts where the job says none; ``None`` looks for none.

    Raises:
        HfplannerError: see :func:`~hfplanner.plan.job_plan.plan_job`.
    """
    needs = needs_of(found)
    if name and needs.time == AskedTime():
        like = JobNeeds(machine=needs.machine, model=needs.model, time=AskedTime(like=name), limits=needs.limits)
        try:
            return plan_job(request, like, workspace, account=account)
        except NoSuchJobs:
            pass
    return plan_job(request, needs, workspace, account=account)
