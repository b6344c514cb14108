"""Jobs as a frame: from bytes of the API, of ``hf jobs ps --json``, of ``hf jobs inspect --json``, of lines of JSON.

All of them go one way: bytes -> parts of a document -> :mod:`~hfplanner.frames.job_strict` -> checks. What that way
refuses, a record or a whole document, is read again record by record through :class:`~hfplanner.api.models.JobInfo`,
which knows more forms and says what is wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from hfplanner.frames.job_checks import check_records
from hfplanner.frames.job_documents import Document, open_document
from hfplanner.frames.job_lenient import decode_one, decode_values, records_frame
from hfplanner.frames.job_schema import BAD_JOBS_SCHEMA, JOBS_SCHEMA, RECORDS_SCHEMA, JobFrames
from hfplanner.frames.job_strict import (
    ColumnBuilder,
    Record,
    decode_array,
    decode_lines,
    decode_record,
    decoded_frame,
    empty_record,
)

__all__ = ["BAD_JOBS_SCHEMA", "JOBS_SCHEMA", "JobFrames", "array_frames", "document_frames", "job_frames"]

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FEW_LINES = 64
# A frame costs some milliseconds whatever it holds, and a job in columns of Python objects some hundred bytes.
_ROWS_AT_ONCE = 100_000


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


def array_frames(arrays: Sequence[bytes], *, source: str, seen_at: datetime, namespace: str | None = None) -> JobFrames:
    """Return what :func:`job_frames` does, for arrays of jobs one after the other: the pages of one listing.

    Args:
        arrays: JSON arrays; what stands between two objects of the first is looked for in the others too.
        source: what delivered them.
        seen_at: when it did.
        namespace: whose jobs were asked for.
    """
    between = open_document(arrays[0]).between if arrays else None
    documents = [Document(array, "array", between) for array in arrays]
    parts = _read_arrays(documents)
    records = _numbered(map(_records, documents) if parts is None else parts)
    return check_records(records, source=source, seen_at=seen_at, namespace=namespace)


def _records(document: Document) -> pl.DataFrame:
    if document.format != "array":
        return _numbered(_read_lines(document))
    parts = _read_arrays([document])
    return records_frame(decode_values(document.data)) if parts is None else _numbered(parts)


def _numbered(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the parts one after the other, the positions counted through."""
    moved, before = [RECORDS_SCHEMA.to_frame()], 0
    for part in parts:
        moved.append(part.with_columns(pl.col("position") + before))
        before += part.height
    return pl.concat(moved, rechunk=True)


def _read_arrays(documents: Iterable[Document]) -> list[pl.DataFrame] | None:
    """Return the records of arrays in parts; ``None`` where one is not JSON, as one cut at wrong places is not."""
    parts: list[pl.DataFrame] = []
    columns = ColumnBuilder()
    for block in (block for document in documents for block in document.blocks()):
        try:
            columns.add(decode_array(block))
        except _NOT_JSON:
            items = _items(block)
            if items is None:
                return None
            parts += [columns.take(), _one_by_one(items)]
        if len(columns) >= _ROWS_AT_ONCE:
            parts.append(columns.take())
    return [*parts, columns.take()]


def _read_lines(document: Document) -> Iterator[pl.DataFrame]:
    """Return the records of documents one after the other, in parts."""
    columns = ColumnBuilder()
    for block in document.blocks():
        try:
            columns.add(decode_lines(block))
        except _NOT_JSON:
            yield columns.take()
            yield from _read_damaged(block)
        if len(columns) >= _ROWS_AT_ONCE:
            yield columns.take()
    yield columns.take()


def _read_damaged(block: bytes) -> Iterator[pl.DataFrame]:
    """Return the records of lines of which some are damaged: these are found by halves."""
    lines = [line for line in block.split(b"\n") if line.strip()]
    if len(lines) <= _FEW_LINES:
        yield records_frame([value for line in lines for value in decode_values(line)])
        return
    middle = len(lines) // 2
    for half in (b"\n".join(lines[:middle]), b"\n".join(lines[middle:])):
        try:
            yield decoded_frame(decode_lines(half))
        except _NOT_JSON:
            yield from _read_damaged(half)


def _items(block: bytes) -> list[msgspec.Raw] | None:
    """Return the items of an array as they are; ``None`` where it is not JSON."""
    try:
        return _ITEMS.decode(block)
    except _NOT_JSON:
        return None


def _one_by_one(items: list[msgspec.Raw]) -> pl.DataFrame:
    """Return the records of items of which at least one is no job of the usual types."""
    jobs: list[Record] = []
    unusual: dict[int, Any] = {}
    for at, item in enumerate(items):
        try:
            jobs.append(decode_record(item))
        except _NOT_JSON:
            jobs.append(empty_record())
            unusual[at] = decode_one(bytes(item))
    slow = records_frame(unusual.values()).with_columns(position=pl.Series(list(unusual), dtype=pl.Int64))
    usual = decoded_frame(jobs).filter(~pl.col("position").is_in(list(unusual)))
    return pl.concat([usual, slow]).sort("position")
