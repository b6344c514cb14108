"""The ledger in one SQLite file, for the processes of one machine.

The rollback journal in TRUNCATE mode, not the write-ahead log. With ``synchronous=FULL`` its commit is durable when it
returns: the truncated journal is synced (in DELETE mode its removal is not, and a power cut can undo the last
transaction). The write-ahead log would save about half a millisecond beside a request of hundreds; but every SQLite
from 3.7.0 to 3.51.2, which is what most systems have, can damage its file when two processes write and checkpoint at
the same instant (https://sqlite.org/wal.html, "The WAL-Reset Bug"), and writing at the same instant is what a ledger is
for. At rest it is one file, which can be copied.
"""

import errno
import os
import random
import secrets
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from hfplanner.budget.ledger.dialect import SQLITE, Transaction, Value
from hfplanner.budget.ledger.filesystems import network_filesystem
from hfplanner.budget.ledger.migrate import check_version, take_steps
from hfplanner.budget.ledger.schema import STEPS, Step
from hfplanner.errors import LedgerError

__all__ = ["APPLICATION_ID", "SqliteDatabase"]

T = TypeVar("T")

# "hfpl", in the header of the file: what tells a ledger from any other SQLite file.
APPLICATION_ID = int.from_bytes(b"hfpl")
_OLDEST = (3, 37, 0)  # STRICT tables
_LONGEST_PAUSE_SECS = 0.05
# A database of any other program is at least a page of the shortest kind.
_SHORTEST_BYTES = 512
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE = 0xFF
_SENTENCES = {
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Keep a copy of it, then run: hfplanner ledger rebuild"),
    sqlite3.SQLITE_NOTADB: (
        "is damaged, or is no ledger",
        "Name another file in HFPLANNER_LEDGER, or restore this one.",
    ),
    sqlite3.SQLITE_FULL: ("cannot be written: the disk is full", "Free some space; nothing was recorded."),
    sqlite3.SQLITE_READONLY: ("cannot be written: it is read-only", "Name another file in HFPLANNER_LEDGER."),
    sqlite3.SQLITE_PERM: ("cannot be used: permission denied", "Name another file in HFPLANNER_LEDGER."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Name another file in HFPLANNER_LEDGER."),
    sqlite3.SQLITE_CONSTRAINT: ("has refused what would break its rules", "Run: hfplanner ledger verify"),
}


class SqliteDatabase:
    """A ledger's file.

    Args:
        path: of the file; made, readable by its owner alone, where there is none.
        wait_secs: how long to wait in all for other processes before a call fails.
        steps: what makes the tables.

    Raises:
        LedgerError: it cannot be used: see :class:`~hfplanner.errors.LedgerError`.
    """

    dialect = SQLITE

    def __init__(self, path: Path, *, wait_secs: float = 120.0, steps: Sequence[Step] = STEPS) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise LedgerError(f"A ledger needs SQLite 3.37 or newer; this Python has {sqlite3.sqlite_version}.")
        self._path = path
        self._wait_secs = wait_secs
        _check_place(path)
        if not os.path.lexists(path):
            self._make(steps)
        _check_file(path)
        self._connection = self._open()
        try:
            self._prepare(steps)
        except BaseException:
            self._connection.close()
            raise

    def _make(self, steps: Sequence[Step]) -> None:
        """Make the file with its tables under another name, and give it its own once they are on the disk.

        So there is never a ledger without tables: one that has none was damaged, and is not taken for a new one (I19).
        """
        new = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")

        def work(tx: Transaction) -> None:
            take_steps(tx, SQLITE, 0, steps)
            tx.define(f"PRAGMA application_id = {APPLICATION_ID}")
            tx.define(f"PRAGMA user_version = {len(steps)}")

        with _os_errors(self._path):
            os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            self._connection = self._open(new)
            try:
                self._set()
                self.write(work, lambda _: None)
            finally:
                self._connection.close()
            with _os_errors(self._path):
                _name(new, self._path)
        finally:
            for left in (new, new.with_name(f"{new.name}-journal")):
                left.unlink(missing_ok=True)

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._path)

    def _open(self, path: Path | None = None) -> sqlite3.Connection:
        try:
            # A URI, so that SQLite itself never makes a file.
            uri = f"file:{quote(str((path or self._path).absolute()))}?mode=rw"
            return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=self._wait_secs)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _prepare(self, steps: Sequence[Step]) -> None:
        """Set what holds for this connection, and move the tables where they are not up to date."""
        mode = self._set()
        # On one snapshot: another process may be moving the tables.
        version, is_due = self.read(lambda tx: (self._version(), _is_cleaning_due(tx)))
        if mode != "truncate":
            raise LedgerError(
                f"The ledger {self._path} was given the journal {mode!r} by another program, and keeps it."
            )
        where = f"The ledger {self._path}"
        if not check_version(version, steps, where):
            is_due = self.write(lambda tx: self._move(tx, steps, where), lambda _: None)
        if is_due:
            self._clean()

    def _set(self) -> str:
        """Set what holds for this connection, and return the journal's mode."""
        try:
            for pragma in ("synchronous=FULL", "fullfsync=ON", "trusted_schema=OFF"):
                self._connection.execute(f"PRAGMA {pragma}")
            ((mode,),) = self._connection.execute("PRAGMA journal_mode=TRUNCATE").fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._error(error) from error
        return str(mode)

    def _clean(self) -> None:
        """Write the file anew, without what rows had in it that are shorter now.

        Where that cannot be now, for others use it or the disk is full, it is done when the ledger is opened again.
        """
        with suppress(sqlite3.Error):
            self._connection.execute("VACUUM")
            self._connection.execute("DELETE FROM meta WHERE name = 'cleaning'")

    def _version(self) -> int:
        """Return the version of the tables.

        Raises:
            LedgerError: it has none, or it is another program's file.
        """
        ((application,),) = self._connection.execute("PRAGMA application_id").fetchall()
        ((version,),) = self._connection.execute("PRAGMA user_version").fetchall()
        if application == APPLICATION_ID:
            return int(version)
        if application or version or self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            hint = "Name another file in HFPLANNER_LEDGER."
            raise LedgerError(f"{self._path} is the database of another program, and no ledger.", hint=hint)
        raise _nothing_in(self._path)

    def _move(self, tx: Transaction, steps: Sequence[Step], where: str) -> bool:
        """Take the steps that are missing, and return whether the file is to be cleaned."""
        version = self._version()
        # Another process may have moved them while this one waited.
        if not check_version(version, steps, where):
            take_steps(tx, SQLITE, version, steps)
            tx.define(f"PRAGMA user_version = {len(steps)}")
            tx.change("INSERT INTO meta (name, value) VALUES ('cleaning', 'due') ON CONFLICT DO NOTHING")
        return _is_cleaning_due(tx)

    def write(
        self,
        work: Callable[[Transaction], T],
        _committed: Callable[[Transaction], T | None],
        /,
        *,
        alone: bool = False,  # noqa: ARG002 - a writer always is
    ) -> T:
        """Run ``work`` in one transaction that has the file alone from its beginning.

        An error while committing is an error of the call, though SQLite may find the transaction done when it opens the
        file again: a disk that fails has proven nothing.
        """
        return self._run("BEGIN IMMEDIATE", work)

    def read(self, work: Callable[[Transaction], T], /) -> T:
        """Run ``work`` on one snapshot."""
        return self._run("BEGIN", work)

    def _run(self, begin: str, work: Callable[[Transaction], T]) -> T:
        try:
            self._begin(begin)
            try:
                result = work(Transaction(SQLITE, self._execute))
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._error(error) from error
        return result

    def _execute(self, sql: str, values: Sequence[Value]) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def _begin(self, begin: str) -> None:
        """Begin, waiting for those who are before.

        SQLite's own waiting ends in steps of 100 ms, so that whoever has waited long looks as rarely as whoever comes
        last. Here the pauses are random and become shorter with time: nobody waits for ever.
        """
        waited_from = time.monotonic()
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    self._connection.execute(begin)
                except sqlite3.OperationalError as error:
                    waited = time.monotonic() - waited_from
                    if _code(error) not in _BUSY or waited > self._wait_secs:
                        raise
                    pause = _LONGEST_PAUSE_SECS / (1 + waited)
                    time.sleep(random.uniform(0.1, 1) * pause)  # noqa: S311 - who goes first, no secret
                else:
                    return
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._wait_secs * 1000)}")

    def _roll_back(self) -> None:
        # After some errors SQLite has rolled back by itself.
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._connection.close()
                self._connection = self._open()

    def _error(self, error: sqlite3.Error | UnicodeDecodeError) -> LedgerError:
        # Python cannot read what SQLite says of a schema whose text is damaged.
        code = sqlite3.SQLITE_CORRUPT if isinstance(error, UnicodeDecodeError) else _code(error)
        if code in _BUSY:
            return LedgerError(
                f"The ledger {self._path} has been busy for {self._wait_secs:g} seconds.",
                hint="Try again when other programs are done with it.",
            )
        sentence, hint = _SENTENCES.get(code, (f"cannot be used ({error})", None))
        return LedgerError(f"The ledger {self._path} {sentence}.", hint=hint)

    def flaws(self) -> list[str]:
        """Return what SQLite's own check finds in the file."""
        try:
            found = self.read(lambda tx: tx.rows("PRAGMA integrity_check"))
        except LedgerError as error:
            if isinstance(error.__cause__, sqlite3.Error) and _code(error.__cause__) in _DAMAGED:
                return [str(error.__cause__)]
            raise
        return [str(text) for (text,) in found if text != "ok"]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE


