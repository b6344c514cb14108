"""Pages of jobs read by polars straight from their bytes, where that provably reads what a strict parser would.

A fast parser keeps one of two equal keys and says nothing. So a page is read by it only after a proof: what it parses
to is written again, and comes out as the same bytes. Then no key stands twice, no number is out of range, and the text
is UTF-8; only the depth is orjson's own limit of 1024. Pages the proof does not fit (blanks, other escapes, ...) are
for :mod:`~hfplanner.api.strict_json`.
"""

import gc
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import polars as pl

__all__ = ["proven_labels", "quick_frame", "trusted_frame", "trusted_page"]

_ONLY_TEXT = frozenset({str})
_TEXT, _NUMBER, _TEXTS = pl.String(), pl.Float64(), pl.List(pl.String())
# The fields of the OpenAPI of the Hub, 2026-08-18, that a frame holds. Labels have names of their own: see below.
_WIRE = {
    "id": _TEXT,
    "createdAt": _TEXT,
    "startedAt": _TEXT,
    "finishedAt": _TEXT,
    "flavor": _TEXT,
    "dockerImage": _TEXT,
    "spaceId": _TEXT,
    "command": _TEXTS,
    "arguments": _TEXTS,
    "arch": _TEXT,
    "timeout": _NUMBER,
    "retry": _NUMBER,
    "resourceGroupId": _TEXT,
    "status": pl.Struct({"stage": _TEXT, "message": _TEXT, "cancelReason": _TEXT, "failureCount": _NUMBER}),
    "durations": pl.Struct({"schedulingSecs": _NUMBER, "runningSecs": _NUMBER, "totalSecs": _NUMBER}),
    "owner": pl.Struct({"name": _TEXT, "type": _TEXT}),
    "createdBy": pl.Struct({"name": _TEXT}),
    "initiator": pl.Struct({"type": _TEXT, "id": _TEXT, "name": _TEXT}),
}
_TIMES = {"createdAt": "created_at", "startedAt": "started_at", "finishedAt": "finished_at"}
_WHOLE = {"retry": pl.col("retry"), "failure_count": pl.col("status").struct["failureCount"]}
_PLAIN = {
    "stage": pl.col("status").struct["stage"],
    "message": pl.col("status").struct["message"],
    "cancel_reason": pl.col("status").struct["cancelReason"],
    "docker_image": pl.col("dockerImage"),
    "space_id": pl.col("spaceId"),
    "timeout_secs": pl.col("timeout"),
    "scheduling_secs": pl.col("durations").struct["schedulingSecs"],
    "running_secs": pl.col("durations").struct["runningSecs"],
    "total_secs": pl.col("durations").struct["totalSecs"],
    "owner_name": pl.col("owner").struct["name"],
    "owner_type": pl.col("owner").struct["type"],
    "created_by_name": pl.col("createdBy").struct["name"],
    "initiator_type": pl.col("initiator").struct["type"],
    "initiator_id": pl.col("initiator").struct["id"],
    "initiator_name": pl.col("initiator").struct["name"],
    "resource_group_id": pl.col("resourceGroupId"),
}
# As the Hub writes a time, and nothing longer: 2025-07-22T16:06:25.079Z. Other spellings are left to the record.
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"
_TIME_LENGTH = len("2025-07-22T16:06:25.079Z")
# A timeout of 2**53 seconds is no timeout, and a float holds whole numbers up to there.
_LARGEST_WHOLE = 2**53
_PART_BYTES = 2**16
# Labels as the OpenAPI allows them, where no other text can look like them: inside of a text the quotes are escaped.
_LABELS = re.compile(rb'"labels":(\{(?:"[a-zA-Z0-9._-]+":"[a-zA-Z0-9._-]*"(?:,(?="))?)*\})')
_LABELLED = pl.Struct({"name": _TEXT})
_READ_BYTES = 2**19


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking through a page again and again while it grows: a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def proven_labels(raw: bytes) -> list[str | None] | None:
    """Return the labels of each job of a page, as JSON objects, if the page is proven; otherwise ``None``.

    A page is proven if it is what its parsed form is written as, and every job has an id and the API's spelling.

    >>> proven_labels(b'[{"id":"a","createdAt":null,"labels":{"team":"nlp"}},{"id":"b","createdAt":null}]')
    ['{"team":"nlp"}', None]
    >>> proven_labels(b'[{"id":"a","id":"a","createdAt":null}]'), proven_labels(b"[NaN]")
    (None, None)
    """
    with _uncollected():
        parts = _parts(raw)
        labels = None if parts is None else _proven(parts)
        return _proven([raw]) if labels is None else labels


def _proven(parts: Sequence[bytes]) -> list[str | None] | None:
    labels: list[str | None] = []
    try:
        for part in parts:
            jobs = orjson.loads(part)
            if not isinstance(jobs, list) or orjson.dumps(jobs) != part:
                return None
            labels += [_label_text(job) for job in jobs]
    except (ValueError, KeyError, TypeError):
        # No JSON, no job, or labels that are no texts: why not is for the careful reading to say.
        return None
    return labels


