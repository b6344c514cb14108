"""The listing of jobs as a frame, page by page from its bytes, without a record per job."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import polars as pl
from pydantic import ValidationError

from hfplanner.api.models import JobInfo
from hfplanner.api.parse import problem_of
from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.errors import HubUnreadable
from hfplanner.frames.job_wire import quick_columns
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

# Our column, and the path of the wire's; those with a step of their own are below.
_PLAIN = {
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
# As the Hub writes a time: 2025-07-22T16:06:25.079Z. Any other spelling is left to the record.
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"
_TIME_LENGTH = len("2025-07-22T16:06:25.079Z")


class JobPageFrames(NamedTuple):
    """The jobs, each id once, and the rows that are no jobs or came before, with their reasons."""

    jobs: pl.DataFrame
    bad: pl.DataFrame


def job_page_frames(pages: Iterable[bytes]) -> JobPageFrames:
    """Return the pages of a listing as a frame of :data:`JOB_PAGES_SCHEMA` and one of :data:`BAD_JOB_PAGES_SCHEMA`.

    A job that comes again, because others arrived while the pages were read, is kept where it came first.

    Args:
        pages: JSON arrays of jobs, for example from :meth:`~hfplanner.api.client.JobsClient.job_pages`.

    Raises:
        HubUnreadable: a page is no strict JSON array.

    >>> page = b'[{"id": "a", "flavor": "l4x1", "labels": {"team": "nlp"}}, {"flavor": "l4x1"}]'
    >>> jobs, bad = job_page_frames([page])
    >>> jobs.select("id", "flavor", "labels").rows(), bad.select("position", "code", "reason").rows()
    ([('a', 'l4x1', '{"team":"nlp"}')], [(1, 'no_job', 'id (missing)')])
    """
    frames, bad = [], []
    for number, raw in enumerate(pages):
        frame = _quick_frame(raw)
        if frame is None:
            frame, problems = _careful_frame(raw, number)
            bad += problems
        frames.append(frame.with_columns(page=pl.lit(number, pl.Int64())))
    return _joined(frames, bad)


def _joined(frames: Sequence[pl.DataFrame], bad: Sequence[Mapping[str, Any]]) -> JobPageFrames:
    empty = pl.DataFrame(schema={**JOB_PAGES_SCHEMA, "position": pl.Int64(), "page": pl.Int64()})
    joined = pl.concat([empty, *frames])
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
        joined.filter(first).drop("page", "position"), pl.concat([listed, repeated]).sort("page", "position")
    )


def _quick_frame(raw: bytes) -> pl.DataFrame | None:
    columns = quick_columns(raw)
    if columns is None or not all(columns["id"]):
        return None
    series = {
        name: _lists(name, columns[path])
        if JOB_PAGES_SCHEMA[name] == _TEXTS
        else pl.Series(name, columns[path], JOB_PAGES_SCHEMA[name])
        for name, path in _PLAIN.items()
    }
    series["labels"] = _json("labels", columns["labels"])
    for name in _TIMES:
        text = pl.Series(name, columns[name], pl.String())
        moments = text.str.to_datetime(_TIME_FORMAT, time_unit="us", time_zone="UTC", strict=False)
        too_fine = (text.str.len_bytes() > _TIME_LENGTH).any()
        if too_fine or moments.null_count() != text.null_count():
            return None
        series[name] = moments
    return _positioned(pl.DataFrame([series[name] for name in JOB_PAGES_SCHEMA]))


def _json(name: str, values: Sequence[Any]) -> pl.Series:
    encode = msgspec.json.Encoder().encode
    return pl.Series(name, [None if value is None else encode(value).decode() for value in values], pl.String())


def _lists(name: str, values: Sequence[Any]) -> pl.Series:
    # Ten times as quick as a column of Python's lists.
    return _json(name, values).str.json_decode(_TEXTS)


def _positioned(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int64()))


def _careful_frame(raw: bytes, page: int) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for position, item in enumerate(_items(raw)):
        try:
            rows.append({**_row(JobInfo.model_validate(item)), "position": position})
        except ValidationError as error:
            problem = problem_of(error)
        except ValueError as error:
            problem = str(error)
        else:
            continue
        bad.append({"page": page, "position": position, "id": _id(item), "code": "no_job", "reason": sanitize(problem)})
    return pl.DataFrame(rows, schema={**JOB_PAGES_SCHEMA, "position": pl.Int64()}), bad


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
    row = {name: _value(job, path, name) for name, path in _PLAIN.items()}
    labels = None if job.labels is None else _text(msgspec.json.encode(job.labels).decode())
    times: dict[str, datetime | None] = {name: getattr(job, name) for name in _TIMES}
    return {**row, **times, "labels": labels}


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
