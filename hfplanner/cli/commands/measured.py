"""``hfplanner measured``: a group of commands, what runs were measured to need."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {
        "add": LazyCommand("measured_add", "Keep what a run took, for every later estimate of the same."),
        "list": LazyCommand("measured_list", "Show what is kept."),
        "remove": LazyCommand("measured_remove", "Take out what is kept."),
    },
    "What runs were measured to need of a GPU's memory: it goes before any formula.",
)
