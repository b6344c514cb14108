"""Jobs and scheduled jobs as the Hub describes them, and every constant their users need.

The names and meanings are those of ``huggingface_hub`` 2.4.0. Only the ``id`` of a job is required: an answer that
lacks something else still names a job that runs and costs. Field meanings: OpenAPI of the Hub, 2026-08-18.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, JsonValue, model_validator

from hfplanner.api.constants import SPACE_IMAGE_PREFIXES
from hfplanner.api.hardware import JobAccelerator, JobHardware, JobHardwareInfo
from hfplanner.api.job_parts import (
    TERMINAL_JOB_STAGES,
    JobDurations,
    JobExposure,
    JobInitiator,
    JobModel,
    JobNetwork,
    JobOwner,
    JobStage,
    JobStatus,
    Number,
    UtcTime,
    Volume,
)
from hfplanner.api.settings import read_hub_settings

__all__ = [
    "DEFAULT_UV_IMAGE",
    "SPACE_IMAGE_PREFIXES",
    "TERMINAL_JOB_STAGES",
    "JobAccelerator",
    "JobContents",
    "JobDurations",
    "JobExposure",
    "JobHardware",
    "JobHardwareInfo",
    "JobInfo",
    "JobInitiator",
    "JobNetwork",
    "JobOwner",
    "JobSpec",
    "JobStage",
    "JobStatus",
    "LastJobInfo",
    "ScheduledJobInfo",
    "ScheduledJobStatus",
    "Volume",
]

DEFAULT_UV_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
"""The image UV scripts run in when none is named."""

# Shown in place of the value of a variable, which may be a key.
_HIDDEN = "[hidden]"

# What `hf jobs inspect --json` adds to a job and can be inferred again.
_INFERRED = ("url", "job_id")


def _environment_endpoint() -> str:
    return read_hub_settings(os.environ).endpoint


class JobContents(JobModel):
    """What a job and the specification of a scheduled job both say.

    Args:
        docker_image: image of a registry; ``None`` when ``space_id`` is given.
        space_id: Space whose image runs, ``"owner/name"``.
        command: what runs, ``None`` for the image's own command.
        arguments: appended to it.
        environment: variables, of which ``repr`` shows the names.
        secrets: encrypted variables, or their names, which are all that ``repr`` shows.
        flavor: one of :class:`JobHardware`, or the string of a flavor this version does not know.
        arch: ``"amd64"`` or ``"arm64"``.
        timeout: seconds after which the Hub stops it; ``None`` when the answer does not say.
        retry: attempts after the first that are allowed.
        labels: names and values people gave it.
        volumes: what is mounted.
        exposure: its ports, as the API groups them; :attr:`expose` and :attr:`expose_public` list them.
        resource_group_id: who pays and who may see it, inside an organization.
    """

    empty_is_none: ClassVar[tuple[str, ...]] = ("docker_image", "space_id", "volumes")

    docker_image: str | None = None
    space_id: str | None = None
    command: list[str] | None = None
    arguments: list[str] | None = None
    environment: dict[str, JsonValue] | None = None
    secrets: dict[str, JsonValue] | list[str] | None = None
    flavor: Annotated[JobHardware | str, Field(union_mode="left_to_right")] | None = None
    arch: str | None = None
    timeout: Number | None = None
    retry: Number | None = None
    labels: dict[str, str] | None = None
    volumes: list[Volume] | None = None
    exposure: JobExposure | None = Field(default=None, alias="expose", repr=False)
    resource_group_id: str | None = None

    def _shown(self, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        value = super()._shown(name)
        private = name in {"environment", "secrets"} and isinstance(value, dict)
        return dict.fromkeys(value, _HIDDEN) if private else value

    @property
    def expose(self) -> list[int] | None:
        """All ports the Jobs proxy serves, the public ones included; ``None`` when there are none."""
        return self.exposure.ports if self.exposure else None

    @property
    def expose_public(self) -> list[int] | None:
        """The ports among :attr:`expose` that need no token."""
        return self.exposure.ports_public if self.exposure else None

    @model_validator(mode="before")
    @classmethod
    def _one_exposure(cls, data: object) -> object:
        """Read ``expose: [8000], expose_public: [8000]`` as the API's one object."""
        if not isinstance(data, Mapping) or isinstance(data.get("expose"), Mapping | JobExposure):
            return data
        spellings = {"expose": "ports", "expose_public": "portsPublic", "exposePublic": "portsPublic"}
        found = {ours: data[key] for key, ours in spellings.items() if data.get(key) is not None}
        rest: dict[Any, Any] = {key: value for key, value in data.items() if key not in spellings}
        if found:
            rest["expose"] = found
        elif "expose" in data:
            rest["expose"] = None
        return rest


class JobSpec(JobContents):
    """What a scheduled job runs: all of :class:`JobContents`.

    Args:
        tags: of an older API.

    >>> JobSpec.model_validate({"flavor": "tpu-v9", "environment": {"TOKEN": "x"}, "expose": {"ports": [80]}}).expose
    [80]
    """

    reference_fields: ClassVar[tuple[str, ...]] = (
        "docker_image",
        "space_id",
        "command",
        "arguments",
        "environment",
        "secrets",
        "flavor",
        "timeout",
        "tags",
        "arch",
        "labels",
        "volumes",
        "retry",
        "expose",
        "expose_public",
    )

    tags: list[str] | None = None


