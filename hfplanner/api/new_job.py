"""A job to be asked of the Hub, in Python's names: the one place where it takes the API's spelling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hfplanner.api.job_names import space_prefix
from hfplanner.api.spec import create_job_spec

if TYPE_CHECKING:
    from hfplanner.api.models import Volume

__all__ = ["NewJob"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job as it may be sent; the arguments are those of :func:`~hfplanner.api.spec.create_job_spec`.

    Args:
        image: of a registry, or a Space.
        command: what to run; ``None`` for the image's own command.
        env: environment variables; never shown.
        secrets: the same, kept by the Hub; never shown.
        flavor: a name of the hardware listing; ``None`` is the Hub's own.
        timeout_secs: of one attempt [s]; ``None`` leaves it to the Hub.
        attempts: how often it may be tried; ``None`` leaves it to the Hub.
        name: the label ``name``.
        labels: the others.
        volumes: buckets and repositories to mount.
        expose: ports served to who may read the job.
        expose_public: ports served to everybody.
        ssh: whether it can be reached over SSH.
        network_group: jobs of one group reach each other.
        network_aliases: names in the group.
        resource_group_id: of the organization.
        arch: ``"amd64"`` or ``"arm64"``.

    Raises:
        JobSpecError: something the Hub would refuse, or would understand differently.

    >>> job = NewJob(image="python:3.12", command=("id",), flavor="l4x1", timeout_secs=5400)
    >>> job.to_api()["timeoutSeconds"], job.but(timeout_secs=60).timeout_secs
    (5400, 60)
    """

    image: str
    command: Sequence[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    flavor: str | None = None
    timeout_secs: int | None = None
    attempts: int | None = None
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: "Sequence[Volume]" = ()
    expose: Sequence[int] = ()
    expose_public: Sequence[int] = ()
    ssh: bool = False
    network_group: str | None = None
    network_aliases: Sequence[str] = ()
    resource_group_id: str | None = None
    arch: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the Hub would."""
        self.to_api()

    @property
    def has_ports(self) -> bool:
        """Whether ports are exposed, which costs something."""
        return bool(self.expose or self.expose_public)

    @property
    def all_labels(self) -> dict[str, str]:
        """Its labels, its name among them."""
        return {**self.labels, **({} if self.name is None else {"name": self.name})}

    @property
    def image_or_space(self) -> str:
        """Its image, or the Space as ``owner/name``."""
        prefix = space_prefix(self.image)
        return self.image if prefix is None else self.image.removeprefix(prefix).removesuffix("/")

    def but(self, **changes: Any) -> "NewJob":  # noqa: ANN401 - any of the fields
        """Return the same job, but for some fields.

        Raises:
            JobSpecError: see above.
        """
        return replace(self, **changes)

    def to_api(self) -> dict[str, Any]:
        """Return the body that asks the Hub for it. It holds the values of secrets."""
        return create_job_spec(
            image=self.image,
            command=None if self.command is None else list(self.command),
            env=self.env,
            secrets=self.secrets,
            flavor=self.flavor,
            timeout=self.timeout_secs,
            name=self.name,
            labels=self.labels or None,
            volumes=list(self.volumes),
            expose=list(self.expose),
            expose_public=list(self.expose_public),
            ssh=self.ssh,
            network_group=self.network_group,
            network_aliases=list(self.network_aliases) or None,
            resource_group_id=self.resource_group_id,
            attempts=self.attempts,
            arch=self.arch,
        )

    def shown(self) -> dict[str, Any]:
        """Return the body as it may be shown: of secrets only the names.

        >>> NewJob(image="python:3.12", secrets={"KEY": "hush"}).shown()["secrets"]
        ['KEY']
        """
        body = self.to_api()
        return {**body, "secrets": sorted(self.secrets)} if self.secrets else body