def _parts(raw: bytes) -> list[bytes] | None:
    """Cut a long array into short ones that together hold the same, or return ``None`` where that is not easy.

    Objects that fit the processor's cache are made and let go in half the time. Where an array is cut does not matter
    to the proof: what stands between two cuts is proven to be an array, so all of it is one.
    """
    if len(raw) < 2 * _PART_BYTES or not (raw.startswith(b"[{") and raw.endswith(b"}]")):
        return None
    # Every job begins with the same key, so this is a place between two of them, unless an inner list looks like it.
    between = b"}," + raw[1 : raw.find(b":") + 1]
    cuts = [0]
    while (cut := raw.find(between, cuts[-1] + _PART_BYTES)) >= 0:
        cuts.append(cut + 1)
    inner = [raw[start + 1 : end] for start, end in zip(cuts, [*cuts[1:], len(raw) - 1], strict=True)]
    return [b"[" + part + b"]" for part in inner]


def _label_text(job: dict[str, Any]) -> str | None:
    if type(job) is not dict or type(job["id"]) is not str or not job["id"]:
        raise TypeError
    # A page that does not spell createdAt may spell everything otherwise, which only the record reads.
    job["createdAt"]
    labels = job.get("labels")
    if labels is None:
        return None
    if type(labels) is not dict or not _ONLY_TEXT.issuperset(map(type, labels.values())):
        raise TypeError
    return orjson.dumps(labels).decode()


def quick_frame(pages: Sequence[bytes], labels: Sequence[str | None]) -> pl.DataFrame | None:
    """Return proven pages as one frame, or ``None`` where a value has not the type the API promises.

    Args:
        pages: each a JSON array that :func:`proven_labels` proved.
        labels: of all their jobs.
    """
    try:
        read = [pl.read_json(io.BytesIO(array), schema=_WIRE) for array in _arrays(pages)]
    except pl.exceptions.ComputeError:
        return None
    wire = pl.concat([pl.DataFrame(schema=_WIRE), *read])
    return _translated(wire, labels)


def trusted_page(raw: bytes) -> tuple[pl.DataFrame, list[bytes]] | None:
    """Return a page as polars reads it and the labels in it, or ``None`` where it is not of the usual form.

    Nothing is proven: what polars takes for JSON is JSON (so no NaN, no bad UTF-8, nothing cut short), and of two equal
    keys the first counts. :func:`trusted_frame` makes one frame of several.
    """
    if not (raw.startswith(b"[{") and raw.endswith(b"}]") and b'"createdAt":' in raw):
        return None
    try:
        wire = pl.read_json(io.BytesIO(raw), schema=_WIRE | {"labels": _LABELLED})
    except pl.exceptions.ComputeError:
        return None
    found = _LABELS.findall(raw)
    return (wire, found) if len(found) == wire.height - wire["labels"].null_count() else None


def trusted_frame(pages: Sequence[tuple[pl.DataFrame, list[bytes]]]) -> pl.DataFrame | None:
    """Return the pages of :func:`trusted_page` as one frame, or ``None`` where a value is not what the API promises."""
    wire = pl.concat([pl.DataFrame(schema=_WIRE | {"labels": _LABELLED}), *(page for page, _ in pages)])
    if wire["id"].null_count() or (wire["id"] == "").any():
        return None
    found = pl.Series([text for _, texts in pages for text in texts], dtype=pl.Binary()).cast(pl.String)
    labelled = wire["labels"].is_not_null()
    if len(found) < wire.height:
        place = pl.select(pl.when(labelled).then(labelled.cum_sum().cast(pl.Int64) - 1)).to_series()
        found = (
            pl.select(pl.lit(found).gather(place)).to_series()
            if len(found)
            else pl.repeat(None, wire.height, dtype=pl.String, eager=True)
        )
    return _translated(wire.drop("labels"), found)


def _translated(wire: pl.DataFrame, labels: Sequence[str | None] | pl.Series) -> pl.DataFrame | None:
    if not _fits(wire):
        return None
    times = [
        pl.col(theirs).str.to_datetime(_TIME_FORMAT, time_unit="us", time_zone="UTC").alias(ours)
        for theirs, ours in _TIMES.items()
    ]
    whole = [value.cast(pl.Int64).alias(name) for name, value in _WHOLE.items()]
    plain = [value.alias(name) for name, value in _PLAIN.items()]
    kept = ["id", "flavor", "command", "arguments", "arch"]
    return wire.select(*kept, *times, *whole, *plain).with_columns(pl.Series("labels", labels, pl.String()))


def _arrays(pages: Sequence[bytes]) -> Iterator[bytes]:
    """Join pages to arrays of about a mebibyte: shorter ones cost more calls, longer ones miss the cache."""
    inner: list[bytes] = []
    size = 0
    for page in pages:
        if len(page) > len(b"[]"):
            inner.append(page[1:-1])
            size += len(page)
        if size > _READ_BYTES:
            yield b"[" + b",".join(inner) + b"]"
            inner, size = [], 0
    if inner:
        yield b"[" + b",".join(inner) + b"]"


def _fits(wire: pl.DataFrame) -> bool:
    """Tell whether every time is one, and every number that must be whole is."""
    readable = [
        pl.col(name).is_null()
        | (
            (pl.col(name).str.len_bytes() <= _TIME_LENGTH)
            & pl.col(name).str.to_datetime(_TIME_FORMAT, strict=False, time_zone="UTC").is_not_null()
        )
        for name in _TIMES
    ]
    whole = [
        value.is_null() | ((value == value.round()) & (value.abs() <= _LARGEST_WHOLE)) for value in _WHOLE.values()
    ]
    return bool(wire.select(pl.all_horizontal(*readable, *whole).all()).item())
