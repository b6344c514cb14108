"""Fixtures for every test, which what this machine's user has set is no part of."""

import os

from tests.hub.plugin import hf, hub, hub_process

__all__ = ["hf", "hub", "hub_process"]

# huggingface_hub reads its variables when it is imported, which only tests do.
for _name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_"))]:
    del os.environ[_name]
# No proxy stands between a test and a server on this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
