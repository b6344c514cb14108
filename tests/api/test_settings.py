"""The environment, read as ``huggingface_hub`` itself reads it."""

import os
import subprocess
import sys

import pytest

from hfplanner.api.settings import DEFAULT_ENDPOINT, HubSettings, read_hub_settings


def test_without_variables_it_is_the_public_hub_and_online() -> None:
    """The defaults of ``huggingface_hub``."""
    assert read_hub_settings({}) == HubSettings(DEFAULT_ENDPOINT, offline=False)


def test_slashes_at_the_end_of_the_endpoint_go() -> None:
    """Paths are appended with their own slash; an empty variable is an unset one."""
    assert read_hub_settings({"HF_ENDPOINT": "https://hub.example//"}).endpoint == "https://hub.example"
    assert read_hub_settings({"HF_ENDPOINT": ""}).endpoint == DEFAULT_ENDPOINT


@pytest.mark.parametrize("value", ["1", "ON", "on", "yes", "Yes", "TRUE", "true"])
@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_every_spelling_of_true_means_offline(name: str, value: str) -> None:
    """The four words of ``huggingface_hub``, in any case."""
    assert read_hub_settings({name: value}).offline


@pytest.mark.parametrize("value", ["", "0", "no", "off", "false", "2", " 1", "y"])
def test_anything_else_means_online(value: str) -> None:
    """A word that ``huggingface_hub`` does not know is not true."""
    assert not read_hub_settings({"HF_HUB_OFFLINE": value}).offline


CASES = [
    {"HF_ENDPOINT": "https://hub.example//", "HF_HUB_OFFLINE": "yes"},
    {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"},
    {"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "True"},
    {"HF_HUB_OFFLINE": " 1"},
]


@pytest.mark.process
@pytest.mark.parametrize("variables", CASES, ids=str)
def test_the_reference_client_reads_the_same(variables: dict[str, str]) -> None:
    """``huggingface_hub`` in a process of its own agrees on endpoint and offline."""
    script = "from huggingface_hub import constants as c; print(c.ENDPOINT, c.HF_HUB_OFFLINE)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "TRANSF"))}
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, env=clean | variables, capture_output=True, text=True, check=True, timeout=60)
    settings = read_hub_settings(variables)
    assert done.stdout.split() == [settings.endpoint, str(settings.offline)]
