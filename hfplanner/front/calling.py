"""How a function of the front door is called: keyword arguments of the one table, read as its options are.

What a function takes, its signature and its help follow from the arguments it names. An error speaks of arguments; that
of the command line speaks of options.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any, TypeVar

from hfplanner.errors import HfplannerError, UsageError, did_you_mean
from hfplanner.plan.arguments import Argument, as_argument, in_python, read_value
from hfplanner.plan.presets import preset_values
from hfplanner.plan.workspace import Workspace

__all__ = ["Given", "asks"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Given:
    """What a function was called with, read.

    Args:
        values: of every argument, by its name.
        workspace: the world; ``None`` is the one of the environment.
        said: the names of what it was called with.
    """

    values: Mapping[str, Any]
    workspace: Workspace | None = None
    said: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - whatever the argument holds
        return self.values[name]

    def pack(self, kind: type[T]) -> T:
        """Return a dataclass of those arguments whose names are its fields."""
        names = [one.name for one in fields(kind) if one.name in self.values]  # type: ignore[arg-type] # any dataclass
        return kind(**{name: self.values[name] for name in names})

    def open_workspace(self) -> AbstractContextManager[Workspace]:
        """Return the world: the one that was given, which stays open, or the one of the environment."""
        if self.workspace is not None:
            return nullcontext(self.workspace)
        named = {name: self.values[name] for name in ("token", "offline", "policy", "ledger") if name in self.values}
        return Workspace.from_environ(**named)


def asks(*arguments: Argument) -> Callable[[Callable[[Given], R]], Callable[..., R]]:
    """Return how to make a function of the front door: it takes these arguments by keyword, and a workspace.

    >>> from hfplanner.plan.arguments import find_arguments
    >>> @asks(*find_arguments("vram", "shard"))
    ... def twice(given):
    ...     '''Return twice the memory.'''
    ...     return 2 * given["vram"]
    >>> twice(vram="40GB"), str(inspect.signature(twice))
    (80000000000, '(*, vram=None, shard=False, workspace=None)')
    >>> twice(vrm="40GB")
    Traceback (most recent call last):
    TypeError: twice() has no argument 'vrm'. Did you mean vram?
    """
    table = {argument.name: argument for argument in arguments}
    names = {alias: argument.name for argument in arguments for alias in (argument.name, *argument.aliases)}

    def wrap(function: Callable[[Given], R]) -> Callable[..., R]:
        @wraps(function)
        def call(*, workspace: Workspace | None = None, **given: Any) -> R:  # noqa: ANN401 - see the table
            for name in given:
                if name not in names:
                    hint = did_you_mean(name, table).strip()
                    raise TypeError(f"{function.__name__}() has no argument {name!r}. {hint}".strip())
            own = {names[name]: value for name, value in given.items()}
            if len(own) < len(given):
                raise TypeError(f"{function.__name__}() was given one argument under two names: {', '.join(given)}.")
            return _in_python(lambda: function(Given(_read(table, own), workspace, _said(own))))

        keyword = inspect.Parameter.KEYWORD_ONLY
        shown = [inspect.Parameter(one.name, keyword, default=one.default) for one in arguments]
        shown.append(inspect.Parameter("workspace", keyword, default=None))
        vars(call)["__signature__"] = inspect.Signature(shown)
        call.__doc__ = _doc(function, arguments)
        return call

    return wrap


def _in_python(ask: Callable[[], R]) -> R:
    """Return an answer; where there is none, the error as Python spells it."""
    try:
        return ask()
    except HfplannerError as error:
        error.message = in_python(error.message)
        error.args = (error.message, *error.args[1:])
        error.hint = None if error.hint is None else in_python(error.hint)
        raise


def _said(given: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name, value in given.items() if value is not None and value is not False)


def _read(table: Mapping[str, Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: _value(argument, given[name]) for name, argument in table.items() if given.get(name) is not None}
    defaults = {name: argument.default for name, argument in table.items()} | dict(preset_values(values.get("preset")))
    return {name: values.get(name, defaults[name]) for name in table}


def _value(argument: Argument, given: Any) -> Any:  # noqa: ANN401 - as it was passed
    """Return the value of an argument; of one that may be given several times, a list of them."""

    def read(one: Any) -> Any:  # noqa: ANN401 - as above
        return read_value(argument, one, as_argument)

    try:
        if not argument.repeatable:
            return read(given)
        return [read(one) for one in _several(given)]
    except UsageError as error:
        error.message, error.args = in_python(error.message), (in_python(error.message),)
        raise


def _several(given: Any) -> Sequence[Any]:  # noqa: ANN401 - as above
    """Return what was given as several: a mapping is its pairs, one value is one."""
    if isinstance(given, Mapping):
        return [f"{key}={value}" for key, value in given.items()]
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return given
    return [given]


def _doc(function: Callable[..., object], arguments: Sequence[Argument]) -> str:
    """Return the help of a function: what it says itself, and its arguments in groups."""
    lines = [inspect.cleandoc(function.__doc__ or "")]
    for group in dict.fromkeys(argument.group for argument in arguments):
        lines += ["", f"{group}:"]
        lines += [_line(argument) for argument in arguments if argument.group == group]
    return "\n".join(lines)


def _line(argument: Argument) -> str:
    words = f" One of {', '.join(argument.words)}." if argument.choices else ""
    default = f" [default: {argument.shown_default}]" if argument.shown_default else ""
    return f"    {argument.name}: {in_python(argument.help)}{words}{default}"
