"""A command as data: what it takes, what it calls; and the click command that is built of it when it is called."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import click

from hfplanner.cli.help import write_help
from hfplanner.cli.options.build import Positional, build_argument, build_option, names_of, spelled
from hfplanner.cli.options.output import output_options
from hfplanner.cli.show.answer import Answer, choose_format, show
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import Argument
from hfplanner.plan.presets import preset_values

__all__ = ["SETTINGS", "Command", "build_command", "pack"]

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""How every command line behaves."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command.

    Args:
        call: takes the value of every option and positional by name, and returns what it found. Its docstring is the
            help. Where it acts while it shows, as ``run`` does, it takes ``shown``, the format, and returns the exit
            code.
        options: what it takes; the options of the output come by themselves.
        positionals: the values without an option, in order.
        names: what ``--quiet`` prints.
        documents: formats it has beside those of every command.
        documents_help: what those are.
        examples: command lines that run.
        takes_said: whether it takes ``said``, the names of the options that were typed.
        acts: whether it takes ``shown`` and returns the exit code.
        stops_at_positional: whether options end with the first positional: what follows belongs to it.
        takes_options_after: says of a first positional that options may follow it all the same.
    """

    call: Callable[..., Any]
    options: Sequence[Argument] = ()
    positionals: Sequence[Positional] = ()
    names: str
    documents: Sequence[str] = ()
    documents_help: str = ""
    examples: Sequence[str]
    takes_said: bool = False
    acts: bool = False
    stops_at_positional: bool = False
    takes_options_after: Callable[[str], bool] | None = None

    @property
    def all_options(self) -> tuple[Argument, ...]:
        """The options, those of the output last."""
        return (*self.options, *output_options(self.names, self.documents, self.documents_help))


class _ClickCommand(click.Command):
    """A command whose help is written from what was declared."""

    def __init__(self, declared: Command, **attrs: Any) -> None:  # noqa: ANN401 - click's interface
        super().__init__(**attrs)
        self.declared = declared

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read a command line; where its first positional says so, options may stand behind it.

        Raises:
            UsageError: an option has no value; it says which it takes.
        """
        goes_on = self.declared.takes_options_after
        try:
            if goes_on is not None:
                opts, _, _ = self.make_parser(ctx).parse_args(list(args))
                first = opts.get(self.declared.positionals[0].name)
                ctx.allow_interspersed_args = isinstance(first, str) and goes_on(first)
            return super().parse_args(ctx, args)
        except click.BadOptionUsage as error:
            lacking = next((one for one in self.declared.all_options if error.option_name in names_of(one)), None)
            if lacking is None or lacking.is_flag:
                raise
            raise UsageError(
                f"{error.option_name} needs a value: {spelled(lacking)}.",
                hint=f"{lacking.help} `{ctx.command_path} --help` shows all options.",
            ) from error

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help: usage, what it does, options in groups, examples."""
        self.format_usage(ctx, formatter)
        write_help(self.declared, formatter)


def build_command(name: str, declared: Command) -> click.Command:
    """Return a command for click to run."""
    params: list[click.Parameter] = [build_option(option) for option in declared.all_options]
    params += [build_argument(positional) for positional in declared.positionals]

    def run(**given: Any) -> int:  # noqa: ANN401 - whatever the options hold
        shown = choose_format(
            given.pop("format") or "auto", json=given.pop("json"), quiet=given.pop("quiet"), environ=os.environ
        )
        values = {**given, **_values(declared, given)}
        if declared.takes_said:
            values["said"] = frozenset(one.name for one in declared.options if given[one.name] not in (None, (), False))
        if declared.acts:
            return int(declared.call(**values, shown=shown))
        answer: Answer = declared.call(**values)
        return show(answer, shown)

    settings = {**SETTINGS, "allow_interspersed_args": not declared.stops_at_positional}
    return _ClickCommand(
        declared,
        name=name,
        params=params,
        callback=run,
        help=declared.call.__doc__,
        context_settings=settings,
    )


def _values(declared: Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options: the default where one is not given, a list where it is repeatable."""
    defaults = {option.name: option.default for option in declared.options}
    defaults |= preset_values(given.get("preset"))
    return {
        option.name: (list(given[option.name]) or defaults[option.name])
        if option.repeatable
        else defaults[option.name]
        if given[option.name] is None
        else given[option.name]
        for option in declared.options
    }


def pack(kind: type[T], given: dict[str, Any]) -> T:
    """Take the fields of a dataclass out of what was given, and return it.

    >>> from hfplanner.recommend.needs import Needs
    >>> rest = {"gpus": 4, "offline": True}
    >>> pack(Needs, rest).gpus, rest
    (4, {'offline': True})
    """
    names = [field.name for field in fields(kind) if field.name in given]  # type: ignore[arg-type] # any dataclass
    return kind(**{name: given.pop(name) for name in names})
