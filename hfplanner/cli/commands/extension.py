"""``hfplanner extension``: a group of commands, ``hf planner``."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {
        "install": LazyCommand("extension_install", "Make `hf planner` run this program."),
        "remove": LazyCommand("extension_remove", "Take `hf planner` away."),
    },
    "Make this program an extension of `hf`: `hf planner recommend --vram 40GB`.",
)
