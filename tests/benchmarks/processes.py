"""Timing whole processes: bytecode compiled first, sides taken in turn, nothing of the person who measures."""

import compileall
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

__all__ = ["REPOSITORY", "child_environ", "compile_bytecode", "interleaved", "python", "run_process", "script"]

T = TypeVar("T")

REPOSITORY = Path(__file__).resolve().parents[2]
# What a process needs to start; nothing else of the environment changes what it does.
_KEPT = ("PATH", "LANG", "SYSTEMROOT", "VIRTUAL_ENV", "TMPDIR", "TEMP")
_LONGEST_SECS = 300


def compile_bytecode() -> None:
    """Compile the package and everything installed beside it: start-up must not measure the compiler.

    Raises:
        RuntimeError: the package's bytecode cannot be written.
    """
    # Installed packages may carry files of another Python version, so only our own have to compile.
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)
    if not compileall.compile_dir(REPOSITORY / "hfplanner", quiet=1):
        raise RuntimeError("The bytecode of hfplanner could not be written: start-up would measure the compiler.")


def child_environ(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment of a measured process: its own home, no network, bytecode read and written."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    return kept | {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}


def script(name: str) -> str:
    """Return the path of a console script of this environment.

    Raises:
        RuntimeError: it is not installed.
    """
    found = shutil.which(name, path=sysconfig.get_path("scripts"))
    if found is None:
        raise RuntimeError(f"{name} is not installed beside this Python: pip install -e '.[bench]'")
    return found


def python(*arguments: str) -> list[str]:
    """Return the command line of this very Python."""
    return [sys.executable, *arguments]


def run_process(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, str]:
    """Run a process to its end and return the seconds it took, and its stdout.

    Raises:
        RuntimeError: it failed: a process that fails is quick, and its time means nothing.
    """
    begun = time.perf_counter()
    done = subprocess.run(
        command, env=dict(environ), cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=_LONGEST_SECS
    )
    took = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` ended with exit code {done.returncode}: {done.stderr[-2000:]}")
    return took, done.stdout


def interleaved(sides: Mapping[str, Callable[[], T]], *, rounds: int) -> dict[str, list[T]]:
    """Measure every side once per round, after one round that does not count, and return each side's figures.

    Every other round goes backwards: a machine that slows down slows no side more than another.

    >>> seen = []
    >>> sides = {name: lambda name=name: seen.append(name) for name in "ab"}
    >>> _ = interleaved(sides, rounds=2)
    >>> "".join(seen)
    'ababba'
    """
    figures: dict[str, list[T]] = {name: [] for name in sides}
    for measure in sides.values():
        measure()
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(sides):
            figures[name].append(sides[name]())
    return figures
