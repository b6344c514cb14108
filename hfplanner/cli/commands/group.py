"""``hfplanner group``: the jobs of one network group."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {"run": LazyCommand("group_run", "Run all jobs of a network group, or none: reserved together, sent once each.")},
    "Run jobs that make sense only together.",
)
