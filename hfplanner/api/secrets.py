r"""Which texts of a job specification must not come back in an error, and how they are kept out of one.

A server may repeat what it was sent as it came, or as it wrote it down: escaped as JSON once or twice, percent-encoded,
as HTML, in capitals, in base64, in hexadecimal. Each character of a secret is therefore looked for in every spelling,
and its bytes in the two encodings that programs use for bytes.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["HIDDEN", "hide", "secrets_of"]

HIDDEN = "[hidden]"
"""What stands where a secret stood."""

# Below this a value is hidden only where it stands by itself: hiding every "1" of a sentence hides the sentence.
_SHORTEST = 4
# A line of a secret of many lines, a key for example, is a secret of its own.
_SHORTEST_LINE = 8
# Of what is longer each piece is looked for.
_PIECE = 128
_MOST_TEXT = 16_384
_MOST_SECRET = 65_536
# Characters without width, and what a terminal would not show: they may be put between those of a secret.
_BETWEEN = "[\\x00-\\x08\\x0e-\\x1f\\x7f\xad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\ufeff]*"
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_BASE64_GROUP = 3


def secrets_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values of a specification's secrets and environment variables, longest first.

    An environment variable of less than four characters is a setting, and no secret.

    >>> secrets_of({"secrets": {"TOKEN": "hunter2", "PIN": "42"}, "environment": {"MODE": "fast", "RANK": "0"}})
    ('hunter2', 'fast', '42')
    """
    found = {
        value
        for part, least in (("secrets", 1), ("environment", _SHORTEST))
        for value in (spec.get(part) or {}).values()
        if isinstance(value, str) and len(value.strip()) >= least
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def hide(text: str, secrets: Iterable[str]) -> str:
    r"""Return the beginning of a text without these secrets, however it spells them.

    >>> hide('{"error": "no: HUNTER2, aHVudGVyMg==, %68unter2, hu\\u006eter2"}', ["hunter2"])
    '{"error": "no: [hidden], [hidden], [hidden], [hidden]"}'
    >>> hide("the pin 42 is not 1421", ["42"])
    'the pin [hidden] is not 1421'
    """
    shown = text[:_MOST_TEXT]
    for secret in secrets:
        for pattern in _patterns(secret[:_MOST_SECRET]):
            shown = pattern.sub(HIDDEN, shown)
    return shown


def _patterns(secret: str) -> Iterator[re.Pattern[str]]:
    """Yield what a secret is looked for by."""
    value = secret.strip()
    if not value:
        return
    lines = [line.strip() for line in value.splitlines()]
    texts = [value] if len(value) <= _PIECE else [value[at : at + _PIECE] for at in range(0, len(value), _PIECE)]
    if len(lines) > 1:
        texts += [line for line in lines if len(line) >= _SHORTEST_LINE]
    encoded = value.encode("utf-8", "surrogatepass")
    for text in texts:
        # A run of blanks, or of backslashes, is one: how many there are changes with each time it is escaped.
        runs = (run[0] for run in re.findall(r"\s+|\\+|.", text, re.DOTALL))
        yield re.compile(_alone(_BETWEEN.join(map(_spellings, runs)), text), re.IGNORECASE)
    yield re.compile(_alone(encoded.hex(), value), re.IGNORECASE)
    for exact in _base64(encoded):
        yield re.compile(_alone(re.escape(exact), exact if len(value) >= _SHORTEST else "x"))


def _alone(pattern: str, text: str) -> str:
    """Return a pattern that finds a short text only where no letter or digit is beside it."""
    return pattern if len(text) >= _SHORTEST else rf"(?<!\w){pattern}(?!\w)"


def _spellings(char: str) -> str:
    """Return a pattern of every spelling of one character."""
    if char.isspace():
        return r"(?:\s|\\+[nrtbf]|\\+u00(?:0[9acd]|20)|%(?:0[9acd]|20)|\+|&#x?0*(?:9|1[03]|32|[acd]|20);)+"
    if char == "\\":
        return r"(?:\\+(?:u005c)?|%5c|&#x?0*(?:92|5c);)+"
    utf16 = char.encode("utf-16-be", "surrogatepass")
    units = [utf16[at : at + 2].hex() for at in range(0, len(utf16), 2)]
    percent = "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    spellings = [
        rf"\\*{re.escape(char)}",
        "".join(rf"\\+u{unit}" for unit in units),
        re.escape(percent),
        rf"&#0*{ord(char)};",
        rf"&#x0*{ord(char):x};",
    ]
    # Of the letters whose other case is two letters.
    spellings += [re.escape(other) for other in (char.upper(), char.lower()) if len(other) > 1]
    if char in _NAMED:
        spellings.append(f"&{_NAMED[char]};")
    return f"(?:{'|'.join(spellings)})"


def _base64(value: bytes) -> Iterator[str]:
    """Yield the base64 of a value by itself, and what of it stays the same inside a longer one, in both alphabets."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        yield encode(value).decode()
        yield encode(value).decode().rstrip("=")
        for offset in range(_BASE64_GROUP):
            whole = encode(b"\0" * offset + value)
            # The first characters hold bits of what stands before, the last ones of what stands after.
            core = whole[-(-offset * 4 // _BASE64_GROUP) : (offset + len(value)) // _BASE64_GROUP * 4].decode()
            if len(core) >= _SHORTEST:
                yield core
