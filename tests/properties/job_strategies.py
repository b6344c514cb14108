"""What the laws about jobs are tried on: answers of the Jobs API, and inputs of a job specification.

The keys are written out here from the OpenAPI of the Hub (2026-08-18) and from ``huggingface_hub`` 2.4.0, not taken
from the models: a model that forgets a key must not make its own test forget it.
"""

import dataclasses
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

HEX = "0123456789abcdef"
WORD = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=12)
TEXT = st.text(max_size=12)
NUMBER = st.integers(0, 10**9) | st.floats(0, 1e9, allow_nan=False)
ID = st.text(HEX, min_size=24, max_size=24)
PORT = st.integers(1, 65535)
# No flavor, stage or kind that anybody knows.
UNKNOWN = WORD.map(lambda word: f"new-{word}")
# Nor a key: none starts with "new" followed by a capital letter.
UNKNOWN_KEY = st.text(string.ascii_letters, max_size=8).map(lambda word: f"newX{word}")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
FLAVOR = st.sampled_from(["cpu-basic", "l4x1", "h200x8", "rtx-pro-6000x2", "inf2x6"]) | UNKNOWN
STAGE = st.sampled_from(["COMPLETED", "CANCELED", "ERROR", "DELETED", "SCHEDULING", "RUNNING"]) | UNKNOWN
INITIATOR = st.sampled_from(["user", "org", "scheduled-job", "duplicated-job", "webhook"]) | UNKNOWN

# Every key that has two spellings.
PYTHON_SPELLING = {
    "createdAt": "created_at",
    "startedAt": "started_at",
    "finishedAt": "finished_at",
    "dockerImage": "docker_image",
    "spaceId": "space_id",
    "createdBy": "created_by",
    "resourceGroupId": "resource_group_id",
    "exposeUrls": "expose_urls",
    "sshUrl": "ssh_url",
    "cancelReason": "cancel_reason",
    "failureCount": "failure_count",
    "schedulingSecs": "scheduling_secs",
    "runningSecs": "running_secs",
    "totalSecs": "total_secs",
    "mountPath": "mount_path",
    "readOnly": "read_only",
    "portsPublic": "ports_public",
    "jobSpec": "job_spec",
    "suspendReason": "suspend_reason",
    "lastJob": "last_job",
    "nextJobRunAt": "next_job_run_at",
    "prettyName": "pretty_name",
    "ephemeralStorage": "ephemeral_storage",
    "unitCostMicroUSD": "unit_cost_micro_usd",
    "unitCostUSD": "unit_cost_usd",
    "unitLabel": "unit_label",
}
# Mappings whose keys people choose.
_FREE = ("environment", "labels", "secrets")


