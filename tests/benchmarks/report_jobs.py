"""The measured process of the report benchmark: the default report over a history in Parquet, figures as JSON."""

import json
import sys
import time
from pathlib import Path

import polars as pl

from hfplanner.catalog.listing import shipped_listing
from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.spec import ReportSpec
from tests.benchmarks.rank_needs import peak_bytes
from tests.benchmarks.write_jobs import NOW


def main() -> None:
    """Report once, from opening the files to the result."""
    folder = Path(sys.argv[1])
    inputs = ReportInputs(listing=shipped_listing(), now=NOW, sources=())
    begun = time.perf_counter()
    report = build_report(pl.scan_parquet(folder / "*.parquet"), ReportSpec(), inputs)
    secs = time.perf_counter() - begun
    found = {
        "secs": secs,
        "peak_bytes": peak_bytes(),
        "jobs": report.total.jobs,
        "groups": {group.values[0]: group.figures.cost.low for group in report.groups},
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
