"""Ledgers for tests: a new file, and a new database of a real server."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import open_ledger
from tests.budget.postgres_server import PostgresServer, quick_folder, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start a server once."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_address(postgres: PostgresServer) -> str:
    """Return the URL of a database without any books."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("SET client_min_messages TO warning; DROP SCHEMA IF EXISTS hfplanner CASCADE")
    return postgres.url()


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """Return an empty folder in memory where there is one: these tests wait for locks, not for a disk."""
    folder = Path(tempfile.mkdtemp(prefix="hfplanner-ledger-", dir=quick_folder()))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, quick_path: Path) -> str:
    """Return where a ledger can be made: each test runs on both."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_address"))
    return str(quick_path / "ledger.sqlite3")


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    """Return an empty ledger."""
    with open_ledger(address) as opened:
        yield opened
