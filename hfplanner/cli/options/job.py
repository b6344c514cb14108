"""The options of a job that is to be run or checked, and the job they ask for."""

from collections.abc import Mapping, Sequence
from typing import Any

from hfplanner.cli.command import pack
from hfplanner.cli.job_options import JobOptions
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MoneyOptions, TimeOptions
from hfplanner.cli.options.image import job_words
from hfplanner.cli.planning import AskedRun
from hfplanner.plan.arguments import JOB, LIMITS, MODEL, NEEDS, TIME

__all__ = ["JOB_OPTIONS", "asked_run"]

JOB_OPTIONS = (*JOB, *NEEDS, *MODEL, *TIME, *LIMITS)
"""What ``run`` and ``check`` take: the job, and what decides on which flavor it runs, how long and for how much."""


def asked_run(
    given: Mapping[str, Any], image: str | None, command: Sequence[str], *, sends: bool, values: bool
) -> AskedRun:
    """Return a run as it was typed, read and checked.

    Args:
        given: the value of every option of :data:`JOB_OPTIONS`, with ``token`` and ``offline``.
        image: as typed.
        command: the words after the image.
        sends: whether the job is to be sent.
        values: whether the values of secrets are needed.

    Raises:
        UsageError: options that cannot be meant, or contradict each other.
    """
    named, words = job_words(image, command, checks=not sends)
    rest: dict[str, Any] = {**given, "image": named, "command": words}
    return AskedRun(
        pack(JobOptions, rest),
        pack(MachineOptions, rest),
        pack(ModelOptions, rest),
        pack(TimeOptions, rest),
        pack(MoneyOptions, rest),
        sends=sends,
        values=values,
        token=rest["token"],
        offline=rest["offline"],
    )
