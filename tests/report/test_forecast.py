"""The month's forecast and its backtest."""

import random
from datetime import date, timedelta

from hfplanner.report.forecast import forecast_month
from hfplanner.report.money import Money

TODAY = date(2026, 9, 15)


def history(days: int, cost: "list[int]") -> dict[date, Money]:
    """Return the days up to yesterday, the costs repeated from a Monday on."""
    first = TODAY - timedelta(days=days)
    return {
        first + timedelta(days=n): Money(*[cost[(first + timedelta(days=n)).weekday() % len(cost)]] * 2)
        for n in range(days)
    }


def test_a_weekly_pattern_is_carried_on_exactly() -> None:
    """Weekends cost nothing: from 15 to 30 September 2026 there are 12 working days."""
    found = forecast_month(history(100, [100] * 5 + [0, 0]), TODAY)
    before = sum(100 for day in range(1, 15) if date(2026, 9, day).weekday() < 5)
    assert found.likely == before + 1200
    assert (found.low, found.high) == (before + 1200 - 75, before + 1200 + 75), "a day more or less, of 16"
    assert found.backtest is not None
    assert found.backtest.median_error == 0
    assert found.backtest.covered == found.backtest.tested > 0


def test_with_little_history_there_is_no_forecast_and_a_reason() -> None:
    """Neither without days, nor with too few to say how wrong one is."""
    for days, reason in ((0, "only 0 whole days"), (13, "only 13 whole days"), (30, "too little history")):
        found = forecast_month(history(days, [100]), TODAY)
        assert found.likely is None
        assert reason in (found.reason or "")


def test_days_after_the_last_update_are_unknown_and_not_free() -> None:
    """A history that ends the day before yesterday gives no forecast; one that ends yesterday does."""
    days = history(100, [100])
    stale = forecast_month(days, TODAY, TODAY - timedelta(days=2))
    assert stale.likely is None
    assert stale.reason == "the history was last brought up to date on 2026-09-13"
    assert forecast_month(days, TODAY, TODAY - timedelta(days=1)).likely is not None


def test_eight_of_ten_intervals_hold_the_truth_on_noise() -> None:
    """Over many histories of random days, what comes is within the 80 % interval about as often as it says."""
    rng = random.Random(1)  # noqa: S311 - test data
    held = tried = 0
    for _ in range(150):
        series = [int(rng.lognormvariate(10, 0.6)) for _ in range(166)]
        daily = {TODAY - timedelta(days=150 - n): Money(cost, cost) for n, cost in enumerate(series)}
        past = {day: cost for day, cost in daily.items() if day < TODAY}
        found = forecast_month(past, TODAY)
        truth = sum(cost.low for day, cost in daily.items() if date(2026, 9, 1) <= day <= date(2026, 9, 30))
        if found.low is None or found.high is None:
            assert found.reason == '"the same as last month" has been nearer to the truth'
            continue
        tried += 1
        held += found.low <= truth <= found.high
    assert tried > 100
    assert 0.70 < held / tried < 0.94


def test_nothing_is_forecast_from_nothing() -> None:
    """Jobs of months ago, and none since."""
    found = forecast_month({day: cost for day, cost in history(150, [100]).items() if day < date(2026, 8, 1)}, TODAY)
    assert (found.likely, found.reason) == (None, "nothing was spent in the last 4 weeks")


def test_no_forecast_where_the_month_before_tells_more() -> None:
    """A job of the first day of each month: its weekday says nothing, and the same as last month is exact."""
    monthly = {TODAY - timedelta(days=n): Money(*[3000 if n % 30 == 14 else 0] * 2) for n in range(1, 121)}
    found = forecast_month(monthly, TODAY)
    assert (found.likely, found.reason) == (None, '"the same as last month" has been nearer to the truth')


def test_what_runs_now_goes_on() -> None:
    """For as long again as it has run, of jobs that began before today; at most it costs what it may."""
    daily = history(100, [100]) | {TODAY - timedelta(days=1): Money(100, 2_000)}
    found = forecast_month(daily, TODAY, running={TODAY - timedelta(days=1): 80, TODAY: 1000})
    alone = forecast_month(daily, TODAY)
    assert found.likely is not None
    assert alone.likely is not None
    assert found.likely - alone.likely == 80
    assert found.high is not None
    assert found.high >= (found.spent.high or 0) == 14 * 100 + 1_900


def test_what_is_spent_is_never_forecast_away() -> None:
    """A dear day today is in every bound, and an unknown bound of the month is told."""
    daily = history(100, [100]) | {TODAY: Money(1_000_000, None)}
    found = forecast_month(daily, TODAY)
    assert found.low is not None
    assert found.low >= 1_000_000 + 14 * 100
    assert found.spent == Money(1_000_000 + 14 * 100, None)


def test_days_without_a_job_cost_nothing() -> None:
    """A gap between two days is a part of the pattern."""
    every_other = {day: cost for n, (day, cost) in enumerate(history(100, [100]).items()) if n % 2 == 0}
    found = forecast_month(every_other, TODAY)
    assert found.likely is not None
    assert abs(found.likely - found.spent.low - 800) <= 100


def test_what_is_likely_lies_between_its_bounds() -> None:
    """Costs that fall week by week are forecast too high every time, and the interval holds the forecast still."""
    falling = {TODAY - timedelta(days=n): Money(*[100 * 2 ** (n // 7)] * 2) for n in range(1, 71)}
    found = forecast_month(falling, TODAY)
    assert found.low is not None
    assert found.likely is not None
    assert found.high is not None
    assert found.low < found.likely <= found.high
