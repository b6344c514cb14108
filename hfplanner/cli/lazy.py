"""Commands that are imported when they are called, so that ``--help`` stays as quick as a plain typer program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

__all__ = ["LazyCommand", "lazy_group"]


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is and what it does, known before it is imported.

    Args:
        module: one of :mod:`hfplanner.cli.commands`. It holds a function of the command's name (``import_`` for
            ``import``) and ``EXAMPLES``, a list of lines; or, for a group of commands, a typer app of that name. It
            may hold ``SETTINGS`` for its command line, such as ``ignore_unknown_options``.
        help: one line for the list of commands.
    """

    module: str
    help: str


class _Commands(dict[str, Any]):
    """Commands by name, each built from its module at the first look."""

    def __init__(self, table: Mapping[str, LazyCommand]) -> None:
        super().__init__(dict.fromkeys(table))
        self._table = table

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - the type of a private base class
        if name not in self._table:
            return default
        if self[name] is None:
            self[name] = _build(name, self._table[name])
        return self[name]


def _build(name: str, lazy: LazyCommand) -> "Command":
    module = import_module(f"hfplanner.cli.commands.{lazy.module}")
    attribute = f"{name}_" if iskeyword(name) else name.replace("-", "_")
    function: Callable[..., int] | typer.Typer = getattr(module, attribute)
    if isinstance(function, typer.Typer):
        return typer.main.get_command(function)
    examples = "\n".join(f"  $ {line}" for line in module.EXAMPLES)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = CONTEXT_SETTINGS | getattr(module, "SETTINGS", {})
    app.command(name, epilog=f"\b\nExamples\n{examples}", context_settings=settings)(function)
    return typer.main.get_command(app)


CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def lazy_group(table: Mapping[str, LazyCommand]) -> type[TyperGroup]:
    """Return a group class whose commands are those of the table."""

    class LazyGroup(TyperGroup):
        """A group that knows its commands' names and help without importing them."""

        def __init__(self, **attrs: Any) -> None:  # noqa: ANN401 - passed through to typer
            super().__init__(**attrs)
            self.commands = _Commands(table)

        def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002 - typer's interface
            """Return the names in the table's order."""
            return list(table)

        def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002 - as above
            """Write the list of commands."""
            with formatter.section("Commands"):
                formatter.write_dl([(name, lazy.help) for name, lazy in table.items()])

    return LazyGroup
