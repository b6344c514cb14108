from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hfplanner.budget.period import EPOCH, Period, Window, window_at
from hfplanner.zones import begin_of_day


def _window(period: Period, zone: str, moment: str) -> tuple[str, str]:
    found = window_at(period, ZoneInfo(zone), datetime.fromisoformat(moment))
    assert found.end is not None
    return found.start.isoformat()[:16], found.end.isoformat()[:16]


@pytest.mark.parametrize(
    ("period", "zone", "moment", "window"),
    [
        (Period.DAY, "UTC", "2026-09-15T00:00Z", ("2026-09-15T00:00", "2026-09-16T00:00")),
        (Period.DAY, "UTC", "2026-09-15T23:59Z", ("2026-09-15T00:00", "2026-09-16T00:00")),
        # Monday to Monday.
        (Period.WEEK, "UTC", "2026-09-20T23:59Z", ("2026-09-14T00:00", "2026-09-21T00:00")),
        (Period.WEEK, "UTC", "2026-09-21T00:00Z", ("2026-09-21T00:00", "2026-09-28T00:00")),
        # A week and a month over the end of a year.
        (Period.WEEK, "UTC", "2026-12-31T12:00Z", ("2026-12-28T00:00", "2027-01-04T00:00")),
        (Period.MONTH, "UTC", "2026-12-31T23:59Z", ("2026-12-01T00:00", "2027-01-01T00:00")),
        (Period.MONTH, "UTC", "2028-02-29T12:00Z", ("2028-02-01T00:00", "2028-03-01T00:00")),
        # Months of 743 and 745 hours: clocks go forward in March and back in October.
        (Period.MONTH, "Europe/Berlin", "2026-03-15T12:00Z", ("2026-02-28T23:00", "2026-03-31T22:00")),
        (Period.MONTH, "Europe/Berlin", "2026-10-15T12:00Z", ("2026-09-30T22:00", "2026-10-31T23:00")),
        # Days of 23 and 25 hours, and a change of half an hour.
        (Period.DAY, "America/New_York", "2026-03-08T12:00Z", ("2026-03-08T05:00", "2026-03-09T04:00")),
        (Period.DAY, "America/New_York", "2026-11-01T12:00Z", ("2026-11-01T04:00", "2026-11-02T05:00")),
        (Period.DAY, "Australia/Lord_Howe", "2026-04-05T01:00Z", ("2026-04-04T13:00", "2026-04-05T13:30")),
        # A midnight that was left out, and one that came twice.
        (Period.DAY, "America/Sao_Paulo", "2018-11-04T12:00Z", ("2018-11-04T03:00", "2018-11-05T02:00")),
        (Period.DAY, "America/Havana", "2026-11-01T12:00Z", ("2026-11-01T04:00", "2026-11-02T05:00")),
        # A day that was left out.
        (Period.DAY, "Pacific/Apia", "2011-12-30T09:59Z", ("2011-12-29T10:00", "2011-12-30T10:00")),
        (Period.DAY, "Pacific/Apia", "2011-12-30T10:00Z", ("2011-12-30T10:00", "2011-12-31T10:00")),
    ],
)
def test_a_period_begins_and_ends_where_the_zone_begins_a_day(
    period: Period, zone: str, moment: str, window: tuple[str, str]
) -> None:
    """Half-open, in UTC, whatever the clocks of the zone do."""
    assert _window(period, zone, moment) == window


def test_minutes_between_two_midnights_are_of_the_new_day() -> None:
    """In 2010 St. John's put its clocks back from 00:01 to 23:01: that hour counts once, to the day that had begun."""
    zone = ZoneInfo("America/St_Johns")
    begun = begin_of_day(date(2010, 11, 7), zone)
    assert begun == datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    for minutes in (0, 1, 30, 61):
        assert window_at(Period.DAY, zone, begun + timedelta(minutes=minutes)).start == begun


def test_a_budget_without_periods_begins_with_the_epoch() -> None:
    """The same row of the ledger for every writer, for ever."""
    assert window_at(Period.TOTAL, ZoneInfo("Asia/Tokyo"), datetime(2026, 9, 1, tzinfo=UTC)) == Window(EPOCH, None)


def test_the_end_is_not_in_the_period() -> None:
    """Nor is what lies before its start."""
    start, end = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    window = Window(start, end)
    assert start in window
    assert end not in window
    assert start - timedelta(microseconds=1) not in window
    assert end in Window(start, None)
