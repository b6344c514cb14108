"""What is known of a job's duration: how long it ran on a flavor."""

from dataclasses import dataclass

from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.span import Estimate

__all__ = ["MeasuredRun"]


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
