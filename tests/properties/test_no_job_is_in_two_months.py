"""Law: the months of any time zone share out all jobs, each to one month, clocks going forward or back between them."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.report.columns import group_columns, in_period
from hfplanner.report.spec import ReportSpec, parse_moment
from hfplanner.zones import parse_zone

NOW = datetime(2026, 9, 15, tzinfo=UTC)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "UTC"])
# Months in which clocks change, their borders to the microsecond, and anything between.
BORDERS = st.builds(
    lambda month, shift, micro: datetime(2026, month, 1, tzinfo=UTC) + shift + micro,
    st.sampled_from([3, 4, 5]),
    st.integers(-28, 28).map(lambda half_hours: timedelta(minutes=30 * half_hours)),
    st.sampled_from([timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1)]),
)
BETWEEN = st.timedeltas(timedelta(0), timedelta(days=90)).map(lambda span: datetime(2026, 2, 15, tzinfo=UTC) + span)


@given(st.lists(BORDERS | BETWEEN, min_size=1, max_size=8), ZONES)
def test_months(starts: list[datetime], timezone: str) -> None:
    """The half-open months hold each job once, and it is the month that jobs are grouped by."""
    jobs = pl.DataFrame({"id": list(map(str, range(len(starts)))), "started_at": starts}, schema_overrides=JOBS_SCHEMA)
    every = pl.concat([JOBS_SCHEMA.to_frame(), jobs], how="diagonal_relaxed")
    zone = parse_zone(timezone)
    month_of = dict(every.select("id", group_columns(ReportSpec(by=("month",), timezone=timezone))["month"]).rows())
    found = []
    for month in range(1, 7):
        since, until = (parse_moment(f"2026-{number:02}", zone, NOW) for number in (month, month + 1))
        ids = every.filter(in_period(ReportSpec(since=since, until=until, timezone=timezone)))["id"].to_list()
        found += [(job, f"2026-{month:02}") for job in ids]
    assert sorted(found) == sorted(month_of.items())
