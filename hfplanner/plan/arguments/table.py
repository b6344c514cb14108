"""The arguments by their names."""

from hfplanner.plan.arguments.argument import Argument
from hfplanner.plan.arguments.durations import TIME
from hfplanner.plan.arguments.job import JOB
from hfplanner.plan.arguments.limits import LIMITS, SWEEP, TRIALS
from hfplanner.plan.arguments.model import MODEL
from hfplanner.plan.arguments.needs import NEEDS
from hfplanner.plan.arguments.where import WHERE

__all__ = ["ARGUMENTS", "find_arguments"]

ARGUMENTS: dict[str, Argument] = {
    argument.name: argument for argument in (*NEEDS, *MODEL, *TIME, *LIMITS, *TRIALS, *SWEEP, *JOB, *WHERE)
}
"""Every argument that several commands share, by its name."""


def find_arguments(*names: str) -> tuple[Argument, ...]:
    """Return arguments of the table by their names.

    >>> [argument.metavar for argument in find_arguments("vram", "max_cost")]
    ['SIZE', 'USD']
    """
    return tuple(ARGUMENTS[name] for name in names)
