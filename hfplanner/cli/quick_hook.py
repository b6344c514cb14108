"""A hook's answer without the rest of the command line: an agent waits for it before every shell command it runs.

Almost none of those is about jobs. So the letters of whatever could name a paid job are looked for before anything else
is loaded, and a question in which none of them stands is answered with nothing. Every other one is read and priced, and
only what is no plain question (``install``, ``try``, ``--help``, a slip of the keyboard) is left to the command line.
"""

import contextlib
import io
import sys

from hfplanner.cli.hook_silence import silence

__all__ = ["answer_at_once", "is_nobodys_job", "read_whole"]

_MOST_CHARACTERS = 2**20

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
    if _plain_options(args) is None:
        return False
    # A character by its number, and a line that goes on after a backslash, may part the letters.
    if "\\u" in raw or "\\\\\\n" in raw or "\\\n" in raw:
        return False
    plain = raw.translate(_QUOTES).casefold()
    return not any(letters in plain for letters in _LETTERS)


def _plain_options(args: list[str]) -> dict[str, str] | None:
    """Return the options of a plain question; ``None`` where anything else was typed."""
    options, values = args[1::2], args[2::2]
    if args[:1] != ["hook"] or len(options) != len(values) or not set(options) <= set(_OPTIONS):
        return None
    return {option.removeprefix("--"): value for option, value in zip(options, values, strict=True)}


def answer_at_once(args: list[str]) -> int | None:
    """Answer a plain question of a hook and return the exit code; ``None`` leaves it, still unread, to the command."""
    given = _plain_options(args)
    if given is None or sys.stdin is None or sys.stdin.isatty():
        return None
    try:
        raw = read_whole()
    except (OSError, ValueError):
        # No text is taken for one that names a job.
        raw = "hf jobs"
    if raw is not None and is_nobodys_job(args, raw):
        return _say(silence(given.get("agent"), raw))
    from hfplanner.cli.hook_answer import answer_question  # noqa: PLC0415 - almost no question needs it
    from hfplanner.specs.agent_hook import AGENTS  # noqa: PLC0415 - as above

    agent = given.get("agent")
    if agent is None or agent in AGENTS:
        return answer_question(raw, agent, given.get("policy"), given.get("ledger"))
    sys.stdin = io.StringIO(raw or "")
    return None


def _say(text: str) -> int:
    """Write an answer that leaves a command to the agent; where it cannot be written, that is no reason to block."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if text:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    return 0


def read_whole() -> str | None:
    """Return a question; ``None`` where it is too long to be read to its end, and so must never be let through.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no text.
    """
    raw = sys.stdin.read(_MOST_CHARACTERS)
    return raw if len(raw) < _MOST_CHARACTERS else None
