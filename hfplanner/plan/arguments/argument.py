"""One argument: its name, what help says of it, and how a value of it is read, whoever gives it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, get_args

from hfplanner.errors import UsageError
from hfplanner.plan.readers import Reader, one_of, read_flag, read_text

__all__ = ["Argument", "Group", "as_argument", "as_option", "flag", "read_value"]

Group = Literal["Options", "Job", "Needs", "Model", "Time", "Limits", "Submission", "Where", "Output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument, whoever gives it.

    Args:
        name: as Python spells it, with underscores.
        group: where help shows it.
        help: one sentence for people.
        read: how its value is read, from text as it is typed or from a number; raises :class:`UsageError`.
        metavar: what stands for its value in a help text; empty for a flag, and where there are choices.
        default: what holds where it is not given, already read.
        shown_default: how help shows the default; empty where it shows none.
        choices: its words, if it takes one of several, or where they are declared: ``"module:Literal"``.
        repeatable: whether it may be given several times; its value is then a list, or ``None``.
        short: a second spelling on the command line, of one letter.
        aliases: other names of it, as Python spells them.
        is_flag: whether it is yes or no.
        is_required: whether nothing can be done without it.
        meant: what to say instead of a word that it does not take and that people know from elsewhere.
    """

    name: str
    group: Group
    help: str
    read: Reader = read_text
    metavar: str = ""
    default: Any = None
    shown_default: str = ""
    choices: str | tuple[str, ...] = ()
    repeatable: bool = False
    short: str = ""
    aliases: tuple[str, ...] = ()
    is_flag: bool = False
    is_required: bool = False
    meant: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """The words it takes, where it takes one of several; empty otherwise.

        >>> from hfplanner.plan.arguments import find_arguments
        >>> find_arguments("task")[0].words
        ('inference', 'full', 'lora', 'qlora')
        """
        if not isinstance(self.choices, str):
            return self.choices
        module, _, attribute = self.choices.partition(":")
        return get_args(getattr(import_module(module), attribute))

    def value(self, given: Any) -> Any:  # noqa: ANN401 - what the argument holds
        """Return one value of the argument, read.

        Raises:
            UsageError: it cannot be meant; the sentence does not name the argument.
        """
        if not self.choices:
            return self.read(given)
        try:
            return one_of(self.words)(given)
        except UsageError as error:
            instead = self.meant.get(str(given).strip().lower())
            raise error if instead is None else UsageError(error.message, hint=instead) from error


def flag(name: str, group: Group, help: str, *, short: str = "") -> Argument:  # noqa: A002 - the field's name
    """Return an argument that is yes or no, and no where it is not given.

    >>> flag("shard", "Needs", "It may be spread.").default
    False
    """
    return Argument(name=name, group=group, help=help, short=short, read=read_flag, is_flag=True, default=False)


def read_value(argument: Argument, given: Any, spell: Callable[[str], str]) -> Any:  # noqa: ANN401 - as above
    """Return a value that was given for an argument; an error names the argument as ``spell`` does.

    Raises:
        UsageError: it cannot be meant.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> read_value(find_arguments("max_cost")[0], "5 EUR", as_option)
    Traceback (most recent call last):
    hfplanner.errors.UsageError: --max-cost: '5 EUR' is not an amount of money: it is not a number of US dollars.
    """
    try:
        return argument.value(given)
    except UsageError as error:
        raise UsageError(f"{spell(argument.name)}: {error.message}", hint=error.hint) from error


def as_option(name: str) -> str:
    """Return an argument's name as the command line spells it.

    >>> as_option("max_cost")
    '--max-cost'
    """
    return f"--{name.replace('_', '-')}"


def as_argument(name: str) -> str:
    """Return an option's or an argument's name as Python spells it.

    >>> as_argument("--max-cost")
    'max_cost'
    """
    return name.removeprefix("--").replace("-", "_")
