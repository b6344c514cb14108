"""How often a schedule of the Hub runs in a stretch of time.

Fields as the Hub names them: ``@hourly`` and the like, or 5 to 7 numeric cron fields, in UTC. A sixth field stands in
front and is the second, a seventh at the end and is the year; their order is not documented.
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronsim import CronSim

__all__ = ["count_runs", "starts_on_minutes"]

_NAMED = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = 7
_DAY, _WEEKDAY = 3, 5
_LONGEST = 500
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")
_SECOND = timedelta(seconds=1)


def count_runs(schedule: str, start: datetime, end: datetime) -> int:
    """Return how many runs a schedule has from ``start`` on, before ``end``; both UTC.

    Days are walked, hours, minutes and seconds are counted: a month of a run every second costs no more than one a day.

    Raises:
        ValueError: it is no schedule.

    >>> september, october = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    >>> [count_runs(text, september, october) for text in ("@hourly", "30 9 * * 1", "* * * * * *")]
    [720, 4, 2592000]
    """
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - only where there are schedules

    expression, years = _parts(schedule)
    second, minute, hour, *days = _either_day(expression.split())
    before_first_day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - _SECOND
    try:
        times = CronSim(f"{second} {minute} {hour} * * *", before_first_day)
        daily = CronSim(f"0 0 0 {' '.join(days)}", before_first_day)
    except CronSimError as error:
        raise ValueError(f"{error}") from error
    return sum(
        _runs_before(times, min(end, day + timedelta(days=1)), day) - _runs_before(times, max(start, day), day)
        for day in takewhile(lambda day: day < end, daily)
        if years is None or day.year in years
    )


def starts_on_minutes(schedule: str) -> bool:
    """Return whether the runs of a schedule are whole minutes apart.

    >>> starts_on_minutes("@hourly"), starts_on_minutes("15 30 9 * * *"), starts_on_minutes("*/20 * * * * *")
    (True, True, False)
    """
    return _parts(schedule)[0].partition(" ")[0].isdecimal()


def _parts(schedule: str) -> tuple[str, frozenset[int] | None]:
    """Return a schedule as six fields from the second on, and its years; ``None`` for all of them."""
    if len(schedule) > _LONGEST:
        raise ValueError("it is too long")
    fields = _NAMED.get(schedule.strip().lower(), schedule).split()
    if not _FIELDS - 2 <= len(fields) <= _FIELDS:
        raise ValueError(f"it has {len(fields)} field{'' if len(fields) == 1 else 's'}")
    if len(fields) == _FIELDS:
        return " ".join(fields[:-1]), _years(fields[-1])
    return " ".join(["0", *fields] if len(fields) == _FIELDS - 2 else fields), None


def _either_day(fields: list[str]) -> list[str]:
    """Return fields in which a day and a weekday that are both restricted are alternatives.

    Crons disagree on whether ``*/2`` restricts. Taken as such it makes the most runs, so it does here.
    """
    day, weekday = (fields[position] for position in (_DAY, _WEEKDAY)) if len(fields) == _FIELDS - 1 else ("*", "*")
    if "*" in {day, weekday}:
        return fields
    written_out = {_DAY: day.replace("*", "1-31"), _WEEKDAY: weekday.replace("*", "0-6")}
    return [written_out.get(position, field) for position, field in enumerate(fields)]


def _years(field: str) -> frozenset[int] | None:
    if field == "*":
        return None
    spans = [_YEARS.fullmatch(part) for part in field.split(",")]
    found = [range(int(span[1]), int(span[2] or span[1]) + 1) for span in spans if span]
    if len(found) < len(spans):
        raise ValueError("Bad year")
    return frozenset(year for span in found for year in span)


def _runs_before(times: "CronSim", moment: datetime, day: datetime) -> int:
    """Return how many runs of a day there are before a moment of it."""
    hours, minutes, seconds = times.hours, times.minutes, times.seconds
    if moment >= day + timedelta(days=1):
        return len(hours) * len(minutes) * len(seconds)
    # A run is at a whole second, so one in the second of the moment lies before it if the moment is not whole.
    last = moment.second + (moment.microsecond > 0)
    return (
        sum(hour < moment.hour for hour in hours) * len(minutes) * len(seconds)
        + (moment.hour in hours) * sum(minute < moment.minute for minute in minutes) * len(seconds)
        + (moment.hour in hours and moment.minute in minutes) * sum(second < last for second in seconds)
    )
