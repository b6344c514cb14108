"""The pieces a job is described with: stage, status, owner, ports, network, durations, initiator, volume.

Everything here is read tolerantly: only a volume's source and mount path are required, ``None`` means "not said", and
what the API adds later is kept as data. Field meanings: OpenAPI of the Hub, 2026-08-18.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainSerializer

from hfplanner.api.base import ApiModel
from hfplanner.api.spec_rules import REPO, SPECIAL_REVISION, VOLUME_URI, matching

__all__ = [
    "TERMINAL_JOB_STAGES",
    "JobDurations",
    "JobExposure",
    "JobInitiator",
    "JobModel",
    "JobNetwork",
    "JobOwner",
    "JobStage",
    "JobStatus",
    "Number",
    "PositionalModel",
    "UtcTime",
    "Volume",
]

# The OpenAPI says "number": whole seconds in every answer seen, but nothing promises it.
Number = int | float


class JobStage(StrEnum):
    """Where a job is in its life. A stage the API adds later stays a plain string.

    >>> JobStage.COMPLETED == "COMPLETED"
    True
    """

    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    ERROR = "ERROR"
    DELETED = "DELETED"
    SCHEDULING = "SCHEDULING"
    RUNNING = "RUNNING"


TERMINAL_JOB_STAGES = (JobStage.COMPLETED, JobStage.CANCELED, JobStage.ERROR, JobStage.DELETED)
"""The stages a job does not leave, and after which it costs nothing more."""


def _blank_as_none(value: object) -> object:
    return None if value == "" else value


def _none_as_empty(value: object) -> object:
    return [] if value is None else value


def _to_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the moment lies outside the years 1 to 9999") from error


def _to_api_time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    digits = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return f"{moment.replace(tzinfo=None).isoformat(timespec=digits)}Z"


UtcTime = Annotated[
    datetime | None,
    BeforeValidator(_blank_as_none),
    AfterValidator(_to_utc),
    PlainSerializer(_to_api_time, when_used="json"),
]
"""A moment in UTC. One without a zone is read as UTC; written as the API does, ``2025-07-22T16:06:25.079Z``."""


class JobModel(ApiModel):
    """What every record of a job shares: no values in its errors."""

    # A record that cannot be read may hold secrets; the error says which key and why, not what stood there.
    model_config = ConfigDict(hide_input_in_errors=True)


class PositionalModel(JobModel):
    """A record whose fields may be given without their names, in their order, as a dataclass takes them."""

    def __init__(self, /, *values: Any, **named: Any) -> None:  # noqa: ANN401 - pydantic says which types the fields take
        names = tuple(type(self).model_fields)
        twice = [name for name in names[: len(values)] if name in named]
        if len(values) > len(names) or twice:
            what = f"two values for {twice[0]!r}" if twice else f"{len(values)} values for {len(names)} fields"
            raise TypeError(f"{type(self).__name__} was given {what}")
        super().__init__(**dict(zip(names, values, strict=False)), **named)


class JobStatus(PositionalModel):
    """What the Hub says about a job now.

    Args:
        stage: one of :class:`JobStage`, or the string of a stage this version does not know.
        message: why, for example ``"Job timeout"`` or ``"Job failed with exit code: 137. Reason: OOMKilled"``.
        expose_urls: one URL per exposed port, in their order; ``None`` when none is exposed.
        ssh_url: where to connect when the job was started with SSH.
        cancel_reason: ``"NO_CREDITS"``, ``"NO_SUBSCRIPTION"``, ``"RESOURCE_GROUP_LIMIT"`` or a later one.
        failure_count: attempts that failed so far.

    >>> JobStatus(stage="PAUSED").is_terminal, JobStatus(stage="ERROR").is_terminal
    (False, True)
    """

    reference_fields: ClassVar[tuple[str, ...]] = ("stage", "message", "expose_urls", "ssh_url")

    stage: Annotated[JobStage | str, Field(union_mode="left_to_right")] | None = None
    message: str | None = None
    expose_urls: list[str] | None = None
    ssh_url: str | None = None
    cancel_reason: str | None = None
    failure_count: Number | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended for good. A stage this version does not know has not."""
        return self.stage in TERMINAL_JOB_STAGES


class JobOwner(PositionalModel):
    """Whose job it is: ``type`` is ``"user"`` or ``"org"``, ``name`` is the namespace.

    >>> JobOwner("5e9ecfc04957053f60648a3e", "acme", "org")
    JobOwner(id='5e9ecfc04957053f60648a3e', name='acme', type='org')
    """

    id: str | None = None
    name: str | None = None
    type: str | None = None


class JobInitiator(PositionalModel):
    """What started a job.

    Args:
        type: ``"user"``, ``"org"``, ``"scheduled-job"``, ``"duplicated-job"``, ``"webhook"`` or a later one.
        id: of that user, organization, job or webhook.
        name: of the user or organization.
    """

    type: str | None = None
    id: str | None = None
    name: str | None = None


class JobNetwork(JobModel):
    """The network group a job joined, and the aliases it claims there (none: an empty list).

    >>> JobNetwork(group="train", aliases=None).aliases
    []
    """

    group: str | None = None
    aliases: Annotated[list[str], BeforeValidator(_none_as_empty)] = Field(default_factory=list)


class JobDurations(JobModel):
    """Where a job's time went, as the Hub counts it, in seconds; growing while the job is in progress.

    Args:
        scheduling_secs: until it ran; ``None`` if it never did.
        running_secs: while it ran; ``None`` if it never did.
        total_secs: since it was created.
    """

    scheduling_secs: Number | None = None
    running_secs: Number | None = None
    total_secs: Number | None = None


class JobExposure(JobModel):
    """The ports of a job that the Jobs proxy serves: all of them, and those that need no token."""

    ports: list[int] | None = None
    ports_public: list[int] | None = None


class Volume(JobModel):
    """A bucket or repository mounted in a job.

    Args:
        type: ``"bucket"``, ``"model"``, ``"dataset"`` or ``"space"``.
        source: for example ``"username/my-bucket"``.
        mount_path: where in the container, for example ``"/data"``.
        revision: of a repository; ``None`` means its main branch.
        read_only: repositories always are; a bucket is not unless said.
        path: the folder inside the source; ``None`` means all of it.
    """

    type: str = "model"
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the volume as a job specification names it: the type always, the rest where it says something.

        >>> Volume(source="acme/weights", mount_path="/data").to_dict()
        {'type': 'model', 'source': 'acme/weights', 'mountPath': '/data'}
        """
        given = {"revision": self.revision, "readOnly": self.read_only, "path": self.path}
        return {
            "type": self.type,
            "source": self.source,
            "mountPath": self.mount_path,
            **{key: value for key, value in given.items() if value is not None},
        }

    def to_uri(self) -> str:
        """Return the volume as ``hf jobs run --volume`` takes it.

        Raises:
            JobSpecError: that form cannot say it, for example a source that is not ``owner/name``.

        >>> Volume(type="bucket", source="acme/data", path="raw", mount_path="/data", read_only=False).to_uri()
        'hf://buckets/acme/data/raw:/data:rw'
        """
        source, revision = matching(self.source, REPO), self.revision or ""
        if not SPECIAL_REVISION.fullmatch(revision):
            revision = revision.replace("/", "%2F")
        at = "" if self.revision is None else f"@{revision}"
        folder = f"/{self.path}" if self.path else ""
        mode = {None: "", True: ":ro", False: ":rw"}[self.read_only]
        return matching(f"hf://{self.type}s/{source}{at}{folder}:{self.mount_path}{mode}", VOLUME_URI)
