"""What the reliability suite asks and sends, with waits short enough to wait for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.limits import Limits
from hfplanner.api.retry import RetryPolicy
from hfplanner.errors import HfplannerError

__all__ = ["LIMITS", "NO_RETRY", "SPEC", "Result", "attempt", "opened"]

LIMITS = Limits(connect_secs=1.0, read_secs=0.3, total_secs=0.6, idle_secs=0.4, check_secs=0.1, reconnects=2)
"""Time-outs of a fraction of a second: what is stalled on purpose must not stall the suite."""

NO_RETRY = RetryPolicy(attempts=1)
SPEC: dict[str, Any] = {
    "dockerImage": "python:3.12",
    "command": ["true"],
    "flavor": "cpu-basic",
    "environment": {"MODE": "canary-environment-value"},
    "secrets": {"KEY": "canary-secret-value"},
    "timeoutSeconds": 60,
    "attempts": 1,
}
# A busy machine may look away for a moment; a hang would be without end.
_SLACK_SECS = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came to: its value or its error, and the seconds it took."""

    value: Any
    error: HfplannerError | None
    secs: float

    @property
    def kind(self) -> str:
        """Return the name of the error's class, ``"ok"`` without one."""
        return type(self.error).__name__ if self.error else "ok"


@contextmanager
def opened(url: str, token: str, *, limits: Limits = LIMITS, retry: RetryPolicy = NO_RETRY) -> Iterator[JobsClient]:
    """Open a client with short waits."""
    with JobsClient(url, token=Token(token), limits=limits, retry=retry) as client:
        yield client


def attempt(call: Callable[[], Any], *, limits: Limits = LIMITS) -> Result:
    """Make a call; an exception that is none of ours passes through and fails the test, so does a hang."""
    started = time.monotonic()
    value, error = None, None
    try:
        value = call()
    except HfplannerError as failure:
        error = failure
    secs = time.monotonic() - started
    assert secs < limits.total_secs + _SLACK_SECS, f"{secs:.1f} seconds"
    return Result(value, error, secs)
