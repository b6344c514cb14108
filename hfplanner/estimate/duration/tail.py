"""The timeout that a duration's interval suggests."""

import math

from hfplanner.estimate.span import Estimate
from hfplanner.units import SECONDS_PER_MINUTE, started_minutes

__all__ = ["timeout_of_tail"]

# Of a normal distribution: 90 % lie within 1.645 standard deviations, 99 % below 2.326.
_TO_LAST_PERCENT = 2.326 / 1.645

# Repeats of identical MLPerf runs differ by 4 % in the median and by 10 % for diffusion: 1.645 times the latter.
_REPEATS = 1.18


def timeout_of_tail(duration: Estimate) -> int:
    """Return the timeout [s] that at most 1 of 100 runs exceed, in whole minutes.

    The duration is taken as log-normal above its likely value, and never as surer than repeats of one run are.

    >>> timeout_of_tail(Estimate(3000, 3600, 4500, ("carried over",)))
    4980
    """
    likely = max(duration.likely, 1)
    secs = likely * max(duration.high / likely, _REPEATS) ** _TO_LAST_PERCENT
    return started_minutes(math.ceil(secs)) * SECONDS_PER_MINUTE
