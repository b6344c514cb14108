"""Open a ledger by its address: a path, or a ``postgresql://`` URL."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.budget.ledger.books import Books
from hfplanner.budget.ledger.dialect import Database
from hfplanner.budget.ledger.schema import STEPS, Step
from hfplanner.errors import UsageError, quoted
from hfplanner.files import data_folder

if TYPE_CHECKING:
    from hfplanner.budget.ledger.ledger import Ledger

__all__ = ["default_ledger_address", "open_books", "open_database", "open_ledger"]

_URLS = ("postgresql://", "postgres://")
# A scheme has two letters at least: one is a drive of Windows.
_URL = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+):/")


def default_ledger_address(environ: Mapping[str, str]) -> str:
    """Return ``HFPLANNER_LEDGER``, or ``ledger.sqlite3`` in the folder of the user's data.

    Raises:
        UsageError: ``HFPLANNER_HOME`` begins with the home of a user who does not exist.

    >>> default_ledger_address({"HFPLANNER_LEDGER": "postgresql://db.acme.example/jobs"})
    'postgresql://db.acme.example/jobs'
    """
    return environ.get("HFPLANNER_LEDGER") or str(data_folder(environ) / "ledger.sqlite3")


def open_ledger(address: str | Path, *, wait_secs: float | None = None) -> "Ledger":
    """Open the ledger at an address; a file that is not there is made.

    Args:
        address: a path, or the URL of a PostgreSQL database: ``postgresql://user@host/database``.
        wait_secs: how long a call waits for others, or for a lost connection, before it fails; by default 120 seconds
            for a file and 30 for a server.

    Raises:
        LedgerError: it cannot be used: not there, not readable, damaged, of a newer version, on a network file system.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, open_ledger(Path(folder, "ledger.sqlite3")) as ledger:
    ...     ledger.verify()
    ()
    """
    from hfplanner.budget.ledger.ledger import Ledger  # noqa: PLC0415 - who only looks at the books changes nothing

    return Ledger(open_database(address, wait_secs=wait_secs))


def open_books(address: str | Path) -> Books:
    """Open the ledger at an address only to be looked at; a file that is not there is made.

    Raises:
        LedgerError: as :func:`open_ledger`.
    """
    return Books(open_database(address))


def open_database(address: str | Path, *, wait_secs: float | None = None, steps: Sequence[Step] = STEPS) -> Database:
    """Open what a ledger keeps its books in, without the ledger; the arguments and errors are its own.

    Args:
        address: see :func:`open_ledger`.
        wait_secs: see :func:`open_ledger`.
        steps: what makes the tables.
    """
    if isinstance(address, str) and address.startswith(_URLS):
        from hfplanner.budget.ledger.postgres import PostgresDatabase  # noqa: PLC0415 - psycopg is an extra

        return PostgresDatabase(address, wait_secs=30.0 if wait_secs is None else wait_secs, steps=steps)
    url = _URL.match(str(address))
    if url is not None:
        # No more of it: what follows may be a password.
        raise UsageError(
            f"A ledger is not kept at {quoted(f'{url[1]}:...')}.",
            hint="Accepted: a path, or postgresql://HOST/DATABASE.",
        )
    from hfplanner.budget.ledger.sqlite import SqliteDatabase  # noqa: PLC0415 - one of the two is used

    path = Path(address).expanduser()
    return SqliteDatabase(path, wait_secs=120.0 if wait_secs is None else wait_secs, steps=steps)
