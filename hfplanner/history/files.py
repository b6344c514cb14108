"""Jobs from files into the history: what ``hfplanner import`` does."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import polars as pl

from hfplanner.errors import HfplannerError, JobsUnreadable
from hfplanner.frames.job_documents import MAX_DOCUMENT_BYTES, DocumentFormat, DocumentUnreadable, open_document
from hfplanner.frames.jobs import BAD_JOBS_SCHEMA, document_frames
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import Added, HistoryStore
from hfplanner.units import format_count

__all__ = ["STDIN", "ImportedFile", "JobsImport", "import_jobs"]

STDIN = "-"
"""The name by which standard input is imported."""

_FORMS = "Accepted: an API listing, `hf jobs ps -a --json`, `hf jobs inspect --json`, JSON lines; gzip of any."


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of one file.

    Args:
        path: as it was given.
        format: what it turned out to be; ``None`` where it could not be read.
        records: how many it held.
        bad: a frame of the bad jobs schema: the records that were not taken.
        error: why nothing was read from it.
    """

    path: str
    format: DocumentFormat | None = None
    records: int = 0
    bad: pl.DataFrame = field(default_factory=BAD_JOBS_SCHEMA.to_frame)
    error: HfplannerError | None = None

    def bad_by_code(self) -> dict[str, int]:
        """Return how many records were not taken, by the code of the reason."""
        return dict(sorted(Counter(self.bad["code"]).items()))

    def to_json(self) -> dict[str, Any]:
        """Return the file as a JSON object."""
        return {
            "path": self.path,
            "format": self.format,
            "records": self.records,
            "bad": self.bad_by_code(),
            "bad_records": self.bad.to_dicts(),
            "error": self.error and {"code": self.error.code, "message": self.error.message, "hint": self.error.hint},
        }


@dataclass(frozen=True, slots=True)
class JobsImport:
    """What an import did.

    Args:
        files: what became of each file, in the order given.
        read: records in all files.
        added: distinct jobs by what they changed.
        bad: records that were not taken.
    """

    files: tuple[ImportedFile, ...]
    read: int
    added: Added
    bad: int

    @property
    def failed(self) -> tuple[ImportedFile, ...]:
        """The files that could not be read."""
        return tuple(file for file in self.files if file.error)

    def to_json(self) -> dict[str, Any]:
        """Return the import as a JSON object; ``repeated`` counts records of a job that another record told of too."""
        distinct = self.added.new + self.added.updated + self.added.unchanged
        counts = {"read": self.read, **asdict(self.added), "repeated": self.read - self.bad - distinct, "bad": self.bad}
        return {"files": [file.to_json() for file in self.files], "jobs": counts}


def import_jobs(paths: Sequence[str], store: HistoryStore, *, stdin: IO[bytes], now: datetime) -> JobsImport:
    """Read files of jobs, and merge what they hold into the history in one step.

    A file that cannot be read is told in the result and costs no other file anything. Without a readable one, the
    history is not touched.

    Args:
        paths: of files; ``"-"`` is standard input.
        store: where the jobs go.
        stdin: what ``"-"`` reads.
        now: when standard input is read, UTC. A file's jobs were seen when it was last changed.

    Raises:
        HistoryError: the history cannot be read or written.
    """
    files: list[ImportedFile] = []
    frames: list[pl.DataFrame] = []
    sources: list[SourceState] = []
    for path in dict.fromkeys(paths):
        try:
            file, jobs, state = _read(path, stdin, now)
        except JobsUnreadable as error:
            files.append(ImportedFile(path, error=error))
            continue
        files.append(file)
        frames.append(jobs)
        sources.append(state)
    added = store.add(pl.concat(frames), sources) if frames else Added()
    bad = sum(file.bad.height for file in files)
    return JobsImport(tuple(files), sum(file.records for file in files), added, bad)


def _read(path: str, stdin: IO[bytes], now: datetime) -> tuple[ImportedFile, pl.DataFrame, SourceState]:
    raw, seen_at = (stdin.read(MAX_DOCUMENT_BYTES + 1), now) if path == STDIN else _bytes_of(path)
    source = f"file:{Path(path).name}"
    try:
        document = open_document(raw)
        jobs, bad = document_frames(document, source=source, seen_at=seen_at)
    except DocumentUnreadable as error:
        raise JobsUnreadable(f"{path} holds no jobs: {error}.", hint=_FORMS) from error
    file = ImportedFile(path, document.format, jobs.height + bad.height, bad)
    if bad.height and not jobs.height:
        raise JobsUnreadable(f"{path} holds no jobs: {_first_reason(bad)}", hint=_FORMS)
    return file, jobs, _source_state(file, source, seen_at)


def _first_reason(bad: pl.DataFrame) -> str:
    first = bad.row(0, named=True)
    return f"record {first['position']}: {first['reason']}"


def _bytes_of(path: str) -> tuple[bytes, datetime]:
    """Return a file's bytes, and when it was last changed."""
    file = Path(path)
    try:
        if file.is_dir():
            raise JobsUnreadable(f"{path} is a folder.", hint=f"Name its files: {path.rstrip('/')}/*.json")
        with file.open("rb") as stream:
            raw = stream.read(MAX_DOCUMENT_BYTES + 1)
            return raw, datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise JobsUnreadable(f"{path} cannot be read: {why}.", hint=_FORMS) from error


def _source_state(file: ImportedFile, source: str, seen_at: datetime) -> SourceState:
    bad: Mapping[str, int] = file.bad_by_code()
    count = file.bad.height
    reason = f"{count} of its {format_count(file.records, 'record')} could not be taken" if count else None
    return SourceState(
        source=source,
        namespace=None,
        complete=not count,
        seen_at=seen_at,
        records=file.records,
        bad=bad,
        reason=reason,
    )
