"""The root of the command line, and what happens when something goes wrong."""

import contextlib
import os
import sys
from collections.abc import Callable, Sequence

import click

from hfplanner import __version__
from hfplanner.cli.groups import LazyCommand, LazyGroup
from hfplanner.cli.interrupted import INTERRUPTED
from hfplanner.cli.show.output import discard, print_error, wants_json
from hfplanner.errors import HfplannerError, UsageError, quoted

__all__ = ["COMMANDS", "ROOT", "program_name", "run"]

COMMANDS = {
    "hardware": LazyCommand("hardware", "List the flavors that can be rented, with their prices."),
    "recommend": LazyCommand("recommend", "Say which flavor is cheapest for what a job needs, and why."),
    "sweep": LazyCommand("sweep", "Plan many trials: which flavors, how many in a job, how many at once."),
    "estimate": LazyCommand("estimate", "Say how much memory, time and money a job needs."),
    "check": LazyCommand("check", "Say what a job costs at worst, and whether it may run."),
    "budget": LazyCommand("budget", "Show what may be spent, and whether a job may run."),
    "run": LazyCommand("run", "Run a job: check the budget, reserve, submit once, follow."),
    "uv": LazyCommand("uv", "Run a script with uv, through the same gate as run."),
    "rerun": LazyCommand("rerun", "Run a job again with its specification, through the same gate."),
    "scheduled": LazyCommand("scheduled", "Run jobs on a schedule, within budgets."),
    "group": LazyCommand("group", "Run all jobs of a network group, or none."),
    "hook": LazyCommand("hook", "Answer coding agents: may this command start its paid jobs."),
    "approve": LazyCommand("approve", "Say yes to a job that an agent may not start by itself."),
    "ledger": LazyCommand("ledger", "Look after the books: show, verify, reconcile, resolve, rebuild."),
    "import": LazyCommand("import_", "Take jobs from files into the local history."),
    "sync": LazyCommand("sync", "Bring the local history up to date with the Hub: jobs and the bill."),
    "measured": LazyCommand("measured", "Keep what runs took of a GPU's memory: it goes before any formula."),
    "guide": LazyCommand("guide", "Read the manual, by topic."),
    "extension": LazyCommand("extension", "Make this program an extension of `hf`: `hf planner`."),
    "prices": LazyCommand("prices", "Show what flavors cost over time, and what changed."),
    "report": LazyCommand("report", "Say what the jobs cost, by what, and what of it was wasted."),
}

_BROKEN_PIPE = 141


def _eager(name: str, about: str, act: Callable[[], str]) -> click.Option:
    """Return an option that prints something and ends the program, whatever else was typed."""

    def print_it(ctx: click.Context, _param: click.Parameter, is_given: object) -> None:
        if is_given and not ctx.resilient_parsing:
            click.echo(act())
            ctx.exit()

    return click.Option([name], is_flag=True, is_eager=True, expose_value=False, callback=print_it, help=about)


def _version() -> str:
    return f"hfplanner {__version__}"


def _install() -> str:
    from hfplanner.cli.options.shells import install_completion  # noqa: PLC0415 - only where it is asked for

    return install_completion(ROOT, program_name(), os.environ)


def _script() -> str:
    from hfplanner.cli.options.shells import completion_script  # noqa: PLC0415 - as above

    return completion_script(ROOT, program_name(), os.environ)


ROOT = LazyGroup(
    COMMANDS,
    "Plan the cost and hardware of Hugging Face Jobs.",
    params=[
        _eager("--version", "Print the version and exit.", _version),
        _eager("--install-completion", "Complete commands and options in this shell.", _install),
        _eager("--show-completion", "Print what --install-completion would add.", _script),
    ],
)


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; no known error leaves a traceback.

    Without a command the help is shown, and the exit code is 2, as it is for ``hf``.
    """
    json = wants_json(args)
    _prepare_streams()
    try:
        code = ROOT.main(list(args), prog_name=program_name(), standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        print_error(_as_usage_error(error), json=json)
        return UsageError.exit_code
    except HfplannerError as error:
        print_error(error, json=json)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
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
    return code or 0


def _prepare_streams() -> None:
    """Make both streams safe to write to, whatever the program was started with."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It was closed before the program started (`>&-`).
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the program
        # A terminal that cannot show a character of an answer shows a replacement, never a traceback.
        with contextlib.suppress(AttributeError, ValueError):
            getattr(sys, name).reconfigure(errors="replace")


def program_name() -> str:
    """Return the name the program was called by: the same one may be called ``hf-planner``."""
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib costs more than the whole function
    return name if name in {"hfplanner", "hf-planner"} else "hfplanner"


def _near(error: click.NoSuchOption, ctx: click.Context | None) -> str:
    """Return which option was meant: what other tools call so, or what is spelled alike."""
    from hfplanner.cli.options.foreign import meant_option  # noqa: PLC0415 - only where an option is not known

    offered = [name for one in ctx.command.params for name in one.opts] if ctx is not None else []
    ours = meant_option(error.option_name, offered)
    possible = [ours] if ours is not None else error.possibilities
    return f" Did you mean {' or '.join(possible)}?" if possible else ""


def _as_usage_error(error: click.ClickException) -> UsageError:
    """Return what click refuses (an unknown option, a missing value) as an error of our own tree."""
    ctx = getattr(error, "ctx", None)
    hint = f"See `{program_name() if ctx is None else ctx.command_path} --help`."
    if isinstance(error, click.NoSuchOption):
        near = _near(error, ctx)
        return UsageError(f"There is no option {quoted(error.option_name)}.{near}", hint=hint)
    message = error.format_message() or "Missing command."
    return UsageError(message if message.endswith((".", "?")) else f"{message}.", hint=hint)
