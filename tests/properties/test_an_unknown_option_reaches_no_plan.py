"""Law: what is typed is what is judged. No command line with an unknown option before the image reaches a plan."""

from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.cli.app import ROOT
from hfplanner.cli.options.job import JOB_OPTIONS
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import Argument, as_option

COMMANDS = {"run": ("run",), "check": ("check",), "budget check": ("budget", "check")}
WORD = st.text(st.characters(categories=("Ll", "Nd")), min_size=1, max_size=12)
# Values that every reader of text takes; those of numbers, sizes and words have their own tests.
TEXTS = [
    option for option in JOB_OPTIONS if not option.is_flag and option.metavar in {"NAME", "TEXT", "ID", "NAME_OR_ID"}
]
FLAGS = [option for option in JOB_OPTIONS if option.is_flag]


def found(command: str) -> click.Command:
    """Return a command as click has it."""
    here: click.Command = ROOT
    for name in COMMANDS[command]:
        assert isinstance(here, click.Group)
        inner = here.get_command(click.Context(ROOT), name)
        assert inner is not None
        here = inner
    return here


def parse(command: str, words: list[str]) -> dict[str, Any]:
    """Return what click makes of the words of a command, as the command would be given it; nothing is run."""
    return found(command).make_context(command, list(words)).params


@st.composite
def known(draw: st.DrawFn) -> list[str]:
    """Draw options of a job that can be meant, with their values."""
    words: list[str] = []
    for option in draw(st.lists(st.sampled_from([*TEXTS, *FLAGS]), max_size=4, unique_by=name_of)):
        words.append(as_option(option.name))
        words += [] if option.is_flag else [draw(WORD)]
    return words


def name_of(option: Argument) -> str:
    """Return an option's name."""
    return option.name


@st.composite
def unknown(draw: st.DrawFn, command: str) -> str:
    """Draw an option that a command does not have: nearly one it has, or anything."""
    params = found(command).get_params(click.Context(found(command)))
    had = {name for param in params for name in (*param.opts, *param.secondary_opts) if name.startswith("-")}
    near = st.sampled_from(sorted(had)).map(lambda name: name[:-1]).filter(lambda name: len(name) > 3)
    anything = WORD.map(lambda word: f"--{word}")
    return draw((near | anything).filter(lambda name: name not in had))


@given(st.data())
@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_before_the_image_is_refused(command: str, data: st.DataObject) -> None:
    """Wherever it stands among options that are known, with a value or without one."""
    before, after = data.draw(known()), data.draw(known())
    option = data.draw(unknown(command))
    value = data.draw(st.sampled_from([[], ["8h"]]))
    words = [*before, option, *value, *after, "python:3.12", "python", "train.py"]
    with pytest.raises((click.UsageError, UsageError)):
        parse(command, words)


@given(st.data())
@pytest.mark.parametrize("command", COMMANDS)
def test_what_stands_after_the_image_is_the_commands(command: str, data: st.DataObject) -> None:
    """Any words at all, options of ours among them: they reach the job as they were typed."""
    before = data.draw(known())
    words = data.draw(
        st.lists(WORD | st.sampled_from(["--timeout", "-e", "--", "--json", "--nonsense", "-x"]), max_size=6)
    )
    given_ = parse(command, [*before, "python:3.12", "python", *words])
    assert (given_["image"], list(given_["command"])) == ("python:3.12", ["python", *words])


@given(known())
@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_is_not_the_value_of_another(command: str, before: list[str]) -> None:
    """``--namespace --timeout 8h python:3.12`` forgot a value: it is not a namespace called --timeout."""
    with pytest.raises((click.UsageError, UsageError)):
        parse(command, [*before, "--namespace", "--timeout", "8h", "python:3.12", "python", "train.py"])
