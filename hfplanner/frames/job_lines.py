"""Jobs as lines of JSON, read by polars with a declared schema: no Python object for any job.

polars' reader is strict where it matters: a line that is not one JSON object, a value of another type, a number out of
range or nesting beyond 1024 levels is an error, and the caller then reads that block the slow way. What it takes
without a word is looked for here, and only those lines are read again: text that may have been a number or an object,
a time that is not RFC 3339, labels with an escape in them, half a surrogate pair.
"""

import json
import re

import polars as pl

from hfplanner.frames.job_records import DamagedDocument, decode_items, records_frame
from hfplanner.frames.job_schema import LABELS, RECORDS_SCHEMA

__all__ = ["read_lines"]

_TEXT, _NUMBER = pl.String(), pl.Float64()
_WHO = {"id": _TEXT, "name": _TEXT, "type": _TEXT}
_STATUS = {
    "stage": _TEXT,
    "message": _TEXT,
    "cancelReason": _TEXT,
    "cancel_reason": _TEXT,
    "failureCount": _NUMBER,
    "failure_count": _NUMBER,
}
_DURATIONS = (
    "schedulingSecs",
    "runningSecs",
    "totalSecs",
    "scheduling_secs",
    "running_secs",
    "total_secs",
)
_PLAIN = (
    "id",
    "createdAt",
    "created_at",
    "startedAt",
    "started_at",
    "finishedAt",
    "finished_at",
    "dockerImage",
    "docker_image",
    "spaceId",
    "space_id",
    "flavor",
    "resourceGroupId",
    "resource_group_id",
    "job_id",
    "image/space",
)

_WIRE: dict[str, pl.DataType] = {
    **dict.fromkeys(_PLAIN, _TEXT),
    "labels": _TEXT,
    "expose": _TEXT,
    "timeout": _NUMBER,
    "retry": _NUMBER,
    "durations": pl.Struct(dict.fromkeys(_DURATIONS, _NUMBER)),
    "owner": pl.Struct(_WHO),
    "createdBy": pl.Struct({"id": _TEXT, "name": _TEXT}),
    "created_by": pl.Struct({"id": _TEXT, "name": _TEXT}),
    "initiator": pl.Struct(_WHO),
}
# The API's status is an object, that of `hf jobs ps --json` is its stage.
_API = pl.Schema({**_WIRE, "status": pl.Struct(_STATUS)})
_PS = pl.Schema({**_WIRE, "status": _TEXT})

# What a number, a boolean, an object or an array becomes where text was declared.
_MAYBE_NOT_TEXT = r"^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|[\[{](?s:.*))$"
# An object of texts without an escape: every quotation mark in it is one of JSON's.
_SIMPLE_LABELS = r'^\{(?:"[^"\\]*": "[^"\\]*"(?:, |\}$))*\}?$'
_TIMES = ("created_at", "started_at", "finished_at")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_lines(block: bytes) -> pl.DataFrame | None:
    r"""Return lines of JSON as a frame of records, ``None`` where a line is not a JSON object of a job's shape.

    >>> read_lines(b'{"id": "a", "status": {"stage": "RUNNING"}}\n{"id": "b"}\n').select("id", "stage_text").rows()
    [('a', 'RUNNING'), ('b', None)]
    """
    wire = _read_wire(block)
    if wire is None:
        return None
    records = _records(wire)
    doubtful = records["doubtful"].arg_true()
    again = _surrogate_lines(block)
    if again:
        doubtful = pl.concat([doubtful, pl.Series(again, dtype=doubtful.dtype)]).unique().sort()
    records = records.select(RECORDS_SCHEMA.names())
    return records if doubtful.is_empty() else _read_again(block, records, doubtful)


def _read_wire(block: bytes) -> pl.DataFrame | None:
    flat = re.search(rb'"status"\s*:\s*"', block[: 1 << 16]) is not None
    for schema in (_PS, _API) if flat else (_API, _PS):
        try:
            return pl.read_ndjson(block, schema=schema)
        except pl.exceptions.PolarsError:
            continue
    return None


def _surrogate_lines(block: bytes) -> list[int]:
    if _SURROGATE.search(block) is None:
        return []
    return [number for number, line in enumerate(_lines(block)) if _SURROGATE.search(line)]


def _lines(block: bytes) -> list[bytes]:
    return [line for line in block.split(b"\n") if line.strip()]


def _read_again(block: bytes, records: pl.DataFrame, doubtful: pl.Series) -> pl.DataFrame | None:
    """Replace the rows at the positions ``doubtful`` by what the slow path makes of their lines."""
    lines = _lines(block)
    if len(lines) != records.height:
        return None
    try:
        values = [value for at in doubtful for value in decode_items(lines[at].decode("utf-8"))]
    except (DamagedDocument, UnicodeDecodeError):
        return None
    if len(values) != doubtful.len():
        return None
    exact = records_frame(values).with_columns(position=doubtful.cast(pl.Int64))
    return pl.concat([records.filter(~pl.col("position").is_in(doubtful.implode())), exact]).sort("position")


