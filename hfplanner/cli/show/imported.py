"""What an import took, in every format."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import print_lines
from hfplanner.units import format_count

if TYPE_CHECKING:
    from hfplanner.history.files import ImportedFile, JobsImport

__all__ = ["imported_answer"]

_BAD_SHOWN = 5


def imported_answer(done: "JobsImport") -> Answer:
    """Return what was taken of each file, with what was not as remarks."""
    document = done.to_json()
    jobs = document["jobs"]
    return Answer(
        document=lambda: document,
        names=lambda: [str(jobs["new"] + jobs["updated"])],
        columns=("path", "format", "records", "bad", "error"),
        rows=lambda: [_row(file) for file in done.files],
        people=lambda: print_lines([_sentence(jobs)]),
        remarks=tuple(remark for file in done.files for remark in _remarks(file)),
        code=1 if done.failed else 0,
    )


def _row(file: "ImportedFile") -> dict[str, Any]:
    return {
        "path": file.path,
        "format": file.format,
        "records": file.records,
        "bad": file.bad.height,
        "error": file.error and file.error.message,
    }


def _sentence(jobs: dict[str, int]) -> str:
    counts = ", ".join(f"{jobs[name]:,} {name}" for name in ("new", "updated", "unchanged"))
    extra = "".join(f", {jobs[name]:,} {name}" for name in ("repeated", "bad") if jobs[name])
    return f"Read {format_count(jobs['read'], 'record')}: {counts}{extra}."


def _remarks(file: "ImportedFile") -> Iterator[Remark]:
    """Yield what was not taken of a file."""
    if file.error:
        yield Remark("error", file.error.message)
        if file.error.hint:
            yield Remark("hint", file.error.hint)
        return
    if not file.bad.height:
        return
    yield Remark("warning", f"{file.path}: {file.bad.height:,} of {file.records:,} records were not taken.")
    for row in file.bad.head(_BAD_SHOWN).iter_rows(named=True):
        name = f" ({row['id']})" if row["id"] else ""
        yield Remark("note", f"  record {row['position']}{name}: {row['reason']}")
    if file.bad.height > _BAD_SHOWN:
        yield Remark("note", f"  and {file.bad.height - _BAD_SHOWN:,} more; --json lists them all.")
