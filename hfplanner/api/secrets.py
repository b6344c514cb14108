"""Which texts of a job specification must not come back in an error."""

from collections.abc import Mapping
from typing import Any

__all__ = ["secrets_of"]


def secrets_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values of a specification's secrets and environment variables, longest first.

    >>> secrets_of({"secrets": {"TOKEN": "hunter2"}, "environment": {"MODE": "fast"}})
    ('hunter2', 'fast')
    """
    found = {
        value
        for part in ("secrets", "environment")
        for value in (spec.get(part) or {}).values()
        if isinstance(value, str)
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))
