"""Every error a person can meet, as one tree.

::

    HfplannerError                 1   something known went wrong
    ├── CatalogError               1   no usable hardware listing
    │   ├── ListingUnavailable     1   the Hub could not be asked
    │   └── ListingUnreadable      1   an answer or a file is not a listing
    ├── UsageError                 2   what was typed or passed cannot be meant
    │   └── JobSpecError           2   a job specification the service would refuse or misread
    └── NothingFits                4   no flavor meets the needs

The number is the exit code of the command line. Each error is one sentence, with a hint that says what to do.
"""

import difflib
from collections.abc import Iterable

__all__ = [
    "CatalogError",
    "HfplannerError",
    "JobSpecError",
    "ListingUnavailable",
    "ListingUnreadable",
    "NothingFits",
    "UsageError",
    "did_you_mean",
    "quoted",
]

_LONGEST_QUOTE = 64


class HfplannerError(Exception):
    """A known error: one sentence, a hint, and the exit code of the command line.

    >>> error = UsageError("'soon' is not a duration.", hint="Accepted: 90s, 30m, 1.5h.")
    >>> str(error), error.hint, error.exit_code, error.code
    ("'soon' is not a duration.", 'Accepted: 90s, 30m, 1.5h.', 2, 'usage')
    """

    exit_code = 1
    code = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class CatalogError(HfplannerError):
    """There is no usable hardware listing."""

    code = "catalog"


class ListingUnavailable(CatalogError):
    """The Hub could not be asked: no network, a time-out, an HTTP status that is no answer."""

    code = "listing_unavailable"


class ListingUnreadable(CatalogError):
    """An answer or a file was read, but it is not a hardware listing."""

    code = "listing_unreadable"


class UsageError(HfplannerError):
    """A value that was typed or passed cannot be meant: wrong unit, zero, contradiction."""

    exit_code = 2
    code = "usage"


class JobSpecError(UsageError):
    """A job specification the service would refuse, or silently understand differently."""

    code = "job_spec"


class NothingFits(HfplannerError):
    """No flavor meets the needs and budgets."""

    exit_code = 4
    code = "nothing_fits"


def quoted(text: str) -> str:
    """Return a text somebody typed as an error quotes it, cut where it is long.

    >>> quoted("soon"), quoted("9" * 100)[-9:]
    ("'soon'", "99999...'")
    """
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}...")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the beginning of a hint that names what is spelled nearly like ``name``; empty where nothing is.

    >>> did_you_mean("l4x2", ["l4x1", "l4x4", "h200"])
    'Did you mean l4x4 or l4x1? '
    >>> did_you_mean("tpu", ["l4x1"])
    ''
    """
    near = difflib.get_close_matches(name[:_LONGEST_QUOTE], sorted(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}? " if near else ""
