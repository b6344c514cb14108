"""The ledger in a PostgreSQL database, for a team: the schema ``hfplanner`` of the database that a URL names.

READ COMMITTED: the conditional UPDATE waits for whoever changes the same row, and is decided by the row as that left
it. Each transaction says by itself what it needs (schema, time limits, durability), so that a pooler between may give
each one another connection.

A connection that is lost before COMMIT has changed nothing: the work is done again. One that is lost at COMMIT leaves
open whether it was done: every transaction takes an advisory lock of its own, so the next connection waits until the
server has ended the old one, and then looks for its row.
"""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hfplanner.budget.ledger.dialect import POSTGRES, Transaction, Value
from hfplanner.budget.ledger.migrate import check_version, take_steps
from hfplanner.budget.ledger.schema import STEPS, Step
from hfplanner.errors import LedgerError

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresDatabase"]

T = TypeVar("T")

_FORM = "The form is postgresql://user@host:5432/database; the password may stand in PGPASSWORD or ~/.pgpass."
# What one program of ours holds while it moves the tables: "hfpl" in the high bits.
_MOVING_LOCK = int.from_bytes(b"hfpl") << 31
# What every writer holds together with all others, and who opens a window alone.
_WRITING_LOCK = _MOVING_LOCK + 1
# What libpq does where the URL does not say otherwise: notice a dead server in seconds, not hours.
_CONNECTION = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "tcp_user_timeout": "20000",
    "application_name": "hfplanner",
}
_MILLISECONDS = 1000
# A server that looks after itself: shut down, crashed, starting, or full; and two transactions in each other's way.
_PASSING = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "53300", "40001", "40P01"})
_SENTENCES = {
    "55P03": ("has been busy for too long", "Try again when other programs are done with it."),
    "57014": ("has been busy for too long", "Try again when other programs are done with it."),
    "25006": ("cannot be written: the database is read-only", "Name the primary server in HFPLANNER_LEDGER."),
    "42501": (
        "may not be used by this user",
        "Its owner can: GRANT USAGE ON SCHEMA hfplanner, and its tables' rights.",
    ),
    "53100": ("cannot be written: the server's disk is full", "Nothing was recorded."),
    "23514": ("has refused what would break its rules", "Run: hfplanner ledger verify"),
    "23505": ("has refused what would break its rules", "Run: hfplanner ledger verify"),
}


class _CommitLost(Exception):
    """The connection went while committing."""


