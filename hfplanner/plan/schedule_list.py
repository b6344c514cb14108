"""The schedules of a namespace, each with what it costs at most in the next 30 days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hfplanner.budget.off_ledger_schedules import RunsCost, cost_of_runs
from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError
from hfplanner.plan.account import find_account
from hfplanner.plan.rerun import split_job_id
from hfplanner.plan.spec_check import DAYS_OF_A_MONTH
from hfplanner.plan.workspace import Workspace
from hfplanner.times import json_moment

if TYPE_CHECKING:
    from hfplanner.api.models import ScheduledJobInfo

__all__ = ["ListedSchedule", "ScheduleFilter", "SchedulesOfAMonth", "list_schedules", "listed_schedule", "owner_of"]

_STATUSES = ("active", "suspended")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFilter:
    """Which schedules are listed, as ``hf jobs scheduled ps`` takes it.

    Args:
        all: the paused ones, too.
        status: ``active``, ``suspended``, or both separated by commas; repeatable.
        label: ``KEY=VALUE``, all of them.
        name: the label ``name``.
    """

    all: bool = False
    status: Sequence[str] = ()
    label: Sequence[str] = ()
    name: str | None = None

    def wanted_labels(self) -> dict[str, str]:
        """Return the labels a schedule must have.

        Raises:
            UsageError: one is no pair, or the name is given twice.
        """
        bad = [text for text in self.label if "=" not in text]
        if bad:
            raise UsageError(f"{bad[0]!r} is no label to look for.", hint="Accepted: --label KEY=VALUE.")
        pairs = (text.partition("=") for text in self.label)
        labels = {key: value for key, _, value in pairs}
        if self.name is not None and "name" in labels:
            raise UsageError("--name and --label name=... are both given.", hint="Give one of the two.")
        return labels | ({} if self.name is None else {"name": self.name})

    def shows_paused(self) -> tuple[bool, bool]:
        """Return whether schedules that run are shown, and whether those that are paused are.

        Raises:
            UsageError: ``all`` and a status are both asked for, or a status is none.
        """
        words = [part.strip().lower() for text in self.status for part in text.split(",") if part.strip()]
        unknown = [word for word in words if word not in _STATUSES]
        if unknown:
            raise UsageError(f"{unknown[0]!r} is no status of a schedule.", hint="Accepted: active, suspended.")
        if words and self.all:
            raise UsageError("--all and --status are both given.", hint="Give one of the two.")
        return ("active" in words, "suspended" in words) if words else (True, self.all)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSchedule:
    """A schedule, and what it costs.

    Args:
        schedule: as the Hub tells it.
        cost: of the next 30 days.
    """

    schedule: "ScheduledJobInfo"
    cost: RunsCost

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it; of variables and secrets only the names."""
        found, spec, status = self.schedule, self.schedule.job_spec, self.schedule.status
        last = status.last_job if status else None
        due = status.next_job_run_at if status and not found.suspend else None
        return {
            "id": found.id,
            "name": ((spec and spec.labels) or {}).get("name"),
            "schedule": found.schedule,
            "suspend": bool(found.suspend),
            "concurrency": bool(found.concurrency),
            "flavor": None if spec is None or spec.flavor is None else str(spec.flavor),
            "image": spec and (spec.docker_image or spec.space_id),
            "command": list((spec and spec.command) or []),
            "environment": sorted((spec and spec.environment) or {}),
            "secrets": sorted((spec and spec.secrets) or []),
            "labels": dict((spec and spec.labels) or {}),
            "owner": found.owner and found.owner.name,
            "initiator": found.initiator and found.initiator.name,
            "last_run": json_moment(last.at if last else None),
            "next_run": json_moment(due),
            "runs": self.cost.runs,
            "monthly_worst_case_micro_usd": self.cost.worst_case_micro_usd,
            "problem": self.cost.problem,
        }


@dataclass(frozen=True, slots=True)
class SchedulesOfAMonth:
    """Schedules, and what they cost at most in the next 30 days.

    Args:
        schedules: each of them.
    """

    schedules: tuple[ListedSchedule, ...]

    @property
    def monthly_micro_usd(self) -> int | None:
        """What all of them cost; ``None`` where one of them is not known."""
        costs = [one.cost.worst_case_micro_usd for one in self.schedules]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {
            "schedules": [one.to_json() for one in self.schedules],
            "monthly_worst_case_micro_usd": self.monthly_micro_usd,
        }


def listed_schedule(schedule: "ScheduledJobInfo", workspace: Workspace, listing: Listing) -> ListedSchedule:
    """Return a schedule with what it costs in the next 30 days."""
    now = workspace.now()
    cost = cost_of_runs(schedule, listing, now, now + timedelta(days=DAYS_OF_A_MONTH))
    return ListedSchedule(schedule=schedule, cost=cost)


def owner_of(schedule: str, namespace: str | None, workspace: Workspace) -> tuple[str, str]:
    """Return a schedule's id and whose it is: as said, or the token's user.

    Args:
        schedule: ``ID`` or ``NAMESPACE/ID``.
        namespace: as given.
        workspace: where the Hub is.

    Raises:
        HubError: the Hub does not tell.
        UsageError: it is no id.
    """
    own_id, owner = split_job_id(schedule, namespace)
    return own_id, owner or find_account(workspace.hub_to_ask(), None, needs_owner=False).namespace


def list_schedules(
    wanted: ScheduleFilter, namespace: str | None, workspace: Workspace, listing: Listing
) -> SchedulesOfAMonth:
    """Return the schedules of a namespace.

    Args:
        wanted: which.
        namespace: whose; ``None`` is the token's user.
        workspace: where the Hub is.
        listing: the prices.

    Raises:
        HubError: the Hub does not tell.
        UsageError: what is wanted cannot be meant.
    """
    labels, (shows_active, shows_paused) = wanted.wanted_labels(), wanted.shows_paused()
    hub = workspace.hub_to_ask()
    payer = find_account(hub, namespace, needs_owner=False).namespace
    # The Hub filters by one label at most; the others are looked at here.
    found = hub.scheduled.list(payer, label=next(iter(labels.items()), None))
    chosen = [
        schedule
        for schedule in found
        if (shows_paused if schedule.suspend else shows_active)
        and labels.items() <= ((schedule.job_spec and schedule.job_spec.labels) or {}).items()
    ]
    return SchedulesOfAMonth(tuple(listed_schedule(schedule, workspace, listing) for schedule in chosen))
