"""From jobs to a report: aggregates are asked for together, so that polars reads the jobs once for all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from hfplanner.catalog.legacy import legacy_flavors
from hfplanner.catalog.listing import Listing
from hfplanner.catalog.prices import price_book
from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.job_costs import COST_BASES, cost_jobs
from hfplanner.estimate.price_table import price_table
from hfplanner.history.bills import Bills
from hfplanner.history.schedules import KeptSchedules
from hfplanner.report.aggregate import FIGURES, STATS, count_values, figures, prepare, quantiles_of
from hfplanner.report.columns import day_column, group_columns, in_namespace, in_period, moment_column
from hfplanner.report.forecast import HISTORY_DAYS, Forecast, forecast_month
from hfplanner.report.money import Money, money_of
from hfplanner.report.reconcile import reconcile
from hfplanner.report.result import MOST_DRAWN, Chart, Day, Distribution, Figures, Group, Report, SourceState
from hfplanner.report.scheduled import coming_runs, scheduled_days
from hfplanner.report.spec import CALENDAR_KEYS, ReportSpec
from hfplanner.report.waste import WasteRules, find_waste, paid_time, waste_queries

__all__ = ["ReportInputs", "build_report", "costed_jobs"]

_SUMS = ("jobs", "low", "high", "unpriced_jobs", "unbounded_jobs")
_NO_SOURCE = "nothing was imported or synced yet"


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """What a report needs beside the jobs and the question.

    Args:
        listing: what can be rented today; its prices are the latest that are known.
        now: the time.
        sources: where the jobs come from, and whether all of it is there. None at all is an incomplete history.
        policy: how the service bills.
        bills: what it billed, of :data:`~hfplanner.estimate.job_costs.BILLS_SCHEMA`; by default what is settled by the
            bills of ``billed``.
        billed: the bills as they were read, to be reconciled with the rule.
        rules: from when on something is waste.
        schedules: of the Hub, as they were kept; none are known of a namespace that is not there.
    """

    listing: Listing
    now: datetime
    sources: Sequence[SourceState]
    policy: BillingPolicy = field(default_factory=BillingPolicy)
    bills: pl.LazyFrame | None = None
    billed: Bills | None = None
    rules: WasteRules = field(default_factory=WasteRules)
    schedules: Sequence[KeptSchedules] = ()


def costed_jobs(jobs: pl.LazyFrame, inputs: ReportInputs) -> pl.LazyFrame:
    """Return all jobs with what they cost: the bill, or what the rule says."""
    # Found once: a window over all bills does not stream, and the report passes over the jobs more than once.
    settled = inputs.billed.settled().collect().lazy() if inputs.billed and inputs.billed.periods else None
    return _costed(jobs, inputs, settled if inputs.bills is None else inputs.bills)


def _costed(jobs: pl.LazyFrame, inputs: ReportInputs, bills: pl.LazyFrame | None) -> pl.LazyFrame:
    prices = price_table(price_book(inputs.listing))
    return cost_jobs(jobs, prices, now=inputs.now, policy=inputs.policy, bills=bills)


def build_report(jobs: pl.LazyFrame, spec: ReportSpec, inputs: ReportInputs) -> Report:
    """Return the report.

    Args:
        jobs: of the jobs schema, each id once.
        spec: what to report.
        inputs: prices, time, and where the jobs come from.

    >>> from datetime import UTC
    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    >>> job = {"id": "a", "flavor": "l4x1", "stage": "completed", "started_at": noon}
    >>> jobs = pl.LazyFrame([job | {"finished_at": noon + timedelta(minutes=90)}], schema=JOBS_SCHEMA)
    >>> report = build_report(jobs, ReportSpec(), ReportInputs(listing=shipped_listing(), now=noon, sources=()))
    >>> report.total.cost, report.complete, report.gaps
    (Money(low=1199970, high=1199970), False, ('nothing was imported or synced yet',))
    """
    every = costed_jobs(jobs, inputs)
    by = group_columns(spec)
    keys = [f"_by{index}" for index in range(len(by))]
    prepared = prepare(every.filter(in_period(spec)), _gpus(inputs.listing), by)
    queries = {
        "groups": figures(prepared, keys),
        **{name: count_values(prepared, keys, column) for name, column in STATS.items()},
        "bases": _sums(prepared, "cost_basis", **_span()),
        "days": _sums(prepared, day_column(spec.timezone).alias("day"), "flavor", **paid_time()),
        "untimed": jobs.filter(in_namespace(spec) & moment_column().is_null()).select(pl.len()),
    }
    # What the answers above hold already is not asked for again: each aggregate has its price in seconds.
    if spec.since is not None or spec.until is not None:
        queries["history"] = _recent_days(every, spec, inputs.now)
    # Several passes: what is asked for together waits for the slowest, and polars holds back what the others have read
    # (10 million jobs on two busy cores: 2.1 GiB and 21 s with waste in one pass, 1.3 GiB and 15 s as it is).
    if inputs.schedules:
        since = inputs.now - timedelta(days=HISTORY_DAYS + 1)
        queries["scheduled"] = scheduled_days(every, spec, inputs.schedules, since)
    found = dict(zip(queries, pl.collect_all(list(queries.values()), engine="streaming"), strict=True))
    # What is drawn day by day: the dearest values of the key that is asked for first.
    key, shown = _drawn(found["groups"], found["days"], spec)
    wasted = [query.collect(engine="streaming") for query in waste_queries(prepared, inputs.rules)]
    drawn = found["days"]
    if key != "flavor":
        drawn = _days_of(prepared, spec, f"_by{spec.by.index(key)}", shown).collect(engine="streaming")
    report = replace(_report(found, wasted, spec, inputs), chart=_chart(key, shown, drawn))
    if inputs.billed is None or not inputs.billed.periods:
        return report
    return replace(report, reconciliation=reconcile(_costed(jobs, inputs, None), spec, inputs.billed))


def _span() -> dict[str, pl.Expr]:
    moment = moment_column()
    return {"first": moment.min(), "last": moment.max(), "bill": pl.col("bill_difference_micro_usd").sum()}


def _sums(prepared: pl.LazyFrame, *keys: str | pl.Expr, **more: pl.Expr) -> pl.LazyFrame:
    low, high = pl.col("cost_low_micro_usd"), pl.col("cost_high_micro_usd")
    # What runs is as likely to go on for longer than it has run as not.
    goes_on = pl.when(pl.col("cost_basis") == "running_now").then(pl.min_horizontal(low, high - low))
    return prepared.group_by(*keys).agg(
        **more,
        running=goes_on.sum(),
        jobs=pl.len().cast(pl.Int64),
        low=low.sum(),
        high=high.sum(),
        unpriced_jobs=low.is_null().sum().cast(pl.Int64),
        unbounded_jobs=(low.is_not_null() & high.is_null()).sum(),
    )


def _drawn(groups: pl.DataFrame, days: pl.DataFrame, spec: ReportSpec) -> tuple[str, tuple[str | None, ...]]:
    """Return the key whose values are drawn day by day, the first that is no time, and the dearest of its values."""
    key = next((key for key in spec.by if key not in CALENDAR_KEYS), "flavor")
    frame, name = (days, "flavor") if key not in spec.by else (groups, f"_by{spec.by.index(key)}")
    sums = frame.group_by(name).agg(pl.col("low").sum()).filter(pl.col("low") > 0)
    ordered = sums.sort("low", name, descending=[True, False], nulls_last=True)
    return key, tuple(ordered[name].head(MOST_DRAWN))


def _days_of(prepared: pl.LazyFrame, spec: ReportSpec, column: str, shown: Sequence[str | None]) -> pl.LazyFrame:
    """Return what the shown values of a column cost on each day, and what all others do together."""
    values = [value for value in shown if value is not None]
    is_shown = pl.col(column).is_in(values).fill_null(value=None in shown)
    return prepared.group_by(
        day_column(spec.timezone).alias("day"),
        pl.when(is_shown).then(pl.col(column)).alias("flavor"),
        (~is_shown).alias("rest"),
    ).agg(low=pl.col("cost_low_micro_usd").sum())


def _chart(key: str, shown: Sequence[str | None], per_day: pl.DataFrame) -> Chart:
    """Return the layers of the picture of days."""
    layers: dict[str | None, dict[date, int]] = {value: {} for value in shown}
    others: dict[date, int] = {}
    for row in per_day.iter_rows(named=True):
        is_rest = row.get("rest", row["flavor"] not in layers)
        layer = others if is_rest else layers[row["flavor"]]
        layer[row["day"]] = layer.get(row["day"], 0) + row["low"]
    return Chart(key=key, layers=tuple(layers.items()), rest=others)


def _recent_days(every: pl.LazyFrame, spec: ReportSpec, now: datetime) -> pl.LazyFrame:
    """Return what each of the last days cost, whatever period is reported: the forecast is about now."""
    since = pl.lit(now - timedelta(days=HISTORY_DAYS + 1), pl.Datetime("us", "UTC"))
    recent = moment_column().is_between(since, pl.lit(now, pl.Datetime("us", "UTC")))
    return _sums(every.filter(in_namespace(spec) & recent), day_column(spec.timezone).alias("day"))


def _gpus(listing: Listing) -> dict[str, int]:
    """Return the GPUs of every flavor of which they are known, today's and those that are gone."""
    gone = {name: flavor.gpus for name, flavor in legacy_flavors().items() if flavor.gpus is not None}
    return gone | {flavor.name: flavor.gpus for flavor in listing.flavors}


