"""Options that stand after ``--``: of another command, read as that one reads them."""

from collections.abc import Sequence
from typing import Any

import click

from hfplanner.cli.options.build import build_option
from hfplanner.plan.arguments import Argument
from hfplanner.plan.presets import preset_values

__all__ = ["read_rest"]


def read_rest(name: str, arguments: Sequence[Argument], words: Sequence[str]) -> dict[str, Any]:
    """Return the values that words say, by the names of their arguments; only of those that are said.

    Args:
        name: of the command, for errors.
        arguments: what may be said.
        words: as typed.

    Raises:
        UsageError: a value cannot be meant.
        click.UsageError: an option is not known, or has no value.

    >>> from hfplanner.plan.arguments import MODEL
    >>> read_rest("add --", MODEL, ["--task", "lora", "--batch-size", "4"])
    {'task': 'lora', 'batch_size': 4}
    """
    command = click.Command(name, params=[build_option(one) for one in arguments])
    said = command.make_context(name, list(words)).params
    preset = preset_values(said.get("preset"))
    found = {one.name: said[one.name] for one in arguments if said[one.name] not in (None, (), False)}
    return {name: value for name, value in {**preset, **found}.items() if name in {one.name for one in arguments}}
