"""What is PostgreSQL's alone: connections that go, secrets in URLs, users without rights."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from hfplanner.budget.ledger.changes import Reserved
from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.open import open_database, open_ledger
from hfplanner.errors import LedgerError
from tests.budget.books import CENT, NOW, SENDER, reservation, reserve, window
from tests.budget.cutting_proxy import cut_after_commit
from tests.budget.postgres_server import PASSWORD, PostgresServer, running_postgres
from tests.program import REPOSITORY


@pytest.mark.process
def test_no_error_names_the_password(postgres: PostgresServer, postgres_address: str) -> None:
    """A wrong one, an unknown database, a URL that cannot be read, a server that is not there."""
    secret = "hunter2-and-more"  # noqa: S105 - a wrong one
    wrong = postgres.url(password=secret)
    addresses = [
        wrong,
        wrong.replace("/postgres", "/no_such_database"),
        f"postgresql://ada:{secret}@[broken/books",
        f"postgresql://ada:{secret}@127.0.0.1:1/books",
        f"postgresql://ada:{secret}@127.0.0.1:port/books",
        f"postgresql://ada:{secret}@no-such-host.invalid/books?connect_timeout=2",
        f"postgresql://ada@127.0.0.1:1/books?password={secret}",
        f"postgresql://ada@127.0.0.1:1/books?no_such_option={secret}",
    ]
    for address in addresses:
        with pytest.raises(LedgerError) as caught:
            open_ledger(address)
        assert secret not in f"{caught.value} {caught.value.hint}"
    with open_ledger(postgres_address) as ledger:
        assert PASSWORD not in ledger.place


@pytest.mark.process
def test_without_psycopg_the_way_to_it_is_said() -> None:
    """It is an extra: the ledger in a file needs nothing."""
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from hfplanner.budget.ledger.open import open_ledger\n"
        "from hfplanner.errors import LedgerError\n"
        "try: open_ledger('postgresql://db/books')\n"
        "except LedgerError as error: print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "Run: pip install 'hfplanner[postgres]'\n"


@pytest.mark.process
def test_one_database_does_not_cost_the_import_of_the_other(postgres_address: str, tmp_path: Path) -> None:
    """Whoever keeps the books in a file needs no driver of a server."""
    code = "import sys; from hfplanner.budget.ledger.open import open_ledger; open_ledger(sys.argv[1])"
    for address, other in ((str(tmp_path / "ledger.sqlite3"), "psycopg"), (postgres_address, "sqlite3")):
        command = [sys.executable, "-c", f"{code}\nprint({other!r} in sys.modules)", address]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert done.stdout == "False\n", other


@pytest.mark.process
def test_a_connection_that_is_ended_between_calls_is_made_anew(postgres_address: str) -> None:
    """An administrator's restart, a firewall that forgets."""
    with open_ledger(postgres_address) as ledger:
        reserve(ledger, "s1")
        end_others(postgres_address)
        reserve(ledger, "s2")
        end_others(postgres_address)
        assert ledger.get("s1") is not None


def end_others(address: str) -> None:
    """End every other connection to the database."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.process
def test_a_connection_that_is_lost_within_a_transaction_has_it_done_again(postgres_address: str) -> None:
    """Once, and only once."""
    tries: list[Transaction] = []
    database = open_database(postgres_address)

    def work(tx: Transaction) -> int:
        tries.append(tx)
        if len(tries) == 1:
            end_others(postgres_address)
        assert tx.row("SELECT 1") == (1,)
        return len(tries)

    assert database.write(work, lambda _: None) == 2
    database.close()


@pytest.mark.process
def test_a_commit_whose_answer_is_lost_is_looked_up(postgres_address: str) -> None:
    """The server has committed, and the wire is cut: acknowledged all the same, and made once."""
    open_ledger(postgres_address).close()
    with cut_after_commit(postgres_address) as address, open_ledger(address) as ledger:
        assert isinstance(ledger.reserve(reservation()), Reserved)
    with open_ledger(postgres_address) as ledger:
        assert ledger.balances([window()])[0].held_micro_usd == 100 * CENT
        assert len(list(ledger.entries())) == 1


@pytest.mark.process
def test_the_one_who_may_send_learns_it_though_the_answer_is_lost(postgres_address: str) -> None:
    """A compare-and-set that was done is not taken for another's: nobody would send."""
    with open_ledger(postgres_address) as ledger:
        reserve(ledger)
    with cut_after_commit(postgres_address) as address, open_ledger(address) as ledger:
        assert ledger.mark_sending("s1", SENDER, NOW)
        assert not ledger.mark_sending("s1", SENDER, NOW)


