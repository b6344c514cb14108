"""Law: what is told to lie between the runs of a name is at most what does, and all of it where none overlap."""

from datetime import timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.catalog.listing import shipped_listing
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.spec import ReportSpec
from hfplanner.report.waste import WasteRules
from tests.report.generated import NOW

BEGIN = NOW - timedelta(days=30)
RULES = WasteRules(idle_secs=1, apart_secs=10**9)

RUNS = st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 5_000)), min_size=1, max_size=8)


@given(RUNS)
def test_idle_time_is_never_more_than_the_gaps(runs: list[tuple[int, int]]) -> None:
    """Each run is a start and a length in seconds; the gaps are counted second by second of nobody's running."""
    jobs = [
        {
            "id": str(number),
            "name": "train",
            "flavor": "l4x1",
            "stage": "completed",
            "started_at": BEGIN + timedelta(seconds=start),
            "finished_at": BEGIN + timedelta(seconds=start + length),
        }
        for number, (start, length) in enumerate(runs)
    ]
    inputs = ReportInputs(listing=shipped_listing(), now=NOW, sources=(), rules=RULES)
    report = build_report(pl.LazyFrame(jobs, schema=JOBS_SCHEMA), ReportSpec(), inputs)
    told = sum(one.idle_secs for one in report.waste.findings if one.code == "idle_between_runs")
    gaps, reached, overlap = 0, min(start for start, _ in runs), False
    for start, length in sorted(runs):
        gaps += max(start - reached, 0)
        overlap = overlap or start < reached
        reached = max(reached, start + length)
    assert told <= gaps
    assert overlap or told == gaps
