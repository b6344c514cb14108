"""The help text of a command: usage, what it does, its options in groups, and examples that run."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import TYPE_CHECKING, get_args

from hfplanner.cli.options.build import spelled
from hfplanner.plan.arguments import Argument, Group

if TYPE_CHECKING:
    from click import HelpFormatter

    from hfplanner.cli.command import Command

__all__ = ["write_help"]

_HELP = ("-h, --help", "Show this message and exit.")


def write_help(command: "Command", formatter: "HelpFormatter") -> None:
    """Write what follows the usage line."""
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(cleandoc(command.call.__doc__ or ""))
    if command.positionals:
        with formatter.section("Arguments"):
            formatter.write_dl([(one.metavar, one.help) for one in command.positionals])
    for group, options in _by_group(command.all_options).items():
        rows = [(spelled(option), _about(option)) for option in options]
        with formatter.section(group):
            formatter.write_dl([*rows, _HELP] if group == "Output" else rows)
    with formatter.section("Examples"):
        formatter.write("".join(f"{'':>{formatter.current_indent}}$ {line}\n" for line in command.examples))


def _by_group(options: Iterable[Argument]) -> Mapping[str, list[Argument]]:
    """Return options by their groups, in the order of the groups."""
    found: dict[str, list[Argument]] = {}
    for group in get_args(Group):
        members = [option for option in options if option.group == group]
        if members:
            found[group] = members
    return found


def _about(option: Argument) -> str:
    """Return what help says of an option."""
    default = f"  [default: {option.shown_default}]" if option.shown_default else ""
    required = "  [required]" if option.is_required else ""
    return f"{option.help}{default}{required}"