def _report(
    found: Mapping[str, pl.DataFrame], wasted: Sequence[pl.DataFrame], spec: ReportSpec, inputs: ReportInputs
) -> Report:
    span = found["bases"].select(pl.col("first").min(), pl.col("last").max(), pl.col("bill").sum()).row(0, named=True)
    stats = {name: quantiles_of(found[name], []) for name in STATS}
    total = _figures(
        found["groups"].select(pl.col(FIGURES).sum()).row(0, named=True),
        {name: _first_row(frame) for name, frame in stats.items()},
    )
    sources = [
        state for state in inputs.sources if spec.namespace in {None, state.namespace} or state.namespace is None
    ]
    as_of = max((state.seen_at for state in sources), default=None)
    untimed = int(found["untimed"].item())
    return Report(
        spec=spec,
        now=inputs.now,
        listing=inputs.listing,
        gaps=_gaps(sources),
        as_of=as_of,
        bad_rows=_bad_rows(sources, untimed),
        first=span["first"],
        last=span["last"],
        total=total,
        bases=_bases(found["bases"]),
        groups=_groups(found, spec, total),
        trend=_trend(found["days"]),
        waste=find_waste(wasted, found["days"], inputs.listing, inputs.rules),
        forecast=_forecast(found, spec, inputs, as_of),
        bill_difference_micro_usd=span["bill"],
    )


