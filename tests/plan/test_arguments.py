"""The table of arguments and what is asked: each is declared once, with one default and one place in the help."""

from dataclasses import fields

import pytest

from hfplanner.cli.app import ROOT
from hfplanner.cli.groups import LazyGroup
from hfplanner.plan import arguments
from hfplanner.plan.arguments import Argument, as_argument, as_option, find_arguments, in_python
from hfplanner.plan.asked import AskedJob, AskedLimits, AskedMachine, AskedModel, AskedTime

TABLES = {AskedMachine: arguments.NEEDS, AskedModel: arguments.MODEL, AskedJob: arguments.JOB}
EVERY = [*arguments.NEEDS, *arguments.MODEL, *arguments.TIME, *arguments.LIMITS, *arguments.JOB, *arguments.WHERE]


@pytest.mark.parametrize("asked", TABLES, ids=lambda asked: asked.__name__)
def test_what_is_asked_has_the_defaults_of_its_arguments(asked: type) -> None:
    """A field and the argument of its name mean the same where nothing is said."""
    defaults = {field.name: field.default for field in fields(asked)}
    for argument in TABLES[asked]:
        assert defaults[argument.name] == argument.default, argument.name


@pytest.mark.parametrize("asked", [AskedTime, AskedLimits], ids=lambda asked: asked.__name__)
def test_every_argument_of_time_and_limits_is_a_field(asked: type) -> None:
    """Nothing that can be typed is lost on the way."""
    table = arguments.TIME if asked is AskedTime else arguments.LIMITS
    assert {argument.name for argument in table} <= {field.name for field in fields(asked)}


@pytest.mark.parametrize("argument", EVERY, ids=lambda argument: argument.name)
def test_a_default_is_a_value_the_argument_takes(argument: Argument) -> None:
    """What help shows as the default can be typed, and means it."""
    if argument.default is not None and not argument.repeatable:
        assert argument.value(argument.default) == argument.default
    assert as_argument(as_option(argument.name)) == argument.name


def test_every_name_stands_once() -> None:
    """One word, one argument."""
    names = [argument.name for argument in EVERY]
    assert sorted(names) == sorted(set(names))
    assert list(find_arguments(*names)) == EVERY


def test_every_command_line_in_help_is_known() -> None:
    """Every option that a sentence of help names is one the table or the command knows."""
    for argument in EVERY:
        assert "--" not in in_python(argument.help).replace("--needs", "").replace("-- ", ""), argument.name


def test_every_command_of_the_root_can_be_built() -> None:
    """A command that is listed is there."""
    import click  # noqa: PLC0415 - beside its use

    ctx = click.Context(ROOT)
    for name in ROOT.list_commands(ctx):
        command = ROOT.get_command(ctx, name)
        assert command is not None
        if isinstance(command, LazyGroup):
            assert all(command.get_command(ctx, inner) is not None for inner in command.list_commands(ctx))
