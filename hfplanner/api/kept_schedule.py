"""What may be kept of a schedule: what decides its money and whose it is, and nothing that it runs with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfplanner.api.models import ScheduledJobInfo

__all__ = ["reduced_schedule"]

_OF_A_SCHEDULE = ("id", "schedule", "suspend", "concurrency", "createdAt")
# In either spelling of the service, as far as money depends on it.
_OF_A_JOB = ("flavor", "timeout", "timeoutSeconds", "retry", "attempts", "labels", "expose")


def reduced_schedule(schedule: "ScheduledJobInfo") -> dict[str, Any]:
    """Return a schedule as the service spells it, without variables, secrets, command and image.

    >>> from hfplanner.api.models import ScheduledJobInfo
    >>> spec = {"flavor": "l4x1", "timeout": 60, "environment": {"KEY": "x"}, "dockerImage": "python:3.12"}
    >>> schedule = ScheduledJobInfo.model_validate({"id": "a", "schedule": "@daily", "jobSpec": spec})
    >>> reduced_schedule(schedule)
    {'id': 'a', 'schedule': '@daily', 'jobSpec': {'flavor': 'l4x1', 'timeout': 60}}
    """
    said = schedule.model_dump(mode="json", by_alias=True, exclude_none=True)
    spec = said.get("jobSpec") or {}
    return {
        **{key: said[key] for key in _OF_A_SCHEDULE if key in said},
        **{who: {"name": name} for who in ("owner", "initiator") if (name := _name_of(said.get(who)))},
        "jobSpec": {key: spec[key] for key in _OF_A_JOB if key in spec},
    }


def _name_of(who: object) -> str | None:
    name = who.get("name") if isinstance(who, Mapping) else None
    return name if isinstance(name, str) else None
