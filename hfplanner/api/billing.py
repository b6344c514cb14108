"""What the Hub charged: one method per billing endpoint."""

from datetime import datetime
from typing import Any

from hfplanner.api.account import JobsUsageAnswer
from hfplanner.api.connection import HubConnection
from hfplanner.api.origin import join_path
from hfplanner.api.parse import parse_model, parse_object
from hfplanner.errors import UsageError

__all__ = ["Billing"]


class Billing:
    """Usage as the Hub bills it. Every method raises :class:`~hfplanner.errors.HubError`.

    Args:
        connection: to the Hub, with a token.
    """

    def __init__(self, connection: HubConnection) -> None:
        self._connection = connection

    def jobs_usage(self) -> JobsUsageAnswer:
        """Return the bill job by job, for the token's user and the current period."""
        path = join_path("api", "settings", "billing", "usage", "jobs")
        return parse_model(JobsUsageAnswer, self._connection.get(path))

    def usage(self, *, start: datetime, end: datetime) -> dict[str, Any]:
        """Return the user's usage of all products from ``start`` to ``end``; the Hub documents no shape for it."""
        path = join_path("api", "settings", "billing", "usage-v2")
        return parse_object(self._connection.get(path, _period(start, end)))

    def organization_usage(self, name: str, *, start: datetime, end: datetime) -> dict[str, Any]:
        """Return an organization's usage of all products; the Hub documents no shape for it."""
        path = join_path("api", "organizations", name, "billing", "usage-v2")
        return parse_object(self._connection.get(path, _period(start, end)))

    def resource_group_usage(self, name: str, *, start: datetime, end: datetime) -> dict[str, Any]:
        """Return an organization's usage by resource group, month by month: ``{currency, periods}``."""
        path = join_path("api", "organizations", name, "billing", "usage-by-resource-group")
        _period(start, end)
        params = [("startDate", start.isoformat()), ("endDate", end.isoformat())]
        return parse_object(self._connection.get(path, params))


def _period(start: datetime, end: datetime) -> list[tuple[str, str]]:
    """Return a period in epoch seconds, as the Hub wants it."""
    if start.tzinfo is None or end.tzinfo is None or start >= end or start.timestamp() < 1:
        raise UsageError(
            "The period of a bill ends before it begins, or says no time zone.",
            hint="Give two moments with time zones.",
        )
    return [("startDate", str(int(start.timestamp()))), ("endDate", str(int(end.timestamp())))]
