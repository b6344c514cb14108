"""From an argument of the table to an option of click: one value read by one reader, errors that name the option."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from hfplanner.errors import UsageError
from hfplanner.plan.arguments import Argument, as_option, read_value

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["Positional", "build_argument", "build_option", "metavar_of", "names_of", "spelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Positional:
    """A value that stands without an option before it.

    Args:
        name: as the command's function calls it.
        metavar: as help shows it.
        help: one sentence for people.
        is_required: whether a command line without it is refused.
        takes_rest: whether it takes every value that is left; it is then a tuple.
    """

    name: str
    metavar: str
    help: str
    is_required: bool = True
    takes_rest: bool = False


class _Value(click.ParamType):  # type: ignore[type-arg] # generic since click 8.5 only
    """The value of an argument, read by the argument's own reader."""

    def __init__(self, argument: Argument) -> None:
        # Its words, where it has some, are looked up by who reads or shows one: most are never asked for.
        self.name = argument.metavar or argument.name
        self._argument = argument

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401, ARG002 - click's interface
        """Return what was typed, read."""
        if ctx is not None and isinstance(value, str) and any(value in one.opts for one in ctx.command.params):
            raise UsageError(f"{as_option(self._argument.name)} is followed by the option {value}, not by a value.")
        return read_value(self._argument, value, as_option)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002 - as above
        """Return what the shell may complete the value with."""
        from hfplanner.cli.options.completion import complete  # noqa: PLC0415 - only when a shell asks

        return complete(self._argument, incomplete)


def build_option(argument: Argument) -> click.Option:
    """Return an argument as an option.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> build_option(find_arguments("label")[0]).opts
    ['-l', '--label']
    """
    names = list(names_of(argument))
    if argument.is_flag:
        if argument.default:
            names[-1] = f"{names[-1]}/{as_option(f'no_{argument.name}')}"
        return click.Option([argument.name, *names], is_flag=True, default=argument.default, help=argument.help)
    return click.Option(
        [argument.name, *names],
        type=_Value(argument),
        multiple=argument.repeatable,
        required=argument.is_required,
        help=argument.help,
    )


def build_argument(positional: Positional) -> click.Argument:
    """Return a value without an option as click has it."""
    return click.Argument(
        [positional.name],
        required=positional.is_required,
        nargs=-1 if positional.takes_rest else 1,
        metavar=positional.metavar,
    )


def metavar_of(argument: Argument) -> str:
    """Return what stands for an argument's value in a help text: its words where they are few, a name otherwise.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> metavar_of(find_arguments("task")[0]), metavar_of(find_arguments("vram")[0])
    ('[inference|full|lora|qlora]', 'SIZE')
    """
    return argument.metavar or f"[{'|'.join(argument.words)}]"


def names_of(argument: Argument) -> tuple[str, ...]:
    """Return every name of an option, the short one first.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> names_of(find_arguments("label")[0])
    ('-l', '--label')
    """
    spellings = tuple(as_option(name) for name in (argument.name, *argument.aliases))
    return (argument.short, *spellings) if argument.short else spellings


def spelled(argument: Argument) -> str:
    """Return how an option is written in a help text.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> spelled(find_arguments("label")[0]), spelled(find_arguments("shard")[0])
    ('-l, --label KEY[=VALUE]', '--shard')
    """
    names = names_of(argument)
    if not argument.is_flag:
        return f"{', '.join(names)} {metavar_of(argument)}"
    return ", ".join(names) + (f" / {as_option(f'no_{argument.name}')}" if argument.default else "")
