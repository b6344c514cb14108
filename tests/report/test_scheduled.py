"""The forecast counts what the schedules of the Hub will start: each run once, what is gone no more."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.catalog.listing import shipped_listing
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.history.manifest import SourceState
from hfplanner.history.schedules import KeptSchedules
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.forecast import Forecast, forecast_month
from hfplanner.report.money import Money
from hfplanner.report.scheduled import ScheduledRuns
from hfplanner.report.spec import ReportSpec
from hfplanner.report.tables import forecast_sentence

NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
# Of l4x1.
HOUR = 60 * 13333
# The price of l4x1 has been one micro-dollar a minute more.
CENT_OF_A_CENT = 1000


def job(number: int, day: datetime, minutes: int, schedule: str | None) -> dict[str, Any]:
    """Return a job of l4x1 that ran at noon of a day."""
    run = {"initiator_type": "scheduled-job", "initiator_id": schedule} if schedule else {}
    ends = {"created_at": day, "started_at": day, "finished_at": day + timedelta(minutes=minutes)}
    return {"id": f"{number:024x}", "namespace": "acme", "flavor": "l4x1", "stage": "completed", **ends, **run}


def kept(*schedules: dict[str, Any]) -> KeptSchedules:
    """Return what a sync found at noon."""
    spec = {"flavor": "l4x1", "timeout": 7200}
    found = tuple(ScheduledJobInfo.model_validate({"jobSpec": spec, "suspend": False, **one}) for one in schedules)
    return KeptSchedules(source="https://hub.example", namespace="acme", seen_at=NOON, schedules=found)


def forecast(jobs: list[dict[str, Any]], *schedules: KeptSchedules) -> Forecast:
    """Return the forecast of the month, made at noon of 15 September."""
    state = SourceState(source="hub", namespace="acme", complete=True, seen_at=NOON, records=len(jobs))
    inputs = ReportInputs(listing=shipped_listing(), now=NOON, sources=(state,), schedules=schedules)
    return build_report(pl.LazyFrame(jobs, schema=JOBS_SCHEMA), ReportSpec(), inputs).forecast


def days(minutes: int, schedule: str | None, first: int = 0) -> list[dict[str, Any]]:
    """Return a job a day, the hundred days before today, at one in the morning."""
    moments = (NOON.replace(hour=1) - timedelta(days=100 - n) for n in range(100))
    return [job(first + n, moment, minutes, schedule) for n, moment in enumerate(moments)]


def test_a_schedule_that_ran_all_along_changes_nothing() -> None:
    """What the pattern of the weekdays says of its runs is what they will cost: 15 more, after today's has run."""
    jobs = [*days(30, "s1"), *days(60, None, 200), job(999, NOON.replace(hour=1), 30, "s1")]
    plain, known = forecast(jobs), forecast(jobs, kept({"id": "s1", "schedule": "0 1 * * *"}))
    assert known.likely == pytest.approx(plain.likely, abs=CENT_OF_A_CENT)
    assert known.scheduled is not None
    assert (known.scheduled.schedules, known.scheduled.runs) == (1, 15)
    assert known.scheduled.likely == pytest.approx(15 * HOUR / 2, abs=CENT_OF_A_CENT)


def test_a_new_schedule_is_counted_before_it_ever_ran() -> None:
    """At its worst case, two hours: the pattern knows nothing of it."""
    jobs = days(60, None)
    plain, known = forecast(jobs), forecast(jobs, kept({"id": "new", "schedule": "0 18 * * *"}))
    assert known.scheduled is not None
    assert (known.scheduled.runs, known.scheduled.low) == (16, 0)
    assert known.likely - plain.likely == known.scheduled.likely == 16 * 2 * HOUR  # type: ignore[operator] # both are known
    assert "Still to come: 16 runs of 1 schedule, likely $25.60" in forecast_sentence(known)


def test_a_schedule_that_is_gone_is_not_carried_on() -> None:
    """Its days are in the past and stay spent; none come."""
    jobs = [*days(30, "gone"), *days(60, None, 200)]
    plain, known = forecast(jobs), forecast(jobs, kept())
    assert plain.likely is not None
    assert known.likely is not None
    assert plain.likely - known.likely == pytest.approx(16 * HOUR / 2, abs=CENT_OF_A_CENT)
    assert known.scheduled is not None
    assert (known.scheduled.runs, forecast_sentence(known).count("Still to come")) == (0, 0)


def test_a_paused_one_starts_nothing_and_one_without_a_price_is_said() -> None:
    """Unknown is not zero."""
    spec = {"flavor": "h300", "timeout": 7200}
    paused = {"id": "p", "schedule": "@hourly", "suspend": True}
    known = forecast(days(60, None), kept(paused, {"id": "u", "schedule": "@daily", "jobSpec": spec}))
    assert known.scheduled is not None
    assert (known.scheduled.runs, known.scheduled.unknown) == (0, 1)
    assert "What 1 schedule will cost is not known." in forecast_sentence(known)


def test_schedules_of_another_namespace_are_none_of_a_report_of_one() -> None:
    """And without any that are known the forecast is what it was."""
    jobs = days(60, None)
    state = SourceState(source="hub", namespace="ada", complete=True, seen_at=NOON, records=0)
    inputs = ReportInputs(
        listing=shipped_listing(), now=NOON, sources=(state,), schedules=(kept({"id": "s", "schedule": "@daily"}),)
    )
    report = build_report(pl.LazyFrame(jobs, schema=JOBS_SCHEMA), ReportSpec(namespace="ada"), inputs)
    assert report.forecast.scheduled is None
    assert forecast(jobs).to_json()["scheduled"] is None


@pytest.mark.parametrize("likely", [0, 500, 50_000])
def test_the_interval_holds_what_is_likely_and_never_less_than_what_is_spent(likely: int) -> None:
    """Whatever is scheduled, low <= likely <= high, and all of them are at least what is spent."""
    today = date(2026, 9, 15)
    daily = {today - timedelta(days=n): Money(100, 100) for n in range(1, 101)}
    before = dict.fromkeys(daily, 60)
    coming = ScheduledRuns(schedules=1, runs=3, low=likely // 2, likely=likely, high=2 * likely, before=before)
    found = forecast_month(daily, today, scheduled=coming)
    assert found.low is not None
    assert found.spent.low <= found.low <= found.likely <= found.high  # type: ignore[operator] # all are known
    assert found.likely == 1400 + 16 * 40 + likely
