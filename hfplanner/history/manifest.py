"""Which files of the history count, and what is known of each source: one small file, replaced as a whole."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hfplanner.errors import HistoryError
from hfplanner.files import write_private
from hfplanner.times import json_moment, read_json_moment

__all__ = ["DataFile", "Manifest", "SourceState", "read_manifest", "write_manifest"]

_NAME = "manifest.json"
_FILE = re.compile(r"month=[0-9]{4}-[0-9]{2}/jobs-[0-9a-f]{32}\.parquet")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of one month.

    Args:
        path: relative to the history's folder.
        rows: how many jobs it holds.
    """

    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source of jobs.

    Args:
        source: ``"file:jobs.json"``, or the Hub's address.
        namespace: whose jobs were asked for; ``None`` for a file, which may hold those of several.
        complete: whether all that the source had is in the history.
        seen_at: when it was read, UTC.
        records: how many records were read.
        bad: how many of them were not taken, by the code of the reason.
        reason: why it is not complete, a sentence.
        cursor: where to go on, for a source of many pages.
    """

    source: str
    namespace: str | None
    complete: bool
    seen_at: datetime
    records: int
    bad: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    cursor: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the state as a JSON object."""
        return {**asdict(self), "bad": dict(self.bad), "seen_at": json_moment(self.seen_at)}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A state of the history.

    Args:
        months: the files of each month, ``"2026-01"``; a row of a later file replaces that of an earlier one.
        sources: one for each source and namespace.
    """

    months: Mapping[str, tuple[DataFile, ...]] = field(default_factory=dict)
    sources: tuple[SourceState, ...] = ()

    def files(self) -> set[str]:
        """Return the paths of all files that count."""
        return {file.path for files in self.months.values() for file in files}

    def with_sources(self, sources: tuple[SourceState, ...]) -> "Manifest":
        """Return a manifest in which each state has taken the place of an earlier one of its source and namespace."""
        kept = {(state.source, state.namespace or ""): state for state in (*self.sources, *sources)}
        return replace(self, sources=tuple(kept[key] for key in sorted(kept)))


def read_manifest(folder: Path) -> Manifest:
    """Return the history's state; an empty one where nothing was ever written.

    Raises:
        HistoryError: it cannot be read, is damaged, or was written by a newer version of the program.
    """
    path = folder / _NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise HistoryError(f"The history {path} cannot be read ({error.strerror}).") from error
    try:
        return _from_document(json.loads(raw), folder)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HistoryError(
            f"The history's {path} is damaged.",
            hint="Move the folder away and import or sync again; the Parquet files in it are intact.",
        ) from error


def _from_document(document: Mapping[str, Any], folder: Path) -> Manifest:
    from hfplanner.frames.job_columns import LAYOUT_VERSION  # noqa: PLC0415 - polars, for those who have a history

    version = document["version"]
    if type(version) is int and version > LAYOUT_VERSION:
        raise HistoryError(
            f"The history in {folder} has layout {version}; this hfplanner reads layouts up to {LAYOUT_VERSION}.",
            hint="Update hfplanner, or set HFPLANNER_HOME to another folder.",
        )
    if type(version) is not int or not 1 <= version <= LAYOUT_VERSION:
        raise ValueError("no layout ever had that version")
    return Manifest(_months(document["months"]), tuple(_source_state(item) for item in document["pulls"]))


def _months(document: Mapping[str, Any]) -> dict[str, tuple[DataFile, ...]]:
    months = {
        month: tuple(DataFile(str(item["path"]), int(item["rows"])) for item in files)
        for month, files in document.items()
    }
    for month, files in months.items():
        if not _MONTH.fullmatch(month) or not all(_FILE.fullmatch(file.path) for file in files):
            raise ValueError("a file of the history is somewhere else")
    return months


def _source_state(item: Mapping[str, Any]) -> SourceState:
    return SourceState(**{**item, "seen_at": read_json_moment(item["seen_at"])})


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the history's state; whoever reads finds the old one or the new one, also after a crash.

    Raises:
        OSError: the folder cannot be written.
    """
    from hfplanner.frames.job_columns import LAYOUT_VERSION  # noqa: PLC0415 - as above

    months = {month: [asdict(file) for file in files] for month, files in sorted(manifest.months.items())}
    document = {"version": LAYOUT_VERSION, "months": months, "pulls": [state.to_json() for state in manifest.sources]}
    write_private(folder / _NAME, json.dumps(document, indent=1).encode())
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as lasting as the files they name, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
