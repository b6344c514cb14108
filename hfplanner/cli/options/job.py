"""The options of a job that is to be run or checked, and the job they ask for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import pack
from hfplanner.cli.options.image import job_words
from hfplanner.plan.arguments import JOB, LIMITS, MODEL, NEEDS, TIME
from hfplanner.plan.asked import AskedJob, AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds

if TYPE_CHECKING:
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace

__all__ = ["JOB_OPTIONS", "asked_needs", "asked_run"]

JOB_OPTIONS = (*JOB, *NEEDS, *MODEL, *TIME, *LIMITS)
"""What ``run`` and ``check`` take: the job, and what decides on which flavor it runs, how long and for how much."""


def asked_needs(given: Mapping[str, Any]) -> JobNeeds:
    """Return what a job needs, of the value of every option by its name."""
    rest = dict(given)
    return JobNeeds(
        machine=pack(AskedMachine, rest),
        model=pack(AskedModel, rest),
        time=pack(AskedTime, rest),
        limits=pack(AskedLimits, rest),
    )


def asked_run(
    given: Mapping[str, Any],
    image: str | None,
    command: Sequence[str],
    workspace: "Workspace",
    *,
    sends: bool,
    values: bool,
) -> "KnownRequest":
    """Return a run as it was typed, read and checked, with what is known of it.

    Args:
        given: the value of every option of :data:`JOB_OPTIONS`.
        image: as typed.
        command: the words after the image.
        workspace: where its models and its history are.
        sends: whether the job is to be sent.
        values: whether the values of secrets are needed.

    Raises:
        UsageError: options that cannot be meant, or contradict each other.
    """
    from hfplanner.plan.job_plan import know_request  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.request import read_job  # noqa: PLC0415 - as above

    named, words = job_words(image, command, checks=not sends)
    job = pack(AskedJob, {**given, "image": named, "command": words})
    request = read_job(job, workspace.variables, values=values, token=workspace.token)
    return know_request(request, asked_needs(given), workspace, sends=sends)
