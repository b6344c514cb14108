"""What is known of a job's duration: how long it ran on a flavor."""

import math
from dataclasses import dataclass

from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.span import Estimate
from hfplanner.units import MAX_DURATION_SECS

__all__ = ["MeasuredRun", "at_least"]

_LOW, _LIKELY, _HIGH = 0.05, 0.5, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """How long a job runs on one flavor, measured once or told by its history.

    Args:
        flavor: where it was measured.
        duration_secs: how long it ran [s]; a span where several runs, or runs that were cut off, tell it.
        gpu_utilization: the share of the time in which its GPUs computed, 0 to 1; ``None`` is not known.

    >>> from hfplanner.estimate.span import exactly
    >>> MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run")).duration_secs.likely
    8400
    """

    flavor: str
    duration_secs: Estimate
    gpu_utilization: float | None = None

    @property
    def may_be_cut_off(self) -> bool:
        """Whether it ran exactly as long as the Hub's default timeout lets a job run: then it may not have ended.

        >>> from hfplanner.estimate.span import exactly
        >>> MeasuredRun(flavor="a10g-small", duration_secs=exactly(1800, "as given")).may_be_cut_off
        True
        """
        secs = self.duration_secs
        return secs.low == secs.high == BillingPolicy().default_timeout_secs


def at_least(secs: float, said: str) -> Estimate:
    """Return what is known of a duration of which only a lower bound was seen: P(longer than x) = secs / x.

    Where nothing is known of its scale that is the chance (Gott, Nature 363 (1993) 315).

    Args:
        secs: how long a run lasted until it was stopped from outside [s].
        said: where, a sentence.

    >>> at_least(3600, "one run on l4x1 was cut off").high
    72000
    """
    low, likely, high = (min(secs / (1 - share), MAX_DURATION_SECS) for share in (_LOW, _LIKELY, _HIGH))
    why = "one takes at least that; how much longer is not known, and is taken to be any number of times as likely"
    return Estimate(math.floor(low), round(likely), math.ceil(round(high, 6)), (said, why))
