"""Shell text to simple commands, as far as it can be read without running it."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["SimpleCommand", "simple_commands"]

_SEPARATORS = {";", "&&", "||", "|", "&", "(", ")", "{", "}", ";;", "|&", "!"}
_OPENING = {"if", "then", "else", "elif", "do", "while", "until", "time", "exec", "sudo", "nohup", "command", "env"}
_LOOPS = {"for", "while", "until", "xargs", "parallel", "seq"}
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
# A command whose output becomes a word runs as any other does.
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
_RUNNERS = (("uvx",), ("uv", "run"), ("pipx", "run"), ("poetry", "run"))


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """A command of a script.

    Args:
        words: as the shell would pass them; ``None`` where the text cannot be parted.
        text: as it stands, continuation lines joined.
        line: of its first line, from 1.
        in_loop: whether it stands in a loop, so that nobody can say how often it runs.
    """

    words: tuple[str, ...] | None
    text: str
    line: int
    in_loop: bool


def simple_commands(script: str, first_line: int = 1) -> Iterator[SimpleCommand]:
    r"""Give the simple commands of a script; what stands before a program (``sudo``, ``A=b``, ``uvx``) is left out.

    >>> script = "set -e\nHF_TOKEN=x hf jobs run \\\n  --flavor l4x1 img id && echo 'hf jobs run'\n"
    >>> [(command.line, command.words) for command in simple_commands(script)][1]
    (2, ('hf', 'jobs', 'run', '--flavor', 'l4x1', 'img', 'id'))
    """
    depth = 0
    for line, text in _joined(script, first_line):
        for inner in _SUBSTITUTION.finditer(text):
            yield from simple_commands(inner[1] or inner[2], line)
        try:
            words = list(_words(text))
        except ValueError:
            yield SimpleCommand(None, text.strip(), line, depth > 0)
            continue
        for command in _parted(words):
            depth += command[0] in _LOOPS if command else 0
            stripped = _stripped(command)
            if stripped:
                yield SimpleCommand(tuple(stripped), text.strip(), line, depth > 0 or "xargs" in command)
            depth -= command[0] == "done" if command and depth else 0


def _joined(script: str, first_line: int) -> Iterator[tuple[int, str]]:
    """Give the logical lines: continuations joined, and quotes that span lines closed."""
    pending, start = "", first_line
    for number, line in enumerate(script.splitlines(), start=first_line):
        start = start if pending else number
        if line.endswith("\\") and not line.endswith("\\\\"):
            pending += line[:-1] + " "
            continue
        pending += line
        if _is_open(pending) and len(pending) < 20_000:  # noqa: PLR2004 - longer is no command line
            pending += "\n"
            continue
        yield start, pending
        pending = ""
    if pending.strip():
        yield start, pending


def _is_open(text: str) -> bool:
    """Whether a quote of the text is not closed yet."""
    try:
        list(_words(text))
    except ValueError as error:
        return "quotation" in str(error)
    return False


# ${{ ... }}, ${NAME} and $(...) are one word: their braces and brackets part no commands.
_EXPANSION = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\([^)]*\)")


def _words(text: str) -> Iterator[str]:
    """Give the words of a line; of an expansion a dollar sign stays, so that nobody takes it for a value."""
    plain = _EXPANSION.sub(lambda found: "$" + "_" * (len(found[0]) - 1), text)
    lexer = shlex.shlex(plain, posix=True, punctuation_chars=";&|(){}")
    lexer.whitespace_split = True
    yield from lexer


def _parted(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in words:
        if word in _SEPARATORS or set(word) <= set(";&|(){}"):
            yield command
            command = []
        else:
            command.append(word)
    yield command


def _stripped(command: list[str]) -> list[str]:
    """Return a command from its program on."""
    words = list(command)
    while words:
        if words[0] in _OPENING or _ASSIGNMENT.match(words[0]):
            words = words[1:]
            continue
        runner = next((start for start in _RUNNERS if tuple(words[: len(start)]) == start), None)
        rest = words[len(runner) :] if runner else words
        if runner and rest[:1] in (["hf"], ["hfplanner"], ["hf-planner"], ["huggingface-cli"]):
            words = rest
            continue
        return words
    return words
