"""A file of jobs: one table for each, in TOML or YAML, under ``jobs``.

::

    [jobs.train]
    image = "python:3.12"
    command = "python train.py --epochs 3"
    flavor = "a100-large"
    timeout = "8h"
    labels = { team = "nlp" }

    [jobs.nightly]
    script = "evaluate.py"
    flavor = "auto"
    vram = "40GB"
    timeout = "1h"
    schedule = "@daily"

The JSON Schema of the format is that of :class:`JobsFile`; ``hfplanner check --schema`` prints it.
"""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hfplanner.errors import JobSpecError, did_you_mean, quoted
from hfplanner.specs.documents import Document
from hfplanner.specs.found import FoundJob, FoundSpecs
from hfplanner.specs.script import PLANNER_KEYS, timeout_of

__all__ = ["JobEntry", "JobsFile", "is_jobs_file", "jobs_file_schema", "read_jobs_file"]

_Text = Annotated[str, Field(min_length=1, max_length=4096)]
_MAX_ATTEMPTS = 100


class JobEntry(BaseModel):
    """One job of a file: an image with a command, or a script for ``uv run``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    image: Annotated[_Text | None, Field(description="An image of a registry, or hf.co/spaces/OWNER/NAME.")] = None
    command: Annotated[
        str | list[str] | None, Field(description="What the image runs: a list, or a line parted as a shell does.")
    ] = None
    script: Annotated[_Text | None, Field(description="A script, or its URL, for uv run; instead of an image.")] = None
    args: Annotated[list[str], Field(description="Arguments of the script.")] = []
    flavor: Annotated[_Text | None, Field(description="A flavor, or auto. Without it cpu-basic.")] = None
    timeout: Annotated[str | int | None, Field(description="Of one attempt: 8h, 90m, or seconds. Default 30m.")] = None
    attempts: Annotated[int | None, Field(ge=1, le=_MAX_ATTEMPTS, description="Tries, the first included.")] = None
    namespace: Annotated[_Text | None, Field(description="The user or organization that pays.")] = None
    labels: Annotated[dict[str, str], Field(description="Labels of the job.")] = {}
    env: Annotated[dict[str, str], Field(description="Environment variables.")] = {}
    secrets: Annotated[list[str], Field(description="Names of secrets; values come from who runs it.")] = []
    volumes: Annotated[list[str], Field(description="hf://[TYPE/]SOURCE:/MOUNT_PATH[:ro|:rw], as -v takes it.")] = []
    expose: Annotated[list[int], Field(description="Ports served by the jobs proxy.")] = []
    network_group: Annotated[
        _Text | None, Field(description="Jobs of one group reach each other, and are run all or none.")
    ] = None
    network_aliases: Annotated[list[_Text], Field(description="Its names in the group.")] = []
    schedule: Annotated[_Text | None, Field(description="@daily and the like, or a cron expression.")] = None
    concurrency: Annotated[bool, Field(description="Whether runs of a schedule may overlap.")] = False
    suspend: Annotated[bool, Field(description="Make the schedule without starting it.")] = False
    times: Annotated[int, Field(ge=1, le=100_000, description="How many such jobs are started.")] = 1
    vram: Annotated[str | None, Field(description="GPU memory it needs, for flavor = auto.")] = None
    model: Annotated[str | None, Field(description="The model it runs, for flavor = auto.")] = None
    task: Annotated[str | None, Field(description="inference, full, lora or qlora.")] = None
    duration: Annotated[str | None, Field(description="How long it ran where: 2h20m@a10g-small.")] = None
    max_cost: Annotated[str | None, Field(alias="max-cost", description="The most it may cost, in USD.")] = None
    budget: Annotated[str | None, Field(description="The budget it is meant for.")] = None
    progress: Annotated[str | None, Field(description="How it says how far it is.")] = None


class JobsFile(BaseModel):
    """A file of jobs."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, title="Jobs for hfplanner check")

    jobs: Annotated[dict[str, JobEntry], Field(description="The jobs by their names.")]


def jobs_file_schema() -> dict[str, Any]:
    """Return the JSON Schema of the format.

    >>> sorted(jobs_file_schema()["properties"])
    ['jobs']
    """
    return JobsFile.model_json_schema(by_alias=True)


def is_jobs_file(document: Document) -> bool:
    """Whether a document is a file of jobs: it has ``jobs`` and is no workflow."""
    value = document.value
    return isinstance(value, Mapping) and "jobs" in value and "on" not in value


