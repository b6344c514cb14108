"""The token: found as the Hub's own client finds it, checked, and hidden."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.errors import TokenError, UsageError
from tests.hub.control import Hub

FIND = "from hfplanner.api.auth import find_token; t = find_token(); print(t and t.reveal())"

REFUSED = """
from hfplanner.api.auth import find_token
from hfplanner.errors import TokenError
try:
    find_token()
except TokenError as error:
    print("refused", error, error.hint)
"""


def found(tmp_path: Path, script: str = FIND, **environ: str) -> subprocess.CompletedProcess[str]:
    """Look for a token in a process of its own, whose home is empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING_FACE_"))}
    env = kept | {"HF_HOME": str(tmp_path), "HOME": str(tmp_path)} | environ
    return subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_the_environment_comes_before_the_token_file(tmp_path: Path) -> None:
    """HF_TOKEN, then the file, then nothing."""
    assert found(tmp_path).stdout == "None\n"
    (tmp_path / "token").write_text("hf_file\n")
    assert found(tmp_path).stdout == "hf_file\n"
    assert found(tmp_path, HF_TOKEN="hf_environment").stdout == "hf_environment\n"  # noqa: S106 - an example


@pytest.mark.process
def test_no_token_is_taken_where_none_is_to_be_sent_by_itself(tmp_path: Path) -> None:
    """HF_HUB_DISABLE_IMPLICIT_TOKEN means that a token is passed or not used."""
    assert found(tmp_path, HF_TOKEN="hf_x", HF_HUB_DISABLE_IMPLICIT_TOKEN="1").stdout == "None\n"  # noqa: S106 - an example


@pytest.mark.process
@pytest.mark.parametrize("content", ["hf_\u00e4".encode(), b"\xff\xfe", b"hf_a b", b"hf_\x1b[31m"])
def test_a_file_that_holds_no_token_is_an_error_that_does_not_show_it(tmp_path: Path, content: bytes) -> None:
    """Another alphabet, no text at all, a blank, a control character."""
    (tmp_path / "token").write_bytes(content)
    result = found(tmp_path, REFUSED)
    assert result.stdout.startswith("refused The token"), result
    assert "hf_" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hf_x y",
        "hf_x\n",
        "\thf_x",
        "hf_x\x00",
        "hf_x\u00e4",
        "hf_x\u20ac",
        "hf_x, Bearer b",
        "hf_x" * 2049,
        "=hf_x",
    ],
)
def test_what_no_header_may_carry_is_no_token(value: str) -> None:
    """A line break would be a second header; the error does not repeat the value."""
    with pytest.raises(TokenError) as refused:
        Token(value)
    assert "hf_x" not in str(refused.value) + str(refused.value.hint)


def test_a_token_hides_in_every_form_it_is_shown() -> None:
    """repr, str, format, containers; it cannot be pickled, and copies are itself."""
    token = Token("hf_canary")
    shown = [repr(token), str(token), f"{token}", f"{token:>40}", f"{token!s}", repr([token]), repr(vars(type(token)))]
    assert not any("hf_canary" in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(token)
    assert copy.deepcopy(token) is token
    assert copy.copy(token) is token


def test_the_token_goes_into_one_header_and_nowhere_else(hub: Hub) -> None:
    """Not into the address, the body or another header."""
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        client.create_job("alice", {"dockerImage": "a", "flavor": "cpu-basic", "command": ["a"]})
    for asked in hub.requests():
        holding = [name for name, value in asked.headers if hub.token in value]
        assert holding == ["Authorization"]
        assert hub.token.encode() not in asked.body
        assert hub.token not in asked.target


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://huggingface.co",
        "ftp://huggingface.co",
        "huggingface.co",
        "https://",
        "https://u:p@huggingface.co",
        "http://127.0.0.1.example.com",
        "https://xn--a.example",
    ],
)
def test_a_token_is_not_taken_where_it_could_be_read(endpoint: str) -> None:
    """Only https to a host that can be one, or this machine."""
    with pytest.raises(UsageError):
        JobsClient(endpoint, token=Token("hf_canary"))