class PostgresDatabase:
    """A ledger's database.

    Args:
        url: ``postgresql://...``; what it does not say comes from libpq's environment and files.
        wait_secs: how long a call waits in all for other writers, and for a server that is gone, before it fails.
        steps: what makes the tables.

    Raises:
        LedgerError: it cannot be used, or psycopg is not installed.
    """

    dialect = POSTGRES

    def __init__(self, url: str, *, wait_secs: float = 30.0, steps: Sequence[Step] = STEPS) -> None:
        try:
            import psycopg  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise LedgerError(
                "A ledger in PostgreSQL needs psycopg, which is not installed.",
                hint="Run: pip install 'hfplanner[postgres]'",
            ) from error
        self._psycopg = psycopg
        self._options = _CONNECTION | _read_url(url)
        self._wait_secs = wait_secs
        self._connection: psycopg.Connection[Any] | None = None
        self._was_connected = False
        try:
            self._prepare(steps)
        except BaseException:
            self.close()
            raise

    @property
    def place(self) -> str:
        """The server and the database, without user and password."""
        host, name = self._options.get("host", "localhost"), self._options.get("dbname", "")
        return f"postgresql://{host}:{self._options.get('port', '5432')}/{name}"

    def _prepare(self, steps: Sequence[Step]) -> None:
        where = f"The ledger {self.place}"
        if not check_version(self.read(_version), steps, where):
            self.write(lambda tx: _move(tx, steps, where), lambda _: None)

    def write(
        self, work: Callable[[Transaction], T], committed: Callable[[Transaction], T | None], /, *, alone: bool = False
    ) -> T:
        """Run ``work`` in one transaction; after a connection that was lost at COMMIT, ``committed`` is asked first."""
        own_lock = secrets.randbits(63)
        limit_ms = int(self._wait_secs * _MILLISECONDS)
        others = "" if alone else "_shared"
        begin = (
            f"{_begin('READ COMMITTED', limit_ms)}; SELECT pg_advisory_xact_lock({own_lock}); "
            f"SELECT pg_advisory_xact_lock{others}({_WRITING_LOCK})"
        )

        def attempt(was_lost: bool) -> T:  # noqa: FBT001 - what the last attempt found
            def looking_first(tx: Transaction) -> T:
                done = committed(tx) if was_lost else None
                return work(tx) if done is None else done

            return self._transact(begin, looking_first)

        return self._patiently(attempt)

    def read(self, work: Callable[[Transaction], T], /) -> T:
        """Run ``work`` on one snapshot."""
        begin = _begin("REPEATABLE READ READ ONLY", int(self._wait_secs * _MILLISECONDS) * 10)
        return self._patiently(lambda _: self._transact(begin, work))

    def _patiently(self, attempt: Callable[[bool], T]) -> T:
        """Try until it is done, the server has been gone for too long, or something else is wrong."""
        deadline = time.monotonic() + self._wait_secs
        pause, was_lost = 0.05, False
        while True:
            try:
                return attempt(was_lost)
            except _CommitLost as lost:
                was_lost, error = True, lost.__cause__
            except self._psycopg.Error as failed:
                if not self._passes(failed):
                    raise self._error(failed) from failed
                error = failed
            if time.monotonic() > deadline:
                raise self._gone(error, was_lost=was_lost) from error
            time.sleep(random.uniform(0.5, 1) * pause)  # noqa: S311 - not all at once, no secret
            pause = min(2 * pause, 1.0)

    def _transact(self, begin: str, work: Callable[[Transaction], T]) -> T:
        connection = self._connected()
        try:
            connection.execute(begin)
            result = work(Transaction(POSTGRES, lambda sql, values: _execute(connection, sql, values)))
        except BaseException:
            self._roll_back(connection)
            raise
        try:
            ended = connection.execute("COMMIT").statusmessage
        except self._psycopg.Error as error:
            self.close()
            raise _CommitLost from error
        except BaseException:
            self.close()
            raise
        if ended != "COMMIT":
            raise LedgerError(f"The ledger {self.place} has undone what it was told.")
        return result

    def _connected(self) -> "psycopg.Connection[Any]":
        if self._connection is None or self._connection.closed:
            # A pooler may hand each transaction to another connection: nothing is prepared on one.
            conninfo = self._psycopg.conninfo.make_conninfo(**self._options)
            self._connection = self._psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
            self._was_connected = True
        return self._connection

    def _roll_back(self, connection: "psycopg.Connection[Any]") -> None:
        try:
            connection.execute("ROLLBACK")
        except self._psycopg.Error:
            self.close()

    def _passes(self, error: "psycopg.Error") -> bool:
        """Return whether doing the same again may succeed."""
        if error.sqlstate in _PASSING:
            return True
        if error.sqlstate == "23505":
            # Another has just made a submission of this id, key or job: the next attempt finds it.
            return error.diag.table_name == "submissions"
        is_lost = isinstance(error, self._psycopg.OperationalError) and self._connection is None
        return is_lost and (self._was_connected or "starting up" in str(error))

    def _error(self, error: "psycopg.Error") -> LedgerError:
        sentence, hint = _SENTENCES.get(error.sqlstate or "", (f"cannot be used ({self._words(error)})", None))
        return LedgerError(f"The ledger {self.place} {sentence}.", hint=hint)

    def _gone(self, error: BaseException | None, *, was_lost: bool) -> LedgerError:
        found = "whether the last change was recorded is not known" if was_lost else "nothing was recorded"
        return LedgerError(
            f"The ledger {self.place} has been out of reach for {self._wait_secs:g} seconds ({self._words(error)}).",
            hint=f"Try again when it is there; {found}.",
        )

    def _words(self, error: BaseException | None) -> str:
        """Return the first line of what an error says, without the password should it be in there."""
        lines = str(error).strip().splitlines() or [type(error).__name__]
        password = self._options.get("password")
        return (lines[0].replace(password, "***") if password else lines[0]).rstrip(".")

    def flaws(self) -> list[str]:
        """Return nothing: PostgreSQL checks its pages when it reads them."""
        return []

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _read_url(url: str) -> dict[str, str]:
    from psycopg import ProgrammingError  # noqa: PLC0415 - an extra
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - an extra

    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError:
        # libpq's sentence may quote the part with the password.
        raise LedgerError("The URL of the ledger cannot be read.", hint=_FORM) from None


def _begin(isolation: str, limit_ms: int) -> str:
    """Return the statements that begin a transaction, in one round trip."""
    settings = {
        "search_path": "hfplanner, pg_temp",
        "statement_timeout": limit_ms,
        "lock_timeout": limit_ms,
        # A client that stops in the middle must not hold its locks against all others.
        "idle_in_transaction_session_timeout": limit_ms // 2,
    }
    local = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    return (
        f"BEGIN ISOLATION LEVEL {isolation}; SELECT {local}; "
        # Durable before anything is sent, whatever the database's default.
        "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
    )


def _execute(connection: "psycopg.Connection[Any]", sql: str, values: Sequence[Value]) -> "psycopg.Cursor[Any]":
    # Without values nothing is bound, and a percent sign is one.
    return connection.execute(sql.encode(), values or None)


def _version(tx: Transaction) -> int:
    """Return the version of the tables, 0 where there are none."""
    # Asked of the catalog's rows: to_regclass may answer from a cache of before another program made them.
    if tx.row("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'hfplanner' AND tablename = 'meta'") is None:
        return 0
    row = tx.row("SELECT value FROM hfplanner.meta WHERE name = 'schema_version'")
    return int(row[0]) if row else 0


def _move(tx: Transaction, steps: Sequence[Step], where: str) -> None:
    tx.define(f"SELECT pg_advisory_xact_lock({_MOVING_LOCK})")
    version = _version(tx)
    # Another program may have moved them while this one waited.
    if not check_version(version, steps, where):
        if version == 0:
            tx.define("CREATE SCHEMA IF NOT EXISTS hfplanner")
        take_steps(tx, POSTGRES, version, steps)
        tx.change("DELETE FROM meta WHERE name = 'schema_version'")
        tx.change("INSERT INTO meta (name, value) VALUES ('schema_version', ?)", str(len(steps)))
