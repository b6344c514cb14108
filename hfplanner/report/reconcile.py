"""The bill against the billing rule, job by job: what agrees, what differs and why, and what only one side knows."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from hfplanner.history.bills import BilledPeriod, Bills
from hfplanner.report.columns import in_period
from hfplanner.report.money import Money
from hfplanner.report.reconcile_kinds import KINDS, kind_column
from hfplanner.report.reconcile_result import Comparison, Reconciliation
from hfplanner.report.spec import ReportSpec
from hfplanner.report.words import compared_text
from hfplanner.units import MICROSECONDS_PER_SECOND

__all__ = ["reconcile"]

# A job that ended less than this before the bill was read may come onto it yet.
_BILLED_WITHIN = timedelta(hours=1)
_EXAMPLES = 3
_UTC = pl.Datetime("us", "UTC")
_NO_MINUTES = pl.lit(None, pl.Float64)
_SEEN = ("kind", "id", "bill_micro_usd", "cost_low_micro_usd", "cost_high_micro_usd", "minutes", "ran_microseconds")


def reconcile(computed: pl.LazyFrame, spec: ReportSpec, bills: Bills) -> Reconciliation:
    """Return how the bills compare with what the billing rule says.

    Args:
        computed: all jobs of the history with their costs by the rule alone, of
            :data:`~hfplanner.estimate.job_costs.COST_SCHEMA`.
        spec: which of them the report is about.
        bills: all that are kept.
    """
    periods = tuple(one for one in bills.periods if spec.namespace in {None, one.account} and _meets(one, spec))
    billed = _job_bills(bills, spec)
    of_bills = billed.lazy()
    # One after the other: together they hold as much as the report does.
    on_bill = computed.join(of_bills, left_on="id", right_on="job_id", how="inner", build_side="force_right")
    known = on_bill.select(*_SEEN[1:], kind_column().alias("kind"), in_period(spec).alias("wanted")).collect(
        engine="streaming"
    )
    left_out = computed.filter(_began_within(periods) & in_period(spec) & _should_be_billed(periods)).join(
        of_bills.select("job_id"), left_on="id", right_on="job_id", how="anti"
    )
    unbilled = (
        left_out.with_columns(kind=pl.lit("not_billed"), bill_micro_usd=pl.lit(0, pl.Int64), minutes=_NO_MINUTES)
        .select(_SEEN)
        .collect(engine="streaming")
    )
    unknown = billed.filter(~pl.col("job_id").is_in(known["id"].implode()) & _bill_in_period(spec)).select(
        kind=pl.lit("not_in_history"),
        id="job_id",
        bill_micro_usd="bill_micro_usd",
        cost_low_micro_usd=pl.lit(None, pl.Int64),
        cost_high_micro_usd=pl.lit(None, pl.Int64),
        minutes="minutes",
        ran_microseconds=pl.lit(None, pl.Int64),
    )
    rows = pl.concat([known.filter("wanted").select(_SEEN), unbilled, unknown])
    return Reconciliation(periods, (*_comparisons(rows), *_totals(periods, bills)))


def _job_bills(bills: Bills, spec: ReportSpec) -> pl.DataFrame:
    """Return one row for each job on any bill: what it was charged, and whether that is for good."""
    settled = bills.settled().collect()["job_id"]
    mine = pl.lit(value=True) if spec.namespace is None else pl.col("account") == spec.namespace
    latest = bills.rows.filter(mine).sort("period_start", "seen_at").unique("job_id", keep="last", maintain_order=True)
    return latest.select(
        "job_id",
        "bill_micro_usd",
        "minutes",
        pl.col("flavor").alias("billed_flavor"),
        pl.col("started_at").alias("billed_from"),
        pl.col("job_id").is_in(settled.implode()).alias("settled"),
    )


def _bill_in_period(spec: ReportSpec) -> pl.Expr:
    start = pl.col("billed_from")
    after = pl.lit(value=True) if spec.since is None else start >= pl.lit(spec.since, _UTC)
    before = pl.lit(value=True) if spec.until is None else start < pl.lit(spec.until, _UTC)
    return (after & before).fill_null(value=True)


def _meets(period: BilledPeriod, spec: ReportSpec) -> bool:
    return (spec.since is None or period.end > spec.since) and (spec.until is None or period.start < spec.until)


def _began_within(periods: tuple[BilledPeriod, ...]) -> pl.Expr:
    """Return whether a job began in the time the bills are of: told by the files, so that no other is read further."""
    if not periods:
        return pl.lit(value=False)
    first, end = min(period.start for period in periods), max(period.end for period in periods)
    return (pl.col("started_at") >= pl.lit(first, _UTC)) & (pl.col("started_at") < pl.lit(end, _UTC))


def _should_be_billed(periods: tuple[BilledPeriod, ...]) -> pl.Expr:
    """Return whether a job ran within a bill's period, was over when that was read, and costs something by the rule."""
    ended = pl.col("finished_at").fill_null(pl.col("started_at") + pl.duration(microseconds="ran_microseconds"))
    on_one = [
        (pl.col("namespace") == period.account)
        & (pl.col("started_at") >= pl.lit(period.start, _UTC))
        & (pl.col("started_at") < pl.lit(period.end, _UTC))
        & (ended < pl.lit(period.seen_at - _BILLED_WITHIN, _UTC))
        for period in periods
    ]
    return pl.any_horizontal(pl.lit(value=False), *on_one).fill_null(value=False) & (pl.col("cost_low_micro_usd") > 0)


