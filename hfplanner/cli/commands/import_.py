"""``hfplanner import``."""

import os
import sys
from typing import Annotated

import typer

from hfplanner.cli.options import FormatOption, JsonOption, QuietOption, now_utc
from hfplanner.cli.show.output import (
    OutputFormat,
    note,
    print_error,
    print_json,
    print_lines,
    print_tsv,
    resolve_format,
    warn,
)
from hfplanner.history.files import ImportedFile, JobsImport, import_jobs
from hfplanner.history.store import HistoryStore, default_history_folder

EXAMPLES = [
    "hf jobs ps -a --json > jobs.json && hfplanner import jobs.json",
    "hf jobs inspect 687fb701029421ae5549d998 --json | hfplanner import -",
    "hfplanner import january.json february.ndjson.gz",
    "hfplanner import jobs.json --json",
]

_AGENT_COLUMNS = ("path", "format", "records", "bad", "error")
_BAD_SHOWN = 5

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="JSON or JSON lines, also gzipped; - reads standard input.")
]


def import_(
    files: FilesArgument,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Take jobs from files into the local history.

    Reads an API listing, the output of `hf jobs ps -a --json` and of `hf jobs inspect --json`, and JSON lines. What a
    job ran with (its environment and secrets) is not kept. Importing a file again changes nothing.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    store = HistoryStore(default_history_folder(os.environ))
    done = import_jobs(files, store, stdin=sys.stdin.buffer, now=now_utc())
    _show(done, shown)
    for file in done.files:
        _tell(file)
    return 1 if done.failed else 0


def _show(done: JobsImport, shown: OutputFormat) -> None:
    document = done.to_json()
    jobs = document["jobs"]
    match shown:
        case OutputFormat.JSON:
            print_json(document)
        case OutputFormat.QUIET:
            print_lines([str(jobs["new"] + jobs["updated"])])
        case OutputFormat.AGENT:
            print_tsv(_AGENT_COLUMNS, ([*_agent_row(file)] for file in done.files))
        case _:
            counts = ", ".join(f"{jobs[name]:,} {name}" for name in ("new", "updated", "unchanged"))
            extra = "".join(f", {jobs[name]:,} {name}" for name in ("repeated", "bad") if jobs[name])
            print_lines([f"Read {jobs['read']:,} records: {counts}{extra}."])


def _agent_row(file: ImportedFile) -> list[object]:
    return [file.path, file.format, file.records, file.bad.height, file.error and file.error.message]


def _tell(file: ImportedFile) -> None:
    """Say on stderr what was not taken."""
    if file.error:
        print_error(file.error, json=False)
        return
    if not file.bad.height:
        return
    warn(f"{file.path}: {file.bad.height:,} of {file.records:,} records were not taken.")
    for row in file.bad.head(_BAD_SHOWN).iter_rows(named=True):
        name = f" ({row['id']})" if row["id"] else ""
        note(f"  record {row['position']}{name}: {row['reason']}")
    if file.bad.height > _BAD_SHOWN:
        note(f"  and {file.bad.height - _BAD_SHOWN:,} more; --json lists them all.")
