"""The listing of jobs as a frame, page by page from its bytes, without a record per job."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import orjson
import polars as pl
from pydantic import ValidationError

from hfplanner.api.models import JobInfo
from hfplanner.api.parse import problem_of
from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.errors import HubUnreadable
from hfplanner.frames.job_wire import proven_labels, quick_frame, trusted_frame, trusted_page
from hfplanner.sanitize import sanitize

__all__ = ["BAD_JOB_PAGES_SCHEMA", "JOB_PAGES_SCHEMA", "JobPageFrames", "job_page_frames"]

_UTC = pl.Datetime("us", "UTC")
_TEXTS = pl.List(pl.String())

# Seconds; UTC; null is unknown. The key is id. Labels are a JSON object, {"team":"nlp"}, so that any label can be asked
# for: `pl.col("labels").str.json_path_match("$.team")`. Environment and secrets are not kept: they may be private.
JOB_PAGES_SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "created_at": _UTC,
        "started_at": _UTC,
        "finished_at": _UTC,
        "stage": pl.String(),
        "message": pl.String(),
        "cancel_reason": pl.String(),
        "failure_count": pl.Int64(),
        "flavor": pl.String(),
        "docker_image": pl.String(),
        "space_id": pl.String(),
        "command": _TEXTS,
        "arguments": _TEXTS,
        "arch": pl.String(),
        "timeout_secs": pl.Float64(),
        "retry": pl.Int64(),
        "scheduling_secs": pl.Float64(),
        "running_secs": pl.Float64(),
        "total_secs": pl.Float64(),
        "labels": pl.String(),
        "owner_name": pl.String(),
        "owner_type": pl.String(),
        "created_by_name": pl.String(),
        "initiator_type": pl.String(),
        "initiator_id": pl.String(),
        "initiator_name": pl.String(),
        "resource_group_id": pl.String(),
    }
)

BAD_JOB_PAGES_SCHEMA = pl.Schema(
    {"page": pl.Int64(), "position": pl.Int64(), "id": pl.String(), "code": pl.String(), "reason": pl.String()}
)

# Our column, and where a record has it; times and labels are below.
_PATHS = {
    "id": "id",
    "stage": "status.stage",
    "message": "status.message",
    "cancel_reason": "status.cancel_reason",
    "failure_count": "status.failure_count",
    "flavor": "flavor",
    "docker_image": "docker_image",
    "space_id": "space_id",
    "command": "command",
    "arguments": "arguments",
    "arch": "arch",
    "timeout_secs": "timeout",
    "retry": "retry",
    "scheduling_secs": "durations.scheduling_secs",
    "running_secs": "durations.running_secs",
    "total_secs": "durations.total_secs",
    "owner_name": "owner.name",
    "owner_type": "owner.type",
    "created_by_name": "created_by.name",
    "initiator_type": "initiator.type",
    "initiator_id": "initiator.id",
    "initiator_name": "initiator.name",
    "resource_group_id": "resource_group_id",
}
_TIMES = ("created_at", "started_at", "finished_at")
# Pages are read together: many small frames cost more than what is in them.
_BATCH_BYTES = 5 * 2**20
_MOST_WAITING = 2


_PLACES = pl.Schema({"page": pl.Int64(), "position": pl.Int64()})
_PLACED = pl.Schema({**JOB_PAGES_SCHEMA, **_PLACES})


class JobPageFrames(NamedTuple):
    """The jobs, each id once, and the rows that are no jobs or came before, with their reasons."""

    jobs: pl.DataFrame
    bad: pl.DataFrame


def job_page_frames(pages: Iterable[bytes], *, trusted: bool = False) -> JobPageFrames:
    """Return the pages of a listing as a frame of :data:`JOB_PAGES_SCHEMA` and one of :data:`BAD_JOB_PAGES_SCHEMA`.

    A job that comes again, because others arrived while the pages were read, is kept where it came first.

    Args:
        pages: JSON arrays of jobs, for example from :meth:`~hfplanner.api.client.JobsClient.job_pages`.
        trusted: save the proof that no object names a key twice, which is half of the time; of two equal keys the
            first counts. All other rules of JSON are kept.

    Raises:
        HubUnreadable: a page is no strict JSON array.

    >>> page = b'[{"id": "a", "flavor": "l4x1", "labels": {"team": "nlp"}}, {"flavor": "l4x1"}]'
    >>> jobs, bad = job_page_frames([page])
    >>> jobs.select("id", "flavor", "labels").rows(), bad.select("position", "code", "reason").rows()
    ([('a', 'l4x1', '{"team":"nlp"}')], [(1, 'no_job', 'id (missing)')])
    """
    # polars reads a batch in a second thread while this one fetches and proves the next.
    with ThreadPoolExecutor(max_workers=1) as reader:
        read: list[_Read] = []
        waiting: deque[Future[_Read]] = deque()
        for batch in _batches(pages, trusted=trusted):
            waiting.append(reader.submit(_read, batch))
            while len(waiting) > _MOST_WAITING:
                read.append(waiting.popleft().result())
        read += [future.result() for future in waiting]
    return _joined([part.frame for part in read], [row for part in read for row in part.bad])


class _Page(NamedTuple):
    """A page; its labels are ``None`` where it is not proven to be strict JSON in the API's spelling."""

    number: int
    raw: bytes
    labels: list[str | None] | None
    trusted: bool = False


