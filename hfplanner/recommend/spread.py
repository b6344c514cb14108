"""An estimate as a distribution: log-normal on each side of its likely value, low and high its 5th and 95th percentile.

The two sides may differ. The likely value is the median.
"""

import math
from functools import cache

from hfplanner.estimate.span import Estimate

__all__ = ["Z_OF_HIGH", "quantile_secs", "share_below", "standard_normals"]

Z_OF_HIGH = 1.6448536269514715
"""How many standard deviations the high end of a 90 % interval lies above the middle.

>>> from statistics import NormalDist
>>> Z_OF_HIGH == NormalDist().inv_cdf(0.95)
True
"""


def quantile_secs(duration: Estimate, z: float) -> int:
    """Return the duration that lies ``z`` standard deviations from the likely one [s].

    >>> span = Estimate(1800, 3600, 14400, ())
    >>> quantile_secs(span, 0.0), quantile_secs(span, 1.6448536), quantile_secs(span, -1.6448536)
    (3600, 14400, 1800)
    """
    likely = max(duration.likely, 1)
    end = max(duration.high, 1) if z > 0 else max(duration.low, 1)
    reach = math.log(end / likely) * abs(z) / Z_OF_HIGH
    return max(round(likely * math.exp(reach)), 1)


@cache
def standard_normals(count: int) -> tuple[float, ...]:
    """Return that many evenly likely values of a standard normal distribution, smallest first.

    >>> [round(z, 3) for z in standard_normals(4)]
    [-1.15, -0.319, 0.319, 1.15]
    """
    from statistics import NormalDist  # noqa: PLC0415 - takes longer to load than a quick answer has

    return tuple(NormalDist().inv_cdf((step + 0.5) / count) for step in range(count))


def share_below(duration: Estimate, secs: float) -> float:
    """Return how surely a duration stays at or below ``secs``.

    >>> share_below(Estimate(1800, 3600, 14400, ()), 14400), share_below(Estimate(60, 60, 60, ()), 59)
    (0.95, 0.0)
    """
    likely = max(duration.likely, 1)
    if secs <= 0:
        return 0.0
    end = duration.high if secs > likely else duration.low
    if secs == likely and duration.low < duration.high:
        return 0.5
    reach = abs(math.log(max(end, 1) / likely))
    if not reach:
        return 1.0 if secs >= likely else 0.0
    from statistics import NormalDist  # noqa: PLC0415 - as above

    return round(NormalDist().cdf(Z_OF_HIGH * math.log(secs / likely) / reach), 12)