def _is_cleaning_due(tx: Transaction) -> bool:
    return tx.row("SELECT 1 FROM meta WHERE name = 'cleaning'") is not None


@contextmanager
def _os_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors into the ledger's."""
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be opened ({error.strerror or error}).",
            hint="Name another file in HFPLANNER_LEDGER.",
        ) from error


def _nothing_in(path: Path) -> LedgerError:
    return LedgerError(
        f"The ledger {path} is damaged: the file is there, and there are no books in it.",
        hint="Restore it from a copy. Only if it never held any: remove it, and a new one is made.",
    )


def _check_place(path: Path) -> None:
    """Make the ledger's folder, and refuse a disk that is not this machine's."""
    with _os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = network_filesystem(path)
    if kind is not None:
        raise LedgerError(
            f"The ledger {path} is on a network file system ({kind}), where locks do not hold between machines.",
            hint="Name a file on this machine in HFPLANNER_LEDGER; a team shares a PostgreSQL: postgresql://...",
        )


def _check_file(path: Path) -> None:
    """Refuse what is no file, and one that is too short for any database: SQLite takes that for a new one."""
    with _os_errors(path):
        found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise LedgerError(f"The ledger {path} is not a file.", hint="Name a file in HFPLANNER_LEDGER.")
    if found.st_size < _SHORTEST_BYTES:
        raise _nothing_in(path)


def _name(new: Path, path: Path) -> None:
    """Give a file its name for good, unless another has it already.

    Raises:
        OSError: it cannot be given.
    """
    try:
        os.link(new, path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links: who is second takes what the first has made.
        if not os.path.lexists(path):
            new.rename(path)
    with suppress(OSError):
        # Elsewhere than on Unix a folder cannot be opened, and need not be.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
