"""What the texts of a job specification may look like, one row per kind, and the check that holds them to it.

Source: OpenAPI of the Hub, 2026-08-18. It does not speak of networks; their two rules are the documentation of
``huggingface_hub`` 2.4.0, and so is the form of a volume's URI.
"""

import re
from dataclasses import dataclass
from typing import TypeGuard

from hfplanner.errors import JobSpecError, quoted

__all__ = [
    "ALIAS",
    "ARCH",
    "ENV_NAME",
    "FLAVOR",
    "GROUP",
    "IMAGE",
    "LABEL_KEY",
    "LABEL_VALUE",
    "MOUNT_PATH",
    "NAME",
    "PART",
    "REPO",
    "RESOURCE_GROUP",
    "SECRET_NAME",
    "SPACE",
    "SPECIAL_REVISION",
    "VOLUME_SOURCE",
    "VOLUME_TYPE",
    "VOLUME_URI",
    "Rule",
    "is_text",
    "matching",
    "shown",
]

_REPO = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]*/[a-zA-Z0-9_][a-zA-Z0-9_.-]*"
_LARGEST_SHOWN = 2**64


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of text must look like.

    Args:
        what: how it is called in an error.
        pattern: what the whole text matches; no line break slips through at its end.
        forms: the hint of the error.
        private: whether what follows an equals sign may be a secret and is not shown.
    """

    what: str
    pattern: re.Pattern[str]
    forms: str
    private: bool = False


def _rule(what: str, pattern: str, forms: str, *, private: bool = False) -> Rule:
    return Rule(what, re.compile(pattern, re.DOTALL), f"Accepted: {forms}.", private)


ENV_NAME = _rule(
    "a name of an environment variable",
    r"[a-zA-Z][_a-zA-Z0-9]+",
    "a letter, then at least one letter, digit or underscore",
    private=True,
)
SECRET_NAME = _rule(
    "a name of a secret", r"[a-zA-Z][_a-zA-Z0-9]*", "a letter, then letters, digits or underscores", private=True
)
LABEL_KEY = _rule("a label's key", r"[a-zA-Z0-9._-]{1,100}", "1 to 100 letters, digits, dots, dashes, underscores")
LABEL_VALUE = _rule("a label's value", r"[a-zA-Z0-9._-]{0,100}", "up to 100 letters, digits, dots, dashes, underscores")
NAME = _rule("a job's name", LABEL_VALUE.pattern.pattern, "up to 100 letters, digits, dots, dashes, underscores")
IMAGE = _rule("an image", r"[^\s\x00-\x1f\x7f]+", "'python:3.12', 'hf.co/spaces/owner/name'; no blanks")
REPO = _rule("a repository or bucket", _REPO, "'owner/name'")
SPACE = _rule("a Space", _REPO, "'hf.co/spaces/owner/name'")
FLAVOR = _rule(
    "a flavor", r"[^\s\x00-\x1f\x7f]+", "a name of the hardware listing such as 'l4x1', or None for cpu-basic"
)
ARCH = _rule("an architecture", r"amd64|arm64", "'amd64', 'arm64'")
VOLUME_TYPE = _rule("a type of volume", r"bucket|model|dataset|space", "'bucket', 'model', 'dataset', 'space'")
VOLUME_SOURCE = _rule("a source of a volume", r".*\S.*", "'owner/name'")
MOUNT_PATH = _rule("a mount path", r"/.*", "an absolute path such as '/data'")
PART = _rule("a revision or folder of a volume", r".*", "text")
# The only revisions whose slashes do not end them.
SPECIAL_REVISION = re.compile(r"refs/(?:convert/[\w.-]+|pr/[0-9]+)")
VOLUME_URI = _rule(
    "a volume's URI",
    rf"hf://(?:buckets/{_REPO}|(?:models|datasets|spaces)/{_REPO}(?:@(?:{SPECIAL_REVISION.pattern}|[^/:]+))?)"
    r"(?:/[^/:]+)*:/[^:]+(?::r[ow])?",
    "'hf://models/owner/name@revision/folder:/data', with ':ro' or ':rw' at its end or not",
)
GROUP = _rule("a network group", r"[a-z0-9-]{1,46}", "1 to 46 lowercase letters, digits, dashes")
ALIAS = _rule("a network alias", r"[a-z0-9-]{1,34}", "1 to 34 lowercase letters, digits, dashes")
RESOURCE_GROUP = _rule("the id of a resource group", r"[0-9a-fA-F]{24}", "24 hexadecimal digits")


def shown(value: object, *, private: bool = False) -> str:
    """Show a refused value as an error may: cut short, and only its type where it may be anything.

    >>> shown("a b"), shown("TOKEN=hf_x", private=True), shown(["hf_x"])
    ("'a b'", "'TOKEN'", 'a value of type list')
    """
    if isinstance(value, str):
        text = value.partition("=")[0] if private else value
        return quoted(text)
    short = value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) <= _LARGEST_SHOWN)
    return repr(value) if short and not private else f"a value of type {type(value).__name__}"


def is_text(value: object) -> TypeGuard[str]:
    r"""Tell whether a value can be sent: a string without lone surrogates, for which UTF-8 has no bytes.

    >>> is_text("a"), is_text(1), is_text("\udcff")
    (True, False, False)
    """
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def matching(value: object, rule: Rule) -> str:
    """Return the text if the rule allows it.

    Raises:
        JobSpecError: it does not, with the accepted forms as hint.

    >>> matching("amd64", ARCH)
    'amd64'
    """
    if is_text(value) and rule.pattern.fullmatch(value):
        return value
    raise JobSpecError(f"{shown(value, private=rule.private)} is not {rule.what}.", hint=rule.forms)
