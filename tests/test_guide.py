"""The guide is true: every block in it runs, and it is read as it is meant to be."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hfplanner.budget.policy_file import parse_policy
from hfplanner.guide import TOPICS, read_topic
from tests.examples import GUIDE, Example, console_examples, hold, hold_python, languages, shell, toml_blocks
from tests.program import Program

__all__ = ["shell"]


@pytest.mark.process
@pytest.mark.parametrize("example", console_examples(*GUIDE), ids=lambda one: f"{one[0].stem}: {one[1]}")
def test_every_command_shows_what_the_guide_says(
    example: Example, shell: Program, request: pytest.FixtureRequest
) -> None:
    """In 100 columns, offline."""
    hold(example, shell, update=request.config.getoption("--update-golden"))


@pytest.mark.parametrize("path", GUIDE, ids=lambda path: path.stem)
def test_every_block_is_one_that_runs(path: Path) -> None:
    """Commands after a ``$``, Python after ``>>>``, and policies: nothing else looks like code."""
    assert languages(path) <= {"console", "python", "toml"}
    text = path.read_text(encoding="utf-8")
    assert text.count("\n$ ") == len(console_examples(path))
    assert all(example[1] for example in console_examples(path))


@pytest.mark.process
@pytest.mark.parametrize("path", [path for path in GUIDE if "python" in languages(path)], ids=lambda path: path.stem)
def test_the_python_examples_run(path: Path, shell: Program) -> None:
    """As doctests, in a home of their own."""
    hold_python(path, shell)


def test_the_policies_are_read() -> None:
    """All that a topic shows is one file; the waiver is in it."""
    for path in GUIDE:
        policy = "".join(toml_blocks(path))
        read = parse_policy(policy.encode())
        assert not policy or read.budgets or read.agents
    (budgets,) = (path for path in GUIDE if path.stem == "budgets")
    assert len(parse_policy("".join(toml_blocks(budgets)).encode()).waivers) == 1


def test_every_topic_has_its_file_and_every_file_its_topic() -> None:
    """Each begins with a heading, and no other file is shipped."""
    assert {path.stem for path in GUIDE[0].parent.glob("*.md")} == set(TOPICS)
    assert all(read_topic(name).startswith("# ") for name in TOPICS)


def test_through_a_pipe_it_is_markdown(program: Program) -> None:
    """To the letter, for ``less`` and for agents; ``--json`` has it too."""
    text = read_topic("budgets")
    assert program.run("guide", "budgets").out == text
    assert program.run("guide", "budgets", "--format", "agent").out == text
    assert json.loads(program.run("guide", "budgets", "--json").out)["text"] == text


@pytest.mark.process
def test_in_a_terminal_it_is_laid_out(program: Program) -> None:
    """Headings without ``#``, code without fences, within the width."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hfplanner", "guide", "files"]
    environ = program.environment() | {"COLUMNS": "60", "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(command, stdout=theirs, env=environ, cwd=program.home)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += (part := os.read(ours, 65536))
        except OSError:
            break
        if not part:
            break
    assert process.wait() == 0
    os.close(ours)
    lines = shown.decode().splitlines()
    assert not [line for line in lines if line.startswith(("#", "```"))]
    assert any("What is kept, and where" in line for line in lines)
