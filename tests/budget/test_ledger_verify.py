"""Books that somebody has changed by hand: ``verify`` names the row, and the counters can be made anew."""

import sqlite3
from pathlib import Path

import psycopg
import pytest

from hfplanner.budget.ledger.limits import Waiver
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import EntryKind, Problem, State
from tests.budget.books import LATER, NOW, SENDER, adoption, labels, launch, reserve, settled, terms, window


@pytest.fixture
def books(address: str) -> str:
    """Return a ledger with a submission in each state, in two budgets; some are beyond the limit."""
    both = (window(1000), window(500, "user"))
    with open_ledger(address) as ledger:
        for sid in ("reserved", "sending", "unknown", "void", "presumed"):
            reserve(ledger, sid, 50, *both, key=f"key of {sid}")
        ledger.void("void", from_state=State.RESERVED, reason="Expired.", at=LATER)
        for sid in ("sending", "unknown", "presumed"):
            ledger.mark_sending(sid, SENDER, NOW)
        for sid in ("unknown", "presumed"):
            ledger.unknown(sid, "No answer.", LATER)
        ledger.presume("presumed", "Nothing was found.", LATER)
        launch(ledger, "launched", 50, *both)
        launch(ledger, "settled", 50, *both)
        ledger.settle("settled", settled(20))
        ledger.correct("settled", settled(25, "bill"))
        ledger.adopt(adoption("adopted", "job-adopted", 400, *both))
        launch(ledger, "raised", 10, window(1000))
        wider = labels((window(1000), window(500, "user")))
        assert ledger.raise_hold("raised", terms(40, labels=wider), "More was granted.", LATER)
        reserve(ledger, "free", 50, windows=())
        waiver = Waiver(reason="a deadline", author="grace", expires=LATER)
        reserve(ledger, "waived", 50, window(1000), window(500, "user", waiver=waiver))
        assert ledger.verify() == ()
    return address


def tamper(address: str, statement: str) -> None:
    """Change the books behind the ledger's back, its triggers and checks switched off."""
    if address.startswith("postgresql://"):
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SET search_path TO hfplanner")
            checks = connection.execute("""
                SELECT conrelid::regclass::text, conname FROM pg_constraint
                WHERE contype = 'c' AND connamespace = 'hfplanner'::regnamespace
            """).fetchall()
            for table, name in checks:
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
            connection.execute("SET session_replication_role TO replica")
            connection.execute(statement.encode())
        return
    connection = sqlite3.connect(address)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


def problems(address: str) -> tuple[Problem, ...]:
    """Return what ``verify`` finds."""
    with open_ledger(address) as ledger:
        # The tables' own checks are part of what SQLite says; what follows must not need them.
        return tuple(found for found in ledger.verify() if found.code != "file")


