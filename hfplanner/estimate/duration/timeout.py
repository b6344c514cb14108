"""The timeout to send with a job: long enough that it kills one run in a hundred at most, and never without a ceiling.

What has been seen of a name's tail is less than what there is, so a margin is measured, not guessed: with three runs or
more the timeout is the 99.7th percentile of the distribution of one further run, with one or two, where that
distribution is nearly all prior and wide already, the 99th or so. Predicted from all earlier runs of one name, that
killed one next run in a hundred or fewer, both of MLPerf Training's repeats and of NASA's executables (``python -m
tests.benchmarks duration_history`` measures it on excerpts); the 99th percentile throughout killed up to 1.7 in a
hundred.

That percentile has no bound where the runs say little, and a timeout is money that may be spent, so a ceiling holds it:

- 3 times the likely duration where three runs or more completed, 10 times where one or two did;
- as many times the longest that any run of it lasted, whether it completed or was cut off;
- 3 days; where a run is known to have taken longer than a day and a half, twice that run.

It is never shorter than the longest run that completed, whatever the ceiling: there the ceiling gives way. Where the
ceiling and "one in a hundred" cannot both hold otherwise, the ceiling holds: :attr:`SuggestedTimeout.killed` says how
many it kills then, and :attr:`SuggestedTimeout.bound` what bound it. Among MLPerf's repeats the ceiling costs nothing;
of NASA's executables with any arguments it kills 6 in 100. Timeouts are rounded up to whole minutes, in which jobs are
billed; a ceiling of ten minutes and more is rounded down.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from hfplanner.estimate.duration.predictive import Predictive, next_run_like
from hfplanner.estimate.duration.spread import REPEATS, LogNormal, LogRun, fit_log_normals
from hfplanner.estimate.span import Estimate
from hfplanner.units import (
    MAX_DURATION_SECS,
    SECONDS_PER_DAY,
    SECONDS_PER_MINUTE,
    format_duration,
    started_minutes,
)

__all__ = [
    "KILLED_AT_MOST",
    "SuggestedTimeout",
    "suggested_timeout",
    "suggested_timeout_secs",
    "timeout_from_cut_off",
    "timeout_from_history",
]

KILLED_AT_MOST = 0.01
"""The share of runs that a suggested timeout may kill."""

_MARGIN = 0.997
# After two runs, between the two: no run more of the same duration makes the timeout longer.
_MARGIN_OF_TWO = 0.993
_SEVERAL_RUNS = 3
_TIMES, _TIMES_OF_FEW = 3, 10
_MOST_SECS = 3 * SECONDS_PER_DAY
_TIMES_OF_LONG = 2
# At most so many times: a ceiling is rounded down, save where a minute is more than a tenth of it.
_FEWEST_ROUNDED_DOWN = 10 * SECONDS_PER_MINUTE
# The high end of an estimate is its 95th percentile.
_Z_OF_HIGH = NormalDist().inv_cdf(0.95)
# An estimate that claims to be surer than this is not believed: no clock and no shared machine repeats better.
_LEAST_SPREAD = 0.05
# Bounds of carried durations held 82 to 86 of 100 published pairs whose sources were left out, not 90, so their tail is
# longer than they say; how many timeouts kill with this much more of it is in ``reports/duration_accuracy.md``.
_LONGER_TAIL = 1.4
# The exponent of a factor that no duration survives.
_FAR = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedTimeout:
    """A timeout and how sure it is.

    Args:
        secs: to be sent, in whole minutes [s].
        killed: the probability that it kills the next run.
        confidence: that it kills one run in a hundred at most, from the runs alone, whatever their distribution: ``1 -
            0.99 ** completed``, since none of the completed ones took longer (Wilks, Ann. Math. Stat. 12 (1941) 91).
            299 runs make it 95 %.
        bound: what bound it, as a sentence; ``None`` where it kills no more than one in a hundred.
    """

    secs: int
    killed: float
    confidence: float
    bound: str | None = None

    def within(self, max_timeout_secs: int | None) -> "SuggestedTimeout":
        """Return the timeout held to the most that a policy allows; ``None`` allows any.

        >>> suggested_timeout(Estimate(3000, 3600, 4500, ("carried over",))).within(3600).bound
        'the timeout is held to the 1h that the policy allows at most'
        """
        if max_timeout_secs is None or self.secs <= max_timeout_secs:
            return self
        said = f"the timeout is held to the {format_duration(max_timeout_secs)} that the policy allows at most"
        return replace(self, secs=max_timeout_secs, bound=said)


@dataclass(frozen=True, slots=True)
class _Ceiling:
    secs: float
    why: str


def _ceiling(likely_secs: float, completed: int, seen_secs: float | None, ran_secs: float) -> _Ceiling:
    """Return the lowest ceiling of those that hold.

    Args:
        likely_secs: the likely duration [s].
        completed: how many runs ended by themselves.
        seen_secs: the longest that any run lasted there, completed or cut off [s]; ``None`` where none ran there.
        ran_secs: the longest that a run of the job took anywhere, from start to end [s].
    """
    times = _TIMES if completed >= _SEVERAL_RUNS else _TIMES_OF_FEW
    ceilings = [_Ceiling(times * likely_secs, f"{times} times the likely duration")]
    if seen_secs is not None:
        times = times if completed else _TIMES
        longest = format_duration(round(seen_secs))
        ceilings.append(_Ceiling(times * seen_secs, f"{times} times the longest run so far, {longest}"))
    if _TIMES_OF_LONG * ran_secs > _MOST_SECS:
        longest = format_duration(round(ran_secs))
        ceilings.append(_Ceiling(_TIMES_OF_LONG * ran_secs, f"twice the longest run that completed, {longest}"))
    else:
        ceilings.append(_Ceiling(_MOST_SECS, "3 days, the most that is suggested for what never took so long"))
    lowest = min(ceilings, key=lambda one: one.secs)
    if not _FEWEST_ROUNDED_DOWN <= lowest.secs < MAX_DURATION_SECS:
        return lowest
    return replace(lowest, secs=math.floor(lowest.secs / SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE)


def timeout_from_history(
    ahead: Predictive,
    *,
    completed: int,
    longest_secs: float = 0.0,
    seen_secs: float | None = None,
    told_by: int | None = None,
) -> SuggestedTimeout:
    """Return the timeout for one more run of what has been run before.

    Args:
        ahead: the distribution of that run.
        completed: how many of the runs it is made of ended by themselves, all of them within the timeout.
        longest_secs: how long the longest of those took [s].
        seen_secs: the longest that any run lasted, completed or cut off [s]; ``None`` is no bound.
        told_by: how many completed runs tell the likely duration; ``completed`` by default.

    >>> once = fit_log_normals([LogRun(math.log(3600), completed=True)], REPEATS)
    >>> timeout_from_history(next_run_like(once), completed=1, longest_secs=3600).secs
    6780
    """
    few = _MARGIN_OF_TWO if completed == _SEVERAL_RUNS - 1 else 1 - KILLED_AT_MOST
    share = _MARGIN if completed >= _SEVERAL_RUNS else few
    wanted = max(ahead.quantile(share), longest_secs)
    runs = completed if told_by is None else told_by
    ceiling = _ceiling(ahead.quantile(0.5), runs, seen_secs, longest_secs)
    secs = _whole_minutes(max(min(wanted, ceiling.secs), longest_secs))
    killed = 1 - ahead.cdf(secs)
    bound = _said(ceiling, killed) if _whole_minutes(wanted) > secs and killed > KILLED_AT_MOST else None
    if longest_secs > ceiling.secs and _whole_minutes(ceiling.secs) < secs:
        bound = f"the timeout is that of the longest run so far, more than {ceiling.why}{_would_stop(killed)}"
    return SuggestedTimeout(secs=secs, killed=killed, confidence=1 - (1 - KILLED_AT_MOST) ** completed, bound=bound)


def _said(ceiling: _Ceiling, killed: float) -> str:
    return f"the timeout is held to {ceiling.why}{_would_stop(killed)}"


def _would_stop(killed: float) -> str:
    return f": it would stop about {max(round(100 * killed), 1)} of 100 runs"


def timeout_from_cut_off(lasted_secs: float) -> SuggestedTimeout:
    """Return the timeout after runs none of which ended by itself: three times what the longest of them lasted.

    How long the whole takes is not known. Where nothing is known of its scale, the chance that it takes ``x`` times as
    long as was seen is ``1 / x`` (Gott, Nature 363 (1993) 315).

    >>> timeout_from_cut_off(3600).secs, round(timeout_from_cut_off(3600).killed, 2)
    (10800, 0.33)
    """
    ceiling = _ceiling(math.inf, 0, lasted_secs, 0.0)
    # A run that was stopped after four days takes longer than four days.
    secs = _whole_minutes(max(ceiling.secs, lasted_secs))
    killed = min(lasted_secs / secs, 1.0)
    return SuggestedTimeout(secs=secs, killed=killed, confidence=0.0, bound=_said(ceiling, killed))


def suggested_timeout(duration: Estimate, *, longest_secs: float = 0.0, ran_secs: float = 0.0) -> SuggestedTimeout:
    """Return the timeout for a job of which only an estimate is known, for example on a flavor never tried.

    The estimate is taken as log-normal above its likely value, with a tail longer than if ``high`` were the 95th
    percentile. An estimate without spread is a run measured once, of which repeats are known to take up to nearly twice
    as long.

    Args:
        duration: a 90 % interval [s].
        longest_secs: the longest run that completed there, if any did [s].
        ran_secs: the longest run that completed anywhere, if any did [s].

    >>> suggested_timeout(Estimate(60, 3600, 360_000, ("from first principles",))).bound
    'the timeout is held to 10 times the likely duration: it would stop about 28 of 100 runs'
    """
    likely = max(duration.likely, 1)
    if duration.low == duration.high:
        candidates = fit_log_normals([LogRun(math.log(likely), completed=True)], REPEATS)
        ahead, ran_secs = next_run_like(candidates), max(ran_secs, likely)
        wanted = ahead.quantile(1 - KILLED_AT_MOST)
    else:
        spread = max(math.log(max(duration.high, 1) / likely) / _Z_OF_HIGH * _LONGER_TAIL, _LEAST_SPREAD)
        wanted = likely * math.exp(min(spread * NormalDist().inv_cdf(_MARGIN), _FAR))
        ahead = next_run_like([LogNormal(1.0, math.log(likely), spread)])
    ceiling = _ceiling(likely, 1, None, max(longest_secs, ran_secs))
    secs = _whole_minutes(max(min(wanted, ceiling.secs), longest_secs))
    killed = 1 - ahead.cdf(secs)
    bound = _said(ceiling, killed) if _whole_minutes(wanted) > secs and killed > KILLED_AT_MOST else None
    return SuggestedTimeout(secs=secs, killed=killed, confidence=0.0, bound=bound)


def suggested_timeout_secs(duration: Estimate, *, longest_secs: float = 0.0, ran_secs: float = 0.0) -> int:
    """Return the seconds of :func:`suggested_timeout`, in whole minutes.

    >>> from hfplanner.estimate.span import exactly
    >>> suggested_timeout_secs(Estimate(3000, 3600, 4500, ("carried over",)))
    6120
    >>> suggested_timeout_secs(exactly(3600, "one run"))
    6780
    """
    return suggested_timeout(duration, longest_secs=longest_secs, ran_secs=ran_secs).secs


def _whole_minutes(secs: float) -> int:
    """Round up; nothing is longer than what any duration may be."""
    return started_minutes(math.ceil(min(secs, MAX_DURATION_SECS - SECONDS_PER_MINUTE))) * SECONDS_PER_MINUTE
