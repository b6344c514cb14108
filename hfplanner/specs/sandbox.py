"""``hf sandbox ...``: a sandbox is a job that stays up until nobody has used it for its idle timeout.

As ``cli/sandbox.py`` and ``_sandbox.py`` of huggingface_hub 2.4.0 have it: ``create`` and ``pool create`` each start a
job with an exposed port and a timeout of 24 hours; what ends it sooner is the idle timeout. So left alone it costs its
idle timeout, and in use it goes on, up to the 24 hours. ``create --pool`` may start another host of a pool. Everything
else uses, lists or ends sandboxes that are there.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.specs.found import DEFAULT_FLAVOR, FoundJob, NotChecked
from hfplanner.units import parse_duration

if TYPE_CHECKING:
    from hfplanner.specs.command_line import ShellCommand

__all__ = ["DEFAULT_IDLE_SECS", "LONGEST_SECS", "SANDBOX_LABEL", "job_of_sandbox"]

SANDBOX_LABEL = "hf-sandbox"
"""The label that every sandbox and every host of a pool has, with the value 1."""
DEFAULT_IDLE_SECS = 10 * 60
LONGEST_SECS = 24 * 60 * 60
_DEFAULT_IMAGE = "python:3.12"
_VALUES = {
    "-e", "--env", "-s", "--secrets", "-l", "--label", "--env-file", "--secrets-file", "-v", "--volume", "--namespace",
    "--token", "--flavor", "--idle-timeout", "--pool", "--per-host", "--max-hosts",
}  # fmt: skip
_FLAGS = {"--forward-hf-token", "--json", "-q", "--quiet"}
_USING = {"exec", "spawn", "cp", "kill", "process", "ls", "list"}
_HELP = {"-h", "--help"}
_UNKNOWN = "unknown"


def job_of_sandbox(command: "ShellCommand") -> FoundJob | NotChecked | None:
    """Return the job that a sandbox is, why it cannot be priced, or ``None`` where the command starts none.

    >>> from hfplanner.specs.command_line import ShellCommand
    >>> line = "hf sandbox create --flavor a10g-small --idle-timeout 30m".split()
    >>> job = job_of_sandbox(ShellCommand(words=line, source="ci.yml", line=3, title="box"))
    >>> job.image, job.flavor, job.timeout_secs, job.longest_secs
    ('python:3.12', 'a10g-small', 1800, 86400)
    """
    words = list(command.words[2:])
    pooled = words[:1] == ["pool"]
    words = words[1:] if pooled else words
    name = words[0] if words else "-h"
    if name in _HELP or (pooled and name in {"ls", "list", "delete", "rm"}) or (not pooled and name in _USING):
        return None
    if name != "create":
        return command.not_checked("its subcommand is not known here")
    values = _options(words[1:])
    if _HELP & values.keys():
        return None
    why = _unpriced(values)
    return _created(command, values) if why is None else command.not_checked(why)


def _unpriced(values: dict[str, list[str]]) -> str | None:
    """Return why what is created cannot be priced; ``None`` where it can."""
    if _UNKNOWN in values:
        return f"{values[_UNKNOWN][0]} is no option that is known here"
    if "--pool" in values:
        return "a host of the pool may be started for it, and the line does not say where it runs"
    unknown = next((key for key in ("--flavor", "--idle-timeout", "--namespace") if _is_open(values, key)), None)
    if unknown is not None:
        return f"its {unknown} is known only when it runs"
    try:
        _idle_secs(values)
    except UsageError as error:
        return f"its --idle-timeout: {error.message}"
    return None


def _idle_secs(values: dict[str, list[str]]) -> int:
    said = values.get("--idle-timeout")
    return min(parse_duration(said[-1]), LONGEST_SECS) if said else DEFAULT_IDLE_SECS


def _created(command: "ShellCommand", values: dict[str, list[str]]) -> FoundJob:
    images, names = values.get("", []), values.get("--namespace", [])
    return FoundJob(
        source=command.source,
        line=command.line,
        title=command.title,
        kind="image",
        image=images[0] if images else _DEFAULT_IMAGE,
        command=("hf", "sandbox"),
        flavor=values.get("--flavor", [DEFAULT_FLAVOR])[-1],
        timeout_secs=_idle_secs(values),
        namespace=names[-1] if names else None,
        labels={**_labels([*values.get("-l", []), *values.get("--label", [])]), SANDBOX_LABEL: "1"},
        has_ports=True,
        times=command.times,
        longest_secs=LONGEST_SECS,
    )


def _options(words: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of options, positions under ``""``, and the first that is not known under a name of its own."""
    values: dict[str, list[str]] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, given = word.partition("=")
        if not word.startswith("-"):
            values.setdefault("", []).append(word)
        elif word in _FLAGS or word in _HELP:
            values.setdefault(word, [])
        elif option in _VALUES and (equals or rest):
            values.setdefault(option, []).append(given if equals else rest.pop(0))
        else:
            values.setdefault(_UNKNOWN, []).append(option)
    return values


def _is_open(values: dict[str, list[str]], key: str) -> bool:
    """Whether a value is known only to the shell that runs it."""
    return any(character in value for value in values.get(key, []) for character in "$`*{")


def _labels(pairs: Sequence[str]) -> dict[str, str]:
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}
