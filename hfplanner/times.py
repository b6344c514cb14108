"""Moments as JSON has them: ISO 8601, UTC, to the microsecond."""

from datetime import UTC, datetime
from typing import overload

__all__ = ["json_moment", "read_json_moment"]


@overload
def json_moment(moment: datetime) -> str: ...
@overload
def json_moment(moment: None) -> None: ...
@overload
def json_moment(moment: datetime | None) -> str | None: ...
def json_moment(moment: datetime | None) -> str | None:
    """Return a moment as a JSON document has it; ``None`` stays ``None``.

    Raises:
        ValueError: it has no time zone.

    >>> json_moment(datetime(2026, 9, 1, 12, tzinfo=UTC)), json_moment(datetime(2026, 9, 1, 12, 0, 0, 250, tzinfo=UTC))
    ('2026-09-01T12:00:00Z', '2026-09-01T12:00:00.000250Z')
    """
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def read_json_moment(text: str) -> datetime:
    """Return the moment that :func:`json_moment` wrote, or an earlier version with an offset, in UTC.

    Raises:
        ValueError: it is none, or has no time zone.
        TypeError: it is no text.

    >>> read_json_moment("2026-09-01T12:00:00Z") == read_json_moment("2026-09-01T14:00:00+02:00")
    True
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)
