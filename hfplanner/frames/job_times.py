"""Moments that are written in no form the fast decoder knows."""

from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from hfplanner.api.job_parts import UtcTime

__all__ = ["read_time"]

_TIME: TypeAdapter[datetime | None] = TypeAdapter(UtcTime)


def read_time(text: str) -> datetime | None:
    """Return a time in any form that :class:`~hfplanner.api.models.JobInfo` reads, UTC; ``None`` for no time.

    >>> read_time("2026-01-01 12:00"), read_time("yesterday")
    (datetime.datetime(2026, 1, 1, 12, 0, tzinfo=datetime.timezone.utc), None)
    """
    try:
        return _TIME.validate_python(text)
    except ValidationError:
        return None
