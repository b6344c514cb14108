"""The README is true: every example in it is run, and shows what the README says it shows."""

import re
from pathlib import Path

import pytest

from tests.examples import GUIDE, README, Example, console_examples, hold, hold_python, languages, shell
from tests.program import REPOSITORY, Program

__all__ = ["shell"]

CONTRIBUTING = REPOSITORY / "CONTRIBUTING.md"
_MOST_LINES = 150


@pytest.mark.process
@pytest.mark.parametrize("example", console_examples(README), ids=lambda one: one[1])
def test_every_example_shows_what_the_readme_says(
    example: Example, shell: Program, request: pytest.FixtureRequest
) -> None:
    """A command of the README prints, in 100 columns, what stands under it there."""
    hold(example, shell, update=request.config.getoption("--update-golden"))


def test_the_readme_has_examples() -> None:
    """The test above has something to run, and every block that looks like a console is one."""
    text = README.read_text(encoding="utf-8")
    examples = console_examples(README)
    assert len(examples) >= 4
    assert text.count("\n$ ") == len(examples)
    assert languages(README) <= {"console", "python", "sh", "yaml"}


def test_the_readme_is_short() -> None:
    """What is longer belongs into the guide."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= _MOST_LINES


@pytest.mark.process
def test_the_python_examples_run(shell: Program) -> None:
    """The README's ``>>>`` lines are doctests."""
    hold_python(README, shell)


def test_the_set_up_commands_are_those_ci_runs() -> None:
    """CI runs the README's two set-up commands, to the letter, on a machine that has nothing of anybody's."""
    text = README.read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*)\n```$", text, re.MULTILINE)
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert len(commands) == 2
    assert all(f"\n{command}\n" in script for command in commands)


@pytest.mark.parametrize("path", [README, CONTRIBUTING, *GUIDE], ids=lambda path: path.stem)
def test_what_is_linked_is_there(path: Path) -> None:
    """Every link into the repository leads to a file of it."""
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


def test_every_file_that_contributing_names_is_there() -> None:
    """A newcomer follows it: what was moved or renamed is so there, too. NAME stands for a file that is to be made."""
    named = re.findall(r"[\w./-]*\w/\w+\.(?:py|csv|json|txt|md|toml)\b", CONTRIBUTING.read_text(encoding="utf-8"))
    roots = (REPOSITORY, REPOSITORY / "hfplanner")
    missing = {one for one in named if "NAME" not in one and not any((root / one).is_file() for root in roots)}
    assert missing == set()
    assert len(named) > 20
