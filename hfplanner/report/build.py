"""From jobs to a report: aggregates are asked for together, so that polars reads the jobs once for all of them."""

from collections.abc import Mapping, Sequence
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
from hfplanner.report.aggregate import FIGURES, STATS, count_values, figures, prepare, quantiles_of
from hfplanner.report.columns import day_column, group_columns, in_namespace, in_period, moment_column
from hfplanner.report.forecast import HISTORY_DAYS, Forecast, forecast_month
from hfplanner.report.money import Money, money_of
from hfplanner.report.reconcile import reconcile
from hfplanner.report.result import Day, Distribution, Figures, Group, Pull, Report
from hfplanner.report.spec import ReportSpec
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
        pulls: where the jobs come from, and whether all of it is there. None at all is an incomplete history.
        policy: how the service bills.
        bills: what it billed, of :data:`~hfplanner.estimate.job_costs.BILLS_SCHEMA`; by default what is settled by the
            bills of ``billed``.
        billed: the bills as they were read, to be reconciled with the rule.
        rules: from when on something is waste.
    """

    listing: Listing
    now: datetime
    pulls: Sequence[Pull]
    policy: BillingPolicy = field(default_factory=BillingPolicy)
    bills: pl.LazyFrame | None = None
    billed: Bills | None = None
    rules: WasteRules = field(default_factory=WasteRules)


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
    >>> report = build_report(jobs, ReportSpec(), ReportInputs(listing=shipped_listing(), now=noon, pulls=()))
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
        "owners": _sums(prepared, "owner"),
        "untimed": jobs.filter(in_namespace(spec) & moment_column().is_null()).select(pl.len()),
    }
    # What the answers above hold already is not asked for again: each aggregate has its price in seconds.
    if "flavor" not in spec.by:
        queries["durations"] = count_values(prepared, ["flavor"], STATS["duration"])
    if spec.since is not None or spec.until is not None:
        queries["history"] = _recent_days(every, spec, inputs.now)
    # Two passes: with all aggregates in one, polars holds back more for the slower ones than both passes take together
    # (10 million jobs on two cores: 2.5 GB and 8 s in one, 1.6 GB and 5 s in two).
    found = dict(zip(queries, pl.collect_all(list(queries.values()), engine="streaming"), strict=True))
    wasted = pl.collect_all(waste_queries(prepared, inputs.rules), engine="streaming")
    report = _report(found, wasted, spec, inputs)
    if inputs.billed is None or not inputs.billed.periods:
        return report
    return replace(report, reconciliation=reconcile(_costed(jobs, inputs, None), spec, inputs.billed))


def _span() -> dict[str, pl.Expr]:
    moment = moment_column()
    return {"first": moment.min(), "last": moment.max(), "bill": pl.col("bill_difference_micro_usd").sum()}


def _sums(prepared: pl.LazyFrame, *keys: str | pl.Expr, **more: pl.Expr) -> pl.LazyFrame:
    low, high = pl.col("cost_low_micro_usd"), pl.col("cost_high_micro_usd")
    return prepared.group_by(*keys).agg(
        **more,
        jobs=pl.len().cast(pl.Int64),
        low=low.sum(),
        high=high.sum(),
        unpriced_jobs=low.is_null().sum().cast(pl.Int64),
        unbounded_jobs=(low.is_not_null() & high.is_null()).sum(),
    )


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
    pulls = [pull for pull in inputs.pulls if spec.namespace in {None, pull.namespace} or pull.namespace is None]
    as_of = max((pull.seen_at for pull in pulls), default=None)
    untimed = int(found["untimed"].item())
    return Report(
        spec=spec,
        now=inputs.now,
        listing=inputs.listing,
        gaps=_gaps(pulls),
        as_of=as_of,
        bad_rows=_bad_rows(pulls, untimed),
        first=span["first"],
        last=span["last"],
        total=total,
        bases=_bases(found["bases"]),
        groups=_groups(found, spec, total),
        trend=_trend(found["days"]),
        owners=_owners(found["owners"]),
        durations=_durations(_counts_by_flavor(found, spec), found["days"]),
        waste=find_waste(wasted, found["days"], inputs.listing, inputs.rules),
        forecast=_forecast(found.get("history", _by_day(found["days"])), spec, inputs.now, as_of),
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
    return tuple(sorted(groups, key=_dearest_first))


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


def _owners(frame: pl.DataFrame) -> tuple[tuple[str | None, Money], ...]:
    ordered = frame.sort("low", "owner", descending=[True, False])
    return tuple((row["owner"], money_of(row)) for row in ordered.iter_rows(named=True))


def _counts_by_flavor(found: Mapping[str, pl.DataFrame], spec: ReportSpec) -> pl.DataFrame:
    """Return how many jobs of each flavor ran for how long."""
    if "durations" in found:
        return found["durations"]
    return found["duration"].select(pl.col(f"_by{spec.by.index('flavor')}").alias("flavor"), "value", "count")


def _by_day(days: pl.DataFrame) -> pl.DataFrame:
    return days.group_by("day").agg(pl.col(_SUMS).sum())


def _durations(counts: pl.DataFrame, days: pl.DataFrame) -> tuple[tuple[str | None, Distribution], ...]:
    spent = days.group_by("flavor").agg(pl.col("low").sum())
    rows = quantiles_of(counts, ["flavor"]).join(spent, on="flavor", how="left", nulls_equal=True)
    ordered = rows.sort("low", "flavor", descending=[True, False], nulls_last=True)
    return tuple((row["flavor"], _distribution(row)) for row in ordered.iter_rows(named=True))


def _forecast(frame: pl.DataFrame, spec: ReportSpec, now: datetime, as_of: datetime | None) -> Forecast:
    daily = {row["day"]: money_of(row) for row in frame.iter_rows(named=True)}
    known_until = (as_of or now).astimezone(spec.zone).date()
    return forecast_month(daily, now.astimezone(spec.zone).date(), known_until)


def _gaps(pulls: Sequence[Pull]) -> tuple[str, ...]:
    if not pulls:
        return (_NO_SOURCE,)
    return tuple(
        f"{pull.source}{f' ({pull.namespace})' if pull.namespace else ''}: {pull.reason or 'not read to the end'}"
        for pull in pulls
        if not pull.complete
    )


def _bad_rows(pulls: Sequence[Pull], untimed: int) -> dict[str, int]:
    found: dict[str, int] = {"no_time": untimed} if untimed else {}
    for pull in pulls:
        for code, count in pull.bad.items():
            found[code] = found.get(code, 0) + count
    return dict(sorted(found.items()))
