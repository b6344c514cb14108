"""The machine that sends: its clock since boot, its name, and the lock that tells whether a sender lives."""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hfplanner.budget.ledger.records import Sender
from hfplanner.errors import LedgerError
from hfplanner.units import SECONDS_PER_MINUTE

__all__ = ["SENDING_SECS", "SendingMachine", "this_machine"]

SENDING_SECS = 2 * SECONDS_PER_MINUTE
"""How long after its mark a sender may begin to send, and the whole request may take (60 s), with room to spare [s]."""
# How long after its mark a sender elsewhere is taken for dead. It may still record what came of it: nothing is let go.
_ELSEWHERE = timedelta(minutes=15)


def _boot_clock() -> float:
    """Return the seconds since boot; on Linux and macOS they go on while the machine sleeps."""
    clock: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingMachine:
    """What this process knows of where it runs.

    Args:
        host: a name of the machine that stays.
        boot_id: changes whenever it starts; ``""`` where the system does not tell.
        folder: where the locks of sending processes are.
        boot_clock: seconds since boot, sleep included [s].
        pid: of this process.
    """

    host: str
    boot_id: str
    folder: Path
    boot_clock: Callable[[], float] = _boot_clock
    pid: int = 0

    def sender(self, sid: str) -> Sender:
        """Return this process as the sender of a submission."""
        return Sender(
            host=self.host,
            boot_id=self.boot_id,
            pid=self.pid or os.getpid(),
            lock_path=str(self._lock(sid)),
            deadline_boot_secs=self.boot_clock() + SENDING_SECS,
        )

    @contextmanager
    def sending(self, sid: str) -> Iterator[bool]:
        """Hold the lock of a submission while it is sent; gives ``False`` where another process holds it.

        Where the ledger could not be told what came of it, the file stays: that nobody holds it proves the sender dead.

        Raises:
            LedgerError: the folder of the locks cannot be written.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only who sends needs it

        path = self._lock(sid)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path, timeout=0)
            lock.acquire()
        except Timeout:
            yield False
            return
        except OSError as error:
            raise LedgerError(
                f"The lock {path} cannot be taken ({error.strerror or error}).", hint="Is HFPLANNER_HOME writable?"
            ) from error
        keep = False
        try:
            yield True
        except BaseException as error:
            keep = isinstance(error, LedgerError) or isinstance(error.__cause__, LedgerError)
            raise
        finally:
            # What is in the ledger stands, whether or not the lock can be cleared away.
            if not keep:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            with suppress(OSError):
                lock.release()

    def is_dead(self, sender: Sender, *, marked_at: datetime, now: datetime) -> bool:
        """Say whether a sender certainly does not send any more.

        On this machine the lock tells: the system lets go of it when a process dies, however it dies. Where the lock
        cannot be seen (another container, another user), the clock since boot does, and for another machine only time.
        """
        if sender.host != self.host:
            return now - marked_at > _ELSEWHERE
        if sender.boot_id != self.boot_id:
            return True
        path = Path(sender.lock_path)
        is_held = _is_held(path)
        if is_held is None:
            return self.boot_clock() > sender.deadline_boot_secs
        if not is_held:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        return not is_held

    def _lock(self, sid: str) -> Path:
        # Whoever looks at it may stand in another folder.
        return self.folder.absolute() / f"{sid}.lock"


def _is_held(path: Path) -> bool | None:
    """Return whether a process holds a lock; ``None`` where it is not there, or may not be looked at."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - see above

    try:
        if not path.is_file():
            return None
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return None


def this_machine(home: Path) -> SendingMachine:
    """Return the machine this process runs on.

    Args:
        home: the folder in which hfplanner keeps what is its own.
    """
    host = _first_line("/etc/machine-id") or f"{uuid.getnode():012x}"
    return SendingMachine(host=host, boot_id=_first_line("/proc/sys/kernel/random/boot_id"), folder=home / "sending")


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
