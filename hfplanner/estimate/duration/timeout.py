"""The timeout to send with a job: long enough that it kills one run in a hundred at most, and no longer.

What has been seen of a name's tail is less than what there is, so a margin is measured, not guessed: with three runs or
more the timeout is the 99.7th percentile of the distribution of one further run, with one or two, where that
distribution is nearly all prior and wide already, the 99th. Predicted from all earlier runs of the same name, that
killed one next run in a hundred or fewer, both of MLPerf Training's repeats and of NASA's executables (``python -m
tests.benchmarks duration_history`` measures it on excerpts); the 99th percentile throughout killed up to 1.7 in a
hundred. It is never shorter than the longest run that completed, and is rounded up to whole minutes, in which jobs are
billed and timeouts are typed.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from hfplanner.estimate.duration.predictive import Predictive, next_run_like
from hfplanner.estimate.duration.spread import REPEATS, LogRun, fit_log_normals
from hfplanner.estimate.span import Estimate
from hfplanner.units import MAX_DURATION_SECS, SECONDS_PER_MINUTE, started_minutes

__all__ = ["KILLED_AT_MOST", "SuggestedTimeout", "suggested_timeout_secs", "timeout_from_history"]

KILLED_AT_MOST = 0.01
"""The share of runs that a suggested timeout may kill."""

_MARGIN = 0.997
_RUNS_FOR_THE_MARGIN = 3
# The high end of an estimate is its 95th percentile.
_Z_OF_HIGH = NormalDist().inv_cdf(0.95)
# An estimate that claims to be surer than this is not believed: no clock and no shared machine repeats better.
_LEAST_SPREAD = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedTimeout:
    """A timeout and how sure it is.

    Args:
        secs: to be sent, in whole minutes [s].
        killed: the probability that it kills the next run.
        confidence: that it kills one run in a hundred at most, from the runs alone, whatever their distribution: ``1 -
            0.99 ** completed``, since none of the completed ones took longer (Wilks, Ann. Math. Stat. 12 (1941) 91).
            299 runs make it 95 %.
    """

    secs: int
    killed: float
    confidence: float


def timeout_from_history(ahead: Predictive, *, completed: int, longest_secs: float = 0.0) -> SuggestedTimeout:
    """Return the timeout for one more run of what has been run before.

    Args:
        ahead: the distribution of that run.
        completed: how many of the runs it is made of ended by themselves, all of them within the timeout.
        longest_secs: how long the longest of those took [s].

    >>> once = fit_log_normals([LogRun(math.log(3600), completed=True)], REPEATS)
    >>> timeout_from_history(next_run_like(once), completed=1, longest_secs=3600).secs
    6780
    """
    share = _MARGIN if completed >= _RUNS_FOR_THE_MARGIN else 1 - KILLED_AT_MOST
    secs = _whole_minutes(max(ahead.quantile(share), longest_secs))
    return SuggestedTimeout(secs=secs, killed=1 - ahead.cdf(secs), confidence=1 - (1 - KILLED_AT_MOST) ** completed)


def suggested_timeout_secs(duration: Estimate, *, longest_secs: float = 0.0) -> int:
    """Return the timeout for a job of which only an estimate is known, for example on a flavor never tried [s].

    The estimate is taken as log-normal above its likely value, with ``high`` as the 95th percentile. An estimate
    without spread is a run measured once, of which repeats are known to take up to nearly twice as long.

    Args:
        duration: a 90 % interval [s].
        longest_secs: the longest run that completed there, if any did [s].

    >>> from hfplanner.estimate.span import exactly
    >>> suggested_timeout_secs(Estimate(3000, 3600, 4500, ("carried over",)))
    5280
    >>> suggested_timeout_secs(exactly(3600, "one run"))
    6780
    """
    likely = max(duration.likely, 1)
    if duration.low == duration.high:
        once = fit_log_normals([LogRun(math.log(likely), completed=True)], REPEATS)
        secs = next_run_like(once).quantile(1 - KILLED_AT_MOST)
    else:
        spread = max(math.log(max(duration.high, 1) / likely) / _Z_OF_HIGH, _LEAST_SPREAD)
        secs = likely * math.exp(spread * NormalDist().inv_cdf(_MARGIN))
    return _whole_minutes(max(secs, longest_secs))


def _whole_minutes(secs: float) -> int:
    """Round up; nothing is longer than what any duration may be."""
    return started_minutes(math.ceil(min(secs, MAX_DURATION_SECS - SECONDS_PER_MINUTE))) * SECONDS_PER_MINUTE
