"""What one job costs, case by case: l4x1 was 13,333 micro-USD a minute in September 2026."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hfplanner.catalog.prices import price_book
from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.job_costs import BILLS_SCHEMA, COST_BASES, COST_SCHEMA, cost_jobs
from hfplanner.estimate.price_table import price_table
from hfplanner.frames.job_schema import JOBS_SCHEMA

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOW = NOON + timedelta(minutes=20)
PRICE = 13_333
RUN = {"started_at": NOON, "finished_at": NOON + timedelta(seconds=61)}


def job(**fields: object) -> dict[str, object]:
    """Return a completed job on l4x1, created a minute before noon, with what is given instead."""
    return {"id": "a", "flavor": "l4x1", "stage": "completed", "created_at": NOON - timedelta(minutes=1), **fields}


def cost(*jobs: dict[str, object], **more: Any) -> list[tuple[int | None, int | None, str]]:  # noqa: ANN401 - of cost_jobs
    """Return both bounds and the basis of each job."""
    frame = pl.LazyFrame(list(jobs), schema=JOBS_SCHEMA)
    costed = cost_jobs(frame, price_table(price_book()), **{"now": NOW, **more}).collect()
    assert {name: costed.schema[name] for name in COST_SCHEMA} == dict(COST_SCHEMA)
    assert costed.columns == [*JOBS_SCHEMA, *COST_SCHEMA]
    return costed.select("cost_low_micro_usd", "cost_high_micro_usd", "cost_basis").rows()


CASES = {
    "61 seconds are two minutes": (job(**RUN), (2 * PRICE, 2 * PRICE, "exact")),
    "a minute and a microsecond are two minutes": (
        job(started_at=NOON, finished_at=NOON + timedelta(minutes=1, microseconds=1)),
        (2 * PRICE, 2 * PRICE, "exact"),
    ),
    "no second costs nothing": (job(started_at=NOON, finished_at=NOON), (0, 0, "exact")),
    "that it ran, and ended when it started, says not how long": (
        job(stage="error", started_at=NOON, finished_at=NOON, running_secs=1500.0, timeout_secs=3600.0),
        (0, 60 * PRICE, "end_unknown"),
    ),
    "that it started, and ran for no second, neither": (
        job(stage="cancelled", started_at=NOON, running_secs=0.0, total_secs=0.0, timeout_secs=3600.0),
        (0, 60 * PRICE, "end_unknown"),
    ),
    "nor where it says when it ended": (
        job(running_secs=0.0, timeout_secs=600.0, **RUN),
        (0, 10 * PRICE, "end_unknown"),
    ),
    "nor without a timeout": (job(stage="cancelled", started_at=NOON, running_secs=0.0), (0, None, "end_unknown")),
    "without times, the service's own seconds": (job(running_secs=61.5), (2 * PRICE, 2 * PRICE, "exact")),
    "a failed job costs what it ran": (job(stage="error", **RUN), (2 * PRICE, 2 * PRICE, "exact")),
    "so does a cancelled one": (job(stage="cancelled", **RUN), (2 * PRICE, 2 * PRICE, "exact")),
    "a job that never started costs nothing": (job(stage="error", total_secs=9.0), (0, 0, "never_started")),
    "at any price, known or not": (
        job(stage="cancelled", flavor="nowhere-x9", finished_at=NOON),
        (0, 0, "never_started"),
    ),
    "exposed ports cost a cent an hour for each minute": (
        job(ports=2, **RUN),
        (2 * PRICE + 334, 2 * PRICE + 334, "exact"),
    ),
    "without a price there is no cost": (job(flavor="nowhere-x9", **RUN), (None, None, "unpriced")),
    "nor without a flavor": (job(flavor=None, **RUN), (None, None, "unpriced")),
    "nor before the first price was seen": (
        job(started_at=NOON.replace(year=2020), finished_at=NOON.replace(year=2020, minute=1)),
        (None, None, "unpriced"),
    ),
    "an unknown end is at most the timeout": (
        job(stage="cancelled", timeout_secs=90.0),
        (0, 2 * PRICE, "end_unknown"),
    ),
    "times the attempts": (job(stage="error", timeout_secs=90.0, attempts=3), (0, 6 * PRICE, "end_unknown")),
    "without a timeout there is no upper bound": (job(stage="cancelled"), (0, None, "end_unknown")),
    "earlier attempts are billed at their worst": (
        job(attempts=3, failure_count=1, timeout_secs=600.0, **RUN),
        (2 * PRICE, 12 * PRICE, "retried"),
    ),
    "and are as many as there can be, if not told": (
        job(attempts=3, timeout_secs=600.0, **RUN),
        (2 * PRICE, 22 * PRICE, "retried"),
    ),
    "no failure is no earlier attempt": (
        job(attempts=3, failure_count=0, timeout_secs=600.0, **RUN),
        (2 * PRICE, 2 * PRICE, "exact"),
    ),
    "a running job costs what it ran so far, and its timeout at most": (
        job(stage="running", started_at=NOON, timeout_secs=3600.0),
        (20 * PRICE, 60 * PRICE, "running_now"),
    ),
    "so far is when it was last seen running": (
        job(stage="running", started_at=NOON, seen_at=NOON + timedelta(minutes=5), timeout_secs=3600.0),
        (5 * PRICE, 60 * PRICE, "running_now"),
    ),
    "a running job without a timeout has no upper bound": (
        job(stage="running", started_at=NOON),
        (20 * PRICE, None, "running_now"),
    ),
    "a waiting job may cost its timeout": (
        job(stage="scheduling", timeout_secs=600.0),
        (0, 10 * PRICE, "not_started_yet"),
    ),
    "an unknown stage counts as still spending": (
        job(stage="unknown", timeout_secs=600.0, **RUN),
        (2 * PRICE, 10 * PRICE, "stage_unknown"),
    ),
    "seen running long after its longest time": (
        job(stage="running", started_at=NOON, seen_at=NOON + timedelta(minutes=5), timeout_secs=600.0),
        (5 * PRICE, 10 * PRICE, "running_now"),
    ),
    "a deleted job without an end has vanished": (
        job(stage="deleted", timeout_secs=600.0),
        (0, 10 * PRICE, "vanished"),
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_cost_of_one_job(name: str) -> None:
    """Both bounds in micro-USD, and why."""
    given, expected = CASES[name]
    assert cost(given) == [expected]


def test_a_job_whose_longest_time_is_long_over_has_vanished() -> None:
    """It ran as long as it was seen, and at most its timeout."""
    seen = job(stage="running", started_at=NOON, seen_at=NOON + timedelta(minutes=5), timeout_secs=600.0)
    assert cost(seen, now=NOON + timedelta(days=9)) == [(5 * PRICE, 10 * PRICE, "vanished")]


def test_the_services_timeout_holds_only_where_none_was_sent_for_certain() -> None:
    """A listing that leaves the timeout out does not say that there is none."""
    lost = job(stage="cancelled")
    assert cost(lost) == [(0, None, "end_unknown")]
    assert cost(lost, timeout_not_sent=pl.lit(value=True)) == [(0, 30 * PRICE, "end_unknown")]
    told = job(stage="cancelled", timeout_secs=60.0)
    assert cost(told, timeout_not_sent=pl.lit(value=True)) == [(0, PRICE, "end_unknown")]


def test_the_price_is_that_of_the_day_of_the_start() -> None:
    """$4.00 an hour on a100-large until the first sighting of $2.50: a job is priced by its day, not by today."""
    old = NOON.replace(year=2025, month=1)
    ran = job(flavor="a100-large", started_at=old, finished_at=old + timedelta(minutes=1))
    assert cost(ran) == [(66_667, 66_667, "exact")]
    assert cost(ran, policy=BillingPolicy(price_day="created")) == [(41_667, 41_667, "exact")]


def test_every_part_of_the_rule_can_be_set() -> None:
    """Seconds, the service's own durations, last attempt only, no surcharge."""
    ran = job(ports=1, attempts=2, timeout_secs=60.0, running_secs=10.0, **RUN)
    rule = BillingPolicy(unit_secs=1, seconds="durations", each_attempt=False, port_micro_usd_per_hour=0)
    # 10 seconds of 13,333 micro-USD a minute are 2,222.17, rounded up.
    assert cost(ran, policy=rule) == [(2_223, 2_223, "exact")]


