"""Records read one by one: the slow, exact path, for what the fast one does not understand.

A record goes through :class:`~hfplanner.api.models.JobInfo`, so that both spellings, ports and times are read here as
everywhere. Of a key that stands twice in an object the first value counts, as it does on the fast path.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from hfplanner.api.job_parts import UtcTime
from hfplanner.api.models import JobDurations, JobInfo, JobInitiator, JobOwner, JobStatus
from hfplanner.frames.job_schema import RECORDS_SCHEMA
from hfplanner.frames.job_wire import NOT_SAID

__all__ = ["Damaged", "decode_one", "decode_values", "read_time", "records_frame"]

# What a jobs frame has no column for is never looked at: nothing of a job's environment or secrets gets further.
_UNREAD = frozenset({"environment", "secrets", "command", "arguments", "volumes", "network", "arch", "hfToken"})
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_SPACE = " \t\r\n"
_TIME: TypeAdapter[datetime | None] = TypeAdapter(UtcTime)
_LARGEST_COUNT = 2**53


@dataclass(frozen=True, slots=True)
class Damaged:
    """The place from which a text cannot be read any more, in characters; it takes the place of a record."""

    at: int


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _without_lone_surrogates(text: str) -> str:
    """Return JSON text in which half a character, which no UTF-8 text can hold, is the replacement character."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda match: "\\ufffd" if match[1] else match[0], text)


def decode_one(data: bytes) -> Any:  # noqa: ANN401 - a JSON document is any of its types
    """Return the value of one JSON document, as it is.

    >>> decode_one(b'["a"]'), decode_one(b"[")
    (['a'], Damaged(at=0))
    """
    text = _text_of(data)
    try:
        value, _ = _DECODER.raw_decode(text, _skip(text, 0))
    except (ValueError, RecursionError):
        return Damaged(0)
    return value


def decode_values(data: bytes) -> list[Any]:
    """Return the jobs of JSON documents that stand one after the other: objects as they are, arrays by their items.

    Where the text cannot be read any more, a :class:`Damaged` ends the list.

    >>> decode_values(b'{"id": "a"} [{"id": "b"}]')
    [{'id': 'a'}, {'id': 'b'}]
    >>> decode_values(b'[{"id": "a"}, {"id"')
    [{'id': 'a'}, Damaged(at=14)]
    """
    text = _text_of(data)
    values: list[Any] = []
    at = _skip(text, 0)
    is_inside = False
    while at < len(text):
        if not is_inside and text[at] == "[":
            is_inside, at = True, _skip(text, at + 1)
            if text[at : at + 1] == "]":
                is_inside, at = False, _skip(text, at + 1)
            continue
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return [*values, Damaged(at)]
        values.append(value)
        at = _skip(text, at)
        if is_inside and text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif is_inside and text[at : at + 1] == "]":
            is_inside, at = False, _skip(text, at + 1)
        elif is_inside:
            return [*values, Damaged(at)]
    return [*values, Damaged(at)] if is_inside else values


def _text_of(data: bytes) -> str:
    return _without_lone_surrogates(data.decode("utf-8", "replace"))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def records_frame(values: Iterable[Any]) -> pl.DataFrame:
    """Return decoded records as a frame of :data:`~hfplanner.frames.job_schema.RECORDS_SCHEMA`, one row for each.

    >>> frame = records_frame([{"id": "a", "status": "RUNNING", "flavor": "l4x1"}, 5])
    >>> frame["stage_text"].to_list(), frame["problem"].to_list()
    (['RUNNING', None], [None, 'not_a_job'])
    """
    rows = [{"position": position, **_row(value)} for position, value in enumerate(values)]
    return pl.DataFrame(rows, schema=RECORDS_SCHEMA)


