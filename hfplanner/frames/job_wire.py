"""Pages of jobs, read quickly: typed straight from their bytes, where that provably reads what a strict parser would.

A strict parser refuses an object that names a key twice, which no fast parser notices. So the keys are counted twice:
in the bytes, and in what was read. Only where both counts agree, and nothing in the bytes could bend the first, is the
quick reading taken; everything else is left to :mod:`~hfplanner.api.strict_json`, which decides.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import astuple

from hfplanner.api.strict_json import StrictJsonError, loads

__all__ = ["WIRE_COLUMNS", "quick_columns"]

Text = str | None | UnsetType
Number = float | None | UnsetType
Texts = list[str] | None | UnsetType
Map = dict[str, str] | None | UnsetType
Other = Raw | UnsetType


class _Part(Struct, forbid_unknown_fields=True, gc=False, rename="camel"):
    """An object of the Hub; what it does not say is UNSET, which is not null."""


class _Party(_Part):
    id: Text = UNSET
    name: Text = UNSET
    type: Text = UNSET
    avatar_url: Text = UNSET


class _Durations(_Part):
    scheduling_secs: Number = UNSET
    running_secs: Number = UNSET
    total_secs: Number = UNSET


class _Status(_Part):
    stage: Text = UNSET
    message: Text = UNSET
    failure_count: int | None | UnsetType = UNSET
    cancel_reason: Text = UNSET
    expose_urls: Texts = UNSET
    ssh_url: Text = UNSET


class _Job(_Part):
    """The fields of the OpenAPI of the Hub, 2026-08-18."""

    id: str
    created_at: Text = UNSET
    started_at: Text = UNSET
    finished_at: Text = UNSET
    flavor: Text = UNSET
    docker_image: Text = UNSET
    space_id: Text = UNSET
    command: Texts = UNSET
    arguments: Texts = UNSET
    arch: Text = UNSET
    timeout: Number = UNSET
    retry: int | None | UnsetType = UNSET
    resource_group_id: Text = UNSET
    labels: Map = UNSET
    status: _Status | None | UnsetType = UNSET
    durations: _Durations | None | UnsetType = UNSET
    owner: _Party | None | UnsetType = UNSET
    created_by: _Party | None | UnsetType = UNSET
    initiator: _Party | None | UnsetType = UNSET
    environment: Map = UNSET
    secrets: Texts = UNSET
    type: Text = UNSET
    volumes: Other = UNSET
    expose: Other = UNSET
    network: Other = UNSET
    resource_group: Other = UNSET
    hf_token: Other = UNSET
    ssh: Other = UNSET


_MAPS = ("labels", "environment")
_OTHERS = ("volumes", "expose", "network", "resource_group", "hf_token", "ssh")
_PARTS: dict[str, type[_Part]] = {
    "status": _Status,
    "durations": _Durations,
    "owner": _Party,
    "created_by": _Party,
    "initiator": _Party,
}
_DECODER = msgspec.json.Decoder(list[_Job])

WIRE_COLUMNS = (
    *(name for name in _Job.__struct_fields__ if name not in _PARTS),
    *(f"{part}.{name}" for part, kind in _PARTS.items() for name in kind.__struct_fields__),
)
"""The columns of :func:`quick_columns`; those of a part are named ``"status.stage"``."""


def quick_columns(raw: bytes) -> dict[str, Sequence[Any]] | None:
    """Return the jobs of a page by column, ``None`` for what is null or not said; ``None`` where in doubt.

    >>> columns = quick_columns(b'[{"id":"a","status":{"stage":"RUNNING"}}]')
    >>> columns["id"], columns["status.stage"], columns["flavor"]
    (('a',), ('RUNNING',), [None])
    >>> quick_columns(b'[{"id":"a","id":"b"}]') is None, quick_columns(b'[{"id":"a","new":1}]') is None
    (True, True)
    """
    keys = _keys_in_bytes(raw)
    if keys is None:
        return None
    try:
        jobs = _DECODER.decode(raw)
        columns = _columns(jobs)
        found = _keys_in_columns(columns)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, StrictJsonError):
        return None
    if found != keys:
        return None
    return {name: _without_unset(column) for name, column in columns.items()}


def _keys_in_bytes(raw: bytes) -> int | None:
    """Count the keys of all objects, or return ``None`` where this way of counting may be too low.

    A key is a quote and a colon. Too many are counted where a text begins with a colon, which only ends the quick way;
    too few where blanks stand between the two, or where a key ends with a backslash.
    """
    if any(blank in raw for blank in (b"\n", b"\r", b"\t", b'" ')):
        return None
    count = raw.count(b'":')
    if b"\\" not in raw:
        return count
    return None if b'\\\\"' in raw else count - raw.count(b'\\":')


def _columns(jobs: Iterable[_Job]) -> dict[str, Sequence[Any]]:
    rows = [astuple(job) for job in jobs]
    columns: dict[str, Sequence[Any]] = dict(
        zip(_Job.__struct_fields__, zip(*rows, strict=True) if rows else [()] * len(_Job.__struct_fields__), strict=True)
    )
    for part, kind in _PARTS.items():
        empty = astuple(kind())
        values = [astuple(value) if isinstance(value, kind) else empty for value in columns[part]]
        names = [f"{part}.{name}" for name in kind.__struct_fields__]
        columns |= dict(zip(names, zip(*values, strict=True) if values else [()] * len(names), strict=True))
    return columns


def _keys_in_columns(columns: dict[str, Sequence[Any]]) -> int:
    said = sum(len(column) - column.count(UNSET) for column in columns.values())
    mapped = sum(len(value) for name in _MAPS for value in columns[name] if value)
    return said + mapped + sum(_keys_in_other(columns[name]) for name in _OTHERS)


def _keys_in_other(column: Sequence[Any]) -> int:
    """Count the keys of values that are not read here, each after the strict parser took it."""
    if column.count(UNSET) == len(column):
        return 0
    count = 0
    for value in column:
        if value is not UNSET:
            fragment = bytes(value)
            loads(fragment, max_bytes=len(fragment))
            count += fragment.count(b'":') - fragment.count(b'\\":')
    return count


def _without_unset(column: Sequence[Any]) -> Sequence[Any]:
    return [None if value is UNSET else value for value in column] if UNSET in column else column
