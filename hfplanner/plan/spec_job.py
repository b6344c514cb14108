"""From a job in a file to a request: what it says is read by the same readers as what is typed."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hfplanner.errors import JobSpecError, UsageError
from hfplanner.plan.arguments import as_argument, find_arguments, read_value
from hfplanner.plan.asked import AskedJob, AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.chosen_flavor import AUTO
from hfplanner.plan.request import JobRequest, read_job
from hfplanner.specs.found import DEFAULT_FLAVOR, DEFAULT_TIMEOUT_SECS, FoundJob

__all__ = ["UV_IMAGE", "needs_of", "needs_of_table", "request_of"]

UV_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
"""What a script runs in where it names no image (huggingface_hub 2.4.0)."""

# What says nothing about what a job needs: where the money is from, and how it tells how far it is.
_NOT_NEEDS = {"budget", "progress"}


def request_of(found: FoundJob) -> JobRequest:
    """Return the request of a job in a file, with what the Hub takes where it says nothing.

    Raises:
        JobSpecError: something the Hub would refuse, or would understand differently; the sentence names the file.

    >>> job = FoundJob(source="train.py", line=1, title="train", kind="script", command=("train.py",), flavor="l4x1")
    >>> request_of(job).job.timeout_secs
    1800
    """
    command = found.command
    if found.kind == "script":
        command = ("uv", "run", *command)
    try:
        request = read_job(
            AskedJob(
                image=found.image or UV_IMAGE,
                command=command or None,
                flavor=found.flavor or DEFAULT_FLAVOR,
                timeout=found.timeout_secs or DEFAULT_TIMEOUT_SECS,
                attempts=found.attempts,
                namespace=found.namespace,
                label=[f"{key}={value}" if value else key for key, value in found.labels.items()],
                env=[f"{name}=" for name in found.env],
                secrets=list(found.secrets),
                expose=[8000] if found.has_ports else None,
            ),
            {},
            values=False,
        )
    except UsageError as error:
        raise JobSpecError(f"{found.where}: {error.message}", hint=error.hint) from error
    return request


def needs_of(found: FoundJob) -> JobNeeds:
    """Return what a job in a file needs, as its table for the planner says.

    Raises:
        JobSpecError: a value that cannot be meant; the sentence names the file and the key.

    >>> needs = {"vram": "40GB"}
    >>> job = FoundJob(source="jobs.toml", line=None, title="a", kind="image", flavor="auto", planner=needs)
    >>> needs_of(job).machine.vram
    40000000000
    """
    if found.flavor != AUTO and "max-cost" not in found.planner and "duration" not in found.planner:
        # Where the flavor is named, what it would need to be recommended changes nothing.
        return JobNeeds()
    return needs_of_table(found.planner, found.where)


def needs_of_table(table: Mapping[str, str], where: str) -> JobNeeds:
    """Return what a table for the planner says of a job's needs.

    Args:
        table: ``[tool.hfplanner]``, or the same keys of a file of jobs.
        where: the file, for sentences.

    Raises:
        JobSpecError: a value that cannot be meant; the sentence names the file and the key.
    """
    read = {as_argument(key): value for key, value in table.items() if key not in _NOT_NEEDS}
    values: dict[str, Any] = {}
    for argument in find_arguments(*read):
        try:
            value = read_value(argument, read[argument.name], lambda name: name.replace("_", "-"))
        except UsageError as error:
            raise JobSpecError(f"{where}: {error.message}", hint=error.hint) from error
        values[argument.name] = [value] if argument.repeatable else value
    return JobNeeds(
        machine=AskedMachine(**_of(AskedMachine, values)),
        model=AskedModel(**_of(AskedModel, values)),
        time=AskedTime(**_of(AskedTime, values)),
        limits=AskedLimits(**_of(AskedLimits, values)),
    )


def _of(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
