"""What jobs cost: columns of integer micro-USD for a jobs frame of any size, by expressions only.

A cost is exact, or it lies between two bounds with a reason. Unknown is never zero: without a price both bounds are
null, and without a timeout the upper one is.
"""

from datetime import datetime

import polars as pl

from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.price_table import PriceTable
from hfplanner.frames.job_schema import FINAL_STAGES
from hfplanner.units import MICROSECONDS_PER_SECOND, MINUTES_PER_HOUR, SECONDS_PER_MINUTE

__all__ = ["BILLS_SCHEMA", "COST_BASES", "COST_SCHEMA", "EXACT_BASES", "cost_jobs"]

COST_BASES = (
    "billed",
    "exact",
    "never_started",
    "retried",
    "running_now",
    "not_started_yet",
    "end_unknown",
    "vanished",
    "stage_unknown",
    "unpriced",
)
"""Why a cost is what it is.

``billed``: the bill says so. ``exact``: it ran from a known start to a known end. ``never_started``: it ended without a
start, which costs nothing. Bounds: ``retried``, earlier attempts left no times; ``running_now``, so far and at most
until its timeout; ``not_started_yet``; ``end_unknown``, it ended, but not known when, or its record contradicts itself
(it started and ran for 0 seconds, or it ran and ended no later than it started); ``vanished``, it was seen running and
never ending, and its longest time is over; ``stage_unknown``, a stage that this version does not know, taken as still
spending. ``unpriced``: no price is known of that flavor and day.
"""

EXACT_BASES = ("billed", "exact", "never_started")
"""The bases of a cost that is known to the micro-USD."""

_BASIS = pl.Enum(COST_BASES)

COST_SCHEMA = pl.Schema(
    {
        "price_micro_usd_per_minute": pl.Int64(),
        "ran_microseconds": pl.Int64(),
        "cost_low_micro_usd": pl.Int64(),
        "cost_high_micro_usd": pl.Int64(),
        "cost_basis": _BASIS,
        "bill_difference_micro_usd": pl.Int64(),
    }
)
"""The columns that :func:`cost_jobs` adds.

``ran_microseconds`` is the running time that counts, null where it is not known. ``cost_high_micro_usd`` is null where
there is no upper bound. ``bill_difference_micro_usd`` is what the bill says beyond the rule, where both are known.
"""

BILLS_SCHEMA = pl.Schema({"job_id": pl.String(), "bill_micro_usd": pl.Int64()})
"""What the service billed for a job; several rows of one job are parts of its bill."""


def cost_jobs(  # noqa: PLR0913 - a cost depends on all of them, and none has a default that is true of every history
    jobs: pl.LazyFrame,
    prices: PriceTable,
    *,
    now: datetime,
    policy: BillingPolicy | None = None,
    bills: pl.LazyFrame | None = None,
    timeout_not_sent: pl.Expr | None = None,
) -> pl.LazyFrame:
    """Return jobs with the columns of :data:`COST_SCHEMA`, in no particular order.

    Args:
        jobs: of the jobs schema.
        prices: what flavors cost on a day.
        now: the time that "so far" ends at.
        policy: the billing rule; by default that of :class:`BillingPolicy`.
        bills: what was really billed, of :data:`BILLS_SCHEMA`; it wins over the rule.
        timeout_not_sent: for which jobs it is known that no timeout was sent, so that the service's own holds. By
            default for none: a listing that does not tell the timeout (``hf jobs ps``) does not say that there is none.

    >>> from datetime import UTC
    >>> from hfplanner.catalog.prices import price_book
    >>> from hfplanner.estimate.price_table import price_table
    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    >>> job = {"id": "a", "flavor": "l4x1", "stage": "completed", "started_at": noon}
    >>> jobs = pl.LazyFrame([job | {"finished_at": noon.replace(minute=1, second=1)}], schema=JOBS_SCHEMA)
    >>> cost_jobs(jobs, price_table(price_book()), now=noon).collect()["cost_high_micro_usd"].item()
    26666
    """
    rule = policy or BillingPolicy()
    day = pl.col("created_at").dt.date()
    if rule.price_day == "started":
        day = pl.coalesce(pl.col("started_at").dt.date(), day)
    known = prices.join(jobs, day).with_columns(*_times(rule, now, timeout_not_sent))
    counted = known.with_columns(*_states(rule)).with_columns(*_units(rule))
    priced = counted.with_columns(_low=_money(pl.col("_units_low"), rule), _high=_money(pl.col("_units_high"), rule))
    return _with_bills(priced, bills).drop("^_.*$")


