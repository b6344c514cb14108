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
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from hfplanner.api.models import JobInfo
from hfplanner.frames.job_columns import JOB_COLUMNS, LABELS, NOT_SAID, UTC_TIME, JobColumn
from hfplanner.frames.job_schema import RECORDS_SCHEMA

__all__ = ["Damaged", "decode_one", "decode_values", "records_frame"]

# What a jobs frame has no column for is never looked at: nothing of a job's environment or secrets gets further.
_UNREAD = frozenset({"environment", "secrets", "command", "arguments", "volumes", "network", "arch", "hfToken"})
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_SPACE = " \t\r\n"
_LARGEST_COUNT = 2**53
_REAL = (int, float)
_TYPES: dict[pl.DataType, Any] = {
    pl.String(): str,
    pl.Float64(): _REAL,
    pl.Int64(): int,
    pl.Boolean(): bool,
    UTC_TIME: datetime,
}
_NOUNS: dict[Any, str] = {
    str: "a text",
    _REAL: "a number",
    int: "a whole number",
    bool: "true or false",
    datetime: "a time",
}


class _WrongType(ValueError):
    """A value that no model checks is not of its column's type."""


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
    except _WrongType as error:
        return {"id": _own_id(value), "problem": "wrong_type", "problem_text": str(error)}
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
    return {column.record_name: _value(job, column) for column in JOB_COLUMNS if column.said is not None}


def _value(job: JobInfo, column: JobColumn) -> Any:  # noqa: ANN401 - of any column's type
    """Return what a job says of a column."""
    value: Any = job
    for name in str(column.said).split("."):
        value = _field(value, name)
    if value is None:
        return None
    if column.said == "expose":
        return len(value)
    if column.kind == LABELS:
        return [{"key": key, "value": value[key]} for key in sorted(value)] or None
    kind = _TYPES[column.record_kind]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _WrongType(f"{column.said}: it is not {_NOUNS[kind]}.")
    # A member of an enumeration of texts is the text it is.
    return str(value) if kind is str else _number(value) if kind is _REAL else value


def _field(holder: Any, name: str) -> Any:  # noqa: ANN401 - a model, a mapping, or nothing
    """Return a field of what holds it, also one that the model does not know."""
    if holder is None:
        return None
    if not isinstance(holder, BaseModel):
        return holder.get(name)
    if name in type(holder).model_fields or isinstance(getattr(type(holder), name, None), property):
        return getattr(holder, name)
    others = holder.model_extra or {}
    return others.get(to_camel(name), others.get(name))


def _number(value: float) -> float:
    """Return a number as the frame holds it; one that no float can hold is as absurd as the largest that can."""
    return float(min(max(value, -_LARGEST_COUNT), _LARGEST_COUNT))


def _as_api(value: Mapping[str, Any], job_id: str | None) -> dict[str, Any]:
    """Return what ``hf jobs ps --json`` flattened as the API says it."""
    record = {key: item for key, item in value.items() if key not in _UNREAD}
    if isinstance(record.get("status"), str):
        record["status"] = {"stage": record["status"]}
    if job_id:
        record["id"] = job_id
    shown = record.pop("image/space", None)
    if not any(record.get(key) for name in ("docker_image", "space_id") for key in (name, to_camel(name))):
        record["docker_image"] = None if shown == NOT_SAID else shown
    return record
