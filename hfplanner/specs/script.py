"""Scripts that carry how they are run: the PEP 723 header with ``[tool.hf-jobs]`` and ``[tool.hfplanner]``.

``[tool.hf-jobs]`` is read as ``hf jobs uv run`` reads it (huggingface_hub 2.4.0): the first ``script`` block counts,
unknown keys are errors, secrets are names only. ``[tool.hfplanner]`` holds what only the planner knows.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hfplanner.errors import JobSpecError, UsageError, did_you_mean, quoted
from hfplanner.specs.documents import Document, load_toml, read_spec_text
from hfplanner.specs.found import FoundJob
from hfplanner.units import parse_duration

__all__ = ["PLANNER_KEYS", "SCRIPT_KEYS", "ScriptHeader", "parse_header", "read_script", "with_header"]

_TEXTS = ("image", "flavor", "python", "timeout", "name", "namespace", "network_group")
_TABLES = ("env", "labels")
_LISTS = ("secrets", "volumes", "network_aliases")
SCRIPT_KEYS = (*_TEXTS, *_TABLES, *_LISTS)
"""What ``[tool.hf-jobs]`` may hold."""

PLANNER_KEYS = ("vram", "model", "task", "duration", "max-cost", "budget", "progress")
"""What ``[tool.hfplanner]`` may hold."""

# PEP 723: a block begins with "# /// script" and ends with "# ///", each line between them a comment.
# The last line of three slashes ends it.
_BLOCK = re.compile(r"^# /// script\n(?P<body>(?:#(?:| .*)\n)+)# ///$", re.MULTILINE)


class ScriptHeader:
    """What a script's header says.

    Args:
        jobs: the table ``[tool.hf-jobs]``, checked; ``None`` where there is none.
        planner: the table ``[tool.hfplanner]``, checked.
        line: where the header begins, from 1.
        timeout_place: the file and line of the timeout.
    """

    __slots__ = ("jobs", "line", "planner", "timeout_place")

    def __init__(
        self, jobs: Mapping[str, Any] | None, planner: Mapping[str, str], line: int, timeout_place: str
    ) -> None:
        self.jobs, self.planner, self.line, self.timeout_place = jobs, planner, line, timeout_place


def parse_header(text: str, source: str) -> ScriptHeader | None:
    r"""Return the header of a script, ``None`` where it has no PEP 723 block.

    Raises:
        JobSpecError: the block is no TOML, or a table holds what it may not.

    >>> script = '# /// script\n# [tool.hf-jobs]\n# flavor = "l4x1"\n# timeout = "8h"\n# ///\nprint(1)\n'
    >>> header = parse_header(script, "train.py")
    >>> dict(header.jobs), header.line
    ({'flavor': 'l4x1', 'timeout': '8h'}, 1)
    >>> parse_header(script.replace("flavor", "flavour"), "train.py")
    Traceback (most recent call last):
    hfplanner.errors.JobSpecError: train.py:3: [tool.hf-jobs] has no key 'flavour'.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _BLOCK.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    toml = "\n".join(row[2:] if row.startswith("# ") else row[1:] for row in found["body"].splitlines())
    document = load_toml(toml, source, line + 1)
    tools = document.value.get("tool", {})
    if not isinstance(tools, Mapping):
        raise JobSpecError(f"{_place(document, 'tool')}: 'tool' is no table.")
    jobs = _table(tools, "hf-jobs", SCRIPT_KEYS, document)
    planner = _table(tools, "hfplanner", PLANNER_KEYS, document) or {}
    timeout = _place(document, "tool", "hf-jobs", "timeout")
    return ScriptHeader(
        None if jobs is None else _checked_jobs(jobs, document),
        {
            key: _text(value, f"{_place(document, 'tool', 'hfplanner', key)}: {key} in [tool.hfplanner]")
            for key, value in planner.items()
        },
        line,
        timeout,
    )


def _place(document: Document, *keys: str) -> str:
    """Return the file and the line of a part of a header."""
    return f"{document.source}:{document.line(*keys) or 1}"


def read_script(path: Path, source: str | None = None, text: str | None = None) -> FoundJob | None:
    """Return the job of a script with a ``[tool.hf-jobs]`` or ``[tool.hfplanner]`` table, ``None`` without one.

    Args:
        path: of the script.
        source: what to call it; its path by default.
        text: its content, where that is known already.

    Raises:
        JobSpecError: it cannot be read, or its header cannot be meant.
    """
    name = source or str(path)
    header = parse_header(read_spec_text(path, name) if text is None else text, name)
    if header is None or (header.jobs is None and not header.planner):
        return None
    return job_of_script(header, name, Path(name).stem)


