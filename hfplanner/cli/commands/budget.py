"""``hfplanner budget``: a group of commands, what may be spent and whether a job may run."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {
        "show": LazyCommand("budget_show", "Show the limits, and what is left of them."),
        "check": LazyCommand("budget_check", "Say whether a job may run, with the arithmetic."),
        "policy": LazyCommand("budget_policy", "Show the policy that holds, or the JSON Schema of the file."),
    },
    "Keep spending within the limits of hfplanner.toml.",
)
