"""What a report is asked for: a period in a time zone, whose jobs, and by what they are grouped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from hfplanner.errors import UsageError, quoted
from hfplanner.units import parse_duration
from hfplanner.zones import begin_of_day, parse_zone

__all__ = [
    "CALENDAR_KEYS",
    "GROUP_KEYS",
    "MOMENT_FORMS",
    "ReportSpec",
    "parse_group_key",
    "parse_moment",
    "parse_month",
]

GROUP_KEYS = ("flavor", "owner", "initiator", "stage", "day", "week", "month", "name")
CALENDAR_KEYS = ("day", "week", "month")
"""The keys that are times."""
_LABEL = "label:"
_KEY_FORMS = f"Accepted: {', '.join(GROUP_KEYS)}, or label:KEY."
_MOST_KEYS = 8

MOMENT_FORMS = "Accepted: 2026-09, 2026-09-15, 2026-09-15T12:00, the same with an offset, or 7d for seven days ago."
_MONTH = re.compile(r"(\d{4})-(\d{2})")


def parse_group_key(text: str) -> str:
    """Return what to group by.

    Raises:
        UsageError: it is no column that jobs can be grouped by.

    >>> parse_group_key("flavor"), parse_group_key("label:team")
    ('flavor', 'label:team')
    """
    if text in GROUP_KEYS or (text.startswith(_LABEL) and len(text) > len(_LABEL)):
        return text
    raise UsageError(f"{quoted(text)} is nothing to group jobs by.", hint=_KEY_FORMS)


def parse_moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return a moment in UTC: the beginning of a month or day in the zone, a time, or a duration ago.

    Where a day begins an hour late because clocks go forward at midnight, it begins with its first moment.

    Raises:
        UsageError: it is none of these.

    >>> at = datetime(2026, 9, 15, 8, tzinfo=UTC)
    >>> parse_moment("2026-09", parse_zone("Europe/Berlin"), at).isoformat()
    '2026-08-31T22:00:00+00:00'
    >>> parse_moment("7d", parse_zone("UTC"), at).isoformat()
    '2026-09-08T08:00:00+00:00'
    """
    shown = text.strip()
    month = _MONTH.fullmatch(shown)
    try:
        if month:
            return begin_of_day(date(int(month[1]), int(month[2]), 1), zone)
        if len(shown) == len("2026-09-15"):
            return begin_of_day(date.fromisoformat(shown), zone)
        if "T" in shown or " " in shown:
            moment = datetime.fromisoformat(shown)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        return now - timedelta(seconds=parse_duration(shown))
    except (ValueError, OverflowError, UsageError) as error:
        raise UsageError(f"{quoted(text)} is not a time.", hint=MOMENT_FORMS) from error


def parse_month(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return the first moment of a month in the zone and the first after it, in UTC.

    Args:
        text: ``"2026-09"``, or ``"last"`` for the month before that of ``now``.
        zone: in which it begins.
        now: the time.

    Raises:
        UsageError: it is neither.

    >>> first, end = parse_month("last", parse_zone("UTC"), datetime(2026, 1, 15, tzinfo=UTC))
    >>> first.isoformat(), end.isoformat()
    ('2025-12-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')
    """
    this = now.astimezone(zone).date().replace(day=1)
    shown = f"{this - timedelta(days=1):%Y-%m}" if text.strip().lower() == "last" else text.strip()
    refused = UsageError(f"{quoted(text)} is not a month.", hint="Accepted: 2026-09, or last.")
    if not _MONTH.fullmatch(shown):
        raise refused
    try:
        first = date.fromisoformat(f"{shown}-01")
        return begin_of_day(first, zone), begin_of_day((first + timedelta(days=31)).replace(day=1), zone)
    except (ValueError, OverflowError) as error:
        raise refused from error


@dataclass(frozen=True, kw_only=True)
class ReportSpec:
    """What to report.

    A job belongs to the moment it started; one that did not start, to the moment it was created.

    Args:
        by: the keys to group by, in order.
        since: the first moment of the period; ``None`` is from the beginning.
        until: the first moment after it; ``None`` is up to the newest.
        timezone: in which days, weeks (from Monday) and months begin.
        namespace: whose jobs; ``None`` is everybody's.

    Raises:
        UsageError: an unknown or repeated key or zone, a time without a zone, or a period that ends before it begins.
    """

    by: Sequence[str] = field(default=("flavor",))
    since: datetime | None = None
    until: datetime | None = None
    timezone: str = "UTC"
    namespace: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        keys = tuple(parse_group_key(key) for key in self.by)
        if len(set(keys)) != len(keys) or len(keys) > _MOST_KEYS:
            raise UsageError(f"Each key can be given once, and {_MOST_KEYS} at most.", hint=_KEY_FORMS)
        object.__setattr__(self, "by", keys)
        parse_zone(self.timezone)
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{moment.isoformat()} has no time zone.", hint="Use a datetime with a zone.")
        if self.since and self.until and self.since >= self.until:
            raise UsageError("The period ends before it begins.", hint="--since has to be before --until.")

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of its days."""
        return parse_zone(self.timezone)
