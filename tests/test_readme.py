"""The README is true: every example in it is run, and shows what the README says it shows."""

import doctest
import re
import shutil
import sys
from pathlib import Path

import pytest

from hfplanner.budget.policy_file import parse_policy
from tests.program import REPOSITORY, Program, steady

README = REPOSITORY / "README.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_POLICY = re.compile(r"^```toml\n(\[\[budget\]\]\n.*?)^```$", re.MULTILINE | re.DOTALL)
_WAIVER = re.compile(r"^```toml\n(\[\[waiver\]\]\n.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def _examples() -> list[tuple[str, str]]:
    """Return every command after a ``$`` of a console block, and the output the README shows under it."""
    blocks = _BLOCK.findall(README.read_text(encoding="utf-8"))
    return [example for block in blocks for example in _COMMAND.findall(block)]


@pytest.fixture
def shell(tmp_path: Path) -> Program:
    """Return a home in which ``hfplanner`` and ``hf-planner`` are commands."""
    commands = tmp_path / "bin"
    commands.mkdir()
    shutil.copy(REPOSITORY / "tests" / "readme_jobs.json", tmp_path / "jobs.json")
    # The README's own policy; the prices that ship with the package grow old, its examples must not.
    policy = "".join(_POLICY.findall(README.read_text(encoding="utf-8")))
    (tmp_path / "hfplanner.toml").write_text(f'{policy}max_price_age = "36500d"\n', encoding="utf-8")
    for name in ("hfplanner", "hf-planner", "python3"):
        module = "" if name == "python3" else " -m hfplanner"
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    # HF_HUB_OFFLINE stays as the reader has it: the README's own --offline must be enough.
    return Program(tmp_path, environ=(("PATH", f"{commands}:/usr/bin:/bin"), ("HF_HUB_OFFLINE", "0")))


@pytest.mark.parametrize(("command", "shown"), _examples())
def test_every_example_shows_what_the_readme_says(
    command: str, shown: str, shell: Program, request: pytest.FixtureRequest
) -> None:
    """A command of the README prints, in 100 columns, what stands under it there."""
    done = shell.run_command(["bash", "-c", f"{{ {command}; }} 2>&1"])
    if request.config.getoption("--update-golden"):
        text = README.read_text(encoding="utf-8")
        README.write_text(text.replace(f"$ {command}\n{shown}", f"$ {command}\n{done.out}"), encoding="utf-8")
        return
    assert steady(done.out) == steady(shown)


def test_the_readme_has_examples() -> None:
    """The test above has something to run, and every block that looks like a console is one."""
    text = README.read_text(encoding="utf-8")
    assert len(_examples()) >= 6
    assert text.count("\n$ ") == len(_examples())
    assert text.count("```console\n") == len(_BLOCK.findall(text))


def test_the_policies_are_read() -> None:
    """The README's policy, and its waiver in the same file."""
    text = README.read_text(encoding="utf-8")
    (policy,), (waiver,) = _POLICY.findall(text), _WAIVER.findall(text)
    assert len(parse_policy(f"{policy}{waiver}".encode()).waivers) == 1
    assert text.count("```toml\n") == 2


def test_the_python_examples_run() -> None:
    """The README's ``>>>`` lines are doctests."""
    done = doctest.testfile(str(README), module_relative=False)
    assert done.attempted > 0
    assert done.failed == 0


def test_the_set_up_commands_are_those_ci_runs() -> None:
    """CI runs the README's two set-up commands, to the letter, on a machine that has nothing of anybody's."""
    text = README.read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*)\n```$", text, re.MULTILINE)
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert len(commands) == 2
    assert all(f"\n{command}\n" in script for command in commands)
