"""Whether runs of one name take another time since some run: new data, new code, another base image.

Every moment is tried: are the runs since then longer, or shorter, than those before, by the rank-sum test (Mann and
Whitney, Ann. Math. Stat. 18 (1947) 50)? Where that is so unlikely by chance that it is not for want of trying many
moments, and the medians differ by more than repeats do, the next run is one of the later kind.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, median

from hfplanner.estimate.duration.spread import SHORTEST_SECS

__all__ = ["runs_since_shift"]

_FEWEST = 3
# What was a hundred runs ago is no neighbour of today.
_MOST = 100
_SIGNIFICANT = 0.007
# Repeats of one command differ by 4 % in the middle and 14 % in one of ten.
_LEAST_CHANGE = math.log(1.15)


def runs_since_shift(secs: Sequence[float]) -> int:
    """Return how many of the last runs are of one kind: all of them where nothing changed.

    Args:
        secs: of completed runs, oldest first [s].

    >>> runs_since_shift([3600, 3650, 3580, 3620, 3610, 3590, 3640, 7200, 7150, 7240, 7190, 7210])
    5
    >>> runs_since_shift([3600, 3650, 3580, 3620, 3610, 3590])
    6
    """
    logs = [math.log(max(one, SHORTEST_SECS)) for one in secs[-_MOST:]]
    best, since = _SIGNIFICANT, len(secs)
    for later in range(_FEWEST, len(logs) - _FEWEST + 1):
        old, new = logs[:-later], logs[-later:]
        if abs(median(new) - median(old)) < _LEAST_CHANGE:
            continue
        chance = _chance(old, new)
        if chance < best:
            best, since = chance, later
    return since


def _chance(old: Sequence[float], new: Sequence[float]) -> float:
    """Return how often runs of one kind would differ so much, by the normal approximation."""
    above = sum((one > other) + 0.5 * (one == other) for one in new for other in old)
    pairs = len(old) * len(new)
    deviation = math.sqrt(pairs * (len(old) + len(new) + 1) / 12)
    return 2 * NormalDist().cdf(-max(abs(above - pairs / 2) - 0.5, 0) / deviation)
