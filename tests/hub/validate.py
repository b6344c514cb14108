"""Hold a body to its schema, and report every problem with its place."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from tests.hub.rules import EXPOSE, JOB_SPEC, SCHEDULED_JOB

__all__ = ["matches", "problems"]

Schema = dict[str, Any]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Read a pattern as JavaScript does: ASCII digits, and a dollar that is the very end."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)


def matches(pattern: str, text: str) -> bool:
    r"""Tell whether a text matches, as JavaScript's ``test`` does.

    >>> matches("^a$", "a"), matches("^a$", "a\n")
    (True, False)
    """
    return _compiled(pattern).search(text) is not None


def problems(schema: Schema, value: object) -> list[str]:
    """Return what is wrong with a body, one sentence each; nothing if it is fine.

    >>> from tests.hub.rules import LABELS
    >>> problems(LABELS, {"labels": {"a b": "c"}, "extra": 1})
    ['labels: invalid key "a b"', 'unrecognized key "extra"']
    """
    found = list(_walk(schema, value, ""))
    return found or list(_RELATIONS.get(id(schema), _nothing)(value))


def _at(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text


def _walk(schema: Schema, value: object, path: str) -> Iterator[str]:
    if value is None and schema.get("nullable"):
        return
    if "anyOf" in schema:
        if all(any(_walk(option, value, path)) for option in schema["anyOf"]):
            yield _at(path, "invalid input, fits none of the forms")
        return
    if "enum" in schema:
        if value not in schema["enum"]:
            yield _at(path, f"invalid option, expected one of {'|'.join(schema['enum'])}")
        return
    kind = schema["type"]
    if not _TYPES[kind](value):
        yield _at(path, f"invalid input, expected {kind}, received {_name(value)}")
        return
    yield from _CHECKS.get(kind, _nothing_at)(schema, value, path)


def _nothing(_value: object) -> Iterator[str]:
    return iter(())


def _nothing_at(_schema: Schema, _value: object, _path: str) -> Iterator[str]:
    return iter(())


def _name(value: object) -> str:
    if value is None:
        return "null"
    return {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}[type(value)]


def _is_integer(value: object) -> bool:
    """Take 60.0 for an integer, as JavaScript does."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _string(schema: Schema, value: str, path: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield _at(path, f"too short, expected at least {schema['minLength']} characters")
    if len(value) > schema.get("maxLength", len(value)):
        yield _at(path, f"too long, expected at most {schema['maxLength']} characters")
    if "pattern" in schema and not matches(schema["pattern"], value):
        yield _at(path, f"invalid string, must match {schema['pattern']}")


def _number(schema: Schema, value: float, path: str) -> Iterator[str]:
    if value < schema.get("minimum", value):
        yield _at(path, f"too small, expected at least {schema['minimum']}")
    if value <= schema.get("exclusiveMinimum", value - 1):
        yield _at(path, f"too small, expected more than {schema['exclusiveMinimum']}")
    if value > schema.get("maximum", value):
        yield _at(path, f"too big, expected at most {schema['maximum']}")


def _array(schema: Schema, value: list[object], path: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        yield _at(path, f"too few items, expected at least {schema['minItems']}")
    if len(value) > schema.get("maxItems", len(value)):
        yield _at(path, f"too many items, expected at most {schema['maxItems']}")
    for place, item in enumerate(value):
        yield from _walk(schema["items"], item, f"{path}[{place}]")


def _object(schema: Schema, value: dict[str, object], path: str) -> Iterator[str]:
    known: dict[str, Schema] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield _at(path, f'missing key "{name}"')
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if name in known:
            yield from _walk(known[name], item, here)
        elif not schema["additionalProperties"]:
            yield _at(path, f'unrecognized key "{name}"')
        elif any(_walk(schema["propertyNames"], name, "")):
            yield _at(path, f'invalid key "{name}"')
        else:
            yield from _walk(schema["additionalProperties"], item, here)


_CHECKS: dict[str, Callable[[Schema, Any, str], Iterator[str]]] = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "array": _array,
    "object": _object,
}


def _expose(value: Any) -> Iterator[str]:  # noqa: ANN401 - a body that its schema has passed
    if set(value.get("portsPublic", ())) - set(value["ports"]):
        yield "expose.portsPublic: must be a subset of ports"


def _job(value: Any) -> Iterator[str]:  # noqa: ANN401 - a body that its schema has passed
    if ("dockerImage" in value) == ("spaceId" in value):
        yield "exactly one of dockerImage and spaceId is required"
    if "expose" in value:
        yield from _expose(value["expose"])
    aliases = value.get("network", {}).get("aliases", [])
    if len(set(aliases)) < len(aliases):
        yield "network.aliases: must be unique"


# What the OpenAPI says in words, between fields.
_RELATIONS: dict[int, Callable[[Any], Iterator[str]]] = {
    id(EXPOSE): _expose,
    id(JOB_SPEC): _job,
    id(SCHEDULED_JOB): lambda value: _job(value["jobSpec"]),
}
