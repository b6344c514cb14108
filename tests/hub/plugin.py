"""The fixtures of the emulator: one process for all tests, emptied before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.control import Hub, running_hub
from tests.hub.hf import Hf

__all__ = ["hf", "hub", "hub_process"]


@pytest.fixture(scope="session")
def hub_process() -> Iterator[Hub]:
    """Start the emulator once."""
    with running_hub() as started:
        yield started


@pytest.fixture
def hub(hub_process: Hub) -> Hub:
    """Return the emulator, empty, at the start of its clock, with an empty log."""
    hub_process.reset()
    return hub_process


@pytest.fixture
def hf(hub: Hub, tmp_path: Path) -> Hf:
    """Return the ``hf`` command, logged in to the emulator as alice."""
    return Hf(hub, tmp_path)
