"""What a hook need not read: an agent asks before every shell command, and almost none of them is about jobs.

It looks for the letters of whatever could name a paid job, before anything else of the program is loaded. Only a
question in which none of them stands is answered here, with nothing; every other one is read.
"""

import io
import sys

__all__ = ["MOST_CHARACTERS", "is_answered", "is_nobodys_job"]

MOST_CHARACTERS = 2**20
"""A question that is longer is not read to its end, and so is never let through."""

# Of every name of a program, and of every call of huggingface_hub, that `names_gate` of the hook knows.
_LETTERS = ("hf", "huggingface", "run_job", "run_uv_job", "create_scheduled")
_QUOTES = {ord(character): None for character in "\"'\\"}
_OPTIONS = ("--agent", "--policy", "--ledger")


def is_nobodys_job(args: list[str], raw: str) -> bool:
    r"""Whether a question holds nothing that could name a paid job, however it is quoted.

    Args:
        args: of the program, ``hook`` first.
        raw: what stood on standard input.

    >>> is_nobodys_job(["hook"], '{"command": "git status"}'), is_nobodys_job(["hook"], '{"command": "h\\"f\\" jobs"}')
    (True, False)
    >>> is_nobodys_job(["hook"], r'{"command": "\u0068f jobs run img id"}'), is_nobodys_job(["hook", "try"], "")
    (False, False)
    """
    options, values = args[1::2], args[2::2]
    if args[:1] != ["hook"] or len(options) != len(values) or not set(options) <= set(_OPTIONS):
        return False
    # A character by its number, and a line that goes on after a backslash, may part the letters.
    if "\\u" in raw or "\\\\\\n" in raw or "\\\n" in raw:
        return False
    plain = raw.translate(_QUOTES).casefold()
    return not any(letters in plain for letters in _LETTERS)


def is_answered(args: list[str]) -> bool:
    """Read a hook's question and answer it with nothing, where it is nobody's job; any other one can be read again."""
    if sys.stdin is None or sys.stdin.isatty() or not is_nobodys_job(args, ""):
        return False
    try:
        raw = sys.stdin.read(MOST_CHARACTERS)
    except (OSError, ValueError):
        # No text: said by the command itself, which takes it for one that names a job.
        raw = "hf jobs"
    sys.stdin = io.StringIO(raw)
    return len(raw) < MOST_CHARACTERS and is_nobodys_job(args, raw)
