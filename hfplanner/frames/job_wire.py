"""Jobs decoded all at once: what a record says, in both spellings, straight from JSON bytes to columns.

``msgspec`` decodes into small structs and passes over what they do not name, so nothing of a job's environment or
secrets is ever an object here. It is strict: another type, a number out of range, text that is not JSON is an error,
and what raised it is read the slow way (:mod:`hfplanner.frames.job_records`). Of 200,000 jobs of the API's size
(214 MB) it makes columns in half the time of polars' own JSON reader, which also takes numbers for text in silence.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import polars as pl

from hfplanner.frames.job_schema import LABELS, RECORDS_SCHEMA

__all__ = ["NOT_SAID", "WireJob", "decode_array", "decode_job", "decode_lines", "wire_frame"]

NOT_SAID = "N/A"
"""What ``hf jobs ps --json`` writes where it has nothing to show."""

_TIMES = ("created_at", "started_at", "finished_at")


_NULL = msgspec.Raw(b"null")


class _Who(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    type: str | None = None


class _Status(msgspec.Struct, gc=False):
    stage: str | None = None
    message: str | None = None
    cancel_reason: str | None = msgspec.field(default=None, name="cancelReason")
    cancel_reason_too: str | None = msgspec.field(default=None, name="cancel_reason")
    failure_count: float | None = msgspec.field(default=None, name="failureCount")
    failure_count_too: float | None = msgspec.field(default=None, name="failure_count")


class _Durations(msgspec.Struct, gc=False):
    scheduling: float | None = msgspec.field(default=None, name="schedulingSecs")
    scheduling_too: float | None = msgspec.field(default=None, name="scheduling_secs")
    running: float | None = msgspec.field(default=None, name="runningSecs")
    running_too: float | None = msgspec.field(default=None, name="running_secs")
    total: float | None = msgspec.field(default=None, name="totalSecs")
    total_too: float | None = msgspec.field(default=None, name="total_secs")


class _Exposure(msgspec.Struct, gc=False):
    ports: list[int] | None = None


class WireJob(msgspec.Struct, gc=False):
    """A record as it is spelled: the API's name of a field first, Python's as ``..._too``.

    Who and status stay JSON text: they are the same in many records, and are decoded once each.
    """

    id: str | None = None
    job_id: str | None = None
    created_at: str | None = msgspec.field(default=None, name="createdAt")
    created_at_too: str | None = msgspec.field(default=None, name="created_at")
    started_at: str | None = msgspec.field(default=None, name="startedAt")
    started_at_too: str | None = msgspec.field(default=None, name="started_at")
    finished_at: str | None = msgspec.field(default=None, name="finishedAt")
    finished_at_too: str | None = msgspec.field(default=None, name="finished_at")
    image: str | None = msgspec.field(default=None, name="dockerImage")
    image_too: str | None = msgspec.field(default=None, name="docker_image")
    space: str | None = msgspec.field(default=None, name="spaceId")
    space_too: str | None = msgspec.field(default=None, name="space_id")
    shown_image: str | None = msgspec.field(default=None, name="image/space")
    flavor: str | None = None
    timeout: float | None = None
    retry: float | None = None
    resource_group_id: str | None = msgspec.field(default=None, name="resourceGroupId")
    resource_group_id_too: str | None = msgspec.field(default=None, name="resource_group_id")
    owner: msgspec.Raw = _NULL
    created_by: msgspec.Raw = msgspec.field(default=_NULL, name="createdBy")
    created_by_too: msgspec.Raw = msgspec.field(default=_NULL, name="created_by")
    initiator: msgspec.Raw = _NULL
    durations: _Durations | None = None
    status: msgspec.Raw = _NULL
    labels: dict[str, str] | None = None
    expose: _Exposure | list[int] | None = None


_ARRAY = msgspec.json.Decoder(list[WireJob])
_ONE = msgspec.json.Decoder(WireJob)
_WHO = msgspec.json.Decoder(_Who | None)
_STATUS = msgspec.json.Decoder(_Status | str | None)

decode_array: Callable[[bytes], list[WireJob]] = _ARRAY.decode
"""Decode an array of jobs; raises msgspec's errors."""

decode_lines: Callable[[bytes], list[WireJob]] = _ONE.decode_lines
"""Decode jobs that stand one after the other, whatever white space is between them; raises msgspec's errors."""


def decode_job(item: bytes | msgspec.Raw) -> WireJob:
    """Decode one job and all that is in it; raises msgspec's errors."""
    job = _ONE.decode(item)
    _STATUS.decode(job.status)
    for who in (job.owner, job.created_by, job.created_by_too, job.initiator):
        _WHO.decode(who)
    return job


def wire_frame(jobs: Sequence[WireJob]) -> tuple[pl.DataFrame, list[int]]:
    r"""Return decoded jobs as a frame of records, and the positions whose times another reader must look at.

    >>> frame, doubtful = wire_frame(decode_lines(b'{"id": "a", "status": "RUNNING"}\n{"id": "b", "createdAt": "now"}'))
    >>> frame["stage_text"].to_list(), doubtful
    (['RUNNING', None], [1])
    """
    columns = _plain(jobs)
    schema = {name: pl.String() if name in _TIMES else RECORDS_SCHEMA[name] for name in columns}
    said = pl.DataFrame(columns, schema=schema)
    times = said.select(pl.col(_TIMES).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False))
    doubts = [times[name].is_null() & (said[name] != "").fill_null(value=False) for name in _TIMES]
    position = pl.Series("position", range(len(jobs)), dtype=pl.Int64)
    nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "problem_text")]
    parts = [said.drop(_TIMES), times, *_people(jobs), _status(jobs), _labels(jobs).to_frame(), position.to_frame()]
    frame = pl.concat(parts, how="horizontal").with_columns(nothing)
    return frame.select(RECORDS_SCHEMA.names()), _any_of(doubts)


