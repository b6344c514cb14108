"""Options that several commands share and that mean something on the command line only."""

from hfplanner.plan.arguments import Argument

__all__ = ["NAMESPACES"]

NAMESPACES = Argument(
    name="namespace",
    group="Options",
    metavar="NAME",
    repeatable=True,
    help="Of this user or organization; repeatable.",
)
"""Several users or organizations, where a job has one."""
