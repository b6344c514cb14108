"""How much faster a dearer flavor would have to be."""

from fractions import Fraction

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.units import SECONDS_PER_MINUTE

__all__ = ["break_even", "longest_break_even_secs"]


def break_even(flavor: Flavor, best: Flavor) -> Fraction:
    """Return how many times as fast as ``best`` a flavor must be to cost no more per job: the ratio of the prices.

    That is exact for long jobs. A short one also pays for the minute it does not fill: see
    :func:`longest_break_even_secs`.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> round(float(break_even(flavors["a100-large"], flavors["l40sx1"])), 2)
    1.39
    """
    return Fraction(flavor.price, best.price)


def longest_break_even_secs(flavor: Flavor, best: Flavor, duration_secs: int) -> int:
    """Return the longest time in which a flavor costs no more than ``best`` does for the duration; 0 where none is.

    Costs are counted in started minutes on both sides, as the bill does.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> [longest_break_even_secs(flavors["a100-large"], flavors["l40sx1"], secs) for secs in (600, 60)]
    [420, 0]
    """
    return job_cost_micro_usd(best.price, duration_secs) // flavor.price * SECONDS_PER_MINUTE
