"""When a schedule is next due, in UTC.

Five fields are minute, hour, day, month, weekday; a sixth before them is the second, a seventh after them the year
(the order of the sixth and seventh is unverified). As in Vixie's cron a day and a weekday that are both given are
alternatives.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

__all__ = ["next_due"]

_NAMED = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (1970, 2199))
_HORIZON_DAYS = 366 * 8


def _field(text: str, low: int, high: int) -> frozenset[int]:
    if text == "*":
        return frozenset(range(low, high + 1))
    if step := re.fullmatch(r"(\*|\d+)/(\d+)", text):
        start = low if step[1] == "*" else int(step[1])
        return frozenset(range(start, high + 1, max(int(step[2]), 1)))
    if span := re.fullmatch(r"(\d+)-(\d+)", text):
        return frozenset(range(max(int(span[1]), low), min(int(span[2]), high) + 1))
    return frozenset(value for value in map(int, re.findall(r"\d+", text)) if low <= value <= high)


@cache
def _fields(schedule: str) -> tuple[list[frozenset[int]], bool, bool]:
    parts = _NAMED.get(schedule, schedule).split()
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) == 6:
        parts = [*parts, "*"]
    if len(parts) != len(_BOUNDS):
        return [frozenset()] * len(_BOUNDS), False, False
    sets = [_field(part, low, high) for part, (low, high) in zip(parts, _BOUNDS, strict=True)]
    sets[5] = frozenset(day % 7 for day in sets[5])
    return sets, parts[3] == "*", parts[5] == "*"


def _days(after: datetime, schedule: str) -> Iterator[datetime]:
    (_, _, _, days, months, weekdays, years), any_day, any_weekday = _fields(schedule)
    for offset in range(_HORIZON_DAYS):
        day = after + timedelta(days=offset)
        in_month, in_week = day.day in days, day.isoweekday() % 7 in weekdays
        fits = (in_month and in_week) if any_day or any_weekday else (in_month or in_week)
        if fits and day.month in months and day.year in years:
            yield day


def next_due(schedule: str, after_ms: int) -> int | None:
    """Return the first moment after a given one, in milliseconds since 1970; None if there is none in eight years.

    >>> from tests.hub.clock import START_MS, iso
    >>> iso(next_due("@hourly", START_MS)), iso(next_due("30 9 * * 1", START_MS))
    ('2026-09-01T01:00:00.000Z', '2026-09-07T09:30:00.000Z')
    """
    earliest = datetime.fromtimestamp(after_ms // 1000, UTC) + timedelta(seconds=1)
    seconds, minutes, hours = _fields(schedule)[0][:3]
    for day in _days(earliest.replace(hour=0, minute=0, second=0, microsecond=0), schedule):
        for hour in sorted(hours):
            if day.date() == earliest.date() and hour < earliest.hour:
                continue
            for minute in sorted(minutes):
                for second in sorted(seconds):
                    due = day.replace(hour=hour, minute=minute, second=second)
                    if due >= earliest:
                        return int(due.timestamp()) * 1000
    return None
