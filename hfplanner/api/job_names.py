"""The names jobs get when nobody names them: the image or the script, and a hash of what runs."""

import hashlib
import re
from collections.abc import Sequence

from hfplanner.api.models import SPACE_IMAGE_PREFIXES

__all__ = ["default_job_name_from_image", "default_job_name_from_script", "space_prefix"]

# A label may have 100 characters (OpenAPI of the Hub, 2026-08-18).
_MAX_NAME = 100
_HASH_LENGTH = 8
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")


def space_prefix(image: str) -> str | None:
    """Return what marks an image as a Space, or ``None`` for an image of a registry.

    >>> space_prefix("hf.co/spaces/acme/train"), space_prefix("python:3.12")
    ('hf.co/spaces/', None)
    """
    return next((prefix for prefix in SPACE_IMAGE_PREFIXES if image.startswith(prefix)), None)


def default_job_name_from_image(
    image: str, command: Sequence[str], *, config_parts: Sequence[str] | None = None
) -> str:
    """Name a job after its image, and after what it runs: reruns share a name, other commands have others.

    The name is the one ``huggingface_hub`` 2.4.0 gives, so that its jobs and ours group together, save that it never
    exceeds the 100 characters a label may have.

    Args:
        image: as given to :func:`~hfplanner.api.spec.create_job_spec`.
        command: as given to :func:`~hfplanner.api.spec.create_job_spec`.
        config_parts: what else tells one job from another, for example its flavor.

    >>> default_job_name_from_image("python:3.12", ["python", "-V"])
    'python-3-12-cf70f394'
    """
    prefix = space_prefix(image)
    base = image.rstrip("/").rpartition("/")[2] if prefix is None else image.removeprefix(prefix)
    return _job_name(base or image, [image, *command, *(config_parts or ())])


def default_job_name_from_script(
    script: str, script_args: Sequence[str], *, config_parts: Sequence[str] | None = None
) -> str:
    """Name a job after its UV script, and after what it runs; see :func:`default_job_name_from_image`.

    Args:
        script: a path, a URL, or a command of a package.
        script_args: what it is called with.
        config_parts: what else tells one job from another, for example its image.

    >>> default_job_name_from_script("https://example.com/sft.py?raw=1", ["--epochs", "3"])
    'sft-acfefd04'
    """
    path = re.split(r"[?#]", script, maxsplit=1)[0]
    base = path.rstrip("/").rpartition("/")[2].removesuffix(".py")
    return _job_name(base or script, [script, *script_args, *(config_parts or ())])


def _job_name(base: str, parts: Sequence[str]) -> str:
    # The hash is what groups reruns, so it is the base that gives way; surrogates come from odd file names.
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    safe = _NOT_IN_A_NAME.sub("-", base)
    return f"{safe[: _MAX_NAME - _HASH_LENGTH - 1]}-{digest}"
