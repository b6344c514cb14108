"""The default report over a history in Parquet: prints its seconds and the process's peak memory as JSON."""

import json
import resource
import sys
import time
from pathlib import Path

import polars as pl

from hfplanner.catalog.listing import shipped_listing
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.spec import ReportSpec
from tests.benchmarks.write_jobs import NOW

_KB = 1024


def main() -> None:
    """Report once, from opening the files to the result."""
    folder = Path(sys.argv[1])
    inputs = ReportInputs(listing=shipped_listing(), now=NOW, pulls=())
    begin = time.perf_counter()
    report = build_report(pl.scan_parquet(folder / "*.parquet"), ReportSpec(), inputs)
    secs = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KB
    groups = {group.values[0]: group.figures.cost.low for group in report.groups}
    print(json.dumps({"secs": secs, "peak_bytes": peak, "jobs": report.total.jobs, "groups": groups}))  # noqa: T201


if __name__ == "__main__":
    main()
