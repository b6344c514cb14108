"""The pages of a listing as a jobs frame, read while the next ones are on their way."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import polars as pl

from hfplanner.errors import JobsUnreadable
from hfplanner.frames.job_schema import JobFrames
from hfplanner.frames.jobs import array_frames
from hfplanner.units import MiB

__all__ = ["job_page_frames"]

# A frame costs some milliseconds whatever it holds, so that small pages are read together.
_BYTES_AT_ONCE = 8 * MiB
# What :mod:`~hfplanner.frames.job_checks` calls a record after which a document cannot be read on.
_DAMAGED = "not_json"


def job_page_frames(
    pages: Iterable[bytes], *, source: str, seen_at: datetime, namespace: str | None = None
) -> JobFrames:
    """Return the jobs of every page as one frame, and the records that were not taken; ids may repeat.

    Args:
        pages: JSON arrays of jobs, for example from :meth:`~hfplanner.api.client.JobsClient.job_pages`.
        source: what delivered them.
        seen_at: when it did.
        namespace: whose jobs were asked for; the name of each job's owner where that is not said.

    Raises:
        JobsUnreadable: a page is no JSON array, or damaged; whatever the pages hold, half a listing is none.

    >>> from datetime import UTC
    >>> page = b'[{"id": "a", "createdAt": "2026-01-01T00:00:00.000Z"}]'
    >>> frames = job_page_frames([page, b"[]"], source="hub", seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    >>> frames.jobs["id"].to_list(), frames.bad.height
    (['a'], 0)
    """
    read = partial(array_frames, source=source, seen_at=seen_at, namespace=namespace)
    # One thread: it decodes while this one waits for the network.
    with ThreadPoolExecutor(1) as reader:
        parts = [part.result() for part in [reader.submit(read, batch) for batch in _batches(pages)]]
    return _joined([read([]), *parts])


def _joined(parts: Sequence[JobFrames]) -> JobFrames:
    """Return all parts as one, positions counted through.

    Raises:
        JobsUnreadable: a page was damaged: what came after the damage is not known.
    """
    bad: list[pl.DataFrame] = []
    before = 0
    for part in parts:
        if (part.bad["code"] == _DAMAGED).any():
            raise JobsUnreadable("A page of the listing of jobs is damaged.", hint="Read the listing again.")
        bad.append(part.bad.with_columns(pl.col("position") + before))
        before += part.jobs.height + part.bad.height
    return JobFrames(pl.concat([part.jobs for part in parts]), pl.concat(bad))


def _batches(pages: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield several pages at a time."""
    batch: list[bytes] = []
    size = 0
    for page in pages:
        array = page.strip()
        if not (array.startswith(b"[") and array.endswith(b"]")):
            raise JobsUnreadable("A page of the listing of jobs is no JSON array.", hint="Read the listing again.")
        batch.append(array)
        size += len(array)
        if size >= _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
