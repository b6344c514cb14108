"""The tiers of the suite: what a marker says of a test is so, and what a fixture brings along is marked.

``pytest -m "not slow and not process"`` is the quick tier. A test that starts a process and does not say so fails: an
audit hook of the interpreter sees it. What all tests share does not count: the emulator of the Hub, and the process
that forks for each command line.
"""

import sys
from collections.abc import Iterator

import pytest

__all__ = ["pytest_collection_modifyitems", "pytest_runtest_call"]

# What a fixture starts, and what a marker implies.
_OF_FIXTURES = {"postgres": "postgres", "postgres_address": "postgres", "browser": "browser", "hf": "process"}
_IMPLIED = {"postgres": "process", "browser": "process"}
# Modules whose fixtures cost more than their tests: one worker runs all of a module.
_TOGETHER = (
    "tests/protocol/test_crash.py",
    "tests/protocol/test_mutants.py",
    "tests/report/test_in_a_browser.py",
    "tests/report/test_naughty_strings.py",
    "tests/report/test_oracle.py",
    "tests/test_carry_constants.py",
    "tests/test_example_report.py",
    "tests/test_package.py",
)
# Laws run a hundred examples each, the protocol and the network are broken in every way, and reports are of a million
# jobs; where a single test elsewhere is slow, it says so itself.
_SLOW = (
    "tests/benchmarks/",
    "tests/properties/",
    "tests/protocol/",
    "tests/reliability/",
    "tests/estimate/test_like_accuracy.py",
    "tests/report/test_in_a_browser.py",
    "tests/report/test_naughty_strings.py",
    "tests/report/test_oracle.py",
    "tests/stores/",
    "tests/test_carry_constants.py",
    "tests/test_example_report.py",
    "tests/test_kernel_rates.py",
    "tests/test_package.py",
)
_SHARED = ("tests.forks", "tests.hub.server")
_STARTED: list[str] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        command = f"{args[0]} {args[1]}"
        if not any(name in command for name in _SHARED):
            _STARTED.append(command)


sys.addaudithook(_hear)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what their fixtures start, and keep modules with dear fixtures on one worker."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        address = getattr(getattr(item, "callspec", None), "params", {}).get("address")
        named = {_OF_FIXTURES[name] for name in fixtures & _OF_FIXTURES.keys()}
        named |= {"postgres"} if address == "postgres" else set()
        named |= {mark.name for mark in item.iter_markers()} & _IMPLIED.keys()
        for name in named | {_IMPLIED[name] for name in named & _IMPLIED.keys()}:
            item.add_marker(name)
        module = item.nodeid.partition("::")[0]
        if module.startswith(_SLOW):
            item.add_marker("slow")
        if module.startswith("tests/protocol/"):
            item.add_marker("process")
        if module in _TOGETHER:
            item.add_marker(pytest.mark.xdist_group(module))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test of the quick tier that starts a process."""
    _STARTED.clear()
    yield
    if _STARTED and item.get_closest_marker("process") is None:
        pytest.fail(f"It starts a process and is not marked so (@pytest.mark.process): {_STARTED[0]}")
