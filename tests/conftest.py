"""What every test may ask for, and the environment it runs in: nothing of this machine's user reaches it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.hub.plugin import hf, hub, hub_process
from tests.program import Program
from tests.tiers import pytest_collection_modifyitems, pytest_runtest_call

__all__ = [
    "golden",
    "hf",
    "hub",
    "hub_process",
    "program",
    "pytest_collection_modifyitems",
    "pytest_runtest_call",
]

# huggingface_hub reads its variables when it is imported, which only tests do.
for _name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_"))]:
    del os.environ[_name]
# A law does not depend on how busy the machine is; how long one example takes is for benchmarks.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
# No proxy stands between a test and a server on this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


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
