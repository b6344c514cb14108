"""A moment as a person says it: "6h", "tomorrow", "18:00", "2026-12-01 09:00"."""

import re
from datetime import UTC, datetime, time, timedelta

from hfplanner.errors import UsageError, quoted
from hfplanner.units import parse_duration

__all__ = ["WHEN_FORMS", "parse_when"]

WHEN_FORMS = (
    "Accepted: a time from now (6h, 2d), tomorrow, 18:00, tomorrow 9:00, 2026-12-01, or 2026-12-01T09:00, in UTC "
    "unless an offset follows (+01:00)."
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_LONGEST = 64


def parse_when(text: str, now: datetime) -> datetime:
    """Return the moment that a text means, in UTC; it lies after ``now``.

    A clock time is the next such time. "tomorrow" is this time tomorrow. A date alone is its last second.

    Args:
        text: as it was typed.
        now: the present, with a time zone.

    Raises:
        UsageError: it is no moment, or one that has passed.

    >>> now = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
    >>> for said in ("6h", "tomorrow", "18:00", "tomorrow 9:00", "2026-12-01", "2026-12-01T09:00+01:00"):
    ...     print(parse_when(said, now).isoformat())
    2026-12-01T02:00:00+00:00
    2026-12-01T20:00:00+00:00
    2026-12-01T18:00:00+00:00
    2026-12-01T09:00:00+00:00
    2026-12-01T23:59:59+00:00
    2026-12-01T08:00:00+00:00
    """
    said = text.strip().lower()
    try:
        moment = _named(said, now) or _relative(said, now) or _written(text.strip())
    except (ValueError, OverflowError):
        moment = None
    if moment is None or len(text) > _LONGEST:
        raise UsageError(f"{quoted(text)} is not a moment.", hint=WHEN_FORMS)
    if moment <= now:
        raise UsageError(f"{quoted(text)} has passed: it is {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC.", hint=WHEN_FORMS)
    return moment


def _named(said: str, now: datetime) -> datetime | None:
    day, _, clock = said.partition(" ")
    if day == "tomorrow":
        return now + timedelta(days=1) if not clock else _at(clock, now + timedelta(days=1))
    moment = _at(said, now)
    return moment + timedelta(days=1) if moment is not None and moment <= now else moment


def _at(clock: str, day: datetime) -> datetime | None:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    return datetime.combine(day.astimezone(UTC).date(), time(int(found[1]), int(found[2])), UTC)


def _relative(said: str, now: datetime) -> datetime | None:
    if not re.fullmatch(r"[0-9.]+[dhms].*", said):
        return None
    try:
        return now + timedelta(seconds=parse_duration(said))
    except UsageError:
        return None


def _written(text: str) -> datetime | None:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=UTC)
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d", text):
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