class _Read(NamedTuple):
    frame: pl.DataFrame
    bad: list[dict[str, Any]]


def _batches(pages: Iterable[bytes], *, trusted: bool) -> Iterator[list[_Page]]:
    """Group neighbouring pages that are read in the same way."""
    batch: list[_Page] = []
    size = 0
    for number, raw in enumerate(pages):
        page = _Page(number, raw, None if trusted else proven_labels(raw), trusted)
        if batch and ((page.labels is None) != (batch[0].labels is None) or size + len(raw) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(page)
        size += len(raw)
    if batch:
        yield batch


def _read(batch: Sequence[_Page]) -> _Read:
    frame, counts = _read_trusted(batch) if batch[0].trusted else _read_proven(batch)
    if frame is not None:
        return _Read(_placed(frame, batch, counts), [])
    parts = [_careful(page) for page in batch]
    return _Read(pl.concat([part.frame for part in parts]), [row for part in parts for row in part.bad])


def _read_trusted(batch: Sequence[_Page]) -> tuple[pl.DataFrame | None, list[int]]:
    read = [found for page in batch if (found := trusted_page(page.raw)) is not None]
    return (trusted_frame(read) if len(read) == len(batch) else None), [page.height for page, _ in read]


def _read_proven(batch: Sequence[_Page]) -> tuple[pl.DataFrame | None, list[int]]:
    labels = [page.labels for page in batch if page.labels is not None]
    if len(labels) < len(batch):
        return None, []
    texts = [text for page in labels for text in page]
    return quick_frame([page.raw for page in batch], texts), [len(page) for page in labels]


def _placed(frame: pl.DataFrame, batch: Sequence[_Page], heights: Sequence[int]) -> pl.DataFrame:
    """Add the page and the position of each row."""
    counts = [(page.number, height) for page, height in zip(batch, heights, strict=True)]
    places = pl.DataFrame(
        {
            "page": [number for number, count in counts for _ in range(count)],
            "position": [place for _, count in counts for place in range(count)],
        },
        schema=_PLACES,
    )
    return pl.concat([frame, places], how="horizontal").select(_PLACED.names())


def _joined(frames: Sequence[pl.DataFrame], bad: Sequence[Mapping[str, Any]]) -> JobPageFrames:
    joined = pl.concat([pl.DataFrame(schema=_PLACED), *frames])
    first = joined["id"].is_first_distinct()
    repeated = joined.filter(~first).select(
        "page",
        "position",
        "id",
        pl.lit("repeated").alias("code"),
        pl.lit("the job came on this page or an earlier one").alias("reason"),
    )
    listed = pl.DataFrame(bad, schema=BAD_JOB_PAGES_SCHEMA)
    return JobPageFrames(
        joined.filter(first).select(JOB_PAGES_SCHEMA.names()), pl.concat([listed, repeated]).sort("page", "position")
    )


def _careful(page: _Page) -> _Read:
    """Read a page record by record."""
    rows: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for position, item in enumerate(_items(page.raw)):
        place = {"page": page.number, "position": position}
        try:
            rows.append({**_row(JobInfo.model_validate(item)), **place})
        except ValidationError as error:
            problem = problem_of(error)
        except ValueError as error:
            problem = str(error)
        else:
            continue
        bad.append({**place, "id": _id(item), "code": "no_job", "reason": sanitize(problem)})
    return _Read(pl.DataFrame(rows, schema=_PLACED), bad)


def _items(raw: bytes) -> list[Any]:
    problem = "it is not a JSON array"
    try:
        document = loads(raw, max_bytes=len(raw))
    except StrictJsonError as error:
        document, problem = None, sanitize(str(error))
    if not isinstance(document, list):
        raise HubUnreadable(
            f"A page of jobs is not what the API promises: {problem}.",
            hint="Is it a listing of GET /api/jobs/{namespace}?",
        )
    return document


def _id(item: object) -> str | None:
    found = item.get("id") if isinstance(item, dict) else None
    return sanitize(found) if isinstance(found, str) else None


def _row(job: JobInfo) -> dict[str, Any]:
    """Return a record as a row.

    Raises:
        ValueError: a value has no place in its column.
    """
    row = {name: _value(job, path, name) for name, path in _PATHS.items()}
    labels = None if job.labels is None else _labels(job.labels)
    return {**row, **{name: getattr(job, name) for name in _TIMES}, "labels": labels}


def _labels(labels: Mapping[str, str]) -> str:
    try:
        return orjson.dumps(labels).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError("a label is not Unicode") from error


def _value(job: JobInfo, path: str, name: str) -> object:
    value: Any = job
    for step in path.split("."):
        value = None if value is None else getattr(value, step)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_text(item) for item in value]
    if value is None:
        return None
    return _whole(value, name) if JOB_PAGES_SCHEMA[name] == pl.Int64() else float(value)


def _text(value: str) -> str:
    """Return a text a frame can hold, as a plain string: an enumeration's member is one too."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text is not Unicode") from error
    return str(value)


def _whole(value: float, name: str) -> int:
    if value != int(value) or not -(2**63) <= value < 2**63:
        raise ValueError(f"{name} is not a whole number a frame can hold")
    return int(value)
