"""Moments in JSON: one spelling, and nothing of one is lost."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hfplanner
from hfplanner.times import json_moment, read_json_moment

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=ZONES)  # noqa: DTZ001 - the strategy's


@settings(deadline=None)
@given(MOMENTS)
def test_a_moment_that_is_written_is_read_back(moment: datetime) -> None:
    """To the microsecond, whatever its zone; written in UTC."""
    text = json_moment(moment)
    assert (read_json_moment(text), text[-1]) == (moment, "Z")
    assert read_json_moment(text).tzinfo is UTC
    assert read_json_moment(moment.isoformat()) == moment, "as earlier versions wrote it"


def test_a_time_without_a_zone_is_no_moment() -> None:
    """Neither written nor read: nobody knows when it was."""
    with pytest.raises(ValueError, match="zone"):
        json_moment(datetime(2026, 9, 1))  # noqa: DTZ001 - that is what is refused
    with pytest.raises(ValueError, match="zone"):
        read_json_moment("2026-09-01T00:00:00")


def test_moments_are_spelled_in_one_place() -> None:
    """No other module writes one by hand, which is how microseconds were cut."""
    package = Path(hfplanner.__file__).parent
    found = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(hand in path.read_text(encoding="utf-8") for hand in ('replace("+00:00", "Z")', ":%Y-%m-%dT%H:%M:%SZ}"))
    ]
    assert found == []
