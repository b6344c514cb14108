"""What a job or a schedule says of how long and how often it may run, in every spelling that has been seen.

A request says ``timeoutSeconds`` and ``attempts``; an answer ``timeout`` and ``retry``, the attempts after the first;
and a schedule answers either. Where two are given the greater one counts, because money depends on it.
"""

from collections.abc import Iterator
from math import ceil, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfplanner.api.models import JobContents

__all__ = ["most_attempts", "said_attempts", "said_timeout_secs"]


def said_timeout_secs(job: "JobContents") -> float | None:
    """Return the timeout of one attempt [s]; ``None`` where none is said.

    Raises:
        ValueError: it is no number above 0.

    >>> from hfplanner.api.models import JobSpec
    >>> said_timeout_secs(JobSpec.model_validate({"timeoutSeconds": 7200})), said_timeout_secs(JobSpec(timeout=60))
    (7200, 60)
    """
    found = list(_given(job.timeout, job, "timeoutSeconds", "timeout_seconds"))
    numbers = [value for value in found if _is_number(value) and value > 0]
    if len(numbers) < len(found):
        raise ValueError("its timeout cannot be used")
    return max(numbers, default=None)


def said_attempts(job: "JobContents") -> int | None:
    """Return how often a job may be tried; ``None`` where that is not said, which is once.

    Raises:
        ValueError: it is no whole number from 1; a fraction is never rounded.

    >>> from hfplanner.api.models import JobSpec
    >>> specs = {"attempts": 3}, {"retry": 1}, {}
    >>> [said_attempts(JobSpec.model_validate(spec)) for spec in specs]
    [3, 2, None]
    """
    found = list(_attempts(job))
    if any(not isfinite(value) or value < 1 or value != int(value) for value in found):
        raise ValueError("how often it may be tried is no whole number from 1")
    return max(map(int, found), default=None)


def most_attempts(job: "JobContents") -> int:
    """Return how often a job that exists may be tried at most: what is not a whole number counts as the next one.

    >>> from hfplanner.api.models import JobInfo
    >>> most_attempts(JobInfo(id="a", retry=1.5)), most_attempts(JobInfo(id="a"))
    (3, 1)
    """
    return max((max(ceil(value), 1) for value in _attempts(job) if isfinite(value)), default=1)


def _attempts(job: "JobContents") -> Iterator[float]:
    if job.retry is not None:
        yield job.retry + 1
    for value in _given(None, job, "attempts"):
        yield value if _is_number(value) else float("inf")


def _given(own: float | None, job: "JobContents", *others: str) -> Iterator[float]:
    values = (own, *((job.model_extra or {}).get(name) for name in others))
    return (value for value in values if value is not None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