class JobInfo(JobContents):
    """A job: all of :class:`JobContents`, when it ran, how it ended and whose it is.

    Args:
        id: 24 hexadecimal digits, the only thing that is required.
        created_at: UTC.
        started_at: UTC; ``None`` until it runs.
        finished_at: UTC; ``None`` until it ends, and sometimes after it was cancelled.
        status: see :class:`JobStatus`.
        durations: see :class:`JobDurations`.
        owner: the namespace it belongs to.
        created_by: the user who asked for it; has no ``type``.
        initiator: what started it.
        network: the group it joined.
        endpoint: the Hub it was read from, by default that of ``HF_ENDPOINT``; never part of :meth:`to_api`.

    >>> job = JobInfo.model_validate({"id": "687fb701029421ae5549d998", "owner": {"name": "acme"}, "flavor": "tpu-v9"})
    >>> job.url, job.flavor, job.is_terminal
    ('https://huggingface.co/jobs/acme/687fb701029421ae5549d998', 'tpu-v9', False)
    """

    reference_fields: ClassVar[tuple[str, ...]] = (
        "id",
        "created_at",
        "started_at",
        "finished_at",
        "docker_image",
        "space_id",
        "command",
        "arguments",
        "environment",
        "secrets",
        "flavor",
        "labels",
        "volumes",
        "status",
        "durations",
        "owner",
        "initiator",
        "network",
        "retry",
        "expose",
        "expose_public",
        "endpoint",
        "url",
    )
    empty_is_none: ClassVar[tuple[str, ...]] = (
        *JobContents.empty_is_none,
        "created_at",
        "started_at",
        "finished_at",
        "durations",
        "initiator",
        "network",
    )

    id: str = Field(min_length=1)
    created_at: UtcTime = None
    started_at: UtcTime = None
    finished_at: UtcTime = None
    status: JobStatus | None = None
    durations: JobDurations | None = None
    owner: JobOwner | None = None
    created_by: JobOwner | None = None
    initiator: JobInitiator | None = None
    network: JobNetwork | None = None
    endpoint: str = Field(default_factory=_environment_endpoint, exclude=True)

    @property
    def url(self) -> str | None:
        """The job's page; ``None`` while its owner is not known."""
        if self.owner is None or self.owner.name is None:
            return None
        return f"{self.endpoint}/jobs/{self.owner.name}/{self.id}"

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended for good. One whose stage is missing or unknown has not."""
        return self.status is not None and self.status.is_terminal

    @model_validator(mode="before")
    @classmethod
    def _without_inferred(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        labels = data.get("labels")
        named = isinstance(labels, Mapping) and "name" in labels and labels["name"] == data.get("name")
        inferred = (*_INFERRED, "name") if named else _INFERRED
        return {key: value for key, value in data.items() if key not in inferred}


class LastJobInfo(JobModel):
    """The last job a schedule started, and when (UTC)."""

    id: str | None = None
    at: UtcTime = None


class ScheduledJobStatus(JobModel):
    """What a schedule did last and does next.

    Args:
        last_job: ``None`` until there was one.
        next_job_run_at: UTC; ``None`` while suspended.
    """

    empty_is_none: ClassVar[tuple[str, ...]] = ("last_job", "next_job_run_at")

    last_job: LastJobInfo | None = None
    next_job_run_at: UtcTime = None


class ScheduledJobInfo(JobModel):
    """A schedule and the job it starts.

    Args:
        id: of the schedule, the only thing that is required.
        created_at: UTC.
        job_spec: what it runs.
        schedule: ``"@hourly"`` and the like, or a cron expression.
        suspend: whether it is paused.
        concurrency: whether a job may start while the last one runs.
        status: see :class:`ScheduledJobStatus`.
        owner: the namespace it belongs to.
        suspend_reason: why the Hub paused it.
        initiator: who made it.

    >>> schedule = {"id": "687fb701029421ae5549d999", "jobSpec": {"flavor": "t4-small"}, "schedule": "@hourly"}
    >>> ScheduledJobInfo.model_validate(schedule).job_spec.flavor == JobHardware.T4_SMALL
    True
    """

    reference_fields: ClassVar[tuple[str, ...]] = (
        "id",
        "created_at",
        "job_spec",
        "schedule",
        "suspend",
        "concurrency",
        "status",
        "owner",
    )
    empty_is_none: ClassVar[tuple[str, ...]] = ("created_at",)

    id: str = Field(min_length=1)
    created_at: UtcTime = None
    job_spec: JobSpec | None = None
    schedule: str | None = None
    suspend: bool | None = None
    concurrency: bool | None = None
    status: ScheduledJobStatus | None = None
    owner: JobOwner | None = None
    suspend_reason: str | None = None
    initiator: JobInitiator | None = None
