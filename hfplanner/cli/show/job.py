"""A job as it would be sent, for people: everything that matters, and of variables and secrets the names alone."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hfplanner.errors import JobSpecError

if TYPE_CHECKING:
    from hfplanner.api.models import Volume
    from hfplanner.api.new_job import NewJob

__all__ = ["job_lines"]


def job_lines(job: "NewJob", namespace: str) -> list[str]:
    """Return a line for each thing that is sent, its name first.

    >>> from hfplanner.api.new_job import NewJob
    >>> job = NewJob(image="python:3.12", command=("python", "a b.py"), secrets={"KEY": "hush"}, flavor="l4x1")
    >>> for line in job_lines(job, "acme"):
    ...     print(line)
    image      python:3.12
    command    python 'a b.py'
    namespace  acme
    secrets    KEY
    """
    rows = [(name, value) for name, value in _facts(job, namespace) if value]
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {value}" for name, value in rows]


def _facts(job: "NewJob", namespace: str) -> Iterator[tuple[str, str]]:
    labels = {key: value for key, value in job.all_labels.items() if key != "name"}
    yield "image", job.image
    yield "command", shlex.join(job.command or ())
    yield "namespace", namespace or "yours"
    yield "name", job.all_labels.get("name", "")
    yield "labels", ", ".join(f"{key}={value}" if value else key for key, value in labels.items())
    yield "volumes", ", ".join(map(_volume, job.volumes))
    yield "variables", ", ".join(job.env)
    yield "secrets", ", ".join(job.secrets)
    private = [port for port in job.expose if port not in job.expose_public]
    public = [f"{port} for everybody" for port in job.expose_public]
    yield "ports", ", ".join([*map(str, private), *public])
    yield "ssh", "yes" if job.ssh else ""
    aliases = f" as {', '.join(job.network_aliases)}" if job.network_aliases else ""
    yield "network", f"{job.network_group}{aliases}" if job.network_group else ""
    yield "group", job.resource_group_id or ""


def _volume(volume: "Volume") -> str:
    """Return a volume as it would be typed, where it can be."""
    try:
        return volume.to_uri()
    except JobSpecError:
        return f"{volume.type} {volume.source} at {volume.mount_path}"
