"""When the jobs of a sweep end where only so many may run at once."""

import heapq
from collections.abc import Iterable

__all__ = ["makespan_secs"]


def makespan_secs(durations_secs: Iterable[int], parallel: int | None) -> int:
    """Return when the last job ends, longest first, each started as soon as a place is free [s].

    Longest first is at most a third longer than the best order (Graham, SIAM J. Appl. Math. 17 (1969) 416).

    >>> makespan_secs([300, 200, 200, 100], parallel=2), makespan_secs([300, 200, 200, 100], parallel=None)
    (400, 300)
    """
    longest_first = sorted(durations_secs, reverse=True)
    if parallel is None or len(longest_first) <= parallel:
        return max(longest_first, default=0)
    ends = [0] * parallel
    for secs in longest_first:
        heapq.heapreplace(ends, ends[0] + secs)
    return max(ends)
