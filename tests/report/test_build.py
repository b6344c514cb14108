"""What a report says of itself: periods, completeness, bad rows, labels, and what costs nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from hfplanner.estimate.job_costs import BILLS_SCHEMA
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.money import Money
from hfplanner.report.result import Report
from hfplanner.report.spec import ReportSpec
from hfplanner.report.words import caveats
from tests.report.generated import NOW
from tests.report.sources import FileSource

# l4x1, in micro-USD per minute.
PRICE = 13_333


def job(number: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """Return a job on l4x1 that ran for ten minutes, an hour later than the one before."""
    started = NOW - timedelta(days=5) + timedelta(hours=number)
    times = {"created_at": started - timedelta(seconds=30), "started_at": started}
    ended = {"finished_at": started + timedelta(minutes=10), "stage": "completed", "reason": "completed"}
    return {"id": str(number), "namespace": "acme", "flavor": "l4x1", **times, **ended, **fields}


def report(inputs: ReportInputs, *jobs: dict[str, Any], **spec: Any) -> Report:  # noqa: ANN401 - of ReportSpec
    """Return the report over some jobs."""
    return build_report(pl.LazyFrame(jobs, schema=JOBS_SCHEMA), ReportSpec(**spec), inputs)


def test_a_period_is_half_open_and_goes_by_the_start(inputs: ReportInputs) -> None:
    """The first moment is in it and the last is not; a job that did not start goes by its creation."""
    first, second = job(0)["started_at"], job(1)["started_at"]
    never = job(2, started_at=None, finished_at=first, created_at=first, stage="error", id="never")
    found = report(inputs, job(0), job(1), never, since=first, until=second)
    assert (found.total.jobs, found.first, found.last) == (2, first, first)


def test_an_incomplete_history_says_so_and_exits_with_6(inputs: ReportInputs) -> None:
    """Each source says why; one of another namespace is no matter."""
    sources = (
        FileSource("hub", namespace="acme", complete=False, reason="stopped at page 3"),
        FileSource("hub", namespace="ada", complete=False),
        FileSource("file:a"),
    )
    found = report(replace(inputs, sources=sources), job(1), namespace="acme")
    assert (found.complete, found.exit_code, found.gaps) == (False, 6, ("hub (acme): stopped at page 3",))
    assert caveats(found)[0] == "Incomplete: hub (acme): stopped at page 3."
    assert report(replace(inputs, sources=sources), job(1)).gaps[1] == "hub (ada): not read to the end"
    assert (report(inputs, job(1)).exit_code, report(replace(inputs, sources=()), job(1)).exit_code) == (0, 6)


def test_bad_rows_are_counted_by_reason(inputs: ReportInputs) -> None:
    """Those the import did not take, and jobs of which no time is known."""
    sources = (FileSource("a", bad={"ends_before_start": 2, "no_id": 1}), FileSource("b", bad={"no_id": 4}))
    timeless = job(3, started_at=None, created_at=None, finished_at=None)
    found = report(replace(inputs, sources=sources), job(1), timeless)
    assert found.bad_rows == {"ends_before_start": 2, "no_id": 5, "no_time": 1}
    assert found.total.jobs == 1
    assert "8 records could not be right" in " ".join(caveats(found))


def test_jobs_without_a_price_are_in_no_amount_and_counted(inputs: ReportInputs) -> None:
    """A group of them costs at least nothing, and not nothing."""
    found = report(inputs, job(1), job(2, flavor="nowhere-x9"))
    assert (found.total.cost, found.total.unpriced_jobs) == (Money(10 * PRICE, 10 * PRICE), 1)
    costs = {group.values[0]: (group.figures.cost, group.figures.unpriced_jobs) for group in found.groups}
    assert costs == {"l4x1": (Money(10 * PRICE, 10 * PRICE), 0), "nowhere-x9": (Money(0, None), 1)}


def test_a_label_shares_jobs_out_by_its_value(inputs: ReportInputs) -> None:
    """A job without it, and one with an empty value, are groups of their own."""
    labels = [[{"key": "team", "value": "nlp"}], [{"key": "team", "value": ""}], [{"key": "x", "value": "nlp"}], []]
    found = report(inputs, *(job(n, labels=value) for n, value in enumerate(labels)), by=("label:team",))
    assert {group.values[0]: group.figures.jobs for group in found.groups} == {"nlp": 1, "": 1, None: 2}


def test_gpu_hours_waits_and_success(inputs: ReportInputs) -> None:
    """Four GPUs for ten minutes are 2,400 GPU-seconds; a flavor that is gone still has its GPUs."""
    jobs = [job(1, flavor="l4x4"), job(2, flavor="h100x8"), job(3, flavor="cpu-basic"), job(4, flavor="nowhere")]
    found = report(inputs, *jobs, job(5, stage="error", reason="error")).total
    assert (found.gpu_secs, found.no_gpu_secs_jobs) == (4 * 600 + 8 * 600 + 600, 1)
    assert (found.success_rate, found.ended_jobs) == (0.8, 5)
    assert found.wait_stats is not None
    assert found.wait_stats.p50 == 30


def test_the_bill_wins_and_the_difference_is_told(inputs: ReportInputs) -> None:
    """In the sum, in the basis, and in words."""
    bills = pl.LazyFrame([("1", 100_000)], schema=BILLS_SCHEMA, orient="row")
    found = report(replace(inputs, bills=bills), job(1), job(2))
    assert found.total.cost.low == 100_000 + 10 * PRICE
    assert {basis: jobs for basis, (jobs, _) in found.bases.items()} == {"billed": 1, "exact": 1}
    assert found.bill_difference_micro_usd == 100_000 - 10 * PRICE
    assert "The bills say $0.03 less" in " ".join(caveats(found))


def test_days_without_a_job_are_in_the_trend(inputs: ReportInputs) -> None:
    """Between the first and the last."""
    found = report(inputs, job(0), job(49))
    assert [(day.jobs, day.cost.low) for day in found.trend] == [(1, 10 * PRICE), (0, 0), (1, 10 * PRICE)]


@pytest.mark.parametrize("keys", [(), ("flavor", "owner", "initiator", "stage", "day", "week", "month", "name")])
def test_no_job_is_a_report_as_well(keys: tuple[str, ...], inputs: ReportInputs) -> None:
    """Of zeros, with nothing to divide by."""
    found = report(inputs, by=keys)
    assert (found.total.jobs, found.total.cost, found.groups, found.trend) == (0, Money(0, 0), (), ())
    assert found.total.success_rate is None
    assert found.total.cost_stats is None