def _first_row(frame: pl.DataFrame) -> Distribution | None:
    return _distribution(frame.row(0, named=True)) if frame.height else None


def _distribution(row: Mapping[str, Any]) -> Distribution:
    return Distribution(
        jobs=row["count"], mean=row["mean"], p50=row["p50"], p90=row["p90"], p99=row["p99"], largest=row["largest"]
    )


def _figures(row: Mapping[str, Any], stats: Mapping[str, Distribution | None]) -> Figures:
    counts = {name: row[name] for name in Figures.__slots__ if name in row}
    return Figures(
        cost=money_of(dict(row)),
        cost_stats=stats.get("cost"),
        duration_stats=stats.get("duration"),
        wait_stats=stats.get("wait"),
        **counts,
    )


def _groups(found: Mapping[str, pl.DataFrame], spec: ReportSpec, total: Figures) -> tuple[Group, ...]:
    keys = [f"_by{index}" for index in range(len(spec.by))]
    if not keys:
        return ()
    stats = {
        name: {tuple(row[key] for key in keys): _distribution(row) for row in frame.iter_rows(named=True)}
        for name, frame in ((name, quantiles_of(found[name], keys)) for name in STATS)
    }
    groups = []
    for row in found["groups"].iter_rows(named=True):
        values = tuple(row[key] for key in keys)
        of_group = _figures(row, {name: by_values.get(values) for name, by_values in stats.items()})
        has_price = of_group.unpriced_jobs < of_group.jobs
        share = of_group.cost.low / total.cost.low if total.cost.low and has_price else None
        groups.append(Group(values=values, figures=of_group, share=share))
    return tuple(sorted(groups, key=_order_of(groups, spec.by)))


