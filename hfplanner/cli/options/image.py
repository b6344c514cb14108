"""IMAGE and COMMAND: where the options of a job end, and what cannot be meant as an image."""

import os
from collections.abc import Sequence
from pathlib import PurePath

from hfplanner.cli.options.build import Positional
from hfplanner.errors import UsageError, quoted
from hfplanner.plan.arguments import JOB, as_option

__all__ = ["IMAGE_AND_COMMAND", "job_words"]

IMAGE_AND_COMMAND = (
    Positional(name="image", metavar="IMAGE", is_required=False, help="The image it runs in."),
    Positional(
        name="command",
        metavar="COMMAND...",
        is_required=False,
        takes_rest=True,
        help="What it runs, with its own options: those of a job stand before the image.",
    ),
)
"""What stands after the options of a job; ``--`` before the command says that all of it is the command's."""

_SCRIPTS = (".py",)
_SPECS = (".yaml", ".yml", ".json", ".toml")
_EXAMPLE = "hfplanner run python:3.12 python train.py"


def job_words(image: str | None, command: Sequence[str], *, checks: bool = False) -> tuple[str | None, tuple[str, ...]]:
    """Return the image and the command that are meant.

    Args:
        image: as typed; ``None`` where nothing was.
        command: the words after it.
        checks: whether the job is only checked, not run.

    Raises:
        UsageError: the image is an option, a file of this machine or a job in a file, or has no command; or the
            command holds an option that would have kept the job from being sent.

    >>> job_words("python:3.12", ["--", "python", "train.py", "--timeout", "8h"])
    ('python:3.12', ('python', 'train.py', '--timeout', '8h'))
    >>> job_words("train.py", ["--epochs", "3"])
    Traceback (most recent call last):
    hfplanner.errors.UsageError: 'train.py' is a script, not an image.
    """
    if image is None:
        return None, ()
    _refuse_what_is_no_image(image, checks=checks)
    if command[:1] == ["--"] or command[:1] == ("--",):
        words = tuple(command[1:])
    else:
        words = tuple(command)
        if "--dry-run" in words:
            raise UsageError(
                "--dry-run stands after the image, where options belong to the command.",
                hint="Put it before the image, or write -- before the command if it is the command's.",
            )
    if not words:
        raise UsageError(f"The image {quoted(image)} has no command to run.", hint=f"For example: {_EXAMPLE}")
    return image, words


def options_of_the_command(command: Sequence[str]) -> tuple[str, ...]:
    """Return the options of a job that stand in its command, where ``hf jobs run`` would take them as its own.

    >>> options_of_the_command(["python", "train.py", "--timeout", "8h", "--epochs", "3"])
    ('--timeout',)
    """
    if command[:1] in (["--"], ("--",)):
        return ()
    known = {as_option(argument.name) for argument in JOB}
    return tuple(dict.fromkeys(name for word in command if (name := word.partition("=")[0]) in known))


def _meant(image: str, suffix: str, *, checks: bool) -> str:
    """Return which command was meant for a file."""
    if checks:
        return "Files are not read yet: say it with options, for example --flavor l4x1 --timeout 1h."
    if suffix in _SCRIPTS:
        return f"`uv run {image}` runs a script; a job takes an image first, for example: {_EXAMPLE}"
    return f"`hfplanner check {image}` judges a job in a file; run takes an image, for example: {_EXAMPLE}"


def _refuse_what_is_no_image(image: str, *, checks: bool) -> None:
    """Refuse an image that is something else: an option, a script, a job in a file, a file of this machine."""
    if not image.strip():
        raise UsageError("No image is given.", hint=f"For example: {_EXAMPLE}")
    if image.startswith("-"):
        raise UsageError(f"{quoted(image)} is an option, not an image.", hint=f"For example: {_EXAMPLE}")
    suffix = PurePath(image).suffix.lower()
    if suffix in (*_SCRIPTS, *_SPECS):
        kind = "a script" if suffix in _SCRIPTS else "a job in a file"
        raise UsageError(f"{quoted(image)} is {kind}, not an image.", hint=_meant(image, suffix, checks=checks))
    if image.startswith(("./", "../", "/", "~", ".\\")) or os.path.isfile(image):  # noqa: PTH113 - quick
        raise UsageError(
            f"{quoted(image)} is a file of this machine, not an image.",
            hint=f"For example: {_EXAMPLE}",
        )
