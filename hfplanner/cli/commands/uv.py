"""``hfplanner uv``: scripts for ``uv run``."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {"run": LazyCommand("uv_run", "Run a script with its dependencies: check, reserve, upload, submit once, follow.")},
    "Run scripts with uv.",
)
