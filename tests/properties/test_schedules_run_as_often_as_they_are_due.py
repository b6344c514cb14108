"""Law: runs that are counted are the runs one gets by walking from each to the next, here as the emulator does."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.budget.schedules import count_runs
from tests.hub.cron import next_due

START = datetime(2026, 1, 1, tzinfo=UTC)


def _field(low: int, high: int, most: int) -> st.SearchStrategy[str]:
    """Draw a field; few values in fields that would make millions of runs."""
    values = st.integers(low, high)
    lists = st.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))
    spans = st.tuples(values, values).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return lists | st.integers(high // 4 + 1, high).map("*/{}".format) | (spans if most > 2 else st.nothing())


SCHEDULES = st.tuples(
    _field(0, 59, 2),
    st.just("*") | _field(0, 23, 3),
    st.just("*") | _field(1, 31, 3),
    st.just("*") | _field(1, 12, 3),
    st.just("*") | _field(0, 6, 3),
).map(" ".join) | st.sampled_from(["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"])
SPANS = st.integers(0, 86400 * 12)


@settings(deadline=None)
@given(SCHEDULES, st.integers(0, 86400 * 400), SPANS)
def test_schedules_run_as_often_as_they_are_due(schedule: str, offset: int, span: int) -> None:
    """From a moment on, before another."""
    start = START + timedelta(seconds=offset)
    end = start + timedelta(seconds=span)
    try:
        counted = count_runs(schedule, start, end)
    except ValueError:
        # The 31st of months without one: an error, and never due.
        assert next_due(schedule, int(START.timestamp() * 1000)) is None
        return
    due = next_due(schedule, int(start.timestamp() * 1000) - 1000)
    walked = 0
    while due is not None and due < end.timestamp() * 1000:
        walked += 1
        due = next_due(schedule, due)
    assert counted == walked
