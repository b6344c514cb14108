"""What the month will have cost at its end, from its days so far and the weeks before, beside how that did before."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import median
from typing import Any

from hfplanner.report.money import Money

__all__ = ["Backtest", "Forecast", "forecast_month"]

# The weekly pattern is the mean of the same weekday over this many weeks; with less history every day counts alike.
_WEEKS = 4
_WEEK = 7
_LEAST_DAYS = 14
# The interval holds four of five earlier errors, so that ten of them are the least to leave one out on each side.
_LEAST_ORIGINS = 10
_TAIL = 0.1
HISTORY_DAYS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """How the same forecast did, made on earlier days for as many days as are left now.

    Args:
        origins: on how many days.
        median_error: half of the forecasts missed the truth by more than this part of the forecast.
        tested: how many of them could be given an interval from those whose outcome was known by then.
        covered: how many of those intervals held the truth; four of five should.
    """

    origins: int
    median_error: float
    tested: int
    covered: int

    def to_json(self) -> dict[str, Any]:
        """Return the backtest as a JSON object."""
        return {
            "origins": self.origins,
            "median_error": round(self.median_error, 6),
            "tested": self.tested,
            "covered": self.covered,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The whole month's cost.

    Args:
        month: its first day.
        spent: what is already spent in it.
        low, likely, high: what it will have been at the end [micro-USD], an 80 % interval; ``None`` is not known.
        days_left: days to come, with today.
        method: how, a sentence.
        reason: why there is none, a sentence.
        backtest: how it did before.
    """

    month: date
    spent: Money
    days_left: int
    low: int | None = None
    likely: int | None = None
    high: int | None = None
    method: str | None = None
    reason: str | None = None
    backtest: Backtest | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the forecast as a JSON object."""
        known = self.likely is not None
        span = {"low": self.low, "likely": self.likely, "high": self.high, "basis": [self.method]} if known else None
        return {
            "month": f"{self.month:%Y-%m}",
            "spent_micro_usd": self.spent.to_json(),
            "days_left": self.days_left,
            "cost_micro_usd": span,
            "interval": "80%",
            "reason": self.reason,
            "backtest": None if self.backtest is None else self.backtest.to_json(),
        }


def forecast_month(daily: Mapping[date, Money], today: date, known_until: date | None = None) -> Forecast:
    """Return the forecast for the month of ``today`` from what each day cost; a missing day between two cost nothing.

    The lower bounds are forecast: they are what is known to be spent. Each coming day costs the mean of its weekday
    over four weeks (of all days, with less history). What came after ``known_until`` is not known, so that a history
    that ends before yesterday gives no forecast. The interval is the forecast times the inner 80 % of truth /
    forecast over all earlier days for as many days ahead: no shape of the errors is assumed. Where all of those were
    off in the same direction, it reaches to the forecast all the same: what is likely lies between its bounds.

    >>> steady = {date(2026, 7, 1) + timedelta(days=n): Money(100, 100) for n in range(76)}
    >>> found = forecast_month(steady, date(2026, 9, 15))
    >>> found.low, found.likely, found.high, found.backtest.median_error
    (3000, 3000, 3000, 0.0)
    """
    month = today.replace(day=1)
    length = monthrange(today.year, today.month)[1]
    days_left = length - today.day + 1
    this_month = [daily[day] for day in daily if month <= day <= today]
    spent = Money(
        sum(one.low for one in this_month),
        None if any(one.high is None for one in this_month) else sum(one.high or 0 for one in this_month),
    )
    series = _series(daily, today)
    none = Forecast(month=month, spent=spent, days_left=days_left)
    if known_until is not None and known_until < today - timedelta(days=1):
        return _without(none, f"the history was last brought up to date on {known_until}")
    if len(series) < _LEAST_DAYS:
        return _without(none, f"only {len(series)} whole days of history, {_LEAST_DAYS} are needed")
    errors = _errors(series, days_left)
    if len(errors) < _LEAST_ORIGINS:
        return _without(none, f"too little history to say how wrong a forecast of {days_left} days is")
    ahead = _predict(series, days_left)
    low, high = _tails(sorted(truth / guess for truth, guess in errors))
    today_low = daily.get(today, Money(0, 0)).low
    before = spent.low - today_low
    weeks = len(series) >= _WEEKS * _WEEK
    return Forecast(
        month=month,
        spent=spent,
        days_left=days_left,
        low=max(spent.low, before + round(ahead * low)),
        likely=max(spent.low, before + round(ahead)),
        high=max(spent.low, before + ceil(ahead * high)),
        method="mean of each weekday over four weeks" if weeks else f"mean of {len(series)} days",
        backtest=_backtest(errors, days_left),
    )


def _without(none: Forecast, reason: str) -> Forecast:
    return Forecast(month=none.month, spent=none.spent, days_left=none.days_left, reason=reason)


def _series(daily: Mapping[date, Money], today: date) -> list[int]:
    """Return what each whole day cost, from the first known one to yesterday."""
    known = [day for day in daily if day < today and day >= today - timedelta(days=HISTORY_DAYS)]
    if not known:
        return []
    first = min(known)
    days = (first + timedelta(days=n) for n in range((today - first).days))
    return [daily[day].low if day in daily else 0 for day in days]


def _predict(series: Sequence[int], days: int) -> float:
    """Return what the next days will cost together."""
    window = series[-_WEEKS * _WEEK :]
    if len(window) < _WEEKS * _WEEK:
        return days * sum(window) / len(window)
    by_weekday = [sum(window[n::_WEEK]) / _WEEKS for n in range(_WEEK)]
    return sum(by_weekday[n % _WEEK] for n in range(days))


def _errors(series: Sequence[int], days: int) -> list[tuple[int, float]]:
    """Return truth and forecast for each earlier day, oldest first; only forecasts above 0 can be compared with."""
    least = min(_WEEKS * _WEEK, max(_LEAST_DAYS, len(series) // 2))
    pairs = [
        (sum(series[origin : origin + days]), _predict(series[:origin], days))
        for origin in range(least, len(series) - days + 1)
    ]
    return [(truth, guess) for truth, guess in pairs if guess > 0]


def _tails(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of the inner 80 %, outwards to the nearest ratio seen, and to the forecast itself.

    >>> _tails([0.25] * 20)
    (0.25, 1.0)
    """
    outside = int(len(ratios) * _TAIL)
    low, high = ratios[max(outside - 1, 0)], ratios[min(len(ratios) - outside, len(ratios) - 1)]
    return min(low, 1.0), max(high, 1.0)


def _backtest(errors: Sequence[tuple[int, float]], days: int) -> Backtest:
    """Try each interval on a day whose outcome was not known when the interval's errors were."""
    ratios = [truth / guess for truth, guess in errors]
    tested = covered = 0
    for index, ratio in enumerate(ratios):
        before = sorted(ratios[: max(index - days + 1, 0)])
        if len(before) >= _LEAST_ORIGINS:
            low, high = _tails(before)
            tested += 1
            covered += low <= ratio <= high
    return Backtest(
        origins=len(ratios), median_error=median(abs(ratio - 1) for ratio in ratios), tested=tested, covered=covered
    )
