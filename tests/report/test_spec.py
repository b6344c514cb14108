"""What a report may be asked for."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hfplanner.errors import UsageError
from hfplanner.report.spec import ReportSpec, parse_group_key, parse_moment
from hfplanner.zones import parse_zone

NOW = datetime(2026, 9, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-09", "UTC", "2026-09-01T00:00:00+00:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00+00:00"),
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
        # Clocks in Beirut go from 00:00 to 01:00 on this day, which has no midnight.
        ("2026-03-29", "Asia/Beirut", "2026-03-28T22:00:00+00:00"),
        ("2026-09-15T12:00", "America/New_York", "2026-09-15T16:00:00+00:00"),
        ("2026-09-15T12:00+02:00", "America/New_York", "2026-09-15T10:00:00+00:00"),
        ("7d", "UTC", "2026-09-08T08:00:00+00:00"),
    ],
)
def test_a_time_is_the_beginning_of_what_is_named_in_the_zone(text: str, zone: str, moment: str) -> None:
    """Days of 23 hours and days without a midnight included."""
    assert parse_moment(text, parse_zone(zone), NOW).isoformat() == moment


@pytest.mark.parametrize("text", ["", "soon", "2026-13", "2026-02-30", "-7d", "0s", "9999999d", "20260915T", "x" * 999])
def test_what_is_no_time_is_refused_with_the_accepted_forms(text: str) -> None:
    """In one short sentence."""
    with pytest.raises(UsageError, match="is not a time") as caught:
        parse_moment(text, parse_zone("UTC"), NOW)
    assert "2026-09-15" in (caught.value.hint or "")
    assert len(caught.value.message) < 120


@pytest.mark.parametrize("text", ["", "colour", "label:", "Flavor"])
def test_what_jobs_cannot_be_grouped_by_is_refused(text: str) -> None:
    """With the keys that there are."""
    with pytest.raises(UsageError) as caught:
        parse_group_key(text)
    assert "label:KEY" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "a\x00b", "UTC/"])
def test_what_is_no_time_zone_is_refused(text: str) -> None:
    """Paths included: zones are files on many systems."""
    with pytest.raises(UsageError, match="not a time zone"):
        parse_zone(text)


def test_a_period_has_to_be_one() -> None:
    """It ends after it begins, and its times say where."""
    with pytest.raises(UsageError, match="ends before"):
        ReportSpec(since=NOW, until=NOW)
    with pytest.raises(UsageError, match="no time zone"):
        ReportSpec(since=NOW.replace(tzinfo=None))
    assert ReportSpec(since=NOW, until=NOW.astimezone(timezone(timedelta(hours=9))) + timedelta(seconds=1))


def test_each_key_counts_once() -> None:
    """Twice the same key is a slip."""
    with pytest.raises(UsageError, match="once"):
        ReportSpec(by=("flavor", "flavor"))