def _comparisons(rows: pl.DataFrame) -> Iterator[Comparison]:
    low, high, bill = pl.col("cost_low_micro_usd"), pl.col("cost_high_micro_usd"), pl.col("bill_micro_usd")
    apart = rows.with_columns(apart=(bill.fill_null(0) - low.fill_null(0)).abs()).sort(
        "apart", "id", descending=[True, False]
    )
    for code, kind in KINDS.items():
        of_kind = apart.filter(kind=code)
        if of_kind.is_empty():
            continue
        sums = of_kind.select(bill=bill.sum(), low=low.sum(), high=high.sum(), priced=low.count(), bounded=high.count())
        billed, least, most, priced, bounded = sums.row(0)
        flagged = of_kind.head(_EXAMPLES) if kind.flagged else of_kind.clear()
        yield Comparison(
            code=code,
            title=kind.title,
            jobs=of_kind.height,
            billed_micro_usd=billed,
            computed=Money(least, most if priced == bounded == of_kind.height else None),
            flagged=kind.flagged,
            likely=kind.likely,
            evidence=tuple(_evidence(*row) for row in flagged.head(1).select(_SEEN[1:]).iter_rows()),
            examples=tuple(flagged["id"]),
        )


def _evidence(  # noqa: PLR0913, PLR0917 - a row
    job: str, bill: int | None, low: int | None, high: int | None, minutes: float | None, ran: int | None
) -> str:
    """Say what both sides know of a job, in the units of the bill: whoever checks it has that beside it."""
    charged, cost = compared_text(bill or 0, Money(low or 0, high))
    billed = "not billed" if not bill and minutes is None else f"billed {charged}"
    for_minutes = "" if minutes is None else f" for {minutes:g} minutes"
    computed = "not computed" if low is None else f"computed {cost}"
    seconds = "" if ran is None else f" for {ran / MICROSECONDS_PER_SECOND:g} seconds"
    return f"{job}: {billed}{for_minutes}, {computed}{seconds}"


def _totals(periods: tuple[BilledPeriod, ...], bills: Bills) -> Iterator[Comparison]:
    """Yield a comparison for each bill whose sum is not that of its jobs."""
    kind = KINDS["total"]
    for period in periods:
        own = bills.rows.filter(account=period.account, period_start=period.start, seen_at=period.seen_at)
        listed = sum(amount for amount in own["bill_micro_usd"] if amount is not None)
        if period.used_micro_usd in {None, listed}:
            continue
        yield Comparison(
            code=kind.code,
            title=kind.title,
            jobs=0,
            billed_micro_usd=period.used_micro_usd or 0,
            computed=Money(listed, listed),
            flagged=True,
            likely=kind.likely,
            evidence=(f"the bill of {period.account} since {period.start:%Y-%m-%d}",),
        )
