"""Groups of commands whose members are imported when they are called, so that ``--help`` stays quick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from hfplanner.cli.command import SETTINGS, build_command
from hfplanner.errors import UsageError, did_you_mean

__all__ = ["LazyCommand", "LazyGroup"]


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is and what it does, known before it is imported.

    Args:
        module: one of :mod:`hfplanner.cli.commands`; it holds ``COMMAND``, a command or a group of commands.
        help: one line for the list of commands.
    """

    module: str
    help: str


class LazyGroup(click.Group):
    """A group that knows its commands' names and help without importing them.

    Args:
        table: its commands, by name.
        about: what they are for.
        params: options of the group itself.
        other_names: further names of its commands, which the list of commands leaves out.
    """

    def __init__(
        self,
        table: Mapping[str, LazyCommand],
        about: str,
        *,
        params: Sequence[click.Parameter] = (),
        other_names: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(help=about, params=list(params), context_settings=SETTINGS)
        self._table = table
        self._other_names = other_names or {}
        self._built: dict[str, click.Command] = {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help where no command is given, with the exit code of a usage error, as ``hf`` does."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit(UsageError.exit_code)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return the names in the table's order."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return a command, built from its module at the first look; ``None`` where there is no such one."""
        cmd_name = self._other_names.get(cmd_name, cmd_name)
        if cmd_name not in self._table:
            return None
        if cmd_name not in self._built:
            declared = import_module(f"hfplanner.cli.commands.{self._table[cmd_name].module}").COMMAND
            self._built[cmd_name] = (
                declared if isinstance(declared, click.Command) else build_command(cmd_name, declared)
            )
        return self._built[cmd_name]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return the command that is meant; an unknown one names the nearest.

        Raises:
            click.UsageError: there is no such command.
        """
        if args[0] not in self._table and args[0] not in self._other_names and not ctx.resilient_parsing:
            near = did_you_mean(args[0], self._table).strip()
            kind = "option" if args[0].startswith("-") else "command"
            raise click.UsageError(f"There is no {kind} {args[0]!r}.{f' {near}' if near else ''}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self._table.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write where to read more."""
        formatter.write_paragraph()
        formatter.write_text(f"Use `{ctx.command_path} COMMAND --help` for more about a command.")
