"""Jobs as a frame: from bytes of the API, of ``hf jobs ps --json``, of ``hf jobs inspect --json``, of lines of JSON.

All of them go one way: bytes -> blocks of lines -> polars' JSON reader with a declared schema -> checks. No object is
made for any job. What that way does not understand, a line or a whole document, is read again record by record through
:class:`~hfplanner.api.models.JobInfo`; both ways give the same frame.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import polars as pl

from hfplanner.frames.job_checks import check_records
from hfplanner.frames.job_documents import Document, open_document
from hfplanner.frames.job_lines import read_lines
from hfplanner.frames.job_records import DamagedDocument, decode_items, decode_values, records_frame
from hfplanner.frames.job_schema import BAD_JOBS_SCHEMA, JOBS_SCHEMA, RECORDS_SCHEMA, JobFrames

__all__ = ["BAD_JOBS_SCHEMA", "JOBS_SCHEMA", "JobFrames", "document_frames", "job_frames"]

_PROBLEM = "cut_off"
# polars reads a block on all cores; a second block keeps them busy while the first is cut and flattened.
_BLOCKS_AT_ONCE = 2
_SLOW_LINES = 4096


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
    if document.can_be_cut:
        read = _read_lines_block if document.format == "lines" else _read_array_block
        try:
            with ThreadPoolExecutor(_BLOCKS_AT_ONCE) as pool:
                return _numbered(list(pool.map(read, document.blocks())))
        except DamagedDocument:
            pass
    return _read_slowly(document.data)


def _numbered(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the parts one after the other, the positions counted through."""
    moved, before = [RECORDS_SCHEMA.to_frame()], 0
    for part in parts:
        moved.append(part.with_columns(pl.col("position") + before))
        before += part.height
    return pl.concat(moved)


def _read_array_block(block: bytes) -> pl.DataFrame:
    """Return a block of an array that was cut into lines.

    Raises:
        DamagedDocument: it was cut at the wrong places.
    """
    records = read_lines(block)
    if records is not None:
        return records
    text = b",".join(line for line in block.split(b"\n") if line.strip()).decode("utf-8", "replace")
    return records_frame(decode_items(text))


def _read_lines_block(block: bytes) -> pl.DataFrame:
    """Return a block of lines; those that polars does not take are found by halves, and read one by one."""
    records = read_lines(block)
    if records is not None:
        return records
    lines = [line for line in block.split(b"\n") if line.strip()]
    if len(lines) <= _SLOW_LINES:
        return _numbered([_read_slowly(line) for line in lines])
    middle = len(lines) // 2
    return _numbered([_read_lines_block(b"\n".join(part)) for part in (lines[:middle], lines[middle:])])


def _read_slowly(data: bytes) -> pl.DataFrame:
    """Return the jobs of JSON documents one after the other, and a row for the place where they cannot be read."""
    try:
        values = decode_values(data.decode("utf-8", "replace"))
    except DamagedDocument as error:
        cut = pl.DataFrame(
            [{"position": len(error.values), "problem": _PROBLEM, "problem_text": f"It is not JSON: {error}."}],
            schema=RECORDS_SCHEMA,
        )
        return pl.concat([records_frame(error.values), cut])
    return records_frame(values)
