"""The options that say how an answer is shown; every command has them."""

from collections.abc import Sequence

from hfplanner.cli.show.answer import FORMATS
from hfplanner.plan.arguments import Argument, flag

__all__ = ["output_options"]


def output_options(names: str, documents: Sequence[str] = (), about: str = "") -> tuple[Argument, ...]:
    """Return the options of a command's output.

    Args:
        names: what ``--quiet`` prints, such as ``"the names of the flavors, one a line"``.
        documents: formats the command has beside those that every command has.
        about: what those are.

    >>> [argument.name for argument in output_options("the names")]
    ['format', 'json', 'quiet']
    """
    formats = (*FORMATS, *documents)
    more = f" {about}" if about else ""
    return (
        Argument(
            name="format",
            group="Output",
            choices=formats,
            default="auto",
            help=f"How the answer is shown; auto is agent under an AI agent, else human.{more}",
        ),
        flag(
            name="json",
            group="Output",
            help="One JSON document. Same as --format json.",
        ),
        flag(
            name="quiet",
            short="-q",
            group="Output",
            help=f"Only {names}. Same as --format quiet.",
        ),
    )