@pytest.mark.parametrize(
    ("statement", "code", "named"),
    [
        ("UPDATE counters SET held_micro_usd = held_micro_usd - 1 WHERE budget = 'team'", "counter", "'team'"),
        ("UPDATE counters SET posted_micro_usd = posted_micro_usd + 1 WHERE budget = 'user'", "counter", "'user'"),
        ("UPDATE counters SET overrun_micro_usd = overrun_micro_usd + 1 WHERE budget = 'team'", "limit", "'team'"),
        ("UPDATE counters SET limit_micro_usd = 10 WHERE budget = 'team'", "limit", "'team'"),
        ("UPDATE counters SET limit_micro_usd = -10 WHERE budget = 'team'", "negative", "'team'"),
        ("UPDATE counters SET scope = '{}' WHERE budget = 'user'", "counter", "'user'"),
        ("UPDATE charges SET held_micro_usd = 51 WHERE sid = 'sending' AND budget = 'team'", "counter", "sending"),
        ("UPDATE charges SET posted_micro_usd = 26 WHERE sid = 'settled' AND budget = 'team'", "counter", "settled"),
        ("UPDATE charges SET held_micro_usd = -1 WHERE sid = 'void' AND budget = 'team'", "negative", "void"),
        ("DELETE FROM charges WHERE sid = 'free'", "orphan", "free"),
        ("UPDATE entries SET held_micro_usd = 49 WHERE sid = 'reserved' AND budget = 'user'", "counter", "reserved"),
        ("UPDATE entries SET posted_micro_usd = 1 WHERE sid = 'free'", "entry", "free"),
        ("UPDATE entries SET kind = 'SETTLE' WHERE sid = 'free'", "entry", "free"),
        ("UPDATE entries SET once = 'twice' WHERE sid = 'free'", "entry", "free"),
        ("UPDATE entries SET token = 'gone' WHERE sid = 'free'", "orphan", "free"),
        ("DELETE FROM entries WHERE sid = 'settled' AND kind = 'CORRECT'", "counter", "settled"),
        ("DELETE FROM entries WHERE sid = 'reserved'", "counter", "reserved"),
        ("UPDATE submissions SET counts_us = 0 WHERE sid = 'sending'", "counter", "'team'"),
        ("UPDATE submissions SET state = 'LAUNCHED' WHERE sid = 'reserved'", "state", "reserved"),
        ("UPDATE submissions SET state = 'VOID' WHERE sid = 'unknown'", "held", "unknown"),
        ("UPDATE submissions SET cap_micro_usd = 49 WHERE sid = 'launched'", "held", "launched"),
        ("UPDATE submissions SET cap_micro_usd = 49 WHERE sid = 'void'", "cap", "void"),
        ("UPDATE submissions SET terms = '{' WHERE sid = 'void'", "cap", "void"),
        ("UPDATE submissions SET posted_micro_usd = 24 WHERE sid = 'settled'", "posted", "settled"),
        ("UPDATE submissions SET posted_micro_usd = NULL WHERE sid = 'settled'", "posted", "settled"),
        ("UPDATE submissions SET presumed = 0 WHERE sid = 'presumed'", "state", "presumed"),
        ("UPDATE submissions SET job_id = NULL WHERE sid = 'launched'", "state", "launched"),
        ("UPDATE submissions SET job_id = 'x' WHERE sid = 'reserved'", "state", "reserved"),
        ("UPDATE submissions SET sender = NULL WHERE sid = 'sending'", "state", "sending"),
        ("UPDATE submissions SET changed_us = 0 WHERE sid = 'adopted'", "state", "adopted"),
        ("UPDATE submissions SET created_us = 0 WHERE sid = 'adopted'", "state", "adopted"),
        ("UPDATE submissions SET expires_us = 0 WHERE sid = 'reserved'", "state", "reserved"),
        ("UPDATE submissions SET active_key = 'mine' WHERE sid = 'reserved'", "key", "reserved"),
        ("DELETE FROM submissions WHERE sid = 'sending'", "orphan", "sending"),
        ("DELETE FROM changes WHERE sid = 'unknown' AND to_state = 'SENDING'", "chain", "unknown"),
        ("UPDATE changes SET to_state = 'LAUNCHED' WHERE sid = 'void' AND to_state = 'VOID'", "state", "void"),
        ("UPDATE changes SET from_state = 'SENDING' WHERE sid = 'free'", "chain", "free"),
        ("UPDATE changes SET to_state = 'SETTLED' WHERE sid = 'free'", "chain", "free"),
        ("UPDATE changes SET sid = 'void' WHERE sid = 'free'", "entry", "free"),
    ],
)
def test_what_was_changed_by_hand_is_named(books: str, statement: str, code: str, named: str) -> None:
    """One number, one state or one row is another: a problem of the expected kind names it."""
    tamper(books, statement)
    found = problems(books)
    assert any(problem.code == code and named in problem.message for problem in found), found


def test_rules_that_were_taken_away_are_missed(books: str) -> None:
    """Without its triggers a table is no longer append-only."""
    if books.startswith("postgresql://"):
        tamper(books, "DROP TRIGGER entries_append_only ON entries")
    else:
        connection = sqlite3.connect(books)
        connection.execute("DROP TRIGGER entries_no_update")
        connection.close()
    assert [problem.code for problem in problems(books)] == ["guard"]


