"""What is public, what it costs to import, and what the error tree says of itself."""

import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

import hfplanner.api
from hfplanner import errors
from hfplanner.api.public import fetch_hardware
from hfplanner.api.transport import Wire, environment_proxy
from hfplanner.errors import ListingUnavailable, ListingUnreadable, UsageError
from tests.hub.control import Hub
from tests.reliability.probe import attempt


def test_the_public_names_are_sorted_and_lead_somewhere() -> None:
    """A sorted ``__all__``, each name importable, no other name invented."""
    assert sorted(hfplanner.api.__all__, key=lambda name: (not name.isupper(), name)) == hfplanner.api.__all__
    assert all(getattr(hfplanner.api, name).__name__ == name for name in hfplanner.api.__all__ if not name.isupper())
    assert all(hasattr(hfplanner.api, name) for name in hfplanner.api.__all__)
    with pytest.raises(AttributeError):
        hfplanner.api.nothing  # noqa: B018 - the look-up is the test


@pytest.mark.process
@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import hfplanner.api", ["httpx", "pydantic", "huggingface_hub", "polars", "stamina"]),
        ("from hfplanner.api import fetch_hardware", ["httpx", "huggingface_hub", "polars", "stamina"]),
        ("from hfplanner.api import JobsClient, Token", ["huggingface_hub", "polars"]),
        ("import hfplanner.frames.job_pages", ["httpx", "huggingface_hub", "stamina"]),
    ],
)
def test_an_import_brings_only_what_it_needs(statement: str, absent: list[str]) -> None:
    """In a fresh interpreter."""
    script = f"import sys; {statement}; print([name for name in {absent!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def drawn() -> dict[str, tuple[str, int]]:
    """Read the tree in the docstring: each error's parent and exit code."""
    found: dict[str, tuple[str, int]] = {}
    above: dict[int, str] = {}
    for indent, name, code in re.findall(r"^ {4}([│├└─ ]*)(\w+) +(\d) ", errors.__doc__ or "", re.MULTILINE):
        above[len(indent)] = name
        found[name] = (above.get(len(indent) - 4, ""), int(code))
    return found


def test_the_error_tree_is_as_it_is_drawn() -> None:
    """Every class is in the picture, under its parent, with its exit code, and has a code of its own."""
    classes: dict[str, Any] = {
        name: one
        for name in errors.__all__
        if isinstance(one := getattr(errors, name), type) and issubclass(one, Exception)
    }
    tree = drawn()
    assert set(tree) == set(classes)
    for name, (parent, code) in tree.items():
        assert classes[name].exit_code == code
        assert not parent or classes[name].__base__ is classes[parent]
    assert len({one.code for one in classes.values()}) == len(classes)


def test_the_listing_is_fetched_without_a_token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask; what the user's variables hold is not looked at."""
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    assert b"cpu-basic" in fetch_hardware(hub.url)
    (asked,) = hub.requests()
    assert asked.header("Authorization") is None
    assert not any("canary" in value for _, value in asked.headers)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500}, ListingUnavailable),
        ({"status": 302, "headers": {"Location": "/other"}}, ListingUnavailable),
        ({"drop": True}, ListingUnavailable),
        ({"cut_body_at": 100}, ListingUnavailable),
        ({"raw": b"garbage\r\n\r\n"}, ListingUnavailable),
        ({"headers": {"Content-Encoding": "gzip"}}, ListingUnreadable),
        ({"body": "x" * 2**20, "repeat": 5}, ListingUnreadable),
    ],
)
def test_a_listing_that_cannot_be_had_is_an_error_of_the_catalog(
    hub: Hub, fault: dict[str, Any], error: type[Exception]
) -> None:
    """Asked once: there are older listings to fall back to."""
    hub.fault(times=0, **fault)
    with pytest.raises(error):
        fetch_hardware(hub.url)
    assert len(hub.requests()) == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "http://[", "ftp://proxy", "http://user:pass@"])
def test_a_proxy_of_another_kind_is_refused_without_showing_its_password(proxy: str) -> None:
    """It may hold one."""
    with pytest.raises(UsageError) as refused:
        Wire(proxy=proxy)
    assert "pass" not in str(refused.value)


@pytest.mark.parametrize(
    ("endpoint", "variables", "expected"),
    [
        ("https://hub.example", {"HTTPS_PROXY": "http://proxy:8080"}, "http://proxy:8080"),
        ("https://hub.example", {"ALL_PROXY": "http://proxy:8080"}, "http://proxy:8080"),
        ("https://hub.example", {"HTTPS_PROXY": "http://proxy:8080", "NO_PROXY": "hub.example"}, None),
        ("https://hub.example", {"HTTP_PROXY": "http://proxy:8080"}, None),
        ("https://127.0.0.1", {"HTTPS_PROXY": "http://proxy:8080"}, None),
        ("http://localhost:1", {"HTTP_PROXY": "http://proxy:8080"}, None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, variables: dict[str, str], expected: str | None
) -> None:
    """For https only, never for this machine, and NO_PROXY is heard."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy(endpoint) == expected


def test_any_transport_of_httpx_can_carry_the_requests() -> None:
    """What is injected is used, and its errors are told as ours."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("late", request=request)

    def ask() -> int:
        carrier = httpx.MockTransport(fail)
        policy = hfplanner.api.RetryPolicy(attempts=1)
        with hfplanner.api.JobsClient("https://hub.example", token=None, transport=carrier, retry=policy) as client:
            return client.count_jobs("acme")

    assert attempt(ask).kind == "HubTimeout"
