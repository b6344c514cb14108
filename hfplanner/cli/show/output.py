"""What goes to stdout and stderr, in which format, and through which sanitizer."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, TextIO

from hfplanner.errors import HfplannerError
from hfplanner.sanitize import sanitize

__all__ = [
    "discard",
    "error_document",
    "hint",
    "keep_blanks",
    "note",
    "print_block",
    "print_document",
    "print_error",
    "print_json",
    "print_lines",
    "print_log",
    "print_tsv",
    "wants_json",
    "warn",
]


def wants_json(args: Sequence[str]) -> bool:
    """Whether a command line that may not even parse asks for JSON.

    >>> wants_json(["recommend", "--vram", "soon", "--format", "json"]), wants_json(["recommend"])
    (True, False)
    """
    pairs = zip_longest(args, args[1:])
    return any(arg in {"--json", "--format=json"} or (arg == "--format" and value == "json") for arg, value in pairs)


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON document
    """Write exactly one JSON document to stdout."""
    _write(json.dumps(document, ensure_ascii=True, allow_nan=False))


def print_document(text: str) -> None:
    """Write a document to stdout as UTF-8 and with its own line ends, whatever the terminal's are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Write sanitized lines to stdout."""
    for line in lines:
        _write(sanitize(line))


def print_block(lines: Iterable[str]) -> None:
    """Write lines whose blanks align them, indented; each of their words is sanitized."""
    for line in lines:
        _write("  " + keep_blanks(line))


def print_log(text: str) -> None:
    """Write a line of a job's log: blanks as they are, of a progress bar that overwrites itself what it showed last."""
    last = next((part for part in reversed(text.rstrip().split("\r")) if part.strip()), "")
    _write(keep_blanks(last.expandtabs()))
    sys.stdout.flush()


def keep_blanks(line: str) -> str:
    """Return a line with each of its words sanitized and every blank where it was.

    >>> keep_blanks("limit   $5.00")
    'limit   $5.00'
    """
    return " ".join(sanitize(word) if word else "" for word in line.split(" "))


def print_tsv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table for agents: tab-separated, untruncated, empty where a value is not known."""
    for row in (header, *rows):
        _write("\t".join("" if cell is None else sanitize(str(cell)) for cell in row))


def _write(line: str) -> None:
    """Write a line in one piece, so that the lines of programs that share a pipe stay lines."""
    sys.stdout.write(f"{line}\n")


def note(text: str) -> None:
    """Say something on stderr, after what is already said on stdout. Where nobody can hear it, it is not said."""
    sys.stdout.flush()
    try:
        sys.stderr.write(f"{sanitize(text)}\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Let what a stream still holds, and all that comes, go nowhere: it could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def warn(text: str) -> None:
    """Warn on stderr."""
    note(f"Warning: {text}")


def hint(text: str) -> None:
    """Give a hint on stderr."""
    note(f"Hint: {text}")


def print_error(error: HfplannerError, *, json: bool) -> None:
    """Show a known error: on stderr, and as a JSON document on stdout where JSON was asked for."""
    note(f"Error: {error.message}")
    if error.hint:
        hint(error.hint)
    if json:
        print_json(error_document(error))


def error_document(error: HfplannerError) -> dict[str, Any]:
    """Return a known error as JSON has it, also where there is more to say beside it."""
    body = {"code": error.code, "message": error.message, "hint": error.hint, "exit_code": error.exit_code}
    return {"error": body}
