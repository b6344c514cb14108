"""``hfplanner budget``: a group of commands, what may be spent and whether a job may run."""

import typer

from hfplanner.cli.lazy import CONTEXT_SETTINGS, LazyCommand, lazy_group

__all__ = ["COMMANDS", "budget"]

COMMANDS = {
    "show": LazyCommand("budget_show", "Show the limits, and what is left of them."),
    "check": LazyCommand("budget_check", "Say whether a job may run, with the arithmetic."),
}

budget = typer.Typer(
    cls=lazy_group(COMMANDS),
    add_completion=False,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
    epilog="Use `hfplanner budget COMMAND --help` for more about a command.",
)


@budget.callback()
def about() -> None:
    """Keep spending within the limits of hfplanner.toml."""