def in_python_spelling(value: Any, keep: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401 - any JSON value
    """Respell the known keys of an answer, at every depth, but for those in ``keep``."""
    if isinstance(value, list):
        return [in_python_spelling(item, keep) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key if key in keep else PYTHON_SPELLING.get(key, key): item
        if key in _FREE or key.startswith("newX")
        else in_python_spelling(item, keep)
        for key, item in value.items()
    }


def same(ours: object, theirs: object) -> bool:
    """Tell whether each attribute of the reference's object has the same value in ours, at every depth."""
    if dataclasses.is_dataclass(theirs) and not isinstance(theirs, type):
        return all(same(getattr(ours, field.name), getattr(theirs, field.name)) for field in dataclasses.fields(theirs))
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs if theirs is None else ours == theirs


def _moment(moment: datetime) -> str:
    return (
        f"{moment.isoformat(timespec='milliseconds')}Z" if moment.microsecond % 1000 == 0 else f"{moment.isoformat()}Z"
    )


MOMENT = st.datetimes(timezones=st.none()).map(_moment) | st.datetimes(timezones=st.none()).map(
    lambda moment: _moment(moment.replace(microsecond=moment.microsecond // 1000 * 1000))
)


def record(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a JSON object: the required keys, any of the optional ones (null too), and up to two keys nobody knows."""
    known = st.fixed_dictionaries(required, optional={key: values | st.none() for key, values in optional.items()})
    return st.builds(lambda a, b: {**a, **b}, known, st.dictionaries(UNKNOWN_KEY, JSON, max_size=2))


OWNER = record({"id": ID, "name": WORD, "type": st.sampled_from(["user", "org"])}, {"avatarUrl": TEXT})
STATUS = record(
    {"stage": STAGE},
    {
        "message": TEXT,
        "cancelReason": UNKNOWN,
        "failureCount": NUMBER,
        "exposeUrls": st.lists(TEXT, max_size=2),
        "sshUrl": TEXT,
    },
)
VOLUME = record(
    {"type": st.sampled_from(["bucket", "model", "dataset", "space"]) | UNKNOWN, "source": WORD, "mountPath": WORD},
    {"revision": WORD, "readOnly": st.booleans(), "path": WORD},
)
# Never empty, here and in the contents: what the reference makes of that is a named difference.
DURATIONS = record({"totalSecs": NUMBER}, {"schedulingSecs": NUMBER, "runningSecs": NUMBER})
EXPOSE = record({"ports": st.lists(PORT, max_size=3)}, {"portsPublic": st.lists(PORT, max_size=3)})
NETWORK = st.builds(
    lambda known, aliases: {**known, **aliases},
    record({"group": WORD}, {}),
    st.fixed_dictionaries({}, optional={"aliases": st.lists(WORD, max_size=3)}),
)
CONTENTS = {
    "dockerImage": WORD,
    "spaceId": WORD,
    "command": st.lists(TEXT, max_size=3),
    "arguments": st.lists(TEXT, max_size=3),
    "environment": st.dictionaries(WORD, TEXT, max_size=3),
    "secrets": st.lists(WORD, max_size=3) | st.dictionaries(WORD, TEXT, max_size=3),
    "flavor": FLAVOR,
    "arch": st.sampled_from(["amd64", "arm64"]) | UNKNOWN,
    "timeout": NUMBER,
    "retry": NUMBER,
    "labels": st.dictionaries(WORD | st.just("name"), TEXT, max_size=3),
    "volumes": st.lists(VOLUME, min_size=1, max_size=2),
    "expose": EXPOSE,
    "resourceGroupId": ID,
}
_TIMES = {"createdAt": MOMENT, "startedAt": MOMENT, "finishedAt": MOMENT}
_OF_A_JOB = {
    **CONTENTS,
    **_TIMES,
    "durations": DURATIONS,
    "createdBy": record({"id": ID, "name": WORD}, {}),
    "initiator": record({"type": INITIATOR, "id": ID}, {"name": WORD}),
    "network": NETWORK,
    "type": st.just("job"),
}
# What the reference cannot do without is always there.
JOB = record({"id": ID, "owner": OWNER, "status": STATUS}, _OF_A_JOB)
# What ours can do without need not be.
BARE_JOB = record({"id": ID}, {**_OF_A_JOB, "owner": OWNER, "status": STATUS})
JOB_SPEC = record({}, {**CONTENTS, "tags": st.lists(WORD, max_size=2)})
SCHEDULE_STATUS = record({}, {"lastJob": record({"id": ID, "at": MOMENT}, {}), "nextJobRunAt": MOMENT})
_OF_A_SCHEDULE = {
    "createdAt": MOMENT,
    "schedule": st.sampled_from(["@hourly", "0 9 * * 1"]),
    "suspend": st.booleans(),
    "suspendReason": TEXT,
    "concurrency": st.booleans(),
    "initiator": record({"type": INITIATOR, "id": ID}, {"name": WORD}),
}
SCHEDULE = record({"id": ID, "owner": OWNER, "status": SCHEDULE_STATUS, "jobSpec": JOB_SPEC}, _OF_A_SCHEDULE)
BARE_SCHEDULE = record({"id": ID}, {**_OF_A_SCHEDULE, "owner": OWNER, "status": SCHEDULE_STATUS, "jobSpec": JOB_SPEC})
_ACCELERATOR = record(
    {
        "type": st.sampled_from(["gpu", "neuron"]) | UNKNOWN,
        "model": WORD,
        "quantity": st.integers(1, 64).map(str),
        "vram": WORD,
        "manufacturer": WORD,
    },
    {},
)
HARDWARE = record(
    {
        "name": WORD,
        "prettyName": TEXT,
        "cpu": TEXT,
        "ram": TEXT,
        "unitCostMicroUSD": st.integers(0, 10**9) | st.none(),
        "unitCostUSD": st.floats(0, 1e3) | st.none(),
        "unitLabel": WORD,
    },
    {"ephemeralStorage": TEXT, "accelerator": _ACCELERATOR},
)
