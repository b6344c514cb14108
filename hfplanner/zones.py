"""Time zones by name, and the moments at which their days begin."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hfplanner.errors import UsageError, quoted

__all__ = ["begin_of_day", "parse_zone"]

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Files beside those of the zones: what a machine is set to, and copies that count leap seconds, or stand for those that
# do not, where they are installed at all.
_OF_A_MACHINE = frozenset({"localtime", "posixrules", "factory"})
_LEAP_SECONDS = ("right/", "posix/")


def parse_zone(text: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        UsageError: there is none of that name, or it names another zone on another machine.

    >>> parse_zone("Europe/Berlin").key
    'Europe/Berlin'
    """
    if text.casefold() in _OF_A_MACHINE or text.casefold().startswith(_LEAP_SECONDS):
        raise UsageError(
            f"The time zone {quoted(text)} is not the same on every machine.",
            hint="An IANA name: UTC, Europe/Berlin, America/New_York.",
        )
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"{quoted(text)} is not a time zone.", hint="An IANA name: UTC, Europe/Berlin, America/New_York."
        ) from error


def begin_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment at which a zone's calendar shows a day or a later one, in UTC.

    Where clocks go forward over midnight a day begins late; a day that was left out begins, and ends, with the next.
    Where clocks go back over midnight it begins at the first midnight of the two. So days follow each other without gap
    or overlap in every zone.

    >>> begin_of_day(date(2026, 3, 29), parse_zone("Asia/Beirut")).isoformat()
    '2026-03-28T22:00:00+00:00'
    >>> apia = parse_zone("Pacific/Apia")
    >>> begin_of_day(date(2011, 12, 30), apia) == begin_of_day(date(2011, 12, 31), apia)
    True
    """
    midnight = datetime.combine(day, time())
    first = midnight.replace(tzinfo=zone).astimezone(UTC)
    if _local(first, zone) == midnight:
        return first
    # That midnight was left out: search the moment at which the clocks jumped over it.
    before, after = first - _DAY, first
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if _local(middle, zone) < midnight:
            before = middle
        else:
            after = middle
    return after


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
