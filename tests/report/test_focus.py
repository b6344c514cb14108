"""The FOCUS file: every charge, to the micro-USD."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from hfplanner.errors import HfplannerError
from hfplanner.report.build import ReportInputs, build_report, costed_jobs
from hfplanner.report.focus import FOCUS_COLUMNS, write_focus
from hfplanner.report.spec import ReportSpec
from tests.report.generated import generate_jobs


def test_the_charges_are_the_reports_total(inputs: ReportInputs, tmp_path: Path) -> None:
    """Exactly, with one row for each job that has a price, and nothing left beside the file."""
    jobs = generate_jobs(2_000)
    total = build_report(jobs.lazy(), ReportSpec(), inputs).total
    write_focus(costed_jobs(jobs.lazy(), inputs), ReportSpec(), tmp_path / "focus.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "focus.csv").read_text(encoding="utf-8"))))
    assert tuple(rows[0]) == FOCUS_COLUMNS
    assert len(rows) == total.jobs - total.unpriced_jobs
    assert sum(Decimal(row["BilledCost"]) for row in rows) * 10**6 == total.cost.low
    assert {row["BillingCurrency"] for row in rows} == {"USD"}
    assert all(row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["BillingPeriodEnd"] for row in rows)
    assert all(row["ChargePeriodStart"] <= row["ChargePeriodEnd"] for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["focus.csv"]


def test_a_file_that_cannot_be_written_is_a_known_error(inputs: ReportInputs, tmp_path: Path) -> None:
    """In a folder that is not there."""
    with pytest.raises(HfplannerError, match="cannot be written"):
        write_focus(costed_jobs(generate_jobs(5).lazy(), inputs), ReportSpec(), tmp_path / "no" / "focus.csv")
