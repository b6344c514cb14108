"""Jobs decoded all at once: what a record says, in both spellings, straight from JSON bytes to columns.

``msgspec`` decodes into small structs that are made of :data:`~hfplanner.frames.job_columns.JOB_COLUMNS`, and passes
over what they do not name, so nothing of a job's environment or secrets is ever an object here. It is strict: another
type, a number out of range, text that is not JSON is an error, and what raised it is read the slow way
(:mod:`hfplanner.frames.job_lenient`). Of 200,000 jobs of the API's size (214 MB) it makes columns in half the time of
polars' own JSON reader, which also takes numbers for text in silence.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from hfplanner.frames.dictionary import DictionaryEncoder, labels_frame, read_labels
from hfplanner.frames.job_columns import NOT_SAID, UTC_TIME, JobColumn, columns_said_in
from hfplanner.frames.job_schema import RECORDS_SCHEMA

__all__ = ["ColumnBuilder", "Record", "decode_array", "decode_lines", "decode_record", "decoded_frame", "empty_record"]

Record = msgspec.Struct
"""A record as it is spelled: each field by the API's name, and by Python's with ``_python`` after it."""

# polars reads this form four times as quickly as RFC 3339 in general.
_API_TIME = "%Y-%m-%dT%H:%M:%S.%3fZ"
_PROBLEM = "problem with "
_NOT_THERE = b"null"
_NULL = msgspec.Raw(_NOT_THERE)
_PYTHON = "_python"
_TYPES: dict[pl.DataType, Any] = {
    pl.String(): str,
    pl.Float64(): float,
    pl.Int64(): int,
    pl.Boolean(): bool,
    UTC_TIME: str,
}

_PARTS = columns_said_in()
_LABELS, _PORTS, _DURATIONS = "labels", "expose", "durations"
# Parts with fields of their own that many records have in common: they stay JSON text, to be decoded once.
_SHARED = tuple(part for part, columns in _PARTS.items() if part != _DURATIONS and "." in (columns[0].said or ""))
_ENCODED = tuple(part for part in _SHARED if part != _LABELS)
_PLAIN = tuple(columns[0] for part, columns in _PARTS.items() if part not in {*_SHARED, _DURATIONS, _PORTS, _LABELS})
_TIMES = tuple(column.name for column in _PLAIN if column.kind == UTC_TIME)


def _camel(name: str) -> str:
    """Return the API's key of a name.

    >>> _camel("created_at"), _camel("id")
    ('createdAt', 'id')
    """
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@cache
def _has_two_spellings(name: str) -> bool:
    """Whether the API spells a name otherwise than Python."""
    return _camel(name) != name


def _spelled(name: str, kind: Any, default: Any = None) -> list[tuple[str, Any, Any]]:  # noqa: ANN401 - any type
    """Return the fields of a struct for a name in both spellings."""
    fields = [(name, kind, msgspec.field(default=default, name=_camel(name)))]
    if _has_two_spellings(name):
        fields.append((name + _PYTHON, kind, msgspec.field(default=default, name=name)))
    return fields


def _tail(column: JobColumn) -> str:
    """Return the name of a column's field in the part that says it."""
    return str(column.said).rpartition(".")[2]


def _struct_of(name: str, columns: Iterable[JobColumn]) -> Any:  # noqa: ANN401 - a type made here
    """Return the struct of a part: a field for each of its columns."""
    fields = [field for column in columns for field in _spelled(_tail(column), _TYPES[column.record_kind] | None)]
    return msgspec.defstruct(name, fields, gc=False)


class _Exposure(msgspec.Struct, gc=False):
    ports: list[int] | None = None


