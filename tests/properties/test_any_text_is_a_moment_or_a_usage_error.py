"""Whatever is typed for a deadline is a moment to come, in UTC, or one usage error."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from hfplanner.errors import UsageError
from hfplanner.plan.when import parse_when

_MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy wants naive bounds
_TEXTS = st.text(max_size=80) | st.from_regex(
    r"(tomorrow )?[0-9]{1,2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{5})?"
)


@given(_TEXTS, _MOMENTS)
@example("9999-12-31T23:59-14:00", datetime(2026, 1, 1, tzinfo=UTC))
@example("0001-01-01T00:00+14:00", datetime(2026, 1, 1, tzinfo=UTC))
@example("25:99", datetime(2026, 1, 1, tzinfo=UTC))
def test_any_text_is_a_moment_to_come_or_a_usage_error(text: str, now: datetime) -> None:
    """No traceback, no moment that has passed."""
    try:
        moment = parse_when(text, now)
    except UsageError:
        return
    assert moment > now
    assert moment.utcoffset() == timedelta(0)


@given(st.integers(1, 10**6), _MOMENTS, st.integers(-12, 14))
def test_a_time_from_now_is_the_same_in_every_zone(secs: int, now: datetime, hours: int) -> None:
    """Where the clock of the machine stands changes no deadline."""
    there = now.astimezone(timezone(timedelta(hours=hours)))
    assert parse_when(f"{secs}s", there) == now + timedelta(seconds=secs)
