"""The FOCUS file: every charge, to the micro-USD."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from hfplanner.errors import HfplannerError
from hfplanner.estimate.job_costs import BILLS_SCHEMA
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.report.build import ReportInputs, build_report, costed_jobs
from hfplanner.report.focus import FOCUS_COLUMNS, write_focus
from hfplanner.report.spec import ReportSpec
from tests.report.generated import generate_jobs


def assert_focus(rows: list[dict[str, str]]) -> None:
    """Check what FOCUS 1.2 asks of quantities and prices."""
    for row in rows:
        if row["ChargeCategory"] == "Usage":
            product = Decimal(row["PricingQuantity"]) * Decimal(row["ContractedUnitPrice"])
            assert Decimal(row["ContractedCost"]) == Decimal(row["ListCost"]) == product, row
            assert row["PricingUnit"]
        else:
            assert (row["ChargeCategory"], row["PricingQuantity"], row["ContractedUnitPrice"]) == ("Adjustment", "", "")


def charges(jobs: pl.LazyFrame, inputs: ReportInputs, path: Path) -> list[dict[str, str]]:
    """Return the rows of the file, checked."""
    write_focus(costed_jobs(jobs, inputs), ReportSpec(), path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert_focus(rows)
    return rows


def a_job(**said: object) -> pl.LazyFrame:
    """Return a job that ran for an hour and a second on l4x1, with a port that is exposed."""
    start = datetime(2026, 9, 1, tzinfo=UTC)
    usual = {"id": "a", "flavor": "l4x1", "stage": "completed", "started_at": start, "created_at": start, "ports": 1}
    row = dict.fromkeys(JOBS_SCHEMA) | usual | {"finished_at": start + timedelta(seconds=3601)} | said
    return pl.LazyFrame([row], schema=JOBS_SCHEMA)


def test_ports_and_what_a_bill_says_beyond_the_rule_are_charges_of_their_own(
    inputs: ReportInputs, tmp_path: Path
) -> None:
    """61 minutes at 13,333 micro-USD, a port for as long at a cent an hour, and a bill that is lower."""
    rows = charges(a_job(), inputs, tmp_path / "rule.csv")
    assert [(row["SkuId"], row["PricingQuantity"], row["BilledCost"]) for row in rows] == [
        ("l4x1", "61", "0.813313"),
        ("exposed-ports", "1.0167", "0.010167"),
    ]
    bills = pl.LazyFrame({"job_id": ["a"], "bill_micro_usd": [800_000]}, schema=BILLS_SCHEMA)
    billed = charges(a_job(), replace(inputs, bills=bills), tmp_path / "bill.csv")
    assert [(row["ChargeCategory"], row["BilledCost"]) for row in billed] == [
        ("Usage", "0.813313"),
        ("Usage", "0.010167"),
        ("Adjustment", "-0.023480"),
    ]


def test_who_started_it_how_it_went_and_what_was_wasted_are_columns(inputs: ReportInputs, tmp_path: Path) -> None:
    """So that finance can ask by person, and for what was spent for nothing."""
    failed = a_job(stage="error", reason="out_of_memory", initiator="ada", name="train")
    row = charges(failed, inputs, tmp_path / "a.csv")[0]
    assert [row[name] for name in ("x_Initiator", "x_JobName", "x_Stage", "x_WasteKind")] == [
        "ada",
        "train",
        "error",
        "out_of_memory",
    ]


def test_the_charges_are_the_reports_total(inputs: ReportInputs, tmp_path: Path) -> None:
    """Exactly, with a row for each job that cost something or has a price, and nothing left beside the file."""
    jobs = generate_jobs(2_000)
    total = build_report(jobs.lazy(), ReportSpec(), inputs).total
    write_focus(costed_jobs(jobs.lazy(), inputs), ReportSpec(), tmp_path / "focus.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "focus.csv").read_text(encoding="utf-8"))))
    assert tuple(rows[0]) == FOCUS_COLUMNS
    low, price = pl.col("cost_low_micro_usd"), pl.col("price_micro_usd_per_minute")
    charged = costed_jobs(jobs.lazy(), inputs).filter(low.is_not_null() & (price.is_not_null() | (low != 0))).collect()
    assert {row["ResourceId"] for row in rows} == set(charged["id"])
    assert sum(Decimal(row["BilledCost"]) for row in rows) * 10**6 == total.cost.low
    assert {row["BillingCurrency"] for row in rows} == {"USD"}
    assert all(row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["BillingPeriodEnd"] for row in rows)
    assert all(row["ChargePeriodStart"] < row["ChargePeriodEnd"] for row in rows)
    assert_focus(rows)
    assert [path.name for path in tmp_path.iterdir()] == ["focus.csv"]


def test_a_file_that_cannot_be_written_is_a_known_error(inputs: ReportInputs, tmp_path: Path) -> None:
    """In a folder that is not there."""
    with pytest.raises(HfplannerError, match="cannot be written"):
        write_focus(costed_jobs(generate_jobs(5).lazy(), inputs), ReportSpec(), tmp_path / "no" / "focus.csv")