def _times(rule: BillingPolicy, now: datetime, timeout_not_sent: pl.Expr | None) -> list[pl.Expr]:
    """Return what is known of each job's times, in microseconds."""
    between = (pl.col("finished_at") - pl.col("started_at")).dt.total_microseconds()
    told = _microseconds(pl.col("running_secs"))
    ran = pl.coalesce(between, told) if rule.seconds == "timestamps" else pl.coalesce(told, between)
    # A record whose times and seconds exclude each other does not say for how long it ran.
    excluded = (between < 0) | ((between == 0) & (told > 0)) | (told == 0)
    contradicts = pl.col("started_at").is_not_null() & excluded.fill_null(value=False)
    timeout = _microseconds(pl.col("timeout_secs"))
    if timeout_not_sent is not None:
        default = pl.lit(rule.default_timeout_secs * MICROSECONDS_PER_SECOND, pl.Int64)
        timeout = pl.when(timeout.is_null() & timeout_not_sent).then(default).otherwise(timeout)
    moment = pl.lit(now, pl.Datetime("us", "UTC"))
    return [
        pl.when(~contradicts).then(ran.clip(lower_bound=0)).alias("ran_microseconds"),
        timeout.alias("_timeout"),
        (pl.col("attempts").fill_null(1).clip(lower_bound=1) if rule.each_attempt else pl.lit(1, pl.Int64)).alias(
            "_attempts"
        ),
        # That it runs is known up to when it was last seen running, and of no moment after that.
        (pl.min_horizontal(moment, pl.col("seen_at")) - pl.col("started_at"))
        .dt.total_microseconds()
        .clip(lower_bound=0)
        .alias("_so_far"),
        (moment - pl.col("started_at")).dt.total_microseconds().alias("_since_start"),
    ]


def _microseconds(seconds: pl.Expr) -> pl.Expr:
    return (seconds * MICROSECONDS_PER_SECOND).round().cast(pl.Int64, strict=False)


def _states(rule: BillingPolicy) -> list[pl.Expr]:
    """Return which of the cases of :data:`COST_BASES` a job is, apart from price and bill."""
    is_final = pl.col("stage").is_in(FINAL_STAGES).fill_null(value=False)
    stage = pl.col("stage").fill_null("unknown")
    ended = pl.col("finished_at").is_not_null() | pl.col("total_secs").is_not_null()
    unstarted = pl.col("started_at").is_null() & (pl.col("ran_microseconds").fill_null(0) == 0)
    never_started = is_final & (stage != "completed") & unstarted & ended
    lost = pl.min_horizontal(pl.col("failure_count").fill_null(pl.col("_attempts") - 1), pl.col("_attempts") - 1)
    longest = pl.col("_timeout") * pl.col("_attempts") + rule.vanished_after_secs * MICROSECONDS_PER_SECOND
    overdue = (pl.col("_since_start") > longest).fill_null(value=False)
    known = is_final & pl.col("ran_microseconds").is_not_null()
    # Each a number, not a text that is looked up in every row.
    basis = (
        pl.when(never_started)
        .then(pl.lit("never_started", _BASIS))
        .when(known & (lost > 0))
        .then(pl.lit("retried", _BASIS))
        .when(known)
        .then(pl.lit("exact", _BASIS))
        .when(stage == "deleted")
        .then(pl.lit("vanished", _BASIS))
        .when(is_final)
        .then(pl.lit("end_unknown", _BASIS))
        .when(stage == "running")
        .then(pl.when(overdue).then(pl.lit("vanished", _BASIS)).otherwise(pl.lit("running_now", _BASIS)))
        .when(stage == "scheduling")
        .then(pl.lit("not_started_yet", _BASIS))
        .otherwise(pl.lit("stage_unknown", _BASIS))
    )
    return [basis.alias("_basis"), lost.clip(lower_bound=0).alias("_lost")]


