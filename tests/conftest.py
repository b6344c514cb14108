"""What every test may ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import Program


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes golden files anew; read the difference before it is committed."""
    parser.addoption("--update-golden", action="store_true", help="write what is shown now into the golden files")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return the program in an empty home, offline."""
    return Program(tmp_path)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Return how to compare a text with the golden file at a path."""

    def compare(path: Path, shown: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(shown, encoding="utf-8")
        assert shown == path.read_text(encoding="utf-8"), f"{path.name} differs; --update-golden writes it anew"

    return compare
