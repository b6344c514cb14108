"""The report against SQL that was written apart from it: not a micro-USD of difference, in any group."""

import sqlite3

import polars as pl
import pytest

from hfplanner.report.build import ReportInputs, build_report, costed_jobs
from hfplanner.report.spec import ReportSpec
from tests.report.conftest import ZONE
from tests.report.oracle import totals_by

COLUMNS = {
    "flavor": "flavor",
    "owner": "owner",
    "initiator": "initiator",
    "stage": "stage",
    "day": "day",
    "month": "substr(day, 1, 7)",
    "name": "name",
    "label:team": "team",
}


def test_every_job_costs_what_sql_says(
    many_jobs: pl.DataFrame, oracle: sqlite3.Connection, inputs: ReportInputs
) -> None:
    """1,000,000 jobs, both bounds of each."""
    ours = costed_jobs(many_jobs.lazy(), inputs).select("id", "cost_low_micro_usd", "cost_high_micro_usd").collect()
    theirs = {row[0]: row[1:] for row in oracle.execute("SELECT id, low, high FROM cost")}
    wrong = [row for row in ours.iter_rows() if theirs[row[0]] != row[1:]]
    assert (ours.height, len(theirs), wrong[:3]) == (1_000_000, 1_000_000, [])


@pytest.mark.parametrize("key", list(COLUMNS))
def test_every_group_costs_what_sql_says(
    key: str, many_jobs: pl.DataFrame, oracle: sqlite3.Connection, inputs: ReportInputs
) -> None:
    """Jobs, both bounds, unpriced and unbounded ones, ended and completed ones; days and months in New York."""
    report = build_report(many_jobs.lazy(), ReportSpec(by=(key,), timezone=ZONE), inputs)
    ours = {}
    for group in report.groups:
        one = group.figures
        counts = (one.unpriced_jobs, one.unbounded_jobs, one.ended_jobs, one.completed_jobs)
        ours[group.values[0]] = (one.jobs, one.cost.low, one.cost.high, *counts)
    theirs = {
        value: (jobs, low, None if unbounded else high, unpriced, unbounded, *rest)
        for value, (jobs, low, high, unpriced, unbounded, *rest) in totals_by(oracle, COLUMNS[key]).items()
    }
    assert ours == theirs
    assert sum(group.figures.cost.low for group in report.groups) == report.total.cost.low


def test_quantiles_and_means_are_those_of_sql(
    many_jobs: pl.DataFrame, oracle: sqlite3.Connection, inputs: ReportInputs
) -> None:
    """By nearest rank, over the exact costs of each flavor."""
    report = build_report(many_jobs.lazy(), ReportSpec(by=("flavor",), timezone=ZONE), inputs)
    for group in report.groups:
        stats = group.figures.cost_stats
        costs = [
            row[0]
            for row in oracle.execute(
                "SELECT low FROM cost WHERE low IS NOT NULL AND flavor IS ? "
                "AND (never OR (final AND ran IS NOT NULL AND lost <= 0)) ORDER BY low",
                (group.values[0],),
            )
        ]
        if stats is None:
            assert costs == []
            continue
        ranks = [costs[-(-len(costs) * q // 100) - 1] for q in (50, 90, 99)]
        assert [stats.p50, stats.p90, stats.p99] == ranks
        mean = (2 * sum(costs) + len(costs)) // (2 * len(costs))
        assert (stats.jobs, stats.mean, stats.largest) == (len(costs), mean, costs[-1])
