"""The example in ``reports/training_runs``, from real training runs: ``python -m tests.example_report``.

The runs are those of one MLPerf Training round (v2.0, 2022). Nobody ran them on Hugging Face Jobs: which flavor stands
in for their machines is declared in :mod:`tests.history.traces`. No flavor had today's prices then, so the round is
played again: all of it is moved by the same number of whole weeks, to begin in the third week after the day of the
shipped prices. The report is made when its last run ends.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from hfplanner.catalog.listing import shipped_listing
from hfplanner.report.build import ReportInputs, build_report, costed_jobs
from hfplanner.report.spec import ReportSpec
from hfplanner.report.write import write_report
from tests.history.traces import read_trace

__all__ = ["FOLDER", "build"]

TRACE = Path(__file__).parent / "history" / "data" / "mlperf_v2_0" / "mlperf_training_runs.parquet"
FOLDER = Path(__file__).parent.parent / "reports" / "training_runs"

# The jobs as a table, and the pictures as PDF and on their own as SVG, are left out: they are large and show no more.
_KEPT = {".html", ".md", ".json", ".png"}
_KEPT_TABLE = "groups.csv"
_BEGINS_AFTER = timedelta(weeks=2)
_TIMES = ("created_at", "started_at", "finished_at")


@dataclass(frozen=True, slots=True)
class TraceSource:
    """The trace as a source that was read to its end."""

    seen_at: datetime
    bad: Mapping[str, int]
    source: str = f"trace:{TRACE.stem}"
    namespace: str | None = None
    complete: bool = True
    reason: str | None = field(default=None)


def build(folder: Path) -> tuple[Path, ...]:
    """Write the example into a folder and return its files."""
    trace = read_trace(TRACE)
    listing = shipped_listing()
    jobs = _played_again(trace.jobs, listing.checked + _BEGINS_AFTER)
    now = jobs.select(pl.max_horizontal(pl.max(*_TIMES))).item()
    pull = TraceSource(seen_at=now, bad=dict(trace.bad.group_by("code").len().iter_rows()))
    inputs = ReportInputs(listing=listing, now=now, sources=(pull,))
    report = build_report(jobs.lazy(), ReportSpec(), inputs)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as whole:
        written = write_report(report, costed_jobs(jobs.lazy(), inputs), Path(whole))
        kept = [path for path in written if path.suffix in _KEPT or path.name == _KEPT_TABLE]
        return tuple(path.replace(folder / path.name) for path in kept)


def _played_again(jobs: pl.DataFrame, begin: datetime) -> pl.DataFrame:
    """Return the jobs by so many whole weeks later that the first of them falls into the week after a moment."""
    first = jobs.select(pl.min_horizontal(pl.min(*_TIMES))).item()
    weeks = -((first - begin) // timedelta(weeks=1))
    return jobs.with_columns(pl.col(*_TIMES) + timedelta(weeks=weeks))


def main() -> None:
    """Build the example where it belongs, and say what was written."""
    for path in build(FOLDER):
        print(path.relative_to(FOLDER.parent.parent), f"{path.stat().st_size:,} bytes")  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
