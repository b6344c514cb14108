"""Law: by whatever jobs are grouped, the groups together are all jobs and all money, and so are days and bases."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.listing import shipped_listing
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.spec import GROUP_KEYS, ReportSpec
from tests.properties.job_frames import NOW, job_frames

INPUTS = ReportInputs(listing=shipped_listing(), now=NOW, sources=())
KEYS = st.lists(st.sampled_from([*GROUP_KEYS, "label:team"]), max_size=3, unique=True)


# A report takes some 70 ms however few the jobs are.
@settings(deadline=None, max_examples=25)
@given(job_frames(), KEYS, st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"]))
def test_sums(jobs: pl.DataFrame, keys: list[str], timezone: str) -> None:
    """Counts, and both bounds where there is an upper one."""
    report = build_report(jobs.lazy(), ReportSpec(by=keys, timezone=timezone), INPUTS)
    assert report.total.jobs == jobs.height
    parts = [[group.figures for group in report.groups]] if keys else []
    for figures in parts:
        assert sum(one.jobs for one in figures) == report.total.jobs
        assert sum(one.cost.low for one in figures) == report.total.cost.low
        assert sum(one.unpriced_jobs for one in figures) == report.total.unpriced_jobs
        assert sum(one.gpu_secs for one in figures) == report.total.gpu_secs
        if report.total.cost.high is not None:
            priced = [one for one in figures if one.unpriced_jobs < one.jobs]
            assert sum(one.cost.high or 0 for one in priced) == report.total.cost.high
    assert sum(day.cost.low for day in report.trend) == report.total.cost.low
    assert sum(day.jobs for day in report.trend) == report.total.jobs
    assert sum(jobs for jobs, _ in report.bases.values()) == report.total.jobs
    assert sum(cost.low for _, cost in report.bases.values()) == report.total.cost.low
    drawn = [sum(costs.values()) for costs in (*(costs for _, costs in report.chart.layers), report.chart.rest)]
    assert sum(drawn) == report.total.cost.low
    assert report.waste.cost.low <= report.total.cost.low
