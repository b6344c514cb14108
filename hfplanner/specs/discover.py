"""Every job that files and folders hold: each file is read as what it is."""

from collections.abc import Iterable, Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.api.written import is_written_job, read_written_job
from hfplanner.errors import JobSpecError
from hfplanner.specs.documents import MAX_SPEC_BYTES, load_toml, load_yaml, read_spec_text
from hfplanner.specs.found import FoundJob, FoundSpecs, NotChecked
from hfplanner.specs.jobs_file import is_jobs_file, read_jobs_file
from hfplanner.specs.may_hold import may_hold_jobs
from hfplanner.specs.script import read_script, with_header
from hfplanner.specs.text_lines import line_of_json_key
from hfplanner.specs.workflow import is_workflow, read_workflow

__all__ = ["SPEC_ENDINGS", "find_specs", "read_spec", "spec_files"]

SPEC_ENDINGS = (".py", ".json", ".toml", ".yaml", ".yml")
# What holds no jobs of the repository's own, however many files it has.
_PASSED_OVER = {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", "site-packages", ".tox", ".nox"}
_MAX_FILES = 20_000


def find_specs(paths: Iterable[Path]) -> FoundSpecs:
    """Return the jobs of files and folders; in a folder every file below it that may hold some.

    A file or a folder that was named has to be readable, and a file has to hold a job. A file that was found in a
    folder may be anything: where it cannot be read, it counts as not checked if it may hold jobs, and is passed over if
    it does not. A folder below a folder that cannot be read counts as not checked.

    Raises:
        JobSpecError: a named file or folder cannot be read, a file holds no job; there are too many files.
    """
    found = FoundSpecs()
    for path in paths:
        if path.is_dir():
            for file in spec_files(path):
                found += FoundSpecs((), (file,)) if isinstance(file, NotChecked) else _found_in_folder(file)
            continue
        specs = read_spec(str(path), read_spec_text(path))
        if not specs.jobs and not specs.not_checked:
            raise JobSpecError(f"{path} holds no job.", hint=_FORMS)
        found += specs
    return found


_FORMS = (
    "Accepted: a script with [tool.hf-jobs] in its header, a JSON job, a .toml or .yaml file with 'jobs:', a workflow "
    "that calls `hf jobs`."
)


def spec_files(folder: Path) -> Iterator[Path | NotChecked]:
    """Give the files below a folder that may hold jobs, in the order of their names; links are not followed.

    A folder below it that cannot be read is given as not checked.

    Raises:
        JobSpecError: the folder itself cannot be read, or there are more than 20,000.
    """
    waiting, count = [folder], 0
    while waiting:
        here = waiting.pop()
        try:
            entries = [entry for entry in sorted(here.iterdir()) if not entry.is_symlink()]
            files = [entry for entry in entries if entry.suffix in SPEC_ENDINGS and entry.is_file()]
            folders = [entry for entry in entries if entry.name not in _PASSED_OVER and entry.is_dir()]
        except OSError as error:
            why = f"cannot be read ({error.strerror})"
            if here == folder:
                raise JobSpecError(f"{folder} {why}.") from error
            yield NotChecked(str(here), None, "", f"the folder {why}")
            continue
        count += len(files)
        if count > _MAX_FILES:
            raise JobSpecError(f"{folder} has more than {_MAX_FILES} files.", hint="Name the files to check.")
        yield from files
        waiting += reversed(folders)


# What a file of each kind cannot hold a job without: to look for it takes no time, and to read a large document does.
_NEEDED = {
    ".json": ("docker", "space"),
    ".toml": ("jobs",),
    ".yaml": ("jobs",),
    ".yml": ("jobs",),
}


def _found_in_folder(path: Path) -> FoundSpecs:
    try:
        text = read_spec_text(path)
        # A character of a word may be written by its number.
        if "\\" not in text and not any(word in text for word in _NEEDED.get(path.suffix, ("",))):
            return FoundSpecs()
        return read_spec(str(path), text)
    except JobSpecError as error:
        if not may_hold_jobs(path):
            return FoundSpecs()
        place, _, reason = error.message.rpartition(f"{path}:")
        number, _, rest = reason.partition(": ")
        if not place and number.isdigit():
            return FoundSpecs((), (NotChecked(str(path), int(number), "", rest.rstrip(".")),))
        return FoundSpecs((), (NotChecked(str(path), None, "", error.message.removeprefix(f"{path} ").rstrip(".")),))


def read_spec(source: str, text: str) -> FoundSpecs:
    """Return the jobs of one file.

    Args:
        source: its name, which says what it is.
        text: what it holds.

    Raises:
        JobSpecError: it is meant to hold jobs and cannot be read.

    >>> read_spec("job.json", '{"docker_image": "python:3.12", "command": ["id"], "flavor": "l4x1"}').jobs[0].flavor
    'l4x1'
    >>> read_spec("package.json", '{"name": "a"}')
    FoundSpecs(jobs=(), not_checked=())
    """
    ending = Path(source).suffix
    if ending == ".py":
        job = read_script(Path(source), source, text)
        return FoundSpecs(() if job is None else (job,))
    if ending == ".json":
        return FoundSpecs(tuple(_json_jobs(source, text)))
    document = load_toml(text, source) if ending == ".toml" else load_yaml(text, source)
    if is_workflow(document):
        return read_workflow(document)
    return _with_headers(read_jobs_file(document)) if is_jobs_file(document) else FoundSpecs()


def _with_headers(found: FoundSpecs) -> FoundSpecs:
    """Return the jobs of a file, each script with what its own header says where the file says nothing.

    A script is looked for where the file of jobs is, and where the check is made.
    """
    jobs = [(job, _script_of(job)) for job in found.jobs]
    return FoundSpecs(
        tuple(job if path is None else with_header(job, read_spec_text(path)) for job, path in jobs), found.not_checked
    )


def _script_of(job: FoundJob) -> Path | None:
    if job.kind != "script" or not job.command[0].endswith(".py"):
        return None
    places = (Path(job.source).parent / job.command[0], Path(job.command[0]))
    return next((path for path in places if path.is_file()), None)


def _json_jobs(source: str, text: str) -> Iterator[FoundJob]:
    def where(*keys: str) -> str:
        line = line_of_json_key(text, *keys) if keys else None
        return f"{source}:{line or 1}"

    items = _json_values(source, text)
    for place, item in enumerate(items, start=1):
        if not is_written_job(item):
            continue
        written = read_written_job(item, where)
        title = written.labels.get("name") or (Path(source).stem if len(items) == 1 else f"{Path(source).stem} {place}")
        yield FoundJob(
            source=source,
            line=None,
            title=title,
            kind="image",
            image=written.image,
            command=written.command,
            flavor=written.flavor,
            timeout_secs=written.timeout_secs,
            attempts=written.attempts,
            namespace=written.namespace,
            labels=written.labels,
            env=written.env,
            secrets=written.secrets,
            has_ports=written.has_ports,
            schedule=written.schedule,
            concurrency=written.concurrency,
            suspended=written.suspended,
        )


def _json_values(source: str, text: str) -> list[Any]:
    """Return the values of a document: those of its list, or its one.

    Raises:
        JobSpecError: it is no JSON.
    """
    try:
        value = loads(text.encode(), max_bytes=MAX_SPEC_BYTES)
    except StrictJsonError as error:
        raise JobSpecError(f"{source}:{_json_line(error, text)}: no JSON: {error}.") from error
    return value if isinstance(value, list) else [value]


def _json_line(error: StrictJsonError, text: str) -> int:
    """Return the line of what is no JSON, as far as that is known."""
    if isinstance(error.__cause__, JSONDecodeError):
        return error.__cause__.lineno
    twice = error.key is not None and line_of_json_key(text, error.key, nth=2)
    return twice or 1
