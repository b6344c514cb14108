"""The root of the command line, and what happens when something goes wrong."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hfplanner import __version__
from hfplanner.cli import INTERRUPTED
from hfplanner.cli.lazy import CONTEXT_SETTINGS, LazyCommand, lazy_group
from hfplanner.cli.show.output import discard, print_error, wants_json
from hfplanner.errors import HfplannerError, UsageError

__all__ = ["COMMANDS", "run"]

COMMANDS = {
    "hardware": LazyCommand("hardware", "List the flavors that can be rented, with their prices."),
    "recommend": LazyCommand("recommend", "Say which flavor is cheapest for what a job needs, and why."),
    "estimate": LazyCommand("estimate", "Say how much memory, time and money a job needs."),
    "budget": LazyCommand("budget", "Show what may be spent, and whether a job may run."),
    "run": LazyCommand("run", "Run a job: check the budget, reserve, submit once, follow."),
    "ledger": LazyCommand("ledger", "Look after the books: show, verify, reconcile, resolve, rebuild."),
    "import": LazyCommand("import_", "Take jobs from files into the local history."),
    "sync": LazyCommand("sync", "Bring the local history up to date with the Hub: jobs and the bill."),
    "report": LazyCommand("report", "Say what the jobs cost, by what, and what of it was wasted."),
}

_BROKEN_PIPE = 141


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"hfplanner {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=lazy_group(COMMANDS),
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
    pretty_exceptions_enable=False,
    epilog="Use `hfplanner COMMAND --help` for more about a command.",
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Plan the cost and hardware of Hugging Face Jobs."""


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; no known error leaves a traceback.

    Without a command the help is shown, and the exit code is 2, as it is for ``hf``.
    """
    json = wants_json(args)
    _prepare_streams()
    try:
        code = typer.main.get_command(app).main(
            list(args) or ["--help"], prog_name=_program_name(), standalone_mode=False
        )
        sys.stdout.flush()
    except typer.TyperException as error:
        print_error(_as_usage_error(error, args), json=json)
        return UsageError.exit_code
    except HfplannerError as error:
        print_error(error, json=json)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`hfplanner hardware | head -1`): nothing more to say, and nothing to flush at exit.
        discard(sys.stdout)
        return _BROKEN_PIPE
    except OSError as error:
        # What can fail elsewhere is a known error there, so it is stdout: a full disk, most likely.
        discard(sys.stdout)
        print_error(HfplannerError(f"The answer could not be written ({error.strerror})."), json=False)
        return HfplannerError.exit_code
    return code or (0 if args else UsageError.exit_code)


def _prepare_streams() -> None:
    """Make both streams safe to write to, whatever the program was started with."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It was closed before the program started (`>&-`).
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the program
        # A terminal that cannot show a character of an answer shows a replacement, never a traceback.
        with contextlib.suppress(AttributeError, ValueError):
            getattr(sys, name).reconfigure(errors="replace")


def _program_name() -> str:
    """Return the name the program was called by: the same one may be called ``hf-planner``."""
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib costs more than the whole function
    return name if name in {"hfplanner", "hf-planner"} else "hfplanner"


def _as_usage_error(error: typer.TyperException, args: Sequence[str]) -> UsageError:
    """Return what typer refuses (an unknown option, a missing value) as an error of our own tree."""
    command = next((f" {arg}" for arg in args if arg in COMMANDS), "")
    message = (error.format_message() or "No command is given").replace("Value error, ", "")
    sentence = message if message.endswith((".", "?")) else f"{message}."
    return UsageError(sentence, hint=f"See `{_program_name()}{command} --help`.")