def _units(rule: BillingPolicy) -> list[pl.Expr]:
    """Return the least and the most units of time a job is billed for."""
    basis = pl.col("_basis")
    worst = _started_units(pl.col("_timeout"), rule)
    ran = _started_units(pl.col("ran_microseconds"), rule)
    so_far = _started_units(pl.col("_so_far"), rule)
    is_known = basis.is_in(["exact", "retried"])
    low = (
        pl.when(is_known)
        .then(ran)
        .when((pl.col("stage") == "running").fill_null(value=False))
        .then(so_far)
        .when(basis == "stage_unknown")
        .then(ran)
        .otherwise(pl.lit(0, pl.Int64))
        .fill_null(0)
    )
    # A null upper bound stays null: max_horizontal would take the lower one for it.
    most = worst * pl.col("_attempts")
    high = (
        pl.when(basis == "never_started")
        .then(pl.lit(0, pl.Int64))
        .when(basis == "exact")
        .then(ran)
        .when(basis == "retried")
        .then(ran + worst * pl.col("_lost"))
        .otherwise(pl.when(most.is_not_null()).then(pl.max_horizontal(most, low)))
    )
    return [low.alias("_units_low"), high.alias("_units_high")]


def _started_units(microseconds: pl.Expr, rule: BillingPolicy) -> pl.Expr:
    return _ceil_div(microseconds, rule.unit_secs * MICROSECONDS_PER_SECOND)


def _ceil_div(dividend: pl.Expr, divisor: int) -> pl.Expr:
    return (dividend + (divisor - 1)) // divisor


def _money(units: pl.Expr, rule: BillingPolicy) -> pl.Expr:
    """Return price x time and the surcharge, each rounded up to a whole micro-USD."""
    per_minute = SECONDS_PER_MINUTE // rule.unit_secs
    rent = _ceil_div(units * pl.col("price_micro_usd_per_minute"), per_minute)
    surcharge = _ceil_div(units * rule.port_micro_usd_per_hour, per_minute * MINUTES_PER_HOUR)
    has_ports = pl.col("ports").fill_null(0) > 0
    money = rent + pl.when(has_ports).then(surcharge).otherwise(pl.lit(0, pl.Int64))
    # What never started costs nothing at any price, known or not.
    return pl.when(pl.col("_basis") == "never_started").then(pl.lit(0, pl.Int64)).otherwise(money)


def _with_bills(priced: pl.LazyFrame, bills: pl.LazyFrame | None) -> pl.LazyFrame:
    """Return the costs by the rule, or the bill where there is one."""
    if bills is None:
        billed = priced.with_columns(_bill=pl.lit(None, pl.Int64))
    else:
        of_job = bills.group_by("job_id").agg(_bill=pl.col("bill_micro_usd").sum())
        billed = priced.join(of_job, left_on="id", right_on="job_id", how="left", build_side="force_right")
    bill = pl.col("_bill")
    # Only what the rule knows exactly can differ from the bill.
    is_exact = pl.col("_basis").is_in(list(EXACT_BASES))
    unpriced = pl.col("_low").is_null()
    basis = (
        pl.when(bill.is_not_null())
        .then(pl.lit("billed", _BASIS))
        .when(unpriced)
        .then(pl.lit("unpriced", _BASIS))
        .otherwise(pl.col("_basis"))
    )
    return billed.with_columns(
        cost_low_micro_usd=pl.coalesce(bill, "_low"),
        cost_high_micro_usd=pl.coalesce(bill, "_high"),
        cost_basis=basis,
        bill_difference_micro_usd=pl.when(is_exact).then(bill - pl.col("_low")),
    )
