"""Options that belong together, declared once as the fields of a dataclass and used by several commands."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints

__all__ = ["unpacked"]


def unpacked(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command whose parameters that are packs of options are spelled out, each field an option.

    Typer sees the fields in the place of the pack; the command gets the pack.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Size:
    ...     width: int = 1
    >>> @unpacked
    ... def area(size: Size, height: int = 2) -> int:
    ...     return size.width * height
    >>> area(width=3, height=4), list(inspect.signature(area).parameters)
    (12, ['width', 'height'])
    """
    declared = inspect.signature(command).parameters
    packs: dict[str, Any] = {
        name: parameter.annotation for name, parameter in declared.items() if is_dataclass(parameter.annotation)
    }
    shown: list[inspect.Parameter] = []
    for name, parameter in declared.items():
        shown += _spelled_out(packs[name]) if name in packs else [parameter]

    @wraps(command)
    def call(**given: Any) -> int:  # noqa: ANN401 - whatever the options hold
        taken = {
            name: pack(**{field.name: given.pop(field.name) for field in fields(pack) if field.name in given})
            for name, pack in packs.items()
        }
        return command(**taken, **given)

    vars(call).update(
        __signature__=inspect.Signature(shown), __annotations__={option.name: option.annotation for option in shown}
    )
    return call


def _spelled_out(pack: Any) -> list[inspect.Parameter]:  # noqa: ANN401 - any class made by @dataclass
    """Return the fields of a pack as parameters of a function."""
    hints = get_type_hints(pack, include_extras=True)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(field.name, kind, default=field.default, annotation=hints[field.name])
        for field in fields(pack)
    ]
