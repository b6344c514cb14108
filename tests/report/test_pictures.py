"""Which pictures a report has: of what it is by, and none where there is nothing to compare."""

from datetime import UTC, datetime

import polars as pl
import pytest

from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.csv_format import to_csv
from hfplanner.report.pictures import pictures_of
from hfplanner.report.result import Report
from hfplanner.report.spec import ReportSpec
from hfplanner.report.tables import forecast_sentence
from hfplanner.report.words import period_text
from tests.report.generated import generate_jobs


def report(inputs: ReportInputs, jobs: pl.DataFrame, *by: str, **spec: datetime) -> Report:
    """Return a report by some keys."""
    return build_report(jobs.lazy(), ReportSpec(by=by, **spec), inputs)


def test_an_empty_history_has_no_picture(inputs: ReportInputs) -> None:
    """Nor has one job: a single bar compares nothing."""
    jobs = generate_jobs(2_000)
    assert pictures_of(report(inputs, jobs.clear(), "flavor")) == ()
    one = jobs.filter(pl.col("stage") == "completed").filter(flavor="a100-large").head(1)
    assert pictures_of(report(inputs, one, "flavor")) == ()


@pytest.mark.parametrize(
    ("by", "titles"),
    [
        (("owner",), ["Cost per day, by owner", "Cost by owner", "Running time by owner", "Waste by kind"]),
        (
            ("month", "flavor"),
            ["Cost per day, by flavor", "Cost by month", "Running time by month and flavor", "Waste by kind"],
        ),
        (
            ("flavor", "stage"),
            [
                "Cost per day, by flavor",
                "Cost by flavor and stage",
                "Running time by flavor and stage",
                "Waste by kind",
            ],
        ),
    ],
)
def test_pictures_are_of_what_the_report_is_by(inputs: ReportInputs, by: tuple[str, ...], titles: list[str]) -> None:
    """Day by day by the first key that is no time; bars by the keys, or by the first where there is a calendar."""
    found = report(inputs, generate_jobs(2_000), *by)
    assert [picture.title(found) for picture in pictures_of(found)] == titles


def test_times_are_in_the_order_of_time(inputs: ReportInputs) -> None:
    """Months one after the other, in each the dearest flavor first; by flavor and month, flavors in blocks."""
    jobs = generate_jobs(2_000)
    months = [group.values[0] for group in report(inputs, jobs, "month", "flavor").groups]
    assert months == sorted(months, key=str)
    flavors = [group.values[0] for group in report(inputs, jobs, "flavor", "month").groups]
    assert len([one for one, before in zip(flavors, [object(), *flavors], strict=False) if one != before]) == len(
        set(flavors)
    )


def test_a_month_that_is_over_has_no_forecast(inputs: ReportInputs) -> None:
    """What this month will cost is no part of the report of another one."""
    jobs = generate_jobs(2_000)
    first, end = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
    past = report(inputs, jobs, "flavor", since=first, until=end)
    assert (forecast_sentence(past.forecast), past.forecast.likely) == ("", None)
    assert "2026-07-01" in period_text(past)
    assert forecast_sentence(report(inputs, jobs, "flavor").forecast).startswith("September 2026: ")


def test_the_table_has_dollars_beside_micro_usd(inputs: ReportInputs) -> None:
    """Exactly, at the end of each row."""
    header, first, *_ = to_csv(report(inputs, generate_jobs(2_000), "flavor")).split("\r\n")
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert float(row["cost_usd"]) * 10**6 == pytest.approx(int(row["cost_low_micro_usd"]), abs=0.01)
