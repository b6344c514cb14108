"""``hfplanner estimate``: a group of commands, the numbers behind a recommendation."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {
        "memory": LazyCommand("estimate_memory", "Say how much memory a model needs, and where it fits."),
        "duration": LazyCommand("estimate_duration", "Say how long a measured job takes elsewhere."),
        "cost": LazyCommand("estimate_cost", "Say what a job costs, and what it can cost at most."),
    },
    "Show the numbers behind a recommendation, with their parts and basis.",
)
