"""The examples of the README and of the guide: found, run as a reader would run them, and held to what they show."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from hfplanner.guide import TOPICS
from tests.program import REPOSITORY, Program, steady

__all__ = ["GUIDE", "README", "Example", "console_examples", "hold", "hold_python", "languages", "shell", "toml_blocks"]

README = REPOSITORY / "README.md"
GUIDE = [REPOSITORY / "hfplanner" / "guide" / f"{name}.md" for name in TOPICS]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)

_SCRIPT = """# /// script
# [tool.hf-jobs]
# flavor = "a100-large"
# timeout = "8h"
# namespace = "acme"
# labels = { team = "nlp" }
# ///
print("trained")
"""

Example = tuple[Path, str, str]


def _blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in _BLOCK.findall(path.read_text(encoding="utf-8")) if kind == language]


def languages(path: Path) -> set[str]:
    """Return the languages of a document's blocks."""
    return {kind for kind, _ in _BLOCK.findall(path.read_text(encoding="utf-8"))}


def toml_blocks(path: Path) -> list[str]:
    """Return a document's blocks of TOML."""
    return _blocks(path, "toml")


def console_examples(*paths: Path) -> list[Example]:
    """Return every command after a ``$`` of a console block, and the output that the document shows under it."""
    blocks = [(path, block) for path in paths for block in _blocks(path, "console")]
    return [(path, command, shown) for path, block in blocks for command, shown in _COMMAND.findall(block)]


def hold(example: Example, shell: Program, *, update: bool) -> None:
    """Run a command; hold its output, in 100 columns, to what is shown, or write it there."""
    path, command, shown = example
    done = shell.run_command(["bash", "-c", f"{{ {command}; }} 2>&1"])
    if update:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(f"$ {command}\n{shown}", f"$ {command}\n{done.out}"), encoding="utf-8")
        return
    assert steady(done.out) == steady(shown)


def hold_python(path: Path, shell: Program) -> None:
    """Run a document's ``>>>`` lines as doctests, in an interpreter of their own."""
    done = shell.run_command([sys.executable, "-m", "doctest", str(path)])
    assert done.code == 0, f"{done.out}{done.err}"


@pytest.fixture
def shell(tmp_path: Path) -> Program:
    """Return a home in which ``hfplanner`` and ``hf-planner`` are commands, with the guide's jobs and policy."""
    commands = tmp_path / "bin"
    commands.mkdir()
    shutil.copy(REPOSITORY / "tests" / "readme_jobs.json", tmp_path / "jobs.json")
    (tmp_path / "train.py").write_text(_SCRIPT, encoding="utf-8")
    policy = toml_blocks(REPOSITORY / "hfplanner" / "guide" / "budgets.md")[0]
    # The prices that ship with the package grow old, its examples must not.
    (tmp_path / "hfplanner.toml").write_text(f'{policy}max_price_age = "36500d"\n', encoding="utf-8")
    for name in ("hfplanner", "hf-planner", "python3"):
        module = "" if name == "python3" else " -m hfplanner"
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    # HF_HUB_OFFLINE stays as the reader has it: the --offline of the examples must be enough.
    return Program(tmp_path, environ=(("PATH", f"{commands}:/usr/bin:/bin"), ("HF_HUB_OFFLINE", "0")))
