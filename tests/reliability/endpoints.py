"""Every endpoint, as a call: whatever is thrown at one is thrown at all."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hfplanner.api.client import JobsClient
from tests.reliability.probe import SPEC

__all__ = ["ENDPOINTS", "STREAMS", "Call"]

Call = Callable[[JobsClient], Any]
_ID = "0" * 24
_DAY = {"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2026, 1, 2, tzinfo=UTC)}

ENDPOINTS: dict[str, Call] = {
    "whoami": lambda client: client.whoami(),
    "hardware": lambda client: client.hardware(),
    "create": lambda client: client.create_job("alice", SPEC),
    "list": lambda client: list(client.list_jobs("alice")),
    "count": lambda client: client.count_jobs("alice"),
    "get": lambda client: client.get_job("alice", _ID),
    "cancel": lambda client: client.cancel_job("alice", _ID),
    "duplicate": lambda client: client.duplicate_job("alice", _ID),
    "labels": lambda client: client.set_labels("alice", _ID, {"a": "b"}),
    "expose": lambda client: client.expose_ports("alice", _ID, [8000]),
    "schedule": lambda client: client.scheduled.create("alice", SPEC, schedule="@hourly"),
    "schedules": lambda client: client.scheduled.list("alice"),
    "get schedule": lambda client: client.scheduled.get("alice", _ID),
    "run schedule": lambda client: client.scheduled.run("alice", _ID),
    "reschedule": lambda client: client.scheduled.set_schedule("alice", _ID, "@daily"),
    "schedule labels": lambda client: client.scheduled.set_labels("alice", _ID, {"a": "b"}),
    "jobs usage": lambda client: client.billing.jobs_usage(),
    "usage": lambda client: client.billing.usage(**_DAY),
    "organization usage": lambda client: client.billing.organization_usage("acme", **_DAY),
    "resource group usage": lambda client: client.billing.resource_group_usage("acme", **_DAY),
}
"""Endpoints that answer with JSON."""

STREAMS: dict[str, Call] = {
    "logs": lambda client: list(client.logs("alice", _ID)),
    "metrics": lambda client: list(client.metrics("alice", _ID)),
    "events": lambda client: list(client.events("alice", _ID)),
}
"""Endpoints that stream; each asks for the job first."""
