"""Where the Hub is and whether it may be asked, read from the environment as ``huggingface_hub`` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DEFAULT_ENDPOINT", "HubSettings", "read_hub_settings", "read_token"]

DEFAULT_ENDPOINT = "https://huggingface.co"

# The spellings of "true" in huggingface_hub.constants, which costs 50 ms to import for two variables.
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


@dataclass(frozen=True, slots=True)
class HubSettings:
    """The Hub's endpoint (no trailing slash) and whether the environment says to stay offline."""

    endpoint: str = DEFAULT_ENDPOINT
    offline: bool = False


def read_hub_settings(environ: Mapping[str, str]) -> HubSettings:
    """Read ``HF_ENDPOINT``, ``HF_HUB_OFFLINE`` and ``TRANSFORMERS_OFFLINE``.

    >>> read_hub_settings({"HF_ENDPOINT": "http://127.0.0.1:8000/", "HF_HUB_OFFLINE": "1"})
    HubSettings(endpoint='http://127.0.0.1:8000', offline=True)
    """
    endpoint = environ.get("HF_ENDPOINT", "").rstrip("/") or DEFAULT_ENDPOINT
    offline = environ.get("HF_HUB_OFFLINE") or environ.get("TRANSFORMERS_OFFLINE") or ""
    return HubSettings(endpoint=endpoint, offline=offline.upper() in _TRUE)


def read_token(environ: Mapping[str, str]) -> str | None:
    r"""Read ``HF_TOKEN`` as ``huggingface_hub`` does: trimmed, and not there where it is empty.

    >>> read_token({"HF_TOKEN": " hf_abc\n"}), read_token({})
    ('hf_abc', None)
    """
    return environ.get("HF_TOKEN", "").strip() or None
