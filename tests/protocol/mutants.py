"""Known mistakes, made in a copy of the program, that its tests must catch: ``python -m tests.protocol.mutants``.

Each mutant is one mistake that programs of this kind are known for: a few replacements of text that is there exactly
once, and the tests that are to fail then. A test that fails for another reason than the mistake proves nothing: without
a mistake, all of these tests pass in the same copy.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.protocol.mistakes import MUTANTS, Mutant

__all__ = ["REPORT", "Outcome", "copied", "killers", "mutated", "run_tests"]

_REPOSITORY = Path(__file__).resolve().parents[2]
REPORT = _REPOSITORY / "reports" / "protocol_mutants.md"
"""The last result of all mutants."""
_COPIED = ("hfplanner", "tests", "data", "pyproject.toml")
_FAILED = re.compile(r"^FAILED (?:tests/)?(.+?)(?: - |$)", re.MULTILINE)
_LONGEST_SECS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What tests came to: pytest's exit code, the first that failed, what was printed, and how long it took [s]."""

    code: int
    first_failed: str
    printed: str
    secs: float

    @property
    def is_caught(self) -> bool:
        """Whether a test failed; an error while tests are collected is none."""
        return self.code == pytest.ExitCode.TESTS_FAILED and bool(self.first_failed)


@contextmanager
def copied() -> Iterator[Path]:
    """Copy the program and its tests into a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in _COPIED:
            source = _REPOSITORY / part
            if source.is_dir():
                shutil.copytree(source, folder / part)
            else:
                shutil.copy2(source, folder / part)
        yield folder


@contextmanager
def mutated(folder: Path, mutant: Mutant) -> Iterator[None]:
    """Make a mutant's mistake in a copy, and take it back afterwards.

    Raises:
        ValueError: a text that is to be replaced is not there exactly once: the program has moved on.
    """
    before: dict[Path, bytes] = {}
    try:
        for edit in mutant.edits:
            path = folder / "hfplanner" / edit.file
            before.setdefault(path, path.read_bytes())
            text = path.read_text(encoding="utf-8")
            if text.count(edit.old) != 1:
                raise ValueError(f"{mutant.name}: {edit.old!r} is {text.count(edit.old)} times in {edit.file}")
            path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
        yield
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def run_tests(folder: Path, tests: Sequence[str]) -> Outcome:
    """Run tests of a copy until one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    # Nothing of a mutant is kept: the next one may change the same file within the same second.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    began = time.monotonic()
    done = subprocess.run(
        [*command, *(f"tests/{test}" for test in tests)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_SECS + 10 * len(tests),
    )
    failed = _FAILED.search(done.stdout)
    return Outcome(done.returncode, failed[1] if failed else "", done.stdout + done.stderr, time.monotonic() - began)


def killers() -> list[str]:
    """Return every test that is to catch a mutant, once."""
    return list(dict.fromkeys(test for mutant in MUTANTS for test in mutant.tests))


def _report() -> tuple[list[str], bool]:
    """Return the lines of the report, and whether every mutant was caught and the unchanged program was not."""
    rows: list[str] = []
    with copied() as folder:
        unchanged = run_tests(folder, killers())
        good = not unchanged.code
        for mutant in MUTANTS:
            with mutated(folder, mutant):
                outcome = run_tests(folder, mutant.tests)
            good = good and outcome.is_caught
            caught = f"`{outcome.first_failed}`" if outcome.is_caught else "**not caught**"
            files = ", ".join(dict.fromkeys(edit.file for edit in mutant.edits))
            rows.append(f"| {mutant.name} | `{files}` | {caught} | {outcome.secs:.1f} s |")
    head = [
        "# Known mistakes in the protocol, and the tests that catch them",
        "",
        f"On {datetime.now(UTC):%Y-%m-%d}: each mistake is made in a copy of the program, and its tests are run there.",
        f"Without any mistake the same {len(killers())} tests {'fail' if unchanged.code else 'pass'} in the same copy.",
        "Made by `python -m tests.protocol.mutants --write`.",
        "",
        "| mistake | in | first test that fails | time |",
        "|---|---|---|---|",
    ]
    return [*head, *rows], good


def main() -> int:
    """Make every known mistake in a copy of the program, and show or write which test catches it."""
    parser = argparse.ArgumentParser(prog="python -m tests.protocol.mutants", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.relative_to(_REPOSITORY)}")
    asked = parser.parse_args()
    lines, is_good = _report()
    text = "".join(f"{line}\n" for line in lines)
    sys.stdout.write(text)
    if asked.write:
        REPORT.write_text(text, encoding="utf-8")
    return int(not is_good)


if __name__ == "__main__":
    sys.exit(main())
