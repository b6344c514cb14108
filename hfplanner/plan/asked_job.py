"""A job as it was typed, or stands in a file: texts that nobody has looked at yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["AskedJob"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedJob:
    """A job as ``hf jobs run`` takes it: variables, labels and volumes are texts, files are not read yet."""

    image: str | None = None
    command: Sequence[str] | None = None
    flavor: str | None = None
    timeout: str | int | None = None
    attempts: int | None = None
    namespace: str | None = None
    name: str | None = None
    label: Sequence[str] | None = None
    env: Sequence[str] | None = field(default=None, repr=False)
    secrets: Sequence[str] | None = field(default=None, repr=False)
    env_file: str | None = None
    secrets_file: str | None = None
    volume: Sequence[str] | None = None
    expose: Sequence[int] | None = None
    expose_public: Sequence[int] | None = None
    ssh: bool = False
    network_group: str | None = None
    network_alias: Sequence[str] | None = None
    resource_group_id: str | None = None
