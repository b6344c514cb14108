"""``hfplanner estimate``: a group of commands, the numbers behind a recommendation."""

import typer

from hfplanner.cli.lazy import CONTEXT_SETTINGS, LazyCommand, lazy_group

__all__ = ["COMMANDS", "estimate"]

COMMANDS = {
    "memory": LazyCommand("estimate_memory", "Say how much memory a model needs, and where it fits."),
    "duration": LazyCommand("estimate_duration", "Say how long a measured job takes elsewhere."),
    "cost": LazyCommand("estimate_cost", "Say what a job costs, and what it can cost at most."),
}

estimate = typer.Typer(
    cls=lazy_group(COMMANDS),
    add_completion=False,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
    epilog="Use `hfplanner estimate COMMAND --help` for more about a command.",
)


@estimate.callback()
def about() -> None:
    """Show the numbers behind a recommendation, with their parts and basis."""
