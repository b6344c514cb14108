"""JSON as RFC 8259 means it, from a sender that is not trusted: no NaN, no duplicate keys, size and depth capped."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

__all__ = ["MAX_DEPTH", "StrictJsonError", "loads"]

# The Hub's answers nest five levels; CPython's own parser gives up near one thousand.
MAX_DEPTH = 64

# The closing quote is optional, so that a string without one is still passed over once and not once per quote in it.
# Possessive, because a step that may be taken back costs the matcher some 100 bytes for every byte of a long string.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|[\[\]{}]', re.DOTALL)

# Far beyond any figure of the Hub, and below the 4300 digits at which CPython itself refuses to read an integer.
_MAX_INT_DIGITS = 1000
_SHOWN_OF_A_KEY = 40


class StrictJsonError(ValueError):
    """Bytes that are not one JSON document, with the reason as a sentence.

    Args:
        reason: the sentence.
        key: that stands twice, where that is the reason.
    """

    def __init__(self, reason: str, key: str | None = None) -> None:
        super().__init__(reason)
        self.key = key


def loads(raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:  # noqa: ANN401 - a JSON document is any of its types
    """Parse one JSON document.

    Args:
        raw: UTF-8 bytes.
        max_bytes: refuse anything longer before looking at it.
        max_depth: refuse anything that nests deeper, 64 levels by default.

    Raises:
        StrictJsonError: too long, too deep, not UTF-8, not JSON, NaN or Infinity, a number out of range, or a key
            that stands twice in one object.

    >>> loads(b'{"a": [1, 2.5]}', max_bytes=100)
    {'a': [1, 2.5]}
    >>> loads(b'{"a": 1, "a": 2}', max_bytes=100)
    Traceback (most recent call last):
    hfplanner.api.strict_json.StrictJsonError: the key 'a' stands twice in one object
    """
    if len(raw) > max_bytes:
        raise StrictJsonError(f"it is longer than {max_bytes} bytes")
    _check_depth(raw, max_depth)
    try:
        text = raw.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_readable
        )
    except StrictJsonError:
        raise
    except UnicodeDecodeError as error:
        raise StrictJsonError("it is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise StrictJsonError("it is not a complete JSON document") from error


def _check_depth(raw: bytes, max_depth: int) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > max_depth:
                raise StrictJsonError(f"it nests deeper than {max_depth} levels")
        elif token in b"]}":
            depth -= 1


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise StrictJsonError(f"the key {twice[:_SHOWN_OF_A_KEY]!r} stands twice in one object", twice)
    return result


def _no_constant(name: str) -> NoReturn:
    raise StrictJsonError(f"{name} is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise StrictJsonError("a number is out of range")
    return number


def _readable(text: str) -> int:
    if len(text) > _MAX_INT_DIGITS:
        raise StrictJsonError("a number is out of range")
    return int(text)
