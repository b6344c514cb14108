"""The local history: a Parquet dataset by month, and how jobs get into it and out of it."""

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from hfplanner.errors import HistoryError
from hfplanner.files import create_private, data_folder, is_private, keep_private, make_private_folder
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.history.labelled import keep_labelled_peaks
from hfplanner.history.manifest import DataFile, Manifest, SourceState, read_manifest, sync_folder, write_manifest
from hfplanner.history.merge import PROVENANCE, merge_jobs

__all__ = ["Added", "HistoryStore", "default_history_folder"]

# Replaced files stay this long for those who have just read a manifest that names them.
_GRACE_SECS = 3600
_LOCK_WAIT_SECS = 300.0
_LOCK_MODE = 0o600
# A month is written anew when that costs little, or when its additions have become many or large.
_SMALL_MONTH_ROWS = 100_000
_MOST_FILES = 8
_LARGEST_ADDED_SHARE = 4


def default_history_folder(environ: Mapping[str, str]) -> Path:
    """Return ``$HFPLANNER_HOME/history``, or that of the platform's user data folder."""
    return data_folder(environ) / "history"


@dataclass(frozen=True, slots=True)
class Added:
    """What an addition changed, in jobs: those not known before, those known otherwise, those known so already."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class HistoryStore:
    """The history in a folder.

    Args:
        folder: where it is; made when first written.
        lock_wait_secs: how long to wait for another writer.
        clock: seconds since the epoch, as the file system counts them.
    """

    folder: Path
    lock_wait_secs: float = _LOCK_WAIT_SECS
    clock: Callable[[], float] = time.time

    def manifest(self) -> Manifest:
        """Return the present state: the files that count and the sources.

        Raises:
            HistoryError: it is damaged, or of a newer version.
        """
        if not is_private(self.folder):
            keep_private(self.folder)
        return read_manifest(self.folder)

    def sources(self) -> tuple[SourceState, ...]:
        """Return what is known of each source."""
        return self.manifest().sources

    def scan(self) -> pl.LazyFrame:
        """Return all jobs, one row for each id, as a lazy frame of the jobs schema; months in order.

        Raises:
            HistoryError: the history is damaged, or of a newer version.

        >>> import tempfile
        >>> HistoryStore(Path(tempfile.mkdtemp()) / "history").scan().collect().height
        0
        """
        months = sorted(self.manifest().months.items())
        parts = [self._scan_month(files) for _, files in months if files]
        return pl.concat(parts) if parts else JOBS_SCHEMA.to_frame(eager=False)

    def _scan_month(self, files: Sequence[DataFile]) -> pl.LazyFrame:
        first, *later = [_scan(self.folder / file.path) for file in files]
        for addition in later:
            first = pl.concat([first.join(addition.select("id"), on="id", how="anti"), addition])
        return first

    def add(self, jobs: pl.DataFrame, sources: Sequence[SourceState] = ()) -> Added:
        """Merge a jobs frame into the history, and note what is known of its sources; both or nothing.

        Args:
            jobs: of the jobs schema; ids may repeat.
            sources: where they came from. One takes the place of an earlier one of its source and namespace.

        Raises:
            HistoryError: the folder cannot be written, the history is damaged or newer, or somebody else keeps it.
        """
        merged = merge_jobs(jobs.match_to_schema(JOBS_SCHEMA))
        try:
            make_private_folder(self.folder)
            with self.locked():
                added = self._add(merged, tuple(sources))
                keep_labelled_peaks(self.folder, merged)
                return added
        except OSError as error:
            raise HistoryError(
                f"The history in {self.folder} cannot be written ({error.strerror or error})."
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out of the folder, which must be there.

        Raises:
            HistoryError: somebody else keeps it for too long.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - readers need no lock

        try:
            with FileLock(self.folder / ".lock", timeout=self.lock_wait_secs, mode=_LOCK_MODE):
                keep_private(self.folder)
                yield
        except Timeout as error:
            raise HistoryError(
                f"Another program has been writing the history in {self.folder} for {self.lock_wait_secs:g} seconds.",
                hint="Try again when it is done.",
            ) from error

    def _add(self, merged: pl.DataFrame, sources: tuple[SourceState, ...]) -> Added:
        before = self.manifest()
        months = dict(before.months)
        counts: list[Added] = []
        for month, part in _by_month(merged).items():
            months[month], added = self._add_to_month(month, months.get(month, ()), part)
            counts.append(added)
        after = replace(before, months=months).with_sources(sources)
        if after != before:
            self._retire(before.files() - after.files())
            write_manifest(self.folder, after)
            self._remove_unused(after, before)
        return Added(*(sum(getattr(added, name) for added in counts) for name in Added.__slots__))

    def _add_to_month(
        self, month: str, files: tuple[DataFile, ...], part: pl.DataFrame
    ) -> tuple[tuple[DataFile, ...], Added]:
        """Return the month's files after an addition, and what it changed."""
        if not files:
            return (self._write(month, part),), Added(new=part.height)
        stored = self._scan_month(files)
        known = stored.join(part.lazy().select("id"), on="id", how="semi").collect(engine="streaming")
        merged = merge_jobs(pl.concat([known, part]))
        marked = known.with_columns(is_known=True)
        compared = merged.join(marked, on="id", how="left", suffix="_before", coalesce=True)
        changed = compared.filter(_differs([name for name in JOBS_SCHEMA if name != "id"]))
        new = merged.height - known.height
        updated = compared.filter(pl.col("is_known").fill_null(value=False) & _differs(_CONTENT)).height
        added = Added(new=new, updated=updated, unchanged=merged.height - new - updated)
        if changed.is_empty():
            return files, added
        rows = merged.join(changed.select("id"), on="id", how="semi", maintain_order="left")
        return self._with_rows(month, files, rows), added

    def _with_rows(self, month: str, files: tuple[DataFile, ...], rows: pl.DataFrame) -> tuple[DataFile, ...]:
        first, *later = files
        added = rows.height + sum(file.rows for file in later)
        as_addition = (
            first.rows > _SMALL_MONTH_ROWS and len(files) < _MOST_FILES and added * _LARGEST_ADDED_SHARE < first.rows
        )
        if as_addition:
            return (*files, self._write(month, rows))
        others = self._scan_month(files).join(rows.lazy().select("id"), on="id", how="anti")
        return (self._write(month, pl.concat([others.collect(engine="streaming"), rows]).sort("created_at", "id")),)

    def _write(self, month: str, jobs: pl.DataFrame) -> DataFile:
        folder = self.folder / f"month={month}"
        make_private_folder(folder)
        name = f"jobs-{uuid.uuid4().hex}.parquet"
        with create_private(folder / name) as file:
            jobs.write_parquet(file, compression="zstd", compression_level=1, statistics=True)
        sync_folder(folder)
        return DataFile(f"month={month}/{name}", jobs.height)

    def _retire(self, paths: Iterable[str]) -> None:
        """Note on each file that is being replaced when that was: its time of change."""
        now = self.clock()
        for path in paths:
            os.utime(self.folder / path, (now, now))

    def _remove_unused(self, *manifests: Manifest) -> None:
        """Remove files that no manifest has named for an hour: replaced ones, and those of writers that were killed."""
        named = set().union(*(manifest.files() for manifest in manifests))
        oldest = self.clock() - _GRACE_SECS
        for path in self.folder.glob("month=*/jobs-*.parquet"):
            if path.relative_to(self.folder).as_posix() not in named and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def _scan(path: Path) -> pl.LazyFrame:
    """Return a file of the history; one of an earlier layout has null in the columns that came later."""
    return pl.scan_parquet(path, schema=JOBS_SCHEMA, missing_columns="insert")


_CONTENT = tuple(name for name in JOBS_SCHEMA if name not in {"id", *PROVENANCE})


def _differs(names: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in names)


def _by_month(jobs: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the jobs of each month (UTC) of creation, ``"2026-01"``; they are sorted by it."""
    months = jobs["created_at"].dt.strftime("%Y-%m").rle()
    parts: dict[str, pl.DataFrame] = {}
    start = 0
    for rows, month in months.struct.unnest().rows():
        parts[month] = jobs.slice(start, rows)
        start += rows
    return parts