def with_header(job: FoundJob, text: str | None) -> FoundJob:
    """Return a script's job with what its header says where the job says nothing, as ``hf jobs uv run`` has it.

    Args:
        job: as it was typed, or stands in a file.
        text: the script; ``None`` for a command of a package.

    Raises:
        JobSpecError: its header cannot be meant.
    """
    script = job.command[0] if job.command else ""
    header = None if text is None else parse_header(text, script)
    if header is None:
        return job
    said = job_of_script(header, script, job.title)
    return replace(
        job,
        image=job.image or said.image,
        flavor=job.flavor or said.flavor,
        timeout_secs=job.timeout_secs or said.timeout_secs,
        namespace=job.namespace or said.namespace,
        labels={**said.labels, **job.labels},
        planner={**said.planner, **{key: value for key, value in job.planner.items() if value is not None}},
    )


def job_of_script(header: ScriptHeader, source: str, title: str) -> FoundJob:
    """Return the job that a header asks for."""
    jobs = header.jobs or {}
    labels = {**jobs.get("labels", {}), **({"name": jobs["name"]} if "name" in jobs else {})}
    return FoundJob(
        source=source,
        line=header.line,
        title=labels.get("name", title),
        kind="script",
        image=jobs.get("image"),
        command=(source,),
        flavor=jobs.get("flavor"),
        timeout_secs=timeout_of(jobs.get("timeout"), f"{header.timeout_place}: timeout in [tool.hf-jobs]"),
        namespace=jobs.get("namespace"),
        labels=labels,
        env=jobs.get("env", {}),
        secrets=tuple(jobs.get("secrets", ())),
        volumes=tuple(jobs.get("volumes", ())),
        planner=dict(header.planner),
    )


def timeout_of(text: object, where: str) -> int | None:
    """Return a timeout in seconds, ``None`` where none is said.

    Raises:
        JobSpecError: it is no duration; a text of another language or unit is never taken for the default.

    >>> timeout_of("8h", "train.py:1: timeout"), timeout_of(None, "")
    (28800, None)
    >>> timeout_of("8 hours", "train.py:1: timeout")
    Traceback (most recent call last):
    hfplanner.errors.JobSpecError: train.py:1: timeout: '8 hours' is not a duration...
    """
    if text is None:
        return None
    try:
        return parse_duration(str(text))
    except UsageError as error:
        raise JobSpecError(f"{where}: {error.message}", hint=error.hint) from error


def _table(tools: Mapping[str, Any], name: str, keys: tuple[str, ...], document: Document) -> Mapping[str, Any] | None:
    table = tools.get(name)
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise JobSpecError(f"{_place(document, 'tool', name)}: [tool.{name}] is no table.")
    for key in table:
        if key not in keys:
            hint = f"{did_you_mean(key, keys)}Its keys are {', '.join(keys)}."
            place = _place(document, "tool", name, key)
            raise JobSpecError(f"{place}: [tool.{name}] has no key {quoted(key)}.", hint=hint)
    return table


def _checked_jobs(table: Mapping[str, Any], document: Document) -> Mapping[str, Any]:
    """Return the table with its timeout as text, having looked at every type as ``hf`` does."""
    checked: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{_place(document, 'tool', 'hf-jobs', key)}: {key} in [tool.hf-jobs]"
        if key == "timeout":
            checked[key] = _text(value, where, or_whole=True)
        elif key in _TEXTS:
            checked[key] = _text(value, where)
        elif key in _TABLES:
            checked[key] = _texts(value, where)
        else:
            checked[key] = _list(value, where)
    return checked


def _text(value: object, where: str, *, or_whole: bool = False) -> str:
    if isinstance(value, str):
        return value
    if or_whole and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise JobSpecError(f"{where} must be a string, not {quoted(str(value))}.")


def _texts(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise JobSpecError(f"{where} must be a table of strings.")
    return {key: _text(item, f"{where}: {key}") for key, item in value.items()}


def _list(value: object, where: str) -> list[str]:
    if isinstance(value, Mapping) and where.rpartition(": ")[2].startswith("secrets"):
        raise JobSpecError(
            f"{where} must be a list of names, not a table.", hint="Values come from the environment of who runs it."
        )
    if not isinstance(value, list):
        raise JobSpecError(f"{where} must be a list of strings.")
    return [_text(item, where) for item in value]
