"""Every error a person can meet, as one tree.

::

    HfplannerError                 1   something known went wrong
    ├── CatalogError               1   no usable hardware listing
    │   ├── ListingUnavailable     1   the Hub could not be asked
    │   └── ListingUnreadable      1   an answer or a file is not a listing
    ├── HistoryError               1   the local history cannot be read or written
    ├── JobsUnreadable             1   a file holds no jobs
    ├── UsageError                 2   what was typed or passed cannot be meant
    │   └── JobSpecError           2   a job specification the service would refuse or misread
    └── NothingFits                4   no flavor meets the needs

The number is the exit code of the command line. Each error is one sentence, with a hint that says what to do.
"""

__all__ = [
    "CatalogError",
    "HfplannerError",
    "HistoryError",
    "JobSpecError",
    "JobsUnreadable",
    "ListingUnavailable",
    "ListingUnreadable",
    "NothingFits",
    "UsageError",
]


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


class HistoryError(HfplannerError):
    """The local history cannot be read or written: damaged, of a newer version, locked, no space."""

    code = "history"


class JobsUnreadable(HfplannerError):
    """A file was read, but it holds no jobs in any form that is known."""

    code = "jobs_unreadable"


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
