"""What the month will have cost at its end, from its days so far and the weeks before, beside how that did before."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil
from statistics import median
from typing import TYPE_CHECKING, Any

from hfplanner.report.money import Money, add_up
from hfplanner.units import format_count

if TYPE_CHECKING:
    from hfplanner.report.scheduled import ScheduledRuns

__all__ = ["Backtest", "Forecast", "forecast_month"]

# The weekly pattern is the mean of the same weekday over this many weeks; with less history every day counts alike.
_WEEKS = 4
_WEEK = 7
_MONTH = 30
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
        is_asked: whether the report reaches to the month that runs; of another one there is nothing to forecast.
        scheduled: the runs of schedules until the month ends; ``None`` where no schedules are known.
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
    is_asked: bool = True
    scheduled: "ScheduledRuns | None" = None

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
            "scheduled": None if self.scheduled is None else self.scheduled.to_json(),
        }


def forecast_month(
    daily: Mapping[date, Money],
    today: date,
    known_until: date | None = None,
    running: Mapping[date, int] | None = None,
    scheduled: "ScheduledRuns | None" = None,
) -> Forecast:
    """Return the forecast for the month of ``today`` from what each day cost; a missing day between two cost nothing.

    The lower bounds are forecast: they are what is known to be spent. Each coming day costs the mean of its weekday
    over four weeks (of all days, with less history); what runs now goes on for as long again as it has run, at most to
    its timeout (the median of what is left of a thing of unknown age: Gott, Nature 363, 1993). What came after
    ``known_until`` is not known, so that a history that ends before yesterday gives no forecast.

    The interval is the forecast times the inner 80 % of truth / forecast over all earlier days for as many days ahead:
    no shape of the errors is assumed. It holds what is likely, what is spent at least, what the jobs so far may cost at
    most where that is known, and a day more or less. Where "the same as last month" would have been nearer to the truth
    on average, there is no forecast.

    Where the schedules of the Hub are known, their coming runs are counted as they will come, in place of the part that
    such runs had in the days before; the errors of the pattern are those of the rest.

    Args:
        daily: what the jobs that began on each day cost.
        today: the day it is.
        known_until: the day up to which the history knows.
        running: what the jobs that began on each day and run now will likely cost beyond that [micro-USD].
        scheduled: the runs of schedules until the month ends; ``None`` where no schedules are known.

    >>> steady = {date(2026, 7, 1) + timedelta(days=n): Money(100, 100) for n in range(76)}
    >>> found = forecast_month(steady, date(2026, 9, 15))
    >>> found.low, found.likely, found.high, found.backtest.median_error
    (2900, 3000, 3100, 0.0)
    """
    days_left = monthrange(today.year, today.month)[1] - today.day + 1
    spent = add_up(daily[day] for day in daily if today.replace(day=1) <= day <= today)
    none = Forecast(month=today.replace(day=1), spent=spent, days_left=days_left, scheduled=scheduled)
    series = _series(daily, today)
    if known_until is not None and known_until < today - timedelta(days=1):
        return replace(none, reason=f"the history was last brought up to date on {known_until}")
    if len(series) < _LEAST_DAYS:
        known = f"only {format_count(len(series), 'whole day')} of history"
        return replace(none, reason=f"{known}, {_LEAST_DAYS} are needed")
    errors = _errors(series, days_left)
    rival = _last_month_errors(series, days_left, today.day - 1)
    if len(errors) < _LEAST_ORIGINS or len(rival) < _LEAST_ORIGINS:
        return replace(none, reason=f"too little history to say how wrong a forecast of {days_left} days is")
    if not any(series[-_WEEKS * _WEEK :]) and not (scheduled and scheduled.likely):
        return replace(none, reason=f"nothing was spent in the last {_WEEKS} weeks")
    if _mean_miss(errors, since=len(errors) - len(rival)) > _mean_miss(rival):
        return replace(none, reason='"the same as last month" has been nearer to the truth')
    goes_on = sum(amount for day, amount in (running or {}).items() if day < today)
    return _forecast(none, series, errors, daily.get(today, Money(0, 0)), goes_on, today)


def _forecast(  # noqa: PLR0913, PLR0917 - what is known of the days, and of those to come
    none: Forecast,
    series: Sequence[int],
    errors: Sequence[tuple[int, float]],
    today: Money,
    goes_on: int,
    day: date,
) -> Forecast:
    coming, in_pattern = none.scheduled, 0.0
    if coming is not None:
        of_runs = [coming.before.get(day - timedelta(days=len(series) - n), 0) for n in range(len(series))]
        in_pattern = _predict(of_runs, none.days_left)
    ahead = max(_predict(series, none.days_left) - in_pattern, 0.0)
    low, high = _tails(sorted(truth / guess for truth, guess in errors))
    # Runs of today that are over stay, beside those to come.
    done = coming.before.get(day, 0) if coming else 0
    least, runs, most = (done + part for part in (coming.low, coming.likely, coming.high)) if coming else (0, 0, 0)
    before, a_day = none.spent.low - today.low, round((ahead + runs) / none.days_left)
    likely = max(none.spent.low, before + goes_on + round(ahead) + runs)
    at_most = max(before + goes_on + ceil(ahead * high) + most, likely + a_day)
    weeks = len(series) >= _WEEKS * _WEEK
    return replace(
        none,
        low=max(none.spent.low, min(before + round(ahead * low) + least, likely - a_day)),
        likely=likely,
        high=max(at_most, none.spent.high or 0),
        method="mean of each weekday over four weeks" if weeks else f"mean of {len(series)} days",
        backtest=_backtest(errors, none.days_left),
    )


def _mean_miss(errors: Sequence[tuple[int, float]], since: int = 0) -> float:
    """Return how far off forecasts were on average, from one on."""
    late = errors[max(since, 0) :]
    return sum(abs(truth - guess) for truth, guess in late) / len(late)


def _last_month_errors(series: Sequence[int], days: int, elapsed: int) -> list[tuple[int, float]]:
    """Return truth and the guess that a month costs what the one before it did, for each earlier day, oldest first."""
    first = max(_MONTH + elapsed, _first_origin(series))
    return [
        (
            sum(series[origin : origin + days]),
            max(sum(series[origin - elapsed - _MONTH : origin - elapsed]) - sum(series[origin - elapsed : origin]), 0),
        )
        for origin in range(first, len(series) - days + 1)
    ]


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
    least = _first_origin(series)
    pairs = [
        (sum(series[origin : origin + days]), _predict(series[:origin], days))
        for origin in range(least, len(series) - days + 1)
    ]
    return [(truth, guess) for truth, guess in pairs if guess > 0]


def _first_origin(series: Sequence[int]) -> int:
    """Return how many days a backtest leaves to learn from."""
    return min(_WEEKS * _WEEK, max(_LEAST_DAYS, len(series) // 2))


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