def _records(wire: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of a record, and ``doubtful``: whether its line must be read again."""
    flat = _flattened(wire)
    texts = [
        name for name, dtype in flat.schema.items() if dtype == _TEXT and name not in {"labels", "expose", *_TIMES}
    ]
    flat = flat.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int64))
    ports = {text: _count_ports(text) for text in flat["expose"].unique().drop_nulls()}
    doubts = [
        *(pl.col(name).str.contains(_MAYBE_NOT_TEXT) for name in texts),
        *(_moment(name).is_null() & (pl.col(name) != "") for name in _TIMES),
        ~pl.col("labels").str.contains(_SIMPLE_LABELS),
        pl.col("expose").is_in([text for text, count in ports.items() if count is None]),
    ]
    records = flat.with_columns(
        doubtful=pl.any_horizontal(doubt.fill_null(value=False) for doubt in doubts),
        ports=pl.col("expose").replace_strict(ports, default=None, return_dtype=pl.Int64),
        **{name: _moment(name) for name in _TIMES},
        problem=pl.lit(None, _TEXT),
        problem_text=pl.lit(None, _TEXT),
    )
    return _with_labels(records)


def _flattened(wire: pl.DataFrame) -> pl.DataFrame:
    """Return one column for each thing a job says, the API's spelling first where both are there."""
    empty = {name for name in wire.columns if wire[name].null_count() == wire.height}

    def said(*names: str) -> pl.Expr:
        given = [pl.col(name).replace("", None) for name in names if name not in empty]
        return pl.coalesce(given) if given else pl.lit(None, _TEXT)

    def inside(struct: str, *fields: str) -> pl.Expr:
        return pl.coalesce(pl.col(struct).struct.field(field) for field in fields)

    is_object = isinstance(wire.schema["status"], pl.Struct)
    image_or_space = pl.when(~said("dockerImage", "docker_image", "spaceId", "space_id").is_null()).then(None)
    shown = image_or_space.otherwise(said("image/space").replace("N/A", None))
    by = "createdBy" if "created_by" in empty else "created_by"
    return wire.select(
        id=said("id", "job_id"),
        owner_id=inside("owner", "id"),
        owner=inside("owner", "name"),
        owner_type=inside("owner", "type"),
        created_by_id=inside(by, "id"),
        created_by=inside(by, "name"),
        initiator_type=inside("initiator", "type"),
        initiator_id=inside("initiator", "id"),
        initiator=inside("initiator", "name"),
        flavor=pl.col("flavor"),
        image=pl.coalesce(said("dockerImage", "docker_image"), shown),
        space=said("spaceId", "space_id"),
        labels=pl.col("labels"),
        expose=pl.col("expose"),
        stage_text=inside("status", "stage") if is_object else pl.col("status"),
        message=inside("status", "message") if is_object else pl.lit(None, _TEXT),
        cancel_reason=inside("status", "cancelReason", "cancel_reason") if is_object else pl.lit(None, _TEXT),
        failure_count=inside("status", "failureCount", "failure_count") if is_object else pl.lit(None, _NUMBER),
        created_at=said("createdAt", "created_at"),
        started_at=said("startedAt", "started_at"),
        finished_at=said("finishedAt", "finished_at"),
        scheduling_secs=inside("durations", "schedulingSecs", "scheduling_secs"),
        running_secs=inside("durations", "runningSecs", "running_secs"),
        total_secs=inside("durations", "totalSecs", "total_secs"),
        timeout_secs=pl.col("timeout"),
        retry=pl.col("retry"),
        resource_group_id=said("resourceGroupId", "resource_group_id"),
    )


def _moment(name: str) -> pl.Expr:
    return pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)


def _count_ports(text: str) -> int | None:
    """Return how many ports ``{"ports": [8000]}`` or ``[8000]`` exposes; ``None`` where it is neither."""
    try:
        exposed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    ports = exposed.get("ports") if isinstance(exposed, dict) else exposed
    if not isinstance(ports, list) or any(type(port) is not int for port in ports):
        return None
    return len(ports)


def _with_labels(records: pl.DataFrame) -> pl.DataFrame:
    """Return the records with their labels as a sorted list, and the label ``name`` as a column."""
    some = records.filter(~pl.col("doubtful") & (pl.col("labels") != "{}")).select("position", "labels")
    if some.is_empty():
        return records.with_columns(labels=pl.lit(None, LABELS), name=pl.lit(None, _TEXT))
    inner = pl.col("labels").str.slice(2).str.strip_suffix('"}')
    pairs = some.select("position", pair=inner.str.split('", "')).explode("pair")
    split = pl.col("pair").str.split_exact('": "', 1).struct.rename_fields(["key", "value"])
    each = pairs.select("position", split).unnest("pair").sort("position", "key", maintain_order=True)
    is_first = ~pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in ("position", "key"))
    labels = (
        each.filter(is_first)
        .group_by("position", maintain_order=True)
        .agg(labels=pl.struct("key", "value"), name=pl.col("value").filter(pl.col("key") == "name").first())
    )
    return records.drop("labels").join(labels, on="position", how="left", maintain_order="left")
