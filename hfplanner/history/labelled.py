"""The peaks that jobs say in their labels, of a frame of jobs."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from hfplanner.history.peaks import KeptPeak, merge_peaks, peak_of_labels, read_peaks, write_peaks

__all__ = ["keep_labelled_peaks", "labelled_peaks"]


def labelled_peaks(jobs: pl.DataFrame) -> list[KeptPeak]:
    """Return what the jobs of a frame say of their memory, one entry for each that says it."""
    says = pl.col("labels").list.eval(pl.element().struct.field("key") == "peak").list.any()
    rows = jobs.lazy().filter(says).select("id", "flavor", "labels", "created_at").collect()
    found = [
        peak_of_labels(
            {label["key"]: label["value"] for label in labels},
            job_id=job_id,
            flavor=flavor,
            seen_at=created_at or datetime.fromtimestamp(0, UTC),
        )
        for job_id, flavor, labels, created_at in rows.iter_rows()
    ]
    return [peak for peak in found if peak is not None]


def keep_labelled_peaks(folder: Path, jobs: pl.DataFrame) -> None:
    """Keep what the jobs of a frame say of their memory, in a history's folder that is there and locked.

    Raises:
        HistoryError: what is kept there cannot be read.
        OSError: it cannot be written.
    """
    said = labelled_peaks(jobs)
    if not said:
        return
    before = read_peaks(folder)
    after = merge_peaks(before, said)
    if after != before:
        write_peaks(folder, after)
