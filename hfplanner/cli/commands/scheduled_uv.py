"""``hfplanner scheduled uv``: scripts on a schedule."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {"run": LazyCommand("scheduled_uv_run", "Run a script on a schedule: check, reserve, upload, make it once.")},
    "Run scripts with uv on a schedule.",
)