@pytest.mark.parametrize("table", ["entries", "changes", "waivers"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET sid = 'x'", "DELETE FROM {}"])
def test_entries_changes_and_waivers_are_only_ever_added_to(books: str, table: str, statement: str) -> None:
    """The database itself refuses, whoever asks."""
    sql = statement.format(table)
    if books.startswith("postgresql://"):
        with psycopg.connect(books, options="-c search_path=hfplanner") as connection:
            with pytest.raises(psycopg.errors.RaiseException, match="never"):
                connection.execute(sql.encode())
            connection.rollback()
            with pytest.raises(psycopg.errors.RaiseException, match="never"):
                connection.execute(f"TRUNCATE {table}".encode())
        return
    connection = sqlite3.connect(books)
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        connection.execute(sql)
    connection.close()


MISTAKES = (
    "UPDATE counters SET held_micro_usd = limit_micro_usd + overrun_micro_usd + 5001 - posted_micro_usd",
    "UPDATE counters SET held_micro_usd = -1",
    "UPDATE counters SET posted_micro_usd = -1",
    "UPDATE counters SET overrun_micro_usd = -1",
    "UPDATE submissions SET state = 'PAID'",
    "UPDATE submissions SET posted_micro_usd = 1 WHERE state = 'LAUNCHED'",
    "UPDATE submissions SET presumed = 1 WHERE state = 'LAUNCHED'",
    "UPDATE submissions SET job_id = NULL WHERE state = 'LAUNCHED'",
    """
    INSERT INTO entries (token, sid, budget, start_us, kind, once, held_micro_usd, posted_micro_usd)
    SELECT token, sid, budget, start_us, kind, once, held_micro_usd, posted_micro_usd FROM entries
    """,
)


def test_the_tables_refuse_what_no_code_may_do(books: str) -> None:
    """A bug that spends too much, or more than once, meets a CHECK or a UNIQUE."""
    for statement in MISTAKES:
        if books.startswith("postgresql://"):
            with (
                psycopg.connect(books, options="-c search_path=hfplanner") as connection,
                pytest.raises(psycopg.IntegrityError),
            ):
                connection.execute(statement.encode())
        else:
            connection = sqlite3.connect(books)
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
            connection.close()


def test_counters_are_made_anew_from_the_rows(books: str) -> None:
    """Wrong or lost, they are what the rows add up to; who wanted it is noted; the second time nothing is wrong."""
    with open_ledger(books) as ledger:
        before = ledger.balances([window(1000), window(500, "user")])
    tamper(books, "UPDATE charges SET held_micro_usd = 7 WHERE sid = 'sending'")
    tamper(books, "UPDATE counters SET held_micro_usd = 1, posted_micro_usd = 2, overrun_micro_usd = 0")
    tamper(books, "DELETE FROM counters WHERE budget = 'user'")
    tamper(books, "DELETE FROM charges WHERE sid = 'launched' AND budget = 'user'")
    assert problems(books)
    with open_ledger(books) as ledger:
        assert ledger.repair_counters(LATER, "grace") == 4
        assert ledger.verify() == ()
        assert ledger.balances([window(1000), window(500, "user")]) == before
        assert ledger.repair_counters(LATER, "grace") == 0


def test_what_every_entry_does_to_the_counters_is_known(books: str) -> None:
    """All kinds but one occur in these books."""
    with open_ledger(books) as ledger:
        assert {entry.kind for entry in ledger.entries()} == set(EntryKind) - {EntryKind.REOPEN}


def test_a_file_that_is_damaged_inside_is_reported(tmp_path: Path) -> None:
    """SQLite finds an index that lacks a row."""
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path) as ledger:
        reserve(ledger, "s1")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'meta') "
        "WHERE name = 'changes_by_sid'"
    )
    connection.commit()
    connection.close()
    with open_ledger(path) as ledger:
        assert "file" in {problem.code for problem in ledger.verify()}
