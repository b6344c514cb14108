"""The names jobs and their synced folders get when nobody names them: what they are made of, and a hash of it."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hfplanner.api.constants import SPACE_IMAGE_PREFIXES, JobHardware

__all__ = [
    "default_job_name_from_image",
    "default_job_name_from_script",
    "job_config_parts",
    "job_volume_name",
    "space_prefix",
]

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
    image: str, command: Sequence[str] | None, *, config_parts: Sequence[str] | None = None
) -> str:
    """Name a job after its image, and after what it runs: reruns share a name, other commands have others.

    The name is the one ``huggingface_hub`` 2.4.0 gives, so that its jobs and ours group together, save that it never
    exceeds the 100 characters a label may have.

    Args:
        image: as given to :func:`~hfplanner.api.spec.create_job_spec`.
        command: as given to :func:`~hfplanner.api.spec.create_job_spec`.
        config_parts: what else tells one job from another; :func:`job_config_parts` gives what ``hf jobs run`` counts.

    >>> default_job_name_from_image("python:3.12", ["python", "-V"])
    'python-3-12-cf70f394'
    """
    prefix = space_prefix(image)
    base = image.rstrip("/").rpartition("/")[2] if prefix is None else image.removeprefix(prefix)
    return _job_name(base or image, [image, *(command or ()), *(config_parts or ())])


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


def job_config_parts(  # noqa: PLR0913 - what a launch is made of, all by keyword, as in huggingface_hub
    *,
    flavor: str | None,
    timeout: str | None,
    namespace: str | None,
    env: Mapping[str, str],
    secret_names: Iterable[str],
    volumes: Sequence[str] = (),
    network_group: str | None = None,
    network_aliases: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> list[str]:
    """Return what ``hf jobs run`` 2.4.0 counts into a default name beside the image and the command.

    With these parts a job started here and the same job started by ``hf jobs run`` have one name, and so one history.

    Args:
        flavor: ``None`` is cpu-basic.
        timeout: as typed, so ``"60m"`` and ``"1h"`` are two names.
        namespace: as typed; ``None`` is the user's own.
        env: names and values.
        secret_names: names only, since a hash of a short secret can be guessed.
        volumes: as typed.
        network_group: as typed.
        network_aliases: as typed.
        extra: ``hf jobs run`` puts the number of attempts here, where it is given.

    >>> job_config_parts(flavor=None, timeout="1h", namespace=None, env={"B": "2", "A": "1"}, secret_names=["TOKEN"])
    ['cpu-basic', '1h', '', '', 'A=1', 'B=2', 'TOKEN']
    """
    return [
        flavor or JobHardware.CPU_BASIC.value,
        timeout or "",
        namespace or "",
        network_group or "",
        *extra,
        *(f"{key}={value}" for key, value in sorted(env.items())),
        *sorted(secret_names),
        *volumes,
        *network_aliases,
    ]


def job_volume_name(folder: Path, *, node: str) -> str:
    """Name the remote folder that a local one is synced to: the same folder of the same machine keeps its name.

    Args:
        folder: absolute and without links, as ``Path.resolve`` returns it.
        node: what the machine calls itself, ``platform.node()``.

    >>> job_volume_name(Path("/home/ada/my data"), node="laptop")
    'my_data-8b09d584'
    """
    name = folder.name.replace(" ", "_") or "root"
    return f"{name}-{_short_hash(f'{node}:{folder}')}"


def _short_hash(text: str) -> str:
    # Surrogates come from odd file names.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]


def _job_name(base: str, parts: Sequence[str]) -> str:
    # The hash is what groups reruns, so it is the base that gives way.
    safe = _NOT_IN_A_NAME.sub("-", base)
    return f"{safe[: _MAX_NAME - _HASH_LENGTH - 1]}-{_short_hash(chr(0).join(parts))}"