def _order_of(groups: Sequence[Group], by: Sequence[str]) -> Callable[[Group], tuple[Any, ...]]:
    """Return the order of groups: dearest first; by the calendar, in the order of time within what is named before."""
    if not any(key in CALENDAR_KEYS for key in by):
        return _dearest_first
    sums: dict[tuple[str | None, ...], int] = {}
    for group in groups:
        for length in range(1, len(by) + 1):
            block = group.values[:length]
            sums[block] = sums.get(block, 0) + group.figures.cost.low

    def order(group: Group) -> tuple[Any, ...]:
        places: list[Any] = []
        for place, key in enumerate(by):
            value = group.values[place]
            spent = 0 if key in CALENDAR_KEYS else -sums[group.values[: place + 1]]
            places += [spent, value is None, value or ""]
        return tuple(places)

    return order


def _dearest_first(group: Group) -> tuple[Any, ...]:
    names = tuple((value is None, value or "") for value in group.values)
    return (-group.figures.cost.low, -group.figures.jobs, names)


def _bases(frame: pl.DataFrame) -> dict[str, tuple[int, Money]]:
    rows = {row["cost_basis"]: (row["jobs"], money_of(row)) for row in frame.iter_rows(named=True)}
    return {basis: rows[basis] for basis in COST_BASES if basis in rows}


def _trend(frame: pl.DataFrame) -> tuple[Day, ...]:
    by_day: dict[date, list[dict[str, Any]]] = {}
    for row in frame.sort("day", "flavor").iter_rows(named=True):
        by_day.setdefault(row["day"], []).append(row)
    if not by_day:
        return ()
    first = min(by_day)
    return tuple(_day(first + timedelta(days=n), by_day) for n in range((max(by_day) - first).days + 1))


def _day(day: date, by_day: Mapping[date, list[dict[str, Any]]]) -> Day:
    rows = by_day.get(day, [])
    sums = {name: sum(row[name] for row in rows) for name in _SUMS}
    return Day(
        day=day,
        jobs=sums["jobs"],
        cost=money_of(sums),
        by_flavor={row["flavor"]: row["low"] for row in rows},
    )


def _by_day(days: pl.DataFrame) -> pl.DataFrame:
    return days.group_by("day").agg(pl.col(*_SUMS, "running").sum())


def _forecast(
    found: Mapping[str, pl.DataFrame], spec: ReportSpec, inputs: ReportInputs, as_of: datetime | None
) -> Forecast:
    now, frame = inputs.now, found["history"] if "history" in found else _by_day(found["days"])
    days = found.get("scheduled")
    scheduled = None if days is None else coming_runs(inputs.schedules, days, spec, inputs.listing, now)
    daily = {row["day"]: money_of(row) for row in frame.iter_rows(named=True)}
    running = {day: amount for day, amount in frame.select("day", "running").iter_rows() if amount}
    known_until = (as_of or now).astimezone(spec.zone).date()
    month = forecast_month(daily, now.astimezone(spec.zone).date(), known_until, running, scheduled)
    is_over = spec.until is not None and spec.until <= now
    if not is_over and (spec.since is None or spec.since <= now):
        return month
    reason = "the report is not of the month that runs"
    return Forecast(month=month.month, spent=month.spent, days_left=month.days_left, reason=reason, is_asked=False)


def _gaps(sources: Sequence[SourceState]) -> tuple[str, ...]:
    if not sources:
        return (_NO_SOURCE,)
    return tuple(
        f"{state.source}{f' ({state.namespace})' if state.namespace else ''}: {state.reason or 'not read to the end'}"
        for state in sources
        if not state.complete
    )


def _bad_rows(sources: Sequence[SourceState], untimed: int) -> dict[str, int]:
    found: dict[str, int] = {"no_time": untimed} if untimed else {}
    for state in sources:
        for code, count in state.bad.items():
            found[code] = found.get(code, 0) + count
    return dict(sorted(found.items()))
