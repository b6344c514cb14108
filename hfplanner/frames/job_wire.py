"""Jobs decoded all at once: what a record says, in both spellings, straight from JSON bytes to columns.

``msgspec`` decodes into small structs and passes over what they do not name, so nothing of a job's environment or
secrets is ever an object here. It is strict: another type, a number out of range, text that is not JSON is an error,
and what raised it is read the slow way (:mod:`hfplanner.frames.job_records`). Of 200,000 jobs of the API's size
(214 MB) it makes columns in half the time of polars' own JSON reader, which also takes numbers for text in silence.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from hfplanner.frames.job_repeats import Person, Repeats, Status, labels_frame, people_frame, read_labels, states_frame
from hfplanner.frames.job_schema import RECORDS_SCHEMA

__all__ = ["NOT_SAID", "WireColumns", "WireJob", "decode_array", "decode_job", "decode_lines", "wire_frame"]

NOT_SAID = "N/A"
"""What ``hf jobs ps --json`` writes where it has nothing to show."""

_TIMES = ("created_at", "started_at", "finished_at")
# polars reads this form four times as quickly as RFC 3339 in general.
_API_TIME = "%Y-%m-%dT%H:%M:%S.%3fZ"
_PROBLEM = "problem with "
_REPEATED = ("owner", "created_by", "initiator", "status", "labels")

_NOT_THERE = b"null"
_NULL = msgspec.Raw(_NOT_THERE)


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

    What many records have in common stays JSON text, to be decoded once: people, the status, labels.
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
    timeout_too: float | None = msgspec.field(default=None, name="timeoutSeconds")
    retry: float | None = None
    attempts: float | None = None
    resource_group_id: str | None = msgspec.field(default=None, name="resourceGroupId")
    resource_group_id_too: str | None = msgspec.field(default=None, name="resource_group_id")
    owner: msgspec.Raw = _NULL
    created_by: msgspec.Raw = msgspec.field(default=_NULL, name="createdBy")
    created_by_too: msgspec.Raw = msgspec.field(default=_NULL, name="created_by")
    initiator: msgspec.Raw = _NULL
    durations: _Durations | None = None
    status: msgspec.Raw = _NULL
    labels: msgspec.Raw = _NULL
    expose: _Exposure | list[int] | None = None


_ARRAY = msgspec.json.Decoder(list[WireJob])
_ONE = msgspec.json.Decoder(WireJob)
_PERSON = msgspec.json.Decoder(Person | None)
_STATUS = msgspec.json.Decoder(Status | str | None)

decode_array: Callable[[bytes], list[WireJob]] = _ARRAY.decode
"""Decode an array of jobs; raises msgspec's errors."""

decode_lines: Callable[[bytes], list[WireJob]] = _ONE.decode_lines
"""Decode jobs that stand one after the other, whatever white space is between them; raises msgspec's errors."""


def decode_job(text: bytes | msgspec.Raw) -> WireJob:
    """Decode one job, and see whether all of it can be read; raises msgspec's errors."""
    job = _ONE.decode(text)
    for person in (job.owner, job.created_by, job.created_by_too, job.initiator):
        _PERSON.decode(person)
    _STATUS.decode(job.status)
    return job


