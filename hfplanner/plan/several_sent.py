"""What became of several jobs that are one plan, a sweep or a group."""

from collections.abc import Iterable

from hfplanner.budget.ledger.records import State, Submission
from hfplanner.errors import HfplannerError, SubmissionUnknown

__all__ = ["exit_code_of", "unknown_among"]


def unknown_among(submissions: Iterable[Submission]) -> int:
    """Return of how many submissions nobody knows whether their job exists."""
    return sum(one.state in {State.UNKNOWN, State.SENDING} for one in submissions)


def exit_code_of(submissions: Iterable[Submission], stopped: HfplannerError | None) -> int:
    """Return the exit code of the contract: 5 where the outcome of one is unknown, else that of what stopped the rest.

    >>> exit_code_of((), None), exit_code_of((), HfplannerError("The Hub rejected it."))
    (0, 1)
    """
    if unknown_among(submissions):
        return SubmissionUnknown.exit_code
    return 0 if stopped is None else stopped.exit_code
