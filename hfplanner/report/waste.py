"""Which jobs were paid for and gave nothing, and what they cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from hfplanner.catalog.listing import Listing
from hfplanner.recommend.dominance import dominated
from hfplanner.report.evidence import evidence_of
from hfplanner.report.idle import find_idle, idle_sums
from hfplanner.report.money import Money, money_of
from hfplanner.report.waste_result import Finding, Waste
from hfplanner.sanitize import sanitize
from hfplanner.units import (
    MICROSECONDS_PER_SECOND,
    MINUTES_PER_HOUR,
    SECONDS_PER_MINUTE,
    format_count,
    format_duration,
    format_usd,
    format_usd_per_hour,
)

__all__ = ["WasteRules", "find_waste", "paid_time", "waste_kind", "waste_queries"]

_COST_DIGITS = 19
_SECS_PER_HOUR = SECONDS_PER_MINUTE * MINUTES_PER_HOUR

_TITLES = {
    "out_of_memory": "Out of memory",
    "timeout": "Timed out",
    "failed": "Failed",
    "cancelled_late": "Cancelled late",
    "stopped_by_limit": "Stopped for want of credits or by a limit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WasteRules:
    """From when on something counts as waste.

    Args:
        cancelled_late_secs: a job that was cancelled after running for at least so long [s].
        most_of_the_work: a job that timed out after at least this part (in percent) of what completed runs of its name
            take.
        repeated_failures: at least so many failures of one name.
        idle_secs: at least so long between the runs of one name together [s].
        apart_secs: runs of one name that lie further apart on average have little to do with each other [s].
    """

    cancelled_late_secs: int = 30 * SECONDS_PER_MINUTE
    most_of_the_work: int = 50
    repeated_failures: int = 3
    idle_secs: int = _SECS_PER_HOUR
    apart_secs: int = 6 * _SECS_PER_HOUR


_LIMITS = ("no_credits", "no_subscription", "resource_group_limit")
# A number in each row, and not a text.
_COURSE = pl.Enum(["completed", "timeout", "failed"])
_REASONS = ("out_of_memory", "timeout", *_LIMITS)


def waste_kind(rules: WasteRules) -> pl.Expr:
    """Return which kind of waste a job is, null if none; each job is of one kind at most."""
    reason = pl.col("reason")
    late = pl.col("_ran") >= rules.cancelled_late_secs
    return (
        # Stopped as it was meant to be: a measurement is no waste.
        pl.when(reason == "canary")
        .then(None)
        .when(reason == "out_of_memory")
        .then(pl.lit("out_of_memory"))
        .when(reason == "timeout")
        .then(pl.lit("timeout"))
        .when(pl.col("stage") == "error")
        .then(pl.lit("failed"))
        .when(reason.is_in(_LIMITS))
        .then(pl.lit("stopped_by_limit"))
        .when((pl.col("stage") == "cancelled") & late)
        .then(pl.lit("cancelled_late"))
    )


def waste_queries(prepared: pl.LazyFrame, rules: WasteRules) -> list[pl.LazyFrame]:
    """Return what :func:`find_waste` needs, each a small frame over prepared jobs."""
    # Told by what is in the files, so that what was no waste is not read any further.
    may_be = pl.col("stage").is_in(["error", "cancelled"]) | pl.col("reason").is_in(_REASONS)
    kinds = prepared.filter(may_be).with_columns(_kind=waste_kind(rules)).filter(pl.col("_kind").is_not_null())
    return [
        kinds.group_by("_kind").agg(*_sums(), pl.col("_ran").sum().alias("ran"), _dearest().alias("dearest")),
        _by_name(prepared),
    ]


def _sums() -> list[pl.Expr]:
    low, high = pl.col("cost_low_micro_usd"), pl.col("cost_high_micro_usd")
    return [
        pl.len().cast(pl.Int64).alias("jobs"),
        low.sum().alias("low"),
        high.sum().alias("high"),
        low.is_null().sum().cast(pl.Int64).alias("unpriced_jobs"),
        (low.is_not_null() & high.is_null()).sum().cast(pl.Int64).alias("unbounded_jobs"),
    ]


def _dearest() -> pl.Expr:
    """Return the dearest job's cost, in as many digits as any has, and its id.

    A maximum of texts is one of the aggregates that stream; the three dearest by a sort take as long as all the rest.
    """
    cost = pl.col("cost_low_micro_usd")
    told = pl.concat_str(cost.cast(pl.String).str.zfill(_COST_DIGITS), "id")
    return pl.when(cost > 0).then(told).max()


def _by_name(prepared: pl.LazyFrame) -> pl.LazyFrame:
    """Return how the completed, the timed-out, the other failed and the other runs of each name went."""
    course = (
        pl.when(pl.col("stage") == "completed")
        .then(pl.lit("completed", _COURSE))
        .when(pl.col("reason") == "timeout")
        .then(pl.lit("timeout", _COURSE))
        .when((pl.col("stage") == "error") & pl.col("reason").ne_missing("canary"))
        .then(pl.lit("failed", _COURSE))
    )
    named = prepared.filter(pl.col("name").is_not_null())
    ran = pl.col("_ran")
    return named.group_by("namespace", "name", course.alias("course")).agg(
        *_sums(), ran=ran.sum(), timed=ran.count().cast(pl.Int64), shortest=ran.min(), **idle_sums()
    )


def _timeouts_by_name(names: pl.DataFrame) -> pl.DataFrame:
    """Return the names of which runs timed out and runs completed, with the mean of how long the latter took."""
    took = names.filter((pl.col("course") == "completed") & (pl.col("timed") > 0)).select(
        "namespace", "name", completed="timed", took=pl.col("ran") / pl.col("timed")
    )
    hit = names.filter(pl.col("course") == "timeout")
    return hit.join(took, on=["namespace", "name"], how="inner", nulls_equal=True)


def _failures_by_name(names: pl.DataFrame, rules: WasteRules) -> pl.DataFrame:
    failed = names.filter(pl.col("course") != "completed")
    sums = failed.group_by("namespace", "name").agg(
        pl.col("jobs", "low", "high", "unpriced_jobs", "unbounded_jobs").sum()
    )
    return sums.filter(pl.col("jobs") >= rules.repeated_failures)


def paid_time() -> dict[str, pl.Expr]:
    """Return how many prepared jobs were paid for a known time, and for how many minutes."""
    minute = SECONDS_PER_MINUTE * MICROSECONDS_PER_SECOND
    minutes = (pl.col("ran_microseconds") + (minute - 1)) // minute
    is_paid = (pl.col("_exact") > 0).fill_null(value=False)
    return {"paid_jobs": is_paid.sum().cast(pl.Int64), "paid_minutes": (minutes * is_paid).sum()}


def find_waste(frames: Sequence[pl.DataFrame], paid: pl.DataFrame, listing: Listing, rules: WasteRules) -> Waste:
    """Return the waste that :func:`waste_queries` brought to light, dearest first.

    Args:
        frames: their answers, in their order.
        paid: :func:`paid_time` by flavor and anything else.
        listing: what can be rented today, for a cheaper flavor that is at least as good.
        rules: as given to the queries.
    """
    kinds, names = frames
    names = _told_apart(names)
    flavors = paid.group_by("flavor").agg(pl.col("paid_jobs", "paid_minutes").sum()).filter(pl.col("paid_jobs") > 0)
    findings = [_counted(row, rules) for row in kinds.iter_rows(named=True)]
    findings += _after_most_of_the_work(_timeouts_by_name(names), rules)
    findings += _repeated(_failures_by_name(names, rules))
    findings += _dominated(flavors, listing)
    findings += find_idle(names, at_least_secs=rules.idle_secs, apart_secs=rules.apart_secs)
    return Waste(tuple(sorted(findings, key=lambda one: (not one.counted, -one.cost.low, one.code))))


def _told_apart(names: pl.DataFrame) -> pl.DataFrame:
    """Return the sums of names, of which those of several namespaces are told with their namespace.

    >>> _told_apart(pl.DataFrame({"namespace": ["acme", "ada"], "name": ["sft", "sft"]}))["name"].to_list()
    ['acme/sft', 'ada/sft']
    """
    if names["namespace"].n_unique() <= 1:
        return names
    return names.with_columns(name=pl.concat_str("namespace", "name", separator="/", ignore_nulls=True))


def _counted(row: dict[str, Any], rules: WasteRules) -> Finding:
    code = str(row["_kind"])
    evidence = [f"they ran for {format_duration(row['ran'])} together"]
    if code == "cancelled_late":
        evidence.append(f"each after {format_duration(rules.cancelled_late_secs)} or more")
    if code == "timeout":
        evidence.append("stopped by their own time limit")
    return Finding(
        code=code,
        title=_TITLES[code],
        jobs=row["jobs"],
        cost=money_of(row),
        unpriced_jobs=row["unpriced_jobs"],
        evidence=tuple(evidence),
        examples=(row["dearest"][_COST_DIGITS:],) if row["dearest"] else (),
    )


def _after_most_of_the_work(timeouts: pl.DataFrame, rules: WasteRules) -> list[Finding]:
    late = timeouts.filter(pl.col("shortest") * 100 >= pl.col("took") * rules.most_of_the_work)

    def sentence(row: dict[str, float]) -> str:
        runs = format_count(int(row["completed"]), "completed run")
        return (
            f"{sanitize(str(row['name']))}: timed out after {format_duration(int(row['shortest']))} or more, "
            f"while {runs} took {format_duration(round(row['took']))} on average"
        )

    return _overlapping(late, "timeout_after_most_of_the_work", "Timed out after most of the work", sentence)


def _repeated(failures: pl.DataFrame) -> list[Finding]:
    def sentence(row: dict[str, float]) -> str:
        failed = format_count(int(row["jobs"]), "failed run")
        return f"{sanitize(str(row['name']))}: {failed}, {format_usd(int(row['low']))}"

    return _overlapping(failures, "repeated_failures", "Failed again and again under one name", sentence)


def _overlapping(
    names: pl.DataFrame, code: str, title: str, sentence: Callable[[dict[str, float]], str]
) -> list[Finding]:
    """Return one finding over names, the dearest of which are the evidence; its jobs are in another kind already."""
    if names.is_empty():
        return []
    dearest = names.sort("low", "name", descending=[True, False])
    sums = names.select(pl.col("jobs", "low", "high", "unpriced_jobs", "unbounded_jobs").sum()).row(0, named=True)
    return [
        Finding(
            code=code,
            title=title,
            jobs=sums["jobs"],
            cost=money_of(sums),
            unpriced_jobs=sums["unpriced_jobs"],
            evidence=evidence_of(dearest, sentence),
            counted=False,
        )
    ]


def _dominated(flavors: pl.DataFrame, listing: Listing) -> list[Finding]:
    """Return what another flavor, at least as good in everything and cheaper today, would have saved."""
    offered = listing.by_name()
    findings = []
    for row in flavors.iter_rows(named=True):
        mine = offered.get(row["flavor"] or "")
        price = mine.price_micro_usd_per_minute if mine else None
        if mine is None or price is None:
            continue
        better = [
            (other.price_micro_usd_per_minute, other.name)
            for other in listing.flavors
            if other.price_micro_usd_per_minute is not None
            and other.price_micro_usd_per_minute < price
            and dominated(mine, other)
        ]
        if better:
            cheapest, name = min(better)
            saved = (price - cheapest) * row["paid_minutes"]
            sentence = (
                f"{sanitize(name)} has at least as much of everything, is at least as fast, and costs "
                f"{format_usd_per_hour(cheapest)} an hour today instead of {format_usd_per_hour(price)}; "
                f"{row['paid_minutes']:,} minutes were paid for"
            )
            findings.append(
                Finding(
                    code="dominated_flavor",
                    title=f"{sanitize(mine.name)} instead of {sanitize(name)}",
                    jobs=row["paid_jobs"],
                    cost=Money(saved, saved),
                    evidence=(sentence,),
                    counted=False,
                )
            )
    return findings