def read_jobs_file(document: Document) -> FoundSpecs:
    r"""Return the jobs of a file.

    Raises:
        JobSpecError: a key that is not known, a value that cannot be meant, a job without image or script.

    >>> from hfplanner.specs.documents import load_toml
    >>> text = '[jobs.train]\nimage = "python:3.12"\ncommand = "python t.py"\nflavor = "l4x1"\ntimeout = "2h"'
    >>> [(job.title, job.command, job.timeout_secs) for job in read_jobs_file(load_toml(text, "jobs.toml")).jobs]
    [('train', ('python', 't.py'), 7200)]
    """
    document = _by_name(document)
    try:
        read = JobsFile.model_validate(document.value)
    except ValidationError as error:
        raise _as_spec_error(error, document) from None
    return FoundSpecs(tuple(_found(name, entry, document) for name, entry in read.jobs.items()))


def _by_name(document: Document) -> Document:
    """Return the document with a list of named jobs as a table by name."""
    value = document.value
    jobs = value.get("jobs")
    if not isinstance(jobs, list):
        return document
    named: dict[str, Any] = {}
    for place, job in enumerate(jobs):
        name = job.get("name") if isinstance(job, Mapping) else None
        if not isinstance(name, str) or not name or name in named:
            raise JobSpecError(f"{document.where('jobs', place)}: a job of a list needs a name of its own.")
        named[name] = {key: item for key, item in job.items() if key != "name"}
    # A part is found by the name of its job as well as by its place.
    names = list(named)
    by_name = {
        ("jobs", names[keys[1]], *keys[2:]): line
        for keys, line in document.lines.items()
        if len(keys) > 1 and keys[0] == "jobs" and isinstance(keys[1], int)
    }
    return replace(document, value={**value, "jobs": named}, lines={**document.lines, **by_name})


def _as_spec_error(error: ValidationError, document: Document) -> JobSpecError:
    first = error.errors()[0]
    keys = tuple(key for key in first["loc"] if not (isinstance(key, str) and "[" in key))
    where = document.where(*keys)
    if first["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in JobEntry.model_fields.items()]
        names = known if len(keys) > 1 else ["jobs"]
        hint = f"{did_you_mean(str(keys[-1]), names)}Its keys are {', '.join(names)}."
        return JobSpecError(f"{where}: there is no such key.", hint=hint)
    return JobSpecError(f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}.")


def _found(name: str, entry: JobEntry, document: Document) -> FoundJob:
    where = document.where("jobs", name)
    if (entry.image is None) == (entry.script is None):
        raise JobSpecError(f"{where}: a job has an image or a script, one of the two.")
    if entry.image is not None and not entry.command:
        raise JobSpecError(f"{where}: an image needs a command.")
    if entry.script is not None and entry.command:
        raise JobSpecError(f"{where}: a script has args, not a command.")
    if entry.network_group is not None and entry.schedule is not None:
        raise JobSpecError(f"{where}: a schedule cannot be in a network group.")
    if entry.network_aliases and entry.network_group is None:
        raise JobSpecError(f"{where}: network_aliases are names in a network_group, and it has none.")
    planner = {key: getattr(entry, key.replace("-", "_")) for key in PLANNER_KEYS}
    return FoundJob(
        source=document.source,
        line=document.line("jobs", name),
        title=name,
        kind="image" if entry.image is not None else "script",
        image=entry.image,
        command=_command(entry, where),
        flavor=entry.flavor,
        timeout_secs=timeout_of(entry.timeout, f"{document.where('jobs', name, 'timeout')}"),
        attempts=entry.attempts,
        namespace=entry.namespace,
        labels={"name": name, **entry.labels},
        env=entry.env,
        secrets=tuple(entry.secrets),
        volumes=tuple(entry.volumes),
        has_ports=bool(entry.expose),
        schedule=entry.schedule,
        concurrency=entry.concurrency,
        suspended=entry.suspend,
        times=entry.times,
        group=entry.network_group or "",
        aliases=tuple(entry.network_aliases),
        ports=tuple(entry.expose),
        planner={key: value for key, value in planner.items() if value is not None},
    )


def _command(entry: JobEntry, where: str) -> tuple[str, ...]:
    if entry.script is not None:
        return (entry.script, *entry.args)
    if isinstance(entry.command, list):
        return tuple(entry.command)
    try:
        return tuple(shlex.split(entry.command or ""))
    except ValueError as error:
        raise JobSpecError(f"{where}: the command {quoted(entry.command or '')} cannot be parted: {error}.") from error
