"""Law: in every zone the periods of a budget cover time without gap or overlap, and all their moments agree on them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given
from hypothesis import strategies as st

from hfplanner.budget.period import Period, window_at

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis takes naive bounds
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
TICK = timedelta(microseconds=1)


@given(st.sampled_from([Period.DAY, Period.WEEK, Period.MONTH]), ZONES, MOMENTS, st.floats(0, 1))
@example(Period.DAY, ZoneInfo("Pacific/Apia"), datetime(2011, 12, 30, 10, tzinfo=UTC), 0.5)
@example(Period.DAY, ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 2, 31, tzinfo=UTC), 0.01)
@example(Period.DAY, ZoneInfo("America/Toronto"), datetime(1919, 3, 31, 4, 45, tzinfo=UTC), 0.0)
@example(Period.DAY, ZoneInfo("Asia/Manila"), datetime(1900, 1, 1, tzinfo=UTC), 0.99)
def test_budget_periods_tile_time(period: Period, zone: ZoneInfo, moment: datetime, part: float) -> None:
    """A moment lies in its period, any other moment of it has the same, and the next begins where it ends."""
    window = window_at(period, zone, moment)
    assert moment in window
    assert window.end is not None
    other = window.start + (window.end - window.start - TICK) * part
    assert window_at(period, zone, other) == window
    assert window_at(period, zone, window.end).start == window.end
    assert window_at(period, zone, window.start - TICK).end == window.start
    assert timedelta(0) < window.end - window.start < timedelta(days=33)
