"""Command lines that start paid jobs: ``hf jobs run``, ``uv run``, ``scheduled ...``, ``rerun``, ``hf sandbox``.

They are read to be priced, from workflows and before an agent runs them. What is not understood is said: it is never
taken for free. Options as ``hf`` 2.4.0 has them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hfplanner.errors import JobSpecError
from hfplanner.specs.found import FoundJob, NotChecked
from hfplanner.specs.script import timeout_of

__all__ = ["FREE", "ShellCommand", "job_of_command", "names_paid_jobs"]

_VALUES = {
    "-e": "env", "--env": "env", "-s": "secrets", "--secrets": "secrets", "--env-file": "", "--secrets-file": "",
    "--name": "name", "-l": "label", "--label": "label", "-v": "volume", "--volume": "volume", "--flavor": "flavor",
    "--timeout": "timeout", "--attempts": "attempts", "--expose": "expose", "--expose-public": "expose",
    "--network-group": "network-group", "--network-alias": "", "--resource-group-id": "", "--namespace": "namespace",
    "--token": "", "--format": "", "--image": "image", "--with": "", "-p": "", "--python": "",
    "--key": "", "--policy": "", "--ledger": "", "--max-cost": "max-cost", "--vram": "vram", "--model": "model",
    "--task": "task", "--duration": "duration",
}  # fmt: skip
_FLAGS = {
    "-d": "", "--detach": "", "--ssh": "", "--json": "", "-q": "", "--quiet": "", "-y": "", "--yes": "",
    "--dry-run": "dry", "--suspend": "suspend", "--no-suspend": "", "--concurrency": "overlap", "--no-concurrency": "",
    "-h": "dry", "--help": "dry",
}  # fmt: skip
_PLANNER = ("max-cost", "vram", "model", "task", "duration")
_KINDS: Mapping[tuple[str, ...], tuple[str, bool]] = {
    ("run",): ("image", False),
    ("uv", "run"): ("script", False),
    ("scheduled", "run"): ("image", True),
    ("scheduled", "uv", "run"): ("script", True),
}
_NO_PRICE = {
    ("rerun",): "a rerun costs what the job it repeats costs, which the line does not say",
    ("duplicate",): "a duplicate costs what the job it repeats costs, which the line does not say",
    ("scheduled", "trigger"): "a run costs what the job of its schedule costs, which the line does not say",
    ("scheduled", "resume"): "what a schedule runs, and how often, the line does not say",
    ("scheduled", "reschedule"): "what a schedule runs the line does not say",
}
_READING = {
    "cancel", "hardware", "inspect", "labels", "list", "logs", "ls", "metrics", "ps", "ssh", "stats", "wait", "expose",
}  # fmt: skip
_SCHEDULES_READING = {"delete", "inspect", "list", "ls", "ps", "suspend", "labels", "schedule"}
# What starts these programs: hf, hfplanner, and hfplanner as an extension of hf.
_JOBS = (("hf", "jobs"), ("huggingface-cli", "jobs"), ("hfplanner",), ("hf-planner",), ("hf", "planner"))
_NAMED = re.compile(
    r"(?:\bhf|huggingface-cli)\s+(?:jobs|sandbox|planner\s+(?:run|uv|scheduled|rerun|sweep|group))\b"
    r"|\bhf-?planner\s+(?:run|uv|scheduled|rerun|sweep|group)\b|run_job\(|run_uv_job\(|create_scheduled"
)
_UNKNOWN = re.compile(r"\$|`|\{\{|\*")
FREE = None


def names_paid_jobs(text: str) -> bool:
    """Whether a text names something that may start a paid job.

    >>> names_paid_jobs('bash -c "hf jobs run python:3.12 id"'), names_paid_jobs("hf auth login")
    (True, False)
    """
    return _NAMED.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellCommand:
    """One simple command of a shell script.

    Args:
        words: as the shell would pass them.
        source: the file, or what else it is of.
        line: where in it, from 1.
        title: what to call a job of it that has no name.
        times: how often it is run, as far as the file says it.
    """

    words: Sequence[str]
    source: str
    line: int | None
    title: str
    times: int = 1

    @property
    def text(self) -> str:
        """The words on one line, cut."""
        return " ".join(self.words)[:120]

    def not_checked(self, reason: str) -> NotChecked:
        """Return it as something that cannot be priced."""
        return NotChecked(self.source, self.line, self.text, reason)


@dataclass(slots=True)
class _Read:
    values: dict[str, list[str]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)
    unknown: str | None = None

    def last(self, name: str) -> str | None:
        return self.values[name][-1] if self.values.get(name) else None


def job_of_command(command: ShellCommand) -> FoundJob | NotChecked | None:
    """Return the job a command starts, why it cannot be priced, or ``None`` where it starts none.

    >>> line = "hf jobs run --flavor a100-large --timeout 8h python:3.12 python train.py".split()
    >>> job = job_of_command(ShellCommand(words=line, source="ci.yml", line=12, title="train"))
    >>> job.flavor, job.timeout_secs, job.command
    ('a100-large', 28800, ('python', 'train.py'))
    >>> line[4] = "$FLAVOR"
    >>> job_of_command(ShellCommand(words=line, source="ci.yml", line=12, title="train")).reason
    'its --flavor is known only when it runs'
    """
    words = list(command.words)
    program = next((start for start in _JOBS if tuple(words[: len(start)]) == start), None)
    if tuple(words[:2]) == ("hf", "sandbox"):
        from hfplanner.specs.sandbox import job_of_sandbox  # noqa: PLC0415 - for lines about sandboxes

        return job_of_sandbox(command)
    if program is None:
        nested = names_paid_jobs(" ".join(words))
        return command.not_checked("it names jobs in a way that is not read") if nested else FREE
    words = words[len(program) :]
    for path, (kind, scheduled) in _KINDS.items():
        if tuple(words[: len(path)]) == path:
            found = _started(command, words[len(path) :], kind, scheduled=scheduled)
            return replace(found, is_ours="planner" in program[-1]) if isinstance(found, FoundJob) else found
    for path, reason in _NO_PRICE.items():
        if tuple(words[: len(path)]) == path:
            return command.not_checked(reason)
    if "planner" in program[-1] and words[:1] == ["sweep"] and "--run" in words:
        return command.not_checked("what a sweep costs is planned when it runs, within the budgets")
    return FREE if _only_reads(program, words) else command.not_checked("its subcommand is not known here")


def _only_reads(program: tuple[str, ...], words: Sequence[str]) -> bool:
    """Whether a subcommand that starts nothing was called; every other one of the planner only plans."""
    name = words[0] if words else ""
    if name == "scheduled":
        return len(words) < 2 or words[1] in _SCHEDULES_READING or words[1].startswith("-")  # noqa: PLR2004 - two words
    return "planner" in program[-1] or name in _READING or not name or name in {"-h", "--help"}


def _started(
    command: ShellCommand, words: Sequence[str], kind: str, *, scheduled: bool
) -> FoundJob | NotChecked | None:
    read = _read(words, positions=2 if scheduled else 1)
    if read.unknown is not None:
        return command.not_checked(f"{read.unknown} is no option that is known here")
    if "dry" in read.values:
        return FREE
    for name in ("flavor", "timeout", "attempts", "namespace"):
        if _UNKNOWN.search(read.last(name) or ""):
            return command.not_checked(f"its --{name} is known only when it runs")
    schedule = read.rest.pop(0) if scheduled and read.rest else None
    if not read.rest or (scheduled and _UNKNOWN.sub("", schedule or "") != (schedule or "").replace("*", "")):
        return command.not_checked("it names no image or script, or its schedule is known only when it runs")
    try:
        return _job(command, read, kind, schedule)
    except (JobSpecError, ValueError) as error:
        return command.not_checked(str(error))


def _job(command: ShellCommand, read: _Read, kind: str, schedule: str | None) -> FoundJob:
    first, *rest = read.rest
    labels = dict(_pair(text) for text in read.values.get("label", ()))
    name = read.last("name")
    labels |= {"name": name} if name else {}
    attempts = read.last("attempts")
    return FoundJob(
        source=command.source,
        line=command.line,
        title=labels.get("name", command.title),
        kind="script" if kind == "script" else "image",
        image=read.last("image") if kind == "script" else first,
        command=tuple(read.rest if kind == "script" else rest),
        flavor=read.last("flavor"),
        timeout_secs=timeout_of(read.last("timeout"), "its --timeout"),
        attempts=None if attempts is None else int(attempts),
        namespace=read.last("namespace"),
        labels=labels,
        env=dict(_pair(text) for text in read.values.get("env", ())),
        secrets=tuple(_pair(text)[0] for text in read.values.get("secrets", ())),
        volumes=tuple(read.values.get("volume", ())),
        has_ports="expose" in read.values,
        schedule=schedule,
        concurrency="overlap" in read.values,
        suspended="suspend" in read.values,
        times=command.times,
        group=read.last("network-group") or "",
        planner={key: value for key in _PLANNER if (value := read.last(key)) is not None},
    )


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def _read(words: Sequence[str], *, positions: int) -> _Read:
    """Read options until so many positions are filled; what follows belongs to the job's own command."""
    read, index = _Read(), 0
    while index < len(words):
        word = words[index]
        index += 1
        if len(read.rest) >= positions or not word.startswith("-") or word == "-":
            read.rest.append(word)
            if len(read.rest) >= positions:
                read.rest += words[index:]
                return read
            continue
        if word == "--":
            continue
        option, equals, given = word.partition("=")
        if not word.startswith("--") and len(word) > 2 and word[:2] in _VALUES:  # noqa: PLR2004 - a dash and a letter
            option, equals, given = word[:2], "=", word[2:]
        if option in _VALUES:
            if not equals:
                if index >= len(words):
                    read.unknown = option
                    return read
                given = words[index]
                index += 1
            read.values.setdefault(_VALUES[option] or option, []).append(given)
        elif option in _FLAGS and not equals:
            read.values.setdefault(_FLAGS[option] or option, []).append("")
        else:
            read.unknown = option
            return read
    return read
