"""Shell completion: click makes the script, this puts it where the shell finds it."""

from collections.abc import Mapping
from pathlib import Path, PurePath

import click
from click.shell_completion import get_completion_class

from hfplanner.errors import HfplannerError, UsageError, quoted

__all__ = ["completion_script", "install_completion"]

_STARTED = {"bash": ".bashrc", "zsh": ".zshrc"}


def completion_script(root: click.Command, program: str, environ: Mapping[str, str]) -> str:
    """Return what completes a program's commands in the present shell.

    Args:
        root: the command that has all the others.
        program: the name it is called by.
        environ: says which shell it is.

    Raises:
        UsageError: the shell is none of bash, zsh and fish.

    >>> completion_script(click.Group(), "hfplanner", {"SHELL": "/usr/bin/fish"}).split()[:2]
    ['function', '_hfplanner_completion;']
    """
    shell = _shell(environ)
    made = get_completion_class(shell)
    if made is None:
        raise UsageError(f"{quoted(shell)} is a shell that cannot be completed.", hint="Accepted: bash, zsh, fish.")
    return made(root, {}, program, _variable(program)).source()


def install_completion(root: click.Command, program: str, environ: Mapping[str, str]) -> str:
    """Make the present shell complete a program's commands from its next start on, and return what was done.

    bash and zsh get one line in the file they start with, fish a file of its own. Doing it again changes nothing.

    Raises:
        UsageError: the shell is none of bash, zsh and fish.
        HfplannerError: the file cannot be written.
    """
    shell, home = _shell(environ), Path(environ.get("HOME") or Path.home())
    script = completion_script(root, program, environ)
    path = home / _STARTED.get(shell, f".config/fish/completions/{program}.fish")
    try:
        if shell in _STARTED:
            _append(path, f'eval "$({_variable(program)}={shell}_source {program})"')
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(script, encoding="utf-8")
    except OSError as error:
        raise HfplannerError(
            f"{path} cannot be written ({error.strerror}).", hint="--show-completion prints what belongs there."
        ) from error
    return f"{path} completes {program} from the next {shell} on."


def _append(path: Path, line: str) -> None:
    """Add a line to a file that may not be there, if it is not in it."""
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if line not in there.splitlines():
        gap = "" if not there or there.endswith("\n") else "\n"
        path.write_text(f"{there}{gap}{line}\n", encoding="utf-8")


def _shell(environ: Mapping[str, str]) -> str:
    return PurePath(environ.get("SHELL", "")).name or "bash"


def _variable(program: str) -> str:
    """Return the variable by which click is asked for completions."""
    return f"_{program.replace('-', '_').upper()}_COMPLETE"
