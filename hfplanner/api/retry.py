"""Asking again: questions only, with growing waits and jitter, and never against the Hub's own word about waiting."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from hfplanner.errors import HubError

__all__ = ["RetryPolicy", "asked_again"]

T = TypeVar("T")

# stamina logs each retry as a warning, which Python prints to stderr where nobody has set logging up.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long a question is asked again. Times are seconds.

    Args:
        attempts: the first included.
        patience_secs: no new attempt is started after this; a longer ``Retry-After`` ends it at once.
        wait_initial_secs: before the second attempt; doubled from there.
        wait_max_secs: at most.
        wait_jitter_secs: up to this much is added by chance, so that many clients do not come back together.
    """

    attempts: int = 4
    patience_secs: float = 45.0
    wait_initial_secs: float = 0.2
    wait_max_secs: float = 8.0
    wait_jitter_secs: float = 0.5


def asked_again(ask: Callable[[], T], policy: RetryPolicy) -> T:
    """Return what ``ask`` returns, asking again after a transient :class:`~hfplanner.errors.HubError`.

    Raises:
        HubError: the last one, when it is not transient or the policy is used up.

    >>> asked_again(lambda: 1, RetryPolicy())
    1
    """
    ends = time.monotonic() + policy.patience_secs

    def may_help(error: Exception) -> bool | float:
        if not isinstance(error, HubError) or not error.transient:
            return False
        wait = error.answer.retry_after_secs
        return True if wait is None else wait < ends - time.monotonic() and wait

    caller = stamina.RetryingCaller(
        attempts=policy.attempts,
        timeout=policy.patience_secs,
        wait_initial=policy.wait_initial_secs,
        wait_max=policy.wait_max_secs,
        wait_jitter=policy.wait_jitter_secs,
    )
    return caller(may_help, ask)
