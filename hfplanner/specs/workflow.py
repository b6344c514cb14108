"""GitHub workflows whose steps start jobs: the ``run`` blocks of their steps, read command by command."""

import math
from collections.abc import Mapping
from typing import Any

from hfplanner.specs.command_line import ShellCommand, job_of_command, names_paid_jobs
from hfplanner.specs.documents import Document
from hfplanner.specs.found import FoundJob, FoundSpecs, NotChecked
from hfplanner.specs.shell import SimpleCommand, simple_commands

__all__ = ["is_workflow", "read_workflow"]


def is_workflow(document: Document) -> bool:
    """Whether a YAML document is a workflow: it says when it runs, and has jobs with steps or of another workflow."""
    value = document.value
    if not isinstance(value, Mapping) or "on" not in value or not isinstance(value.get("jobs"), Mapping):
        return False
    return any(isinstance(job, Mapping) and ("steps" in job or "uses" in job) for job in value["jobs"].values())


def read_workflow(document: Document) -> FoundSpecs:
    r"""Return the jobs that a workflow starts, and what in it names jobs and cannot be priced.

    A matrix of written values multiplies; where it is made when the workflow runs, its jobs are not checked.

    >>> from hfplanner.specs.documents import load_yaml
    >>> text = "on: push\njobs:\n  train:\n    steps:\n      - run: |\n          hf jobs run --flavor l4x1 img id\n"
    >>> found = read_workflow(load_yaml(text, "ci.yml"))
    >>> [(job.where, job.flavor) for job in found.jobs]
    [('ci.yml:6', 'l4x1')]
    """
    jobs = document.value.get("jobs")
    found = FoundSpecs()
    for name, job in jobs.items() if isinstance(jobs, Mapping) else ():
        if not isinstance(job, Mapping):
            continue
        times = _matrix_size(job)
        for place, step in enumerate(job.get("steps") or ()):
            script = step.get("run") if isinstance(step, Mapping) else None
            if isinstance(script, str) and names_paid_jobs(script):
                line = _first_line(document, script, "jobs", name, "steps", place, "run")
                found += _of_script(script, document.source, line, str(name), times)
    return found


def _first_line(document: Document, script: str, *keys: str | int) -> int:
    """Return where a script begins: on the line after ``run: |``, or on that line itself."""
    line = document.line(*keys) or 1
    return line + 1 if "\n" in script else line


def _matrix_size(job: Mapping[str, Any]) -> int | None:
    """Return how often a job of a workflow runs, ``None`` where that is not written down."""
    strategy = job.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, Mapping) else None
    if matrix is None:
        return 1
    if not isinstance(matrix, Mapping) or {"include", "exclude"} & set(matrix):
        return None
    sizes = [len(values) if isinstance(values, list) else None for values in matrix.values()]
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def _of_script(script: str, source: str, first_line: int, title: str, times: int | None) -> FoundSpecs:
    found = FoundSpecs()
    count = 0
    for command in simple_commands(script, first_line):
        if not names_paid_jobs(command.text):
            continue
        count += 1
        name = title if count == 1 else f"{title} {count}"
        found += FoundSpecs(*_sorted(_read(command, source, name, times)))
    return found


def _sorted(answer: FoundJob | NotChecked | None) -> tuple[tuple[FoundJob, ...], tuple[NotChecked, ...]]:
    jobs = (answer,) if isinstance(answer, FoundJob) else ()
    return jobs, (answer,) if isinstance(answer, NotChecked) else ()


def _read(command: SimpleCommand, source: str, title: str, times: int | None) -> FoundJob | NotChecked | None:
    if command.words is None:
        return NotChecked(source, command.line, command.text[:120], "it cannot be parted into words")
    if not names_paid_jobs(" ".join(command.words)):
        return None
    shell = ShellCommand(words=command.words, source=source, line=command.line, title=title, times=times or 1)
    answer = job_of_command(shell)
    if isinstance(answer, FoundJob) and (command.in_loop or times is None):
        why = "it stands in a loop" if command.in_loop else "its matrix is made when the workflow runs"
        return shell.not_checked(f"{why}, so nobody can say how often it runs")
    return answer
