"""Prices over time, and what a change means for the month."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.catalog.price_point import PricePoint
from hfplanner.errors import UsageError
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.report.prices import MonthEffect, report_prices

NOW = datetime(2026, 9, 20, tzinfo=UTC)


def ran(job: str, day: int, minutes: int, flavor: str = "l4x1") -> dict[str, object]:
    """Return a job of September that ran for so long."""
    start = datetime(2026, 9, day, 12, tzinfo=UTC)
    end = start.replace(hour=12 + minutes // 60, minute=minutes % 60)
    return dict.fromkeys(JOBS_SCHEMA) | {
        "id": job,
        "flavor": flavor,
        "stage": "completed",
        "created_at": start,
        "started_at": start,
        "finished_at": end,
    }


def test_a_change_of_this_month_says_what_it_costs_the_jobs_that_ran_after_it() -> None:
    """61 minutes at 1,667 micro-USD a minute more; what ran before the change, or on another flavor, is not counted."""
    seen = PricePoint(seen=date(2026, 9, 10), flavor="l4x1", price_micro_usd_per_minute=15_000, source="hub")
    flavors = tuple(
        replace(one, price_micro_usd_per_minute=15_000) if one.name == "l4x1" else one
        for one in shipped_listing().flavors
    )
    listing = replace(shipped_listing(), flavors=flavors, checked=NOW, sightings=(seen,))
    jobs = pl.LazyFrame([ran("a", 11, 61), ran("b", 9, 30), ran("c", 12, 30, "h200")], schema=JOBS_SCHEMA)
    found = report_prices(listing, flavors=["l4x1"], since=None, now=NOW, jobs=jobs)
    assert (found.changes[0].before, found.changes[0].after, found.changes[0].seen) == (13_333, 15_000, seen.seen)
    assert found.effect_of(found.changes[0]) == MonthEffect(paid_minutes=61, difference_micro_usd=61 * 1667)


def test_since_begins_with_the_price_in_force_and_shows_what_is_gone() -> None:
    """h100 was $4.50 on the first of December 2025, and gone a month later."""
    found = report_prices(shipped_listing(), flavors=[], since=date(2025, 12, 1), now=NOW)
    (h100,) = (one for one in found.flavors if one.flavor == "h100")
    assert [point.price_micro_usd_per_minute for point in h100.points] == [75_000, None]
    assert not h100.listed


def test_a_flavor_nobody_saw_is_a_usage_error() -> None:
    """With the name that was meant."""
    with pytest.raises(UsageError, match="No price") as refused:
        report_prices(shipped_listing(), flavors=["h201"], since=None, now=NOW)
    assert "h200" in str(refused.value.hint)
