"""Law: a report depends on which jobs there are, not on their order."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.listing import shipped_listing
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.spec import ReportSpec
from tests.properties.job_frames import NOW, job_frames

INPUTS = ReportInputs(listing=shipped_listing(), now=NOW, sources=())


# A report takes some 70 ms however few the jobs are.
@settings(deadline=None, max_examples=25)
@given(job_frames(), st.integers(0, 2**32))
def test_shuffled(jobs: pl.DataFrame, seed: int) -> None:
    """To the last digit and key."""
    spec = ReportSpec(by=("flavor", "name"))
    reports = [
        build_report(frame.lazy(), spec, INPUTS) for frame in (jobs, jobs.sample(fraction=1, shuffle=True, seed=seed))
    ]
    assert reports[0].to_json() == reports[1].to_json()