def _any_of(doubts: list[pl.Series]) -> list[int]:
    return (doubts[0] | doubts[1] | doubts[2]).arg_true().to_list()


def _plain(jobs: Sequence[WireJob]) -> dict[str, list[Any]]:
    return {
        "id": [job.id or job.job_id for job in jobs],
        "flavor": [job.flavor for job in jobs],
        "image": [job.image or job.image_too or _shown_image(job) for job in jobs],
        "space": [job.space or job.space_too for job in jobs],
        "created_at": [job.created_at or job.created_at_too for job in jobs],
        "started_at": [job.started_at or job.started_at_too for job in jobs],
        "finished_at": [job.finished_at or job.finished_at_too for job in jobs],
        "timeout_secs": [job.timeout for job in jobs],
        "retry": [job.retry for job in jobs],
        "ports": [None if job.expose is None else _count_ports(job.expose) for job in jobs],
        "resource_group_id": [job.resource_group_id or job.resource_group_id_too for job in jobs],
        "name": [job.labels.get("name") if job.labels else None for job in jobs],
        **_durations(jobs),
    }


def _shown_image(job: WireJob) -> str | None:
    """Return the image of a job that names it for people only."""
    return None if job.space or job.space_too or job.shown_image == NOT_SAID else job.shown_image


def _count_ports(expose: _Exposure | list[int]) -> int | None:
    ports = expose if isinstance(expose, list) else expose.ports
    return None if ports is None else len(ports)


def _durations(jobs: Sequence[WireJob]) -> dict[str, list[float | None]]:
    nothing = _Durations()
    durations = [job.durations or nothing for job in jobs]
    return {
        "scheduling_secs": [_first(taken.scheduling, taken.scheduling_too) for taken in durations],
        "running_secs": [_first(taken.running, taken.running_too) for taken in durations],
        "total_secs": [_first(taken.total, taken.total_too) for taken in durations],
    }


def _people(jobs: Sequence[WireJob]) -> list[pl.DataFrame]:
    creators = [bytes(job.created_by) for job in jobs]
    if b"null" in creators:
        creators = [
            said if said != b"null" else bytes(job.created_by_too) for said, job in zip(creators, jobs, strict=True)
        ]
    return [
        _who([bytes(job.owner) for job in jobs], ("owner_id", "owner", "owner_type")),
        _who(creators, ("created_by_id", "created_by")),
        _who([bytes(job.initiator) for job in jobs], ("initiator_id", "initiator", "initiator_type")),
    ]


def _who(texts: list[bytes], names: Sequence[str]) -> pl.DataFrame:
    """Return id, name and type as columns of these names."""

    def row(text: bytes) -> tuple[str | None, ...]:
        who = _WHO.decode(text) or _Who()
        return (who.id, who.name, who.type)[: len(names)]

    return _each_once(texts, row, dict.fromkeys(names, pl.String()))


def _status(jobs: Sequence[WireJob]) -> pl.DataFrame:
    def row(text: bytes) -> tuple[str | float | None, ...]:
        said = _STATUS.decode(text) or _Status()
        status = _Status(said) if isinstance(said, str) else said
        cancel_reason = status.cancel_reason or status.cancel_reason_too
        return status.stage, status.message, cancel_reason, _first(status.failure_count, status.failure_count_too)

    names = ("stage_text", "message", "cancel_reason", "failure_count")
    return _each_once([bytes(job.status) for job in jobs], row, {name: RECORDS_SCHEMA[name] for name in names})


def _each_once(
    texts: list[bytes], row: Callable[[bytes], tuple[Any, ...]], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Return what ``row`` makes of each text; it is asked once for those that are equal."""
    index = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    distinct = pl.DataFrame([row(text) for text in index], schema=schema, orient="row")
    return distinct[pl.Series([index[text] for text in texts], dtype=pl.UInt32)]


def _first(api: float | None, python: float | None) -> float | None:
    return python if api is None else api


def _labels(jobs: Sequence[WireJob]) -> pl.Series:
    """Return the labels of all jobs as lists sorted by key."""
    given = [job.labels or {} for job in jobs]
    lengths = [len(labels) for labels in given]
    keys = list(chain.from_iterable(given))
    values = list(chain.from_iterable(labels.values() for labels in given))
    position = pl.Series("position", range(len(jobs)), dtype=pl.UInt32)
    each = pl.DataFrame(
        {"position": position.repeat_by(pl.Series(lengths)).explode().drop_nulls(), "key": keys, "value": values},
        schema={"position": pl.UInt32, "key": pl.String, "value": pl.String},
    ).sort("position", "key")
    lists = each.group_by("position", maintain_order=True).agg(labels=pl.struct("key", "value"))
    whole = position.to_frame().join(lists, on="position", how="left", maintain_order="left")
    return whole["labels"].cast(LABELS)
