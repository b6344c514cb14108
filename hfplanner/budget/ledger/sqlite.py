"""The ledger in one SQLite file, for the processes of one machine.

The rollback journal in TRUNCATE mode, not the write-ahead log. With ``synchronous=FULL`` its commit is durable when it
returns: the truncated journal is synced (in DELETE mode its removal is not, and a power cut can undo the last
transaction). The write-ahead log would save about half a millisecond beside a request of hundreds; but every SQLite
from 3.7.0 to 3.51.2, which is what most systems have, can damage its file when two processes write and checkpoint at
the same instant (https://sqlite.org/wal.html, "The WAL-Reset Bug"), and writing at the same instant is what a ledger is
for. At rest it is one file, which can be copied.
"""

import os
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
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
        _make_file(path)
        self._connection = self._open()
        try:
            self._prepare(steps)
        except BaseException:
            self._connection.close()
            raise

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._path)

    def _open(self) -> sqlite3.Connection:
        try:
            # A URI, so that SQLite itself never makes a file.
            uri = f"file:{quote(str(self._path.absolute()))}?mode=rw"
            return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=self._wait_secs)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _prepare(self, steps: Sequence[Step]) -> None:
        """Set what holds for this connection, and make or move the tables where they are not up to date."""
        try:
            for pragma in ("synchronous=FULL", "fullfsync=ON", "trusted_schema=OFF"):
                self._connection.execute(f"PRAGMA {pragma}")
            ((mode,),) = self._connection.execute("PRAGMA journal_mode=TRUNCATE").fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error
        # On one snapshot: another process may be making the tables.
        version = self.read(lambda _: self._version())
        if mode != "truncate":
            raise LedgerError(
                f"The ledger {self._path} was given the journal {mode!r} by another program, and keeps it."
            )
        where = f"The ledger {self._path}"
        if not check_version(version, steps, where):
            self.write(lambda tx: self._move(tx, steps, where), lambda _: None)

    def _version(self) -> int:
        """Return the version of the tables, 0 for a file without any.

        Raises:
            LedgerError: it is another program's file.
        """
        ((application,),) = self._connection.execute("PRAGMA application_id").fetchall()
        ((version,),) = self._connection.execute("PRAGMA user_version").fetchall()
        if application == APPLICATION_ID:
            return int(version)
        if application or version or self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            hint = "Name another file in HFPLANNER_LEDGER."
            raise LedgerError(f"{self._path} is the database of another program, and no ledger.", hint=hint)
        return 0

    def _move(self, tx: Transaction, steps: Sequence[Step], where: str) -> None:
        version = self._version()
        # Another process may have moved them while this one waited.
        if not check_version(version, steps, where):
            take_steps(tx, SQLITE, version, steps)
            tx.define(f"PRAGMA application_id = {APPLICATION_ID}")
            tx.define(f"PRAGMA user_version = {len(steps)}")

    def write(self, work: Callable[[Transaction], T], _committed: Callable[[Transaction], T | None], /) -> T:
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
        except sqlite3.Error as error:
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

    def _error(self, error: sqlite3.Error) -> LedgerError:
        code = _code(error)
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


def _make_file(path: Path) -> None:
    """Make an empty file where there is none: readable by its owner alone, and on a disk of this machine."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = network_filesystem(path)
        if kind is not None:
            raise LedgerError(
                f"The ledger {path} is on a network file system ({kind}), where locks do not hold between machines.",
                hint="Name a file on this machine in HFPLANNER_LEDGER; a team shares a PostgreSQL: postgresql://...",
            )
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.exists() and not path.is_file():
            raise LedgerError(f"The ledger {path} is not a file.", hint="Name a file in HFPLANNER_LEDGER.") from None
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be opened ({error.strerror or error}).") from error
