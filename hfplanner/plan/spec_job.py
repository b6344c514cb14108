"""From a job in a file to a request: what it says is read by the same readers as what is typed."""

from hfplanner.errors import JobSpecError, UsageError
from hfplanner.plan.asked_job import AskedJob
from hfplanner.plan.chosen_flavor import AUTO
from hfplanner.plan.request import JobRequest, read_job
from hfplanner.specs.found import DEFAULT_FLAVOR, DEFAULT_TIMEOUT_SECS, FoundJob

__all__ = ["UV_IMAGE", "asks_for_needs", "request_of"]

UV_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
"""What a script runs in where it names no image (huggingface_hub 2.4.0)."""

# Where the flavor is named, what it would need to be recommended changes nothing.
_COUNT_ALWAYS = ("max-cost", "duration")


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


def asks_for_needs(found: FoundJob) -> bool:
    """Whether what a job says of its needs changes anything: its flavor is left open, or its cost or time is said.

    >>> job = FoundJob(source="jobs.toml", line=None, title="a", kind="image", flavor="l4x1", planner={"vram": "40GB"})
    >>> asks_for_needs(job)
    False
    """
    return found.flavor == AUTO or any(key in found.planner for key in _COUNT_ALWAYS)