def _row(value: object) -> dict[str, Any]:
    if isinstance(value, Damaged):
        return {"problem": "not_json", "problem_text": f"It is cut off or damaged at character {value.at}."}
    if not isinstance(value, Mapping):
        return {"problem": "not_a_job", "problem_text": "It is not a JSON object."}
    try:
        return _job_row(value)
    except ValidationError as error:
        # A value is not repeated: a record that cannot be read may hold secrets anywhere.
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][:2]) or "record"
        return {"id": _own_id(value), "problem": "wrong_type", "problem_text": f"{where}: {first['msg']}."}


def _own_id(value: Mapping[str, Any]) -> str | None:
    return next((value[key] for key in ("id", "job_id") if isinstance(value.get(key), str) and value[key]), None)


def _job_row(value: Mapping[str, Any]) -> dict[str, Any]:
    job_id = _own_id(value)
    if job_id is None and value.get("id") in (None, ""):
        return {"problem": "no_id", "problem_text": "The record has no id."}
    job = JobInfo.model_validate(_as_api(value, job_id))
    status, durations = job.status or JobStatus(), job.durations or JobDurations()
    owner, created_by, initiator = (
        job.owner or JobOwner(),
        job.created_by or JobOwner(),
        job.initiator or JobInitiator(),
    )
    labels = job.labels or {}
    return {
        "id": job.id,
        "owner_id": owner.id,
        "owner": owner.name,
        "owner_type": owner.type,
        "created_by_id": created_by.id,
        "created_by": created_by.name,
        "initiator_type": initiator.type,
        "initiator_id": initiator.id,
        "initiator": initiator.name,
        "flavor": _text(job.flavor),
        "image": job.docker_image,
        "space": job.space_id,
        "name": labels.get("name"),
        "labels": [{"key": key, "value": labels[key]} for key in sorted(labels)] or None,
        "stage_text": _text(status.stage),
        "message": status.message,
        "cancel_reason": status.cancel_reason,
        "failure_count": _number(status.failure_count),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "scheduling_secs": _number(durations.scheduling_secs),
        "running_secs": _number(durations.running_secs),
        "total_secs": _number(durations.total_secs),
        "timeout_secs": _greatest(job.timeout, _extra(job, "timeoutSeconds")),
        "retry": _greatest(job.retry, _extra(job, "attempts", -1)),
        "ports": None if job.expose is None else len(job.expose),
        "resource_group_id": job.resource_group_id,
    }


def _extra(job: JobInfo, name: str, plus: int = 0) -> float | None:
    """Return the number of a field that the answers of the API do not have, and schedules and bodies do."""
    found = (job.model_extra or {}).get(name)
    return found + plus if isinstance(found, int | float) and not isinstance(found, bool) else None


def _greatest(one: float | None, other: float | None) -> float | None:
    return _number(max((value for value in (one, other) if value is not None), default=None))


def read_time(text: str) -> datetime | None:
    """Return a time in any form that :class:`~hfplanner.api.models.JobInfo` reads, UTC; ``None`` for no time.

    >>> read_time("2026-01-01 12:00"), read_time("yesterday")
    (datetime.datetime(2026, 1, 1, 12, 0, tzinfo=datetime.timezone.utc), None)
    """
    try:
        return _TIME.validate_python(text)
    except ValidationError:
        return None


def _text(value: str | None) -> str | None:
    """Return a member of an enumeration of texts as the text it is."""
    return None if value is None else str(value)


def _number(value: float | None) -> float | None:
    """Return a number as the frame holds it; one that no float can hold is as absurd as the largest that can."""
    if value is None:
        return None
    return float(min(max(value, -_LARGEST_COUNT), _LARGEST_COUNT))


def _as_api(value: Mapping[str, Any], job_id: str | None) -> dict[str, Any]:
    """Return what ``hf jobs ps --json`` flattened as the API says it."""
    record = {key: item for key, item in value.items() if key not in _UNREAD}
    if isinstance(record.get("status"), str):
        record["status"] = {"stage": record["status"]}
    if job_id:
        record["id"] = job_id
    shown = record.pop("image/space", None)
    if not any(record.get(key) for key in ("dockerImage", "docker_image", "spaceId", "space_id")):
        record["dockerImage"] = None if shown == NOT_SAID else shown
    return record