class WireColumns:
    """Decoded jobs as columns, added to while the jobs are still in the processor's cache, then made one frame."""

    def __init__(self) -> None:
        self._begin()

    def __len__(self) -> int:
        return len(self._columns["id"])

    def _begin(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._people = Repeats(_PERSON.decode)
        self._states = Repeats(_STATUS.decode)
        self._labels = Repeats(read_labels)
        self.add(())

    def add(self, jobs: Sequence[WireJob]) -> None:
        """Append decoded jobs; where a part of one cannot be read, raise msgspec's error and append none."""
        said = {**_plain(jobs), **_durations(jobs), **self._numbers(jobs)}
        for name, values in said.items():
            self._columns.setdefault(name, []).extend(values)

    def _numbers(self, jobs: Sequence[WireJob]) -> dict[str, list[int]]:
        """Return which of the repeated parts each job has."""
        creators = list(map(bytes, map(attrgetter("created_by"), jobs)))
        if _NOT_THERE in creators:
            pairs = zip(creators, jobs, strict=True)
            creators = [bytes(job.created_by_too) if said == _NOT_THERE else said for said, job in pairs]
        return {
            "owner": self._people.numbers(map(bytes, map(attrgetter("owner"), jobs))),
            "created_by": self._people.numbers(creators),
            "initiator": self._people.numbers(map(bytes, map(attrgetter("initiator"), jobs))),
            "status": self._states.numbers(map(bytes, map(attrgetter("status"), jobs))),
            "labels": self._labels.numbers(map(bytes, map(attrgetter("labels"), jobs))),
        }

    def take(self) -> pl.DataFrame:
        """Return what was added as a frame of records, and begin anew."""
        at = {name: pl.Series(self._columns.pop(name), dtype=pl.UInt32) for name in _REPEATED}
        people = people_frame(self._people.values)
        owner, creator, initiator = (people[at[name]] for name in ("owner", "created_by", "initiator"))
        frame = _records(
            self._columns,
            owner.rename({"id": "owner_id", "name": "owner", "type": "owner_type"}),
            creator.select(created_by_id="id", created_by="name"),
            initiator.rename({"id": "initiator_id", "name": "initiator", "type": "initiator_type"}),
            states_frame(self._states.values)[at["status"]],
            labels_frame(self._labels.values)[at["labels"]],
        )
        self._begin()
        return frame


def wire_frame(jobs: Sequence[WireJob]) -> pl.DataFrame:
    r"""Return decoded jobs as a frame of records.

    >>> frame = wire_frame(decode_lines(b'{"id": "a", "status": "RUNNING"}\n{"id": "b", "createdAt": "now"}'))
    >>> frame["stage_text"].to_list(), frame["problem_text"].to_list()
    (['RUNNING', None], [None, 'created_at: it is not a time.'])
    """
    columns = WireColumns()
    columns.add(jobs)
    return columns.take()


def _records(columns: dict[str, list[Any]], *repeated: pl.DataFrame) -> pl.DataFrame:
    schema = {name: pl.String() if name in _TIMES else RECORDS_SCHEMA[name] for name in columns}
    said = pl.DataFrame(columns, schema=schema)
    parts = [said.drop(_TIMES), *repeated, *(_times(said[name]) for name in _TIMES)]
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
    from hfplanner.frames.job_records import read_time  # noqa: PLC0415 - pydantic, for what nothing else can read

    return read_time(text)


def _plain(jobs: Sequence[WireJob]) -> dict[str, list[Any]]:
    return {
        "id": [job.id or job.job_id for job in jobs],
        "flavor": [job.flavor for job in jobs],
        "image": [job.image or job.image_too or _shown_image(job) for job in jobs],
        "space": [job.space or job.space_too for job in jobs],
        "created_at": [job.created_at or job.created_at_too for job in jobs],
        "started_at": [job.started_at or job.started_at_too for job in jobs],
        "finished_at": [job.finished_at or job.finished_at_too for job in jobs],
        "timeout_secs": [_greatest(job.timeout, job.timeout_too) for job in jobs],
        "retry": [_greatest(job.retry, None if job.attempts is None else job.attempts - 1) for job in jobs],
        "ports": [None if job.expose is None else _count_ports(job.expose) for job in jobs],
        "resource_group_id": [job.resource_group_id or job.resource_group_id_too for job in jobs],
    }


def _greatest(one: float | None, other: float | None) -> float | None:
    """Return the greater of two spellings of what bounds the cost of a job."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


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
        "scheduling_secs": [took.scheduling_too if took.scheduling is None else took.scheduling for took in durations],
        "running_secs": [took.running_too if took.running is None else took.running for took in durations],
        "total_secs": [took.total_too if took.total is None else took.total for took in durations],
    }
