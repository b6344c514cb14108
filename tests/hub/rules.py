"""What the service accepts, as data.

Source: the Hub's OpenAPI 3.1 of 2026-08-18 (``POST /api/jobs/{namespace}``, ``POST /api/scheduled-jobs/{namespace}``,
``PUT .../labels``, ``PUT .../expose``, ``POST .../schedule``), each schema with the keywords it has there. Two
additions: ``network``, which the OpenAPI does not know and ``huggingface_hub`` 2.4.0 sends (its documentation gives
the alphabet and the lengths), and ``additionalProperties: False`` wherever the OpenAPI is silent, so that a
misspelled field is an error and not dropped.
"""

from typing import Any

__all__ = [
    "EXPOSE",
    "JOB_SPEC",
    "LABELS",
    "LABEL_FILTER",
    "MAX_CURSOR",
    "MAX_INTEGER",
    "SCHEDULE",
    "SCHEDULED_JOB",
    "STAGES",
]

Schema = dict[str, Any]

# The largest integer that a number of JavaScript holds exactly.
MAX_INTEGER = 2**53 - 1
MAX_CURSOR = 2048
STAGES = ("COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING")
LABEL_FILTER = r"^[a-zA-Z0-9._-]+=[a-zA-Z0-9._-]*$"

_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_PORTS: Schema = {
    "type": "array",
    "maxItems": 20,
    "items": {"type": "integer", "minimum": 1, "maximum": 65535},
}
_FLAVORS = (
    "cpu-basic",
    "cpu-upgrade",
    "cpu-performance",
    "cpu-xl",
    "sprx8",
    "zero-a10g",
    "t4-small",
    "t4-medium",
    "l4x1",
    "l4x4",
    "l40sx1",
    "l40sx4",
    "l40sx8",
    "a10g-small",
    "a10g-large",
    "a10g-largex2",
    "a10g-largex4",
    "a100-large",
    "a100x4",
    "a100x8",
    "h200",
    "h200x2",
    "h200x4",
    "h200x8",
    "rtx-pro-6000",
    "rtx-pro-6000x2",
    "rtx-pro-6000x4",
    "rtx-pro-6000x8",
    "inf2x6",
)


def _object(properties: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _map(names: Schema, values: Schema) -> Schema:
    return {"type": "object", "propertyNames": names, "additionalProperties": values}


_LABELS = _map(
    {"type": "string", "maxLength": 100, "pattern": r"^[a-zA-Z0-9._-]+$"},
    {"type": "string", "maxLength": 100, "pattern": r"^[a-zA-Z0-9._-]*$"},
)
_VOLUME = _object(
    {
        "type": {"enum": ("bucket", "model", "dataset", "space")},
        "source": _STRING,
        "mountPath": {"type": "string", "pattern": r"^\/.*"},
        "revision": _STRING,
        "readOnly": _BOOLEAN,
        "path": _STRING,
    },
    ("type", "source", "mountPath"),
)
_NETWORK = _object(
    {
        "group": {"type": "string", "pattern": r"^[a-z0-9-]{1,46}$"},
        "aliases": {"type": "array", "items": {"type": "string", "pattern": r"^[a-z0-9-]{1,34}$"}},
    },
    ("group",),
)
EXPOSE = _object({"ports": _PORTS, "portsPublic": _PORTS}, ("ports",))
LABELS = _object({"labels": _LABELS}, ("labels",))
SCHEDULE = _object(
    {
        "schedule": {
            "type": "string",
            "pattern": r"^(?:(@(annually|yearly|monthly|weekly|daily|hourly))"
            r"|((((\d+,)+\d+|((\*|\d+)(\/|-)\d+)|\d+|\*) ?){5,7}))$",
        }
    },
    ("schedule",),
)
JOB_SPEC = _object(
    {
        "spaceId": _STRING,
        "dockerImage": _STRING,
        "arguments": {"type": "array", "items": _STRING},
        "command": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "environment": _map({"type": "string", "pattern": r"^[a-zA-Z][_a-zA-Z0-9]+$"}, _STRING),
        "secrets": _map({"type": "string", "pattern": r"^[a-zA-Z][_a-zA-Z0-9]*$"}, _STRING),
        "flavor": {"enum": _FLAVORS},
        "arch": {"enum": ("amd64", "arm64")},
        "timeoutSeconds": {"type": "integer", "exclusiveMinimum": 0, "maximum": MAX_INTEGER, "nullable": True},
        "attempts": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER},
        "labels": _LABELS,
        "volumes": {"type": "array", "minItems": 1, "items": _VOLUME},
        "expose": EXPOSE,
        "ssh": _object({"enabled": _BOOLEAN}),
        "resourceGroupId": {"type": "string", "pattern": r"^[0-9a-fA-F]{24}$"},
        "network": _NETWORK,
    },
    ("flavor",),
)
SCHEDULED_JOB = _object(
    {
        "jobSpec": JOB_SPEC,
        "schedule": SCHEDULE["properties"]["schedule"],
        "suspend": _BOOLEAN,
        "concurrency": _BOOLEAN,
    },
    ("jobSpec", "schedule"),
)
