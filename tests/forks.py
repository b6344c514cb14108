"""The program without the time that it takes to import it: a process imports it once and forks for each command line.

What runs is ``python -m hfplanner`` as it stands, in a process of its own, with its own environment, folder, streams
and end. Only the imports are shared. ``tests/cli/test_startup.py`` and what looks at processes start it from nothing.
"""

import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

__all__ = ["Forks", "forks"]

_REPOSITORY = Path(__file__).resolve().parent.parent
# What a request is made of: where the exit code goes, the request itself, and the three streams.
_FILES = 5
_MOST_BYTES = 64


@dataclass(frozen=True, slots=True)
class Forks:
    """A process that has imported the program, and the socket on which it takes requests."""

    process: "subprocess.Popen[bytes]"
    requests: socket.socket

    def run(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str, longest_secs: float
    ) -> tuple[int, str, str]:
        """Run a command line; return its exit code (below zero: the signal that ended it), stdout and stderr.

        Raises:
            TimeoutError: it took longer.
        """
        request = json.dumps({"args": list(args), "cwd": str(cwd), "env": dict(env)})
        with ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(_FILES - 1)]
            for file, text in zip(files, (request, stdin), strict=False):
                file.write(text.encode())
                file.seek(0)
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    handed = [theirs.fileno(), *(file.fileno() for file in files)]
                    socket.send_fds(self.requests, [b"R"], handed)
                ours.settimeout(longest_secs)
                code = ours.recv(_MOST_BYTES)
            assert code, "the process that runs the command lines has died"
            return int(code), *(_read(file) for file in files[2:])


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n").replace("\r", "\n")


@cache
def forks() -> Forks:
    """Return the process that forks, which lives as long as this one; it is started when it is first asked for."""
    ours, theirs = socket.socketpair()
    keep = ("PATH", "LANG", "SYSTEMROOT", "LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    own = {"PYTHONPATH": str(_REPOSITORY), "PYTHONUTF8": "1", "PYDANTIC_DISABLE_PLUGINS": "__all__"}
    command = [sys.executable, "-m", "tests.forks", str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(command, cwd=_REPOSITORY, env=env | own, pass_fds=[theirs.fileno()])
    return Forks(process, ours)


def _import_everything() -> None:
    import hfplanner  # noqa: PLC0415 - the parent, which only asks, does not need it

    for module in pkgutil.walk_packages(hfplanner.__path__, "hfplanner."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                # What an extra brings need not be installed: no command line asks for it unless it is.
                if (error.name or "").startswith("hfplanner"):
                    raise


def _wait_for_request(requests: socket.socket) -> list[int]:
    """Return the files of a request, in the process that is to answer it; the one that waits never returns."""
    while True:
        _, files, _, _ = socket.recv_fds(requests, 1, _FILES)
        if not files:
            sys.exit(0)
        if os.fork() == 0:
            requests.close()
            _supervise(files[0])
            return files[1:]
        for file in files:
            os.close(file)


def _supervise(answer: int) -> None:
    """Fork once more: the parent tells how the child ended, the child returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(answer)
        return
    _, status = os.waitpid(child, 0)
    os.write(answer, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(files: list[int]) -> None:
    """Turn this process into one that was started for a request: its folder, environment, arguments and streams."""
    with open(files[0], "rb") as file:  # noqa: PTH123 - a descriptor has no path
        request = json.load(file)
    for descriptor, file_ in enumerate(files[1:]):
        os.dup2(file_, descriptor)
        os.close(file_)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape")  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115 - the same
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115 - the same
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.argv = ["hfplanner", *request["args"]]


def main() -> None:
    """Import the program, then run it once for each request, in a child of this process."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    # Nobody waits for those that supervise.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _import_everything()
    _become(_wait_for_request(requests))
    runpy.run_module("hfplanner", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
