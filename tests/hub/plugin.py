"""The fixtures of the emulator: one process for all tests, emptied before each."""

from collections.abc import Iterator

import pytest

from tests.hub.control import Hub, running_hub

__all__ = ["hub", "hub_process"]


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