def test_the_bill_wins_and_the_difference_is_kept() -> None:
    """Parts of a bill add up; a bill makes a price that is not known, and a bound, known."""
    bills = pl.LazyFrame([("a", 20_000), ("a", 10_000), ("b", 7), ("c", 8)], schema=BILLS_SCHEMA, orient="row")
    lost = job(stage="cancelled", id="c")
    jobs = [job(**RUN), job(id="b", flavor="nowhere-x9", **RUN), lost, job(id="d", **RUN)]
    frame = pl.LazyFrame(jobs, schema=JOBS_SCHEMA)
    costed = cost_jobs(frame, price_table(price_book()), now=NOW, bills=bills).sort("id").collect()
    assert costed.select("cost_low_micro_usd", "cost_high_micro_usd", "cost_basis").rows() == [
        (30_000, 30_000, "billed"),
        (7, 7, "billed"),
        (8, 8, "billed"),
        (2 * PRICE, 2 * PRICE, "exact"),
    ]
    assert costed["bill_difference_micro_usd"].to_list() == [30_000 - 2 * PRICE, None, None, None]


def test_every_basis_is_shown_by_a_case() -> None:
    """No basis is left without an example."""
    shown = {expected[2] for _, expected in CASES.values()}
    assert shown | {"billed"} == set(COST_BASES)
