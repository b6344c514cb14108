"""What differs between SQLite and PostgreSQL. Everything else of the ledger is written once, in ``?`` placeholders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar

__all__ = ["POSTGRES", "SQLITE", "Database", "Dialect", "Transaction", "Value", "storable"]

T = TypeVar("T")
Value = str | int | None
V = TypeVar("V", str, str | None, Value)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database spells what the other spells otherwise.

    Args:
        name: of the database, for sentences.
        placeholder: of a bound value.
        locks_rows: whether ``FOR UPDATE`` is needed: a SQLite writer has the whole file.
        integer: the type of a signed number of 64 bits.
        serial: the type of a row's growing number.
        table_end: what follows a table's columns.
        refuse_changes: what makes a table append-only; ``{table}`` is its name.
        guards: the names of the triggers among them.
        find_guards: the query for the names of all triggers that are in force.
        take_turn: makes the transaction wait for all others that have said the same; empty where writers do anyway.
    """

    name: str
    placeholder: str
    locks_rows: bool
    integer: str
    serial: str
    table_end: str
    refuse_changes: tuple[str, ...]
    guards: tuple[str, ...]
    find_guards: str
    take_turn: str

    def definition(self, text: str) -> str:
        """Return a table's definition with this dialect's types.

        >>> SQLITE.definition("CREATE TABLE a (n {integer}){end}")
        'CREATE TABLE a (n INTEGER) STRICT'
        """
        return text.format(integer=self.integer, serial=self.serial, end=self.table_end)

    def append_only(self, table: str) -> tuple[str, ...]:
        """Return the statements after which no row of a table can be changed or removed."""
        return tuple(statement.format(table=table) for statement in self.refuse_changes)

    def missing_guards(self, tables: Sequence[str], tx: "Transaction") -> list[str]:
        """Return the triggers that should refuse changes of these tables, and are not there."""
        found = {name for (name,) in tx.rows(self.find_guards)}
        wanted = [guard.format(table=table) for table in tables for guard in self.guards]
        return [name for name in wanted if name not in found]

    def sql(self, text: str) -> str:
        """Return a statement as this database reads it.

        >>> SQLITE.sql("SELECT a FROM b WHERE c = ? FOR UPDATE")
        'SELECT a FROM b WHERE c = ?'
        >>> POSTGRES.sql("SELECT a FROM b WHERE c = ? FOR UPDATE")
        'SELECT a FROM b WHERE c = %s FOR UPDATE'
        """
        return _translated(self, text)


@cache
def _translated(dialect: Dialect, text: str) -> str:
    locking = text if dialect.locks_rows else text.removesuffix(" FOR UPDATE")
    return locking.replace("?", dialect.placeholder)


SQLITE = Dialect(
    name="SQLite",
    placeholder="?",
    locks_rows=False,
    integer="INTEGER",
    serial="INTEGER PRIMARY KEY AUTOINCREMENT",
    table_end=" STRICT",
    refuse_changes=(
        """
        CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: rows are never changed'); END
        """,
        """
        CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: rows are never removed'); END
        """,
    ),
    guards=("{table}_no_update", "{table}_no_delete"),
    find_guards="SELECT name FROM sqlite_master WHERE type = 'trigger'",
    take_turn="",
)

POSTGRES = Dialect(
    name="PostgreSQL",
    placeholder="%s",
    locks_rows=True,
    integer="BIGINT",
    serial="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    table_end="",
    refuse_changes=(
        """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || '': rows are never changed or removed''; END'
        """,
        """
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """,
    ),
    guards=("{table}_append_only",),
    find_guards="""
        SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'hfplanner'::regnamespace AND tgenabled IN ('O', 'A')
    """,
    # "hfpl" in the high bits, as the other locks of a ledger.
    take_turn=f"SELECT pg_advisory_xact_lock({(int.from_bytes(b'hfpl') << 31) + 2})",
)


class Cursor(Protocol):
    """What both drivers return from a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchall(self) -> list[Any]:
        """Return the rows it found."""


class Transaction:
    """An open transaction: it takes statements, and does not know which database reads them."""

    def __init__(self, dialect: Dialect, execute: Callable[[str, Sequence[Value]], Cursor]) -> None:
        self._dialect = dialect
        self._execute = execute

    def _run(self, sql: str, values: Sequence[Value]) -> Cursor:
        bound = [storable(value) for value in values]
        return self._execute(self._dialect.sql(sql), bound)

    def change(self, sql: str, *values: Value) -> int:
        """Return how many rows a statement changed."""
        return self._run(sql, values).rowcount

    def rows(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        return self._run(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> tuple[Any, ...] | None:
        """Return the first row that a query finds, ``None`` for none."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def take_turn(self) -> None:
        """Wait for every other transaction that takes turns, and keep those that come waiting until this one ends."""
        if self._dialect.take_turn:
            self.define(self._dialect.take_turn)

    def define(self, statement: str) -> None:
        """Run a statement without values, which may contain any character."""
        self._execute(statement, ())


def storable(value: V) -> V:
    r"""Return a value as both databases keep it: in a text, what is no character or ends a C string is replaced.

    >>> storable("a\x00b\ud800") == "a\ufffdb?"
    True
    """
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


class Database(Protocol):
    """Where a ledger is kept: transactions that are durable when they return, or leave nothing."""

    dialect: Dialect

    @property
    def place(self) -> str:
        """Where it is, for people; no secret in it."""

    def write(
        self, work: Callable[[Transaction], T], committed: Callable[[Transaction], T | None], /, *, alone: bool = False
    ) -> T:
        """Run ``work`` in one transaction and return what it returns, once that is durable.

        Where the connection is lost while committing, ``committed`` is asked in a new one: what it returns is the
        result; ``None`` says that nothing was committed, and ``work`` runs again.

        ``alone``: no other transaction of a ledger writes while this one does, and it sees all that have.

        Raises:
            LedgerError: nothing was written, or it cannot be told whether it was.
        """

    def read(self, work: Callable[[Transaction], T], /) -> T:
        """Run ``work`` on one consistent snapshot.

        Raises:
            LedgerError: it cannot be read.
        """

    def flaws(self) -> list[str]:
        """Return what is physically wrong: a sentence each."""

    def close(self) -> None:
        """Let go of it."""
