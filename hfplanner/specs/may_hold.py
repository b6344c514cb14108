"""Whether a file that cannot be read as what it is may hold jobs: then it is not checked, and never taken for free."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hfplanner.api.written import IMAGE_KEYS
from hfplanner.errors import JobSpecError
from hfplanner.specs.documents import load_toml, load_yaml, read_spec_text
from hfplanner.specs.jobs_file import is_jobs_file

__all__ = ["may_hold_jobs"]

# Data of more than this is nobody's jobs; it is looked at for their names all the same, a part at a time.
_PART_BYTES = 2**20
_OVERLAP = 64
_NAMES = re.compile(b"|".join(name.encode() for name in ("hf jobs", "hf-jobs", "hfplanner", *IMAGE_KEYS)))
# What only our own format says of a job; other tools' files of `jobs` say what their steps are.
_OF_A_JOB = frozenset({"image", "script", "command", "flavor"})
_JOBS = re.compile(rb"^\s*(?:\[jobs[.\]]|\[\[jobs\]\]|jobs\s*[:=.]|['\"]jobs['\"]\s*[:=])", re.MULTILINE)
_KEYS = re.compile(rb"\b(?:image|flavor|flavour)['\"]?\s*[:=]")


def may_hold_jobs(path: Path) -> bool:
    r"""Say whether a file names jobs, or cannot even be looked at.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for text in ("jobs:\n  a: {image: x, comand: id}", "jobs:\n  build: {docker: [a], steps: [{command: b}]}"):
    ...         _ = (Path(folder) / "a.yaml").write_text(text)
    ...         may_hold_jobs(Path(folder) / "a.yaml")
    True
    False
    """
    try:
        with path.open("rb") as file:
            if any(_NAMES.search(part) for part in _parts(file)):
                return True
            jobs = _jobs_of(path)
            if jobs is not None:
                return any(isinstance(job, Mapping) and _OF_A_JOB & job.keys() for job in jobs)
            file.seek(0)
            found = [(_JOBS.search(part) is not None, _KEYS.search(part) is not None) for part in _parts(file)]
    except OSError:
        return True
    return any(jobs for jobs, _ in found) and any(keys for _, keys in found)


def _parts(file: Any) -> Iterator[bytes]:  # noqa: ANN401 - a file of bytes
    rest = b""
    while part := file.read(_PART_BYTES):
        yield rest + part
        rest = part[-_OVERLAP:]


def _jobs_of(path: Path) -> list[Any] | None:
    """Return what stands under ``jobs`` in a document; ``None`` where it is none."""
    try:
        text = read_spec_text(path)
        document = load_toml(text, "") if path.suffix == ".toml" else load_yaml(text, "")
    except JobSpecError:
        return None
    if not is_jobs_file(document):
        return []
    jobs = document.value["jobs"]
    return list(jobs.values()) if isinstance(jobs, Mapping) else jobs if isinstance(jobs, list) else []
