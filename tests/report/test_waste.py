"""What counts as waste, and what it says for itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.money import NOTHING, Money
from hfplanner.report.spec import ReportSpec
from hfplanner.report.waste_result import Finding, Waste
from tests.report.generated import NOW

# l4x1, in micro-USD per minute.
PRICE = 13_333


def job(number: int, minutes: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """Return a job on l4x1 that ran for some minutes."""
    started = NOW - timedelta(days=1, minutes=number)
    times = {"created_at": started, "started_at": started, "finished_at": started + timedelta(minutes=minutes)}
    return {"id": f"{number:024x}", "flavor": "l4x1", "stage": "error", "reason": "error", **times, **fields}


def waste(inputs: ReportInputs, *jobs: dict[str, Any]) -> dict[str, Finding]:
    """Return the findings of a report by their code."""
    report = build_report(pl.LazyFrame(jobs, schema=JOBS_SCHEMA), ReportSpec(), inputs)
    return {finding.code: finding for finding in report.waste.findings}


def test_each_job_is_of_one_kind_and_the_sum_counts_it_once(inputs: ReportInputs) -> None:
    """Out of memory, timed out, failed, stopped by a limit, cancelled late; a quick cancel is no waste."""
    jobs = [
        job(1, 1, reason="out_of_memory", name="a"),
        job(2, 2, reason="timeout", name="a"),
        job(3, 4, name="a"),
        job(4, 8, stage="cancelled", reason="no_credits"),
        job(5, 30, stage="cancelled", reason="cancelled"),
        job(6, 29, stage="cancelled", reason="cancelled"),
        job(7, 64, stage="completed", reason="completed"),
    ]
    report = build_report(pl.LazyFrame(jobs, schema=JOBS_SCHEMA), ReportSpec(), inputs)
    costs = {finding.code: finding.cost.low for finding in report.waste.findings if finding.counted}
    assert costs == {
        "out_of_memory": PRICE,
        "timeout": 2 * PRICE,
        "failed": 4 * PRICE,
        "stopped_by_limit": 8 * PRICE,
        "cancelled_late": 30 * PRICE,
    }
    assert report.waste.cost == Money(45 * PRICE, 45 * PRICE)


def test_a_timeout_after_most_of_the_work_names_the_runs_that_were_let_finish(inputs: ReportInputs) -> None:
    """Two completed runs took 100 minutes; 60 minutes are most of that, and 40 are not."""
    done = [job(n, 100, name="train", stage="completed", reason="completed") for n in (1, 2)]
    late = waste(inputs, *done, job(3, 60, name="train", reason="timeout"))["timeout_after_most_of_the_work"]
    assert (late.jobs, late.cost.low, late.counted) == (1, 60 * PRICE, False)
    assert late.evidence == ("train: timed out after 1h or more, while 2 completed runs took 1h40m on average",)
    assert "timeout_after_most_of_the_work" not in waste(inputs, *done, job(3, 40, name="train", reason="timeout"))
    assert "timeout_after_most_of_the_work" not in waste(inputs, *done, job(3, 60, name="other", reason="timeout"))


def test_failing_again_and_again_is_told_once_it_is_a_habit(inputs: ReportInputs) -> None:
    """Three failures of one name, not two, and not of jobs without a name."""
    three = [job(n, 10, name="train") for n in range(3)]
    assert waste(inputs, *three)["repeated_failures"].evidence == ("train: 3 failed runs, $0.40",)
    assert "repeated_failures" not in waste(inputs, *three[:2])
    assert "repeated_failures" not in waste(inputs, *(job(n, 10) for n in range(3)))


def test_a_name_of_several_namespaces_is_told_with_its_namespace(inputs: ReportInputs) -> None:
    """Two lines about one name would contradict each other."""
    of_two = [job(n, 10, name="train", namespace=who) for n, who in enumerate(["acme", "ada"] * 3)]
    assert waste(inputs, *of_two)["repeated_failures"].evidence == (
        "acme/train: 3 failed runs, $0.40",
        "ada/train: 3 failed runs, $0.40",
    )


def test_the_example_is_the_dearest_job(inputs: ReportInputs) -> None:
    """By its cost as a number, whatever its digits; none where no job of the kind cost anything."""
    found = waste(inputs, *(job(n, minutes) for n, minutes in enumerate((9, 1000, 30))))["failed"]
    assert found.examples == (f"{1:024x}",)
    assert waste(inputs, job(1, 0))["failed"].examples == ()


def test_a_flavor_that_another_beats_in_everything_says_what_that_one_costs(inputs: ReportInputs) -> None:
    """If a10g-small cost $2.00 an hour, a10g-large with the same GPU and more of the rest would do for $1.50."""
    flavors = tuple(
        replace(one, price_micro_usd_per_minute=33_334) if one.name == "a10g-small" else one
        for one in inputs.listing.flavors
    )
    dear = replace(inputs, listing=replace(inputs.listing, flavors=flavors))
    done = {"stage": "completed", "reason": "completed"}
    found = waste(dear, job(1, 60, flavor="a10g-small", **done), job(2, 60, flavor="a10g-large", **done))
    assert list(found) == ["dominated_flavor"]
    finding = found["dominated_flavor"]
    assert (finding.jobs, finding.cost, finding.counted) == (1, Money(8_334 * 60, 8_334 * 60), False)
    assert finding.title == "a10g-small instead of a10g-large"
    assert "costs $1.50 an hour today instead of $2.00; 60 minutes were paid for" in finding.evidence[0]
    assert waste(inputs, job(1, 60, flavor="a10g-small", **done)) == {}


def runs(*times: tuple[int, int], name: str = "train", **fields: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any column
    """Return completed runs of one name, each from one minute to another."""
    begin = NOW - timedelta(days=2)
    return [
        job(start, end - start, name=name, stage="completed", reason="completed", **fields)
        | {"created_at": begin + timedelta(minutes=start - 3), "started_at": begin + timedelta(minutes=start)}
        | {"finished_at": begin + timedelta(minutes=end)}
        for start, end in times
    ]


def test_time_between_the_runs_of_a_name_is_told_as_time_and_costs_nothing(inputs: ReportInputs) -> None:
    """Three runs of an hour within five hours leave two; a cancelled run of half an hour in between fills its part."""
    three = runs((0, 60), (90, 150), (240, 300))
    idle = waste(inputs, *three)["idle_between_runs"]
    assert (idle.jobs, idle.idle_secs, idle.cost, idle.counted) == (3, 2 * 3600, NOTHING, False)
    said = "train: 3 runs within 5h, at least 2h of it between one run and the next"
    assert idle.evidence == (f"{said}, in which 9m of waiting for a machine may lie",)
    filled = [*three, *(one | {"stage": "cancelled", "reason": "cancelled"} for one in runs((160, 190)))]
    assert waste(inputs, *filled)["idle_between_runs"].idle_secs == 90 * 60


@pytest.mark.parametrize(
    "jobs",
    [
        runs((0, 60), (100, 160)),
        runs((0, 60), (60 + 361, 500)),
        runs((0, 60), (180, 240), initiator_type="scheduled-job"),
        [*runs((0, 60), (180, 240)), *(one | {"started_at": None, "finished_at": None} for one in runs((61, 62)))],
        [*runs((0, 60), (180, 240)), *(one | {"finished_at": None, "stage": "running"} for one in runs((70, 71)))],
        [*runs((0, 60), name="a"), *runs((180, 240), name="b")],
        [*runs((0, 60), namespace="a"), *runs((180, 240), namespace="b")],
        runs((0, 240), (60, 70), (230, 300)),
    ],
    ids=["short", "far-apart", "schedule", "run-of-no-time", "still-running", "names", "namespaces", "overlap"],
)
def test_what_is_no_idle_time_is_not_told_as_such(inputs: ReportInputs, jobs: list[dict[str, Any]]) -> None:
    """Less than an hour, days between, waiting as planned, and where a run may have been under way all the time."""
    assert "idle_between_runs" not in waste(inputs, *jobs)


def test_unpriced_waste_is_counted_and_adds_nothing(inputs: ReportInputs) -> None:
    """A kind of which no job has a price does not make the sum unknown."""
    found = waste(inputs, job(1, 5, flavor="nowhere", reason="timeout"), job(2, 5))
    assert (found["timeout"].unpriced_jobs, found["timeout"].cost) == (1, Money(0, None))
    assert Waste(tuple(found.values())).cost == Money(5 * PRICE, 5 * PRICE)
