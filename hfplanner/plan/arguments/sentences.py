"""A sentence about options, as the Python interface spells it."""

import re

from hfplanner.errors import UsageError
from hfplanner.plan.arguments.argument import Argument, as_argument
from hfplanner.plan.arguments.table import ARGUMENTS
from hfplanner.plan.readers import read_text

__all__ = ["in_python"]

_OPTION = re.compile(r"(?<![\w-])--(?P<name>[a-z][a-z0-9-]*)(?:[ =](?P<value>[^\s,;)]+[^\s,;).:]))?")

_NEXT_VALUE = re.compile(r'(?<=") (?=[a-z_]+=")')


def in_python(sentence: str) -> str:
    """Return a sentence about options as the Python interface spells it: arguments, and values in quotation marks.

    >>> in_python("Add --duration, for example --duration 3h or --duration 2h20m@a10g-small.")
    'Add duration, for example duration="3h" or duration="2h20m@a10g-small".'
    >>> in_python("For example --model Qwen/Qwen3-8B --tokens 20M.")
    'For example model="Qwen/Qwen3-8B", tokens="20M".'
    >>> in_python("--shard says where the memory may lie, but no memory is asked for.")
    'shard says where the memory may lie, but no memory is asked for.'
    """

    def respelled(match: re.Match[str]) -> str:
        name, value = as_argument(match["name"]), match["value"]
        argument = ARGUMENTS.get(name)
        if argument is None:
            return match[0]
        if value is None:
            return name
        separator = match[0][len("--") + len(name)]
        return f'{name}="{value}"' if _can_be_meant(argument, value) else f"{name}{separator}{value}"

    return _NEXT_VALUE.sub(", ", _OPTION.sub(respelled, sentence))


def _can_be_meant(argument: Argument, text: str) -> bool:
    """Whether a word after an option is its value, not the next word of the sentence."""
    if argument.is_flag or (argument.read is read_text and not argument.choices and text.islower() and text.isalpha()):
        return False
    try:
        argument.value(text)
    except UsageError:
        return False
    return True
