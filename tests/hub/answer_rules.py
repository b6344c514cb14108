"""What the service's answers look like, as data: what the emulator's own answers are held to.

Source: the Hub's OpenAPI 3.1 of 2026-08-18, the schemas of 200 answers. One addition: ``network``, which the OpenAPI
does not know and ``huggingface_hub`` 2.4.0 reads.
"""

from typing import Any

from tests.hub.rules import EXPOSE, JOB_SPEC, STAGES

__all__ = ["BILL", "HARDWARE", "JOB", "RESOURCE_GROUPS", "SCHEDULED"]

Schema = dict[str, Any]

_STRING: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_BOOLEAN: Schema = {"type": "boolean"}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_MAP: Schema = {"type": "object", "propertyNames": _STRING, "additionalProperties": _STRING}
_TIME: Schema = {
    "type": "string",
    "pattern": r"^((\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29"
    r"|\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|(02)-(0[1-9]|1\d|2[0-8])))"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z)$",
}
_ID: Schema = {"type": "string", "minLength": 24, "maxLength": 24, "pattern": r"^[0-9a-f]{24}$"}


def _const(value: str) -> Schema:
    return {"enum": (value,)}


def _object(properties: dict[str, Schema], *optional: str) -> Schema:
    """Return an object whose fields are all required but those named."""
    required = tuple(name for name in properties if name not in optional)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_OWNER = _object({"id": _ID, "name": _STRING, "type": {"enum": ("user", "org")}, "avatarUrl": _STRING})
_DURATIONS = _object(
    {"schedulingSecs": _NUMBER, "runningSecs": _NUMBER, "totalSecs": _NUMBER},
    "schedulingSecs",
    "runningSecs",
    "totalSecs",
)
_VOLUME = _object(
    {
        "type": _STRING,
        "source": _STRING,
        "mountPath": _STRING,
        "revision": _STRING,
        "readOnly": _BOOLEAN,
        "path": _STRING,
    },
    "revision",
    "readOnly",
    "path",
)
_INITIATOR: Schema = {
    "anyOf": [
        _OWNER,
        _object({"type": _const("scheduled-job"), "id": _STRING}),
        _object({"type": _const("duplicated-job"), "id": _STRING}),
        _object({"type": _const("webhook"), "id": _STRING}),
    ]
}
_STATUS = _object(
    {
        "stage": {"enum": STAGES},
        "message": _STRING | {"nullable": True},
        "cancelReason": _STRING,
        "failureCount": _NUMBER,
        "exposeUrls": _STRINGS,
        "sshUrl": _STRING,
    },
    "cancelReason",
    "failureCount",
    "exposeUrls",
    "sshUrl",
)
# The fields that a job and the specification of a scheduled job have in common, and which of them must be there.
_SPEC: dict[str, Schema] = {
    "spaceId": _STRING,
    "dockerImage": _STRING,
    "timeout": _NUMBER,
    "environment": _MAP,
    "command": _STRINGS,
    "arguments": _STRINGS,
    "arch": {"enum": ("amd64", "arm64")},
    "flavor": JOB_SPEC["properties"]["flavor"],
    "resourceGroupId": _STRING,
    "retry": _NUMBER,
    "volumes": {"type": "array", "items": _VOLUME},
    "expose": EXPOSE,
    "secrets": _STRINGS,
    "labels": _MAP,
    "network": JOB_SPEC["properties"]["network"],
}
_SPEC_OPTIONAL = tuple(name for name in _SPEC if name not in {"environment", "flavor"})
JOB = _object(
    {
        "id": _STRING,
        "createdAt": _TIME,
        **_SPEC,
        "createdBy": _object({"id": _STRING, "name": _STRING}),
        "startedAt": _TIME,
        "finishedAt": _TIME,
        "durations": _DURATIONS,
        "type": _const("job"),
        "owner": _OWNER,
        "initiator": _INITIATOR,
        "status": _STATUS,
    },
    "startedAt",
    "finishedAt",
    "durations",
    "initiator",
    *_SPEC_OPTIONAL,
)
SCHEDULED = _object(
    {
        "id": _STRING,
        "createdAt": _TIME,
        "schedule": _STRING,
        "suspend": _BOOLEAN,
        "suspendReason": _STRING,
        "concurrency": _BOOLEAN,
        "status": _object(
            {"lastJob": _object({"id": _STRING, "at": _TIME}) | {"nullable": True}, "nextJobRunAt": _TIME}
        ),
        "type": _const("scheduled-job"),
        "owner": _OWNER,
        "initiator": _OWNER,
        "jobSpec": _object(_SPEC, *_SPEC_OPTIONAL),
    },
    "suspendReason",
    "initiator",
)
_ACCELERATOR = _object(
    {
        "type": {"enum": ("gpu", "neuron")},
        "model": _STRING,
        "quantity": _STRING,
        "vram": _STRING,
        "manufacturer": {"enum": ("Nvidia", "AWS")},
    }
)
HARDWARE: Schema = {
    "type": "array",
    "items": _object(
        {
            "name": _STRING,
            "prettyName": _STRING,
            "cpu": _STRING,
            "ram": _STRING,
            "ephemeralStorage": _STRING,
            "accelerator": _ACCELERATOR | {"nullable": True},
            "unitCostMicroUSD": _NUMBER,
            "unitCostUSD": _NUMBER,
            "unitLabel": _STRING,
        },
        "ephemeralStorage",
    ),
}
_DETAIL = _object(
    {
        "jobId": _STRING,
        "hardwareFlavor": _STRING,
        "totalMinutes": _NUMBER,
        "totalCostMicroUsd": _NUMBER,
        "startedAt": _TIME,
        "completedAt": _TIME,
    },
    "completedAt",
)
BILL = _object(
    {
        "hasAccess": _BOOLEAN,
        "usage": _object(
            {
                "usedMicroUsd": _NUMBER,
                "totalMinutes": _NUMBER,
                "periodStart": _TIME,
                "periodEnd": _TIME,
                "jobDetails": {"type": "array", "items": _DETAIL},
            }
        ),
    }
)
_USE = _object({"uptimeSec": _NUMBER, "costCents": _NUMBER})
_GROUP = _object(
    {
        "id": _STRING | {"nullable": True},
        "name": _STRING | {"nullable": True},
        "storage": _object({"privateGB": _NUMBER, "publicGB": _NUMBER}),
        "inference": _object({"requestCount": _NUMBER, "costCents": _NUMBER}),
        "compute": _object({"spaces": _USE, "endpoints": _USE, "jobs": _USE}),
    }
)
_PERIOD = _object({"period": _TIME, "resourceGroups": {"type": "array", "items": _GROUP}})
RESOURCE_GROUPS = _object({"currency": _STRING, "periods": {"type": "array", "items": _PERIOD}})
