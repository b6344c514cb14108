"""The periods of budgets: half-open stretches of time that begin where the policy's time zone begins a day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hfplanner.zones import begin_of_day

__all__ = ["EPOCH", "Period", "Window", "window_at"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a budget without periods begins, for every writer."""

_DAY = timedelta(days=1)


class Period(StrEnum):
    """How long a budget's limit lasts. Weeks begin on Monday; ``TOTAL`` never ends."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Window:
    """One period.

    Args:
        start: its first moment, UTC.
        end: the first moment after it, UTC; ``None`` where there is none.
    """

    start: datetime
    end: datetime | None

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


def window_at(period: Period, zone: ZoneInfo, moment: datetime) -> Window:
    """Return the period that a moment lies in: the same for every writer, whatever the clocks of the zone do.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> march = window_at(Period.MONTH, berlin, datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    >>> march.start.isoformat(), march.end.isoformat()
    ('2026-03-31T22:00:00+00:00', '2026-04-30T22:00:00+00:00')
    >>> window_at(Period.TOTAL, berlin, march.start)
    Window(start=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), end=None)
    """
    if period is Period.TOTAL:
        return Window(EPOCH, None)
    first, after = _days_of(period, _day_at(zone, moment))
    return Window(begin_of_day(first, zone), begin_of_day(after, zone))


def _day_at(zone: ZoneInfo, moment: datetime) -> date:
    """Return the day whose stretch of time a moment lies in.

    That is what the calendar shows, save where clocks went back over midnight: the minutes after the first midnight
    count to the new day, and so does what the clocks then repeat of the old one.
    """
    day = moment.astimezone(zone).date()
    while begin_of_day(day + _DAY, zone) <= moment:
        day += _DAY
    return day


def _days_of(period: Period, day: date) -> tuple[date, date]:
    """Return the first day of the period that a day is in, and the first day after it."""
    match period:
        case Period.WEEK:
            first = day - _DAY * day.weekday()
            return first, first + _DAY * 7
        case Period.MONTH:
            first = day.replace(day=1)
            return first, (first + _DAY * 31).replace(day=1)
        case _:
            return day, day + _DAY
