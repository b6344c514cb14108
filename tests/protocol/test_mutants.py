"""The suites have teeth: each known mistake in a copy of the program makes a test fail, and no mistake makes none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.protocol.crash import can_trace
from tests.protocol.mistakes import MUTANTS, Edit, Mutant
from tests.protocol.mutants import copied, killers, mutated, run_tests

TRACED = "protocol/test_crash.py"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a copy of the program."""
    with copied() as made:
        yield made


def test_without_a_mistake_every_one_of_these_tests_passes(folder: Path) -> None:
    """What fails below fails for its mistake, and not because the copy lacks something."""
    tests = [test for test in killers() if can_trace() or not test.startswith(TRACED)]
    unchanged = run_tests(folder, tests)

    assert unchanged.code == 0, unchanged.printed
    assert not unchanged.is_caught


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_known_mistake_is_caught(folder: Path, mutant: Mutant) -> None:
    """The tests that are named for it fail, and are collected without an error."""
    if any(test.startswith(TRACED) for test in mutant.tests) and not can_trace():
        pytest.skip("strace is not here, or may not trace; in CI the crash slice itself fails then")
    with mutated(folder, mutant):
        outcome = run_tests(folder, mutant.tests)

    assert outcome.is_caught, outcome.printed


@pytest.mark.parametrize("old", ["no such text", "return "], ids=["nowhere", "in many places"])
def test_a_mistake_that_cannot_be_made_is_told(folder: Path, old: str) -> None:
    """The program has moved on: that is an error, and the copy is as it was, the edit before it taken back too."""
    path = folder / "hfplanner" / "submit" / "send.py"
    before = path.read_bytes()
    mutant = Mutant(
        "moved on", (Edit("submit/send.py", "def submit(", "def sent("), Edit("submit/send.py", old, "")), ()
    )
    with pytest.raises(ValueError, match=r"times in submit/send\.py"), mutated(folder, mutant):
        pass
    assert path.read_bytes() == before
