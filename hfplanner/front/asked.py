"""What several functions of the front door take, and the needs of a job among what was given."""

from hfplanner.front.calling import Given
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.asked import AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds

__all__ = ["IMAGE", "PRICES", "needs_of"]

PRICES = find_arguments("refresh", "offline")
"""How prices are asked for."""

IMAGE = (
    Argument(name="image", group="Job", metavar="IMAGE", help="The image it runs in."),
    Argument(name="command", group="Job", metavar="COMMAND", repeatable=True, help="What it runs, a list of words."),
)
"""What a job runs."""


def needs_of(given: Given) -> JobNeeds:
    """Return what a job needs, how long it runs and what it may cost, as it was given."""
    return JobNeeds(
        machine=given.pack(AskedMachine),
        model=given.pack(AskedModel),
        time=given.pack(AskedTime),
        limits=given.pack(AskedLimits),
    )
