"""``hfplanner ledger``: a group of commands, the books."""

import typer

from hfplanner.cli.lazy import CONTEXT_SETTINGS, LazyCommand, lazy_group

__all__ = ["COMMANDS", "ledger"]

COMMANDS = {
    "show": LazyCommand("ledger_show", "List submissions, or the entries of one."),
    "verify": LazyCommand("ledger_verify", "Prove that the books add up."),
    "reconcile": LazyCommand("ledger_reconcile", "Bring the books up to what the Hub says."),
    "resolve": LazyCommand("ledger_resolve", "Say what became of a submission nobody can prove."),
    "rebuild": LazyCommand("ledger_rebuild", "Make lost books again from the labels of the jobs."),
}

ledger = typer.Typer(
    cls=lazy_group(COMMANDS),
    add_completion=False,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
    epilog="Use `hfplanner ledger COMMAND --help` for more about a command.",
)


@ledger.callback()
def about() -> None:
    """Look after the books: what was reserved, sent, launched and spent."""