_STRUCTS = {part: _struct_of(part, _PARTS[part]) for part in (*_ENCODED, _DURATIONS)}
_RECORD: Any = msgspec.defstruct(
    "Record",
    [
        ("job_id", str | None, None),
        ("shown_image", str | None, msgspec.field(default=None, name="image/space")),
        *(field for column in _PLAIN for field in _spelled(_tail(column), _TYPES[column.record_kind] | None)),
        *(field for part in (*_ENCODED, _LABELS) for field in _spelled(part, msgspec.Raw, _NULL)),
        (_DURATIONS, _STRUCTS[_DURATIONS] | None, None),
        (_PORTS, _Exposure | list[int] | None, None),
    ],
    gc=False,
)
_ARRAY = msgspec.json.Decoder(list[_RECORD])
_ONE = msgspec.json.Decoder(_RECORD)
# `hf jobs ps` writes the stage alone.
_STATUS = "status"
_DECODERS = {
    part: msgspec.json.Decoder(_STRUCTS[part] | str | None if part == _STATUS else _STRUCTS[part] | None)
    for part in _ENCODED
}

decode_array: Callable[[bytes], list[Record]] = _ARRAY.decode
"""Decode an array of jobs; raises msgspec's errors."""

decode_lines: Callable[[bytes], list[Record]] = _ONE.decode_lines
"""Decode jobs that stand one after the other, whatever white space is between them; raises msgspec's errors."""

empty_record: Callable[[], Record] = _RECORD
"""Return a record that says nothing."""


def decode_record(text: bytes | msgspec.Raw) -> Record:
    """Decode one job, and see whether all of it can be read; raises msgspec's errors."""
    record: Record = _ONE.decode(text)
    for part, decoder in _DECODERS.items():
        for name, *_ in _spelled(part, msgspec.Raw):
            decoder.decode(getattr(record, name))
    return record


class ColumnBuilder:
    """Decoded jobs as columns, added to while the jobs are still in the processor's cache, then made one frame."""

    def __init__(self) -> None:
        self._begin()

    def __len__(self) -> int:
        return len(self._columns["id"])

    def _begin(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._encoders: dict[str, DictionaryEncoder[Any]] = {
            part: DictionaryEncoder(decoder.decode) for part, decoder in _DECODERS.items()
        }
        self._encoders[_LABELS] = DictionaryEncoder(read_labels)
        self.add(())

    def add(self, records: Sequence[Record]) -> None:
        """Append decoded jobs; where a part of one cannot be read, raise msgspec's error and append none."""
        codes = {part: encoder.codes(_texts(records, part)) for part, encoder in self._encoders.items()}
        for name, values in {**_plain(records), **_durations(records), **codes}.items():
            self._columns.setdefault(name, []).extend(values)

    def take(self) -> pl.DataFrame:
        """Return what was added as a frame of records, and begin anew."""
        codes = {part: pl.Series(self._columns.pop(part), dtype=pl.UInt32) for part in self._encoders}
        parts = [_part_frame(part, self._encoders[part].values)[codes[part]] for part in _ENCODED]
        frame = _records(self._columns, *parts, labels_frame(self._encoders[_LABELS].values)[codes[_LABELS]])
        self._begin()
        return frame


def decoded_frame(records: Sequence[Record]) -> pl.DataFrame:
    r"""Return decoded jobs as a frame of records.

    >>> frame = decoded_frame(decode_lines(b'{"id": "a", "status": "RUNNING"}\n{"id": "b", "createdAt": "now"}'))
    >>> frame["stage_text"].to_list(), frame["problem_text"].to_list()
    (['RUNNING', None], [None, 'created_at: it is not a time.'])
    """
    columns = ColumnBuilder()
    columns.add(records)
    return columns.take()


def _texts(records: Sequence[Record], part: str) -> Iterable[bytes]:
    """Return the JSON text of a part of each record, in the spelling that says something."""
    said = map(bytes, map(attrgetter(part), records))
    if not _has_two_spellings(part):
        return said
    texts = list(said)
    if _NOT_THERE in texts:
        pairs = zip(texts, map(attrgetter(part + _PYTHON), records), strict=True)
        return [bytes(other) if text == _NOT_THERE else text for text, other in pairs]
    return texts


def _part_frame(part: str, values: list[Any]) -> pl.DataFrame:
    """Return the values of a part by code, a column for each of its fields."""
    nothing = _STRUCTS[part]()
    given = [_STRUCTS[part](stage=value) if isinstance(value, str) else value or nothing for value in values]
    columns = {column.record_name: _values(given, _tail(column), column.record_kind) for column in _PARTS[part]}
    return pl.DataFrame(columns, schema={column.record_name: column.record_kind for column in _PARTS[part]})


def _values(holders: Sequence[Any], name: str, kind: pl.DataType) -> list[Any]:
    """Return a field of each holder: by the API's name, or by Python's where that says nothing."""
    values = list(map(attrgetter(name), holders))
    if not _has_two_spellings(name) or (None not in values and "" not in values):
        return values
    others = list(map(attrgetter(name + _PYTHON), holders))
    if others.count(None) == len(others):
        return values
    pairs = zip(values, others, strict=True)
    if _TYPES[kind] is str:
        return [value or other for value, other in pairs]
    return [other if value is None else value for value, other in pairs]


def _records(columns: dict[str, list[Any]], *shared: pl.DataFrame) -> pl.DataFrame:
    schema = {name: pl.String() if name in _TIMES else RECORDS_SCHEMA[name] for name in columns}
    plain = pl.DataFrame(columns, schema=schema)
    parts = [plain.drop(_TIMES), *shared, *(_times(plain[name]) for name in _TIMES)]
    frame = pl.concat(parts, how="horizontal").with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("position"))
    # Without an id it is that which is told first, whatever else is wrong.
    problem_text = pl.when(pl.col("id") != "").then(pl.coalesce(pl.selectors.starts_with(_PROBLEM)))
    problem = pl.when(problem_text.is_not_null()).then(pl.lit("wrong_type"))
    return frame.with_columns(problem=problem, problem_text=problem_text).select(RECORDS_SCHEMA.names())


