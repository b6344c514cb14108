"""Jobs as a frame: from bytes of the API, of ``hf jobs ps --json``, of ``hf jobs inspect --json``, of lines of JSON.

All of them go one way: bytes -> parts of a document -> :mod:`~hfplanner.frames.job_wire` -> checks. What that way
refuses, a record or a whole document, is read again record by record through :class:`~hfplanner.api.models.JobInfo`,
which knows more forms and says what is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
import polars as pl

from hfplanner.frames.job_checks import check_records
from hfplanner.frames.job_documents import Document, open_document
from hfplanner.frames.job_records import decode_one, decode_values, records_frame
from hfplanner.frames.job_schema import BAD_JOBS_SCHEMA, JOBS_SCHEMA, RECORDS_SCHEMA, JobFrames
from hfplanner.frames.job_wire import WireJob, decode_array, decode_job, decode_lines, wire_frame

__all__ = ["BAD_JOBS_SCHEMA", "JOBS_SCHEMA", "JobFrames", "document_frames", "job_frames"]

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_ITEM = msgspec.json.Decoder(msgspec.Raw)
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FEW_LINES = 64


def job_frames(raw: bytes, *, source: str, seen_at: datetime, namespace: str | None = None) -> JobFrames:
    """Return a document's jobs as a frame of :data:`JOBS_SCHEMA`, and the records that were not taken.

    Args:
        raw: an array of jobs or one job, as the API or the ``hf`` command writes it, or lines of jobs; may be gzipped.
        source: what delivered it, for the column of that name.
        seen_at: when it did.
        namespace: whose jobs were asked for; the name of each job's owner where that is not said.

    Raises:
        DocumentUnreadable: the bytes are no document of jobs at all.

    >>> from datetime import UTC
    >>> page = b'[{"id": "a", "createdAt": "2026-01-01T00:00:00.000Z", "status": {"stage": "RUNNING"}}, {"id": "b"}]'
    >>> jobs, bad = job_frames(page, source="hub", seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    >>> jobs.select("id", "stage").rows(), bad.select("position", "id", "code").rows()
    ([('a', 'running')], [(1, 'b', 'no_creation_time')])
    """
    return document_frames(open_document(raw), source=source, seen_at=seen_at, namespace=namespace)


def document_frames(document: Document, *, source: str, seen_at: datetime, namespace: str | None = None) -> JobFrames:
    """Return what :func:`job_frames` does, for a document that is open already."""
    return check_records(_records(document), source=source, seen_at=seen_at, namespace=namespace)


def _records(document: Document) -> pl.DataFrame:
    read = _read_array if document.format == "array" else _read_lines
    parts: list[pl.DataFrame] = []
    for block in document.blocks():
        part = read(block)
        if part is None:
            return records_frame(decode_values(document.data))
        parts.append(part)
    return _numbered(parts)


def _numbered(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the parts one after the other, the positions counted through."""
    moved, before = [RECORDS_SCHEMA.to_frame()], 0
    for part in parts:
        moved.append(part.with_columns(pl.col("position") + before))
        before += part.height
    return pl.concat(moved)


def _read_array(block: bytes) -> pl.DataFrame | None:
    """Return the records of an array; ``None`` where it is not JSON, and a part cut at a wrong place is not."""
    try:
        return _framed(decode_array(block), lambda: _ITEMS.decode(block))
    except msgspec.ValidationError:
        return _one_by_one(_ITEMS.decode(block))
    except _NOT_JSON:
        return None


def _read_lines(block: bytes) -> pl.DataFrame:
    """Return the records of documents one after the other; damaged lines are found by halves."""
    try:
        return _framed(decode_lines(block), lambda: _ITEM.decode_lines(block))
    except _NOT_JSON:
        lines = [line for line in block.split(b"\n") if line.strip()]
    if len(lines) <= _FEW_LINES:
        return records_frame([value for line in lines for value in decode_values(line)])
    middle = len(lines) // 2
    return _numbered(_read_lines(b"\n".join(part)) for part in (lines[:middle], lines[middle:]))


def _framed(jobs: list[WireJob], items: Callable[[], list[msgspec.Raw]]) -> pl.DataFrame:
    """Return decoded jobs as records; those with a time that is not RFC 3339 are read again from their ``items``."""
    records, doubtful = wire_frame(jobs)
    if not doubtful:
        return records
    raw = items()
    return _replaced(records, {at: bytes(raw[at]) for at in doubtful})


def _one_by_one(items: list[msgspec.Raw]) -> pl.DataFrame:
    """Return the records of items of which at least one is no job of the usual types."""
    jobs: list[WireJob] = []
    unusual: dict[int, bytes] = {}
    for at, item in enumerate(items):
        try:
            jobs.append(decode_job(item))
        except _NOT_JSON:
            jobs.append(WireJob())
            unusual[at] = bytes(item)
    records, doubtful = wire_frame(jobs)
    return _replaced(records, unusual | {at: bytes(items[at]) for at in doubtful})


def _replaced(records: pl.DataFrame, items: Mapping[int, bytes]) -> pl.DataFrame:
    """Return records with those at some positions read the slow way, each from its own JSON text."""
    values = [decode_one(item) for item in items.values()]
    slow = records_frame(values).with_columns(position=pl.Series(list(items), dtype=pl.Int64))
    kept = records.filter(~pl.col("position").is_in(list(items)))
    return pl.concat([kept, slow]).sort("position")