@pytest.mark.process
def test_a_commit_that_is_ended_by_the_server_is_done_again(postgres_address: str) -> None:
    """A constraint that is checked at COMMIT ends the connection there, the first time."""
    open_ledger(postgres_address).close()
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute("SET search_path TO hfplanner; CREATE SEQUENCE ends")
        connection.execute("""
            CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('hfplanner.ends') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NULL; END $$
        """)
        connection.execute("""
            CREATE CONSTRAINT TRIGGER ending AFTER INSERT ON submissions DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION end_it()
        """)
    with open_ledger(postgres_address) as ledger:
        assert isinstance(ledger.reserve(reservation()), Reserved)
        assert ledger.balances([window()])[0].held_micro_usd == 100 * CENT
        assert ledger.verify() == ()


@pytest.mark.postgres
def test_a_server_that_stays_away_is_an_error_in_time() -> None:
    """Nothing is sent: the call fails, and works again when the server is back."""
    with running_postgres() as server, open_ledger(server.url(), wait_secs=1) as ledger:
        server.kill()
        with pytest.raises(LedgerError, match=r"out of reach for 1 seconds") as caught:
            ledger.reserve(reservation())
        assert "nothing was recorded" in str(caught.value.hint)
        server.start()
        reserve(ledger)


@pytest.mark.process
def test_one_who_holds_a_row_for_too_long_is_an_error(postgres_address: str) -> None:
    """Somebody's open transaction on the counters: busy, and nothing was reserved."""
    with open_ledger(postgres_address, wait_secs=0.5) as ledger:
        reserve(ledger, "s1")
        with psycopg.connect(postgres_address) as other:
            other.execute("UPDATE hfplanner.counters SET budget = budget")
            with pytest.raises(LedgerError, match="busy"):
                ledger.reserve(reservation("s2"))
        assert ledger.get("s2") is None


@pytest.mark.process
def test_a_commit_is_durable_whatever_the_databases_default(postgres_address: str) -> None:
    """``synchronous_commit = off`` would acknowledge what a crash can lose."""
    address = f"{postgres_address}?options=-c%20synchronous_commit%3Doff"
    database = open_database(address)
    assert database.write(lambda tx: tx.row("SHOW synchronous_commit"), lambda _: None) == ("on",)
    database.close()


@pytest.mark.process
def test_programs_that_start_together_make_the_tables_once(postgres_address: str) -> None:
    """Eight at an empty database: all find the same books."""
    code = "import sys; from hfplanner.budget.ledger.open import open_ledger; print(open_ledger(sys.argv[1]).ledger_id)"
    command = [sys.executable, "-c", code, postgres_address]
    starting = [subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = [process.communicate()[0] for process in starting]
    assert len(set(said)) == 1
    assert len(said[0].strip()) == 32


@pytest.mark.process
def test_a_user_without_rights_is_told_which(postgres_address: str) -> None:
    """The owner of the books grants them."""
    open_ledger(postgres_address).close()
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'".encode())
    guest = postgres_address.replace("//postgres:", "//guest:")
    with pytest.raises(LedgerError, match="may not be used by this user") as caught:
        open_ledger(guest)
    assert "GRANT" in str(caught.value.hint)


@pytest.mark.process
def test_books_of_a_standby_are_read_and_not_written(postgres_address: str) -> None:
    """A connection on which everything is read-only, as on a standby."""
    with open_ledger(postgres_address) as ledger:
        reserve(ledger)
    address = f"{postgres_address}?options=-c%20default_transaction_read_only%3Don"
    with open_ledger(address) as ledger:
        assert ledger.get("s1") is not None
        with pytest.raises(LedgerError, match="read-only"):
            ledger.reserve(reservation("s2"))
