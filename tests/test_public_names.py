"""What the changelog promises can be imported, and costs nothing until it is used."""

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    ("package", "name"), [("submit", "submit"), ("submit", "reconcile"), ("recommend", "recommend")]
)
def test_a_package_has_the_function_it_is_named_after(package: str, name: str) -> None:
    """Each public name leads somewhere, no other is invented, and the list is sorted."""
    module = import_module(f"hfplanner.{package}")
    assert callable(getattr(module, name))
    assert sorted(module.__all__) == module.__all__
    assert all(getattr(module, one).__name__ == one for one in module.__all__)
    with pytest.raises(AttributeError):
        module.nothing  # noqa: B018 - the look-up is the test


@pytest.mark.process
@pytest.mark.parametrize("package", ["submit", "recommend"])
def test_importing_a_package_brings_nothing_heavy(package: str) -> None:
    """In a fresh interpreter."""
    heavy = ["httpx", "pydantic", "polars", "huggingface_hub", "matplotlib"]
    script = f"import sys, hfplanner.{package}; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