def _times(texts: pl.Series) -> pl.DataFrame:
    """Return moments as a column of the same name: as the API writes them, as RFC 3339 has it, or as pydantic knows."""
    name = texts.name
    moments = texts.str.to_datetime(_API_TIME, time_unit="us", time_zone="UTC", strict=False, cache=False)
    left = moments.is_null() & (texts != "").fill_null(value=False)
    problems = pl.Series(_PROBLEM + name, [None], dtype=pl.String).new_from_index(0, len(texts))
    if left.any():
        rest = texts.filter(left)
        moments = moments.scatter(left.arg_true(), _other_times(rest))
        wrong = left & moments.is_null()
        problems = problems.scatter(wrong.arg_true(), f"{name}: it is not a time.")
    return pl.DataFrame([moments, problems])


def _other_times(texts: pl.Series) -> pl.Series:
    moments = texts.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    if not moments.null_count():
        return moments
    read = {text: _one_time(text) for text in texts.filter(moments.is_null()).unique()}
    others = pl.Series([read.get(text) for text in texts], dtype=moments.dtype)
    return moments.fill_null(others)


def _one_time(text: str) -> datetime | None:
    from hfplanner.frames.job_times import read_time  # noqa: PLC0415 - pydantic, for what nothing else can read

    return read_time(text)


def _plain(records: Sequence[Any]) -> dict[str, list[Any]]:
    columns = {column.record_name: _values(records, _tail(column), column.record_kind) for column in _PLAIN}
    ids = columns["id"]
    if None in ids or "" in ids:
        columns["id"] = [job_id or record.job_id for job_id, record in zip(ids, records, strict=True)]
    if None in columns["image"] or "" in columns["image"]:
        pairs = zip(columns["image"], columns["space"], records, strict=True)
        columns["image"] = [image or _shown_image(space, record) for image, space, record in pairs]
    columns["ports"] = [None if record.expose is None else _count_ports(record.expose) for record in records]
    return columns


def _shown_image(space: str | None, record: Any) -> str | None:  # noqa: ANN401 - a record
    """Return the image of a job that names it for people only."""
    return None if space or record.shown_image == NOT_SAID else record.shown_image


def _count_ports(expose: _Exposure | list[int]) -> int | None:
    ports = expose if isinstance(expose, list) else expose.ports
    return None if ports is None else len(ports)


def _durations(records: Sequence[Any]) -> dict[str, list[float | None]]:
    nothing = _STRUCTS[_DURATIONS]()
    durations = [record.durations or nothing for record in records]
    return {column.record_name: _values(durations, _tail(column), column.record_kind) for column in _PARTS[_DURATIONS]}
