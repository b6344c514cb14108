"""A ledger that version 1 has written: read, brought forward once, and nothing of it lost.

``data`` says how it was made. On PostgreSQL its rows are put into tables of version 1 first.
"""

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hfplanner.budget.ledger.changes import Refused, Settlement
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_database, open_ledger
from hfplanner.budget.ledger.records import State
from hfplanner.budget.ledger.schema import STEPS
from hfplanner.budget.scope import Scope
from tests.budget.checks import reservation, terms

DATA = Path(__file__).parent / "data"
WRITTEN = DATA / "ledger_version_1.sqlite3"
AS_READ = json.loads((DATA / "ledger_version_1.json").read_text(encoding="utf-8"))
TABLES = ("submissions", "charges", "changes", "entries", "waivers")
SECRETS = (b"w4ndb-k3y", b"hf_s3cr3t", b"hunter2")
OCTOBER, NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (10, 11, 12))
# Seven of 30 minutes and the adopted hour are open; four have ended at these costs.
HELD = 7 * 399_990 + 799_980
POSTED = 250_000 + 120_000 + 500_000 + 399_990


def _rows(path: Path, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own tables
    rows = ([column[0] for column in found.description], sorted(found.fetchall(), key=repr))
    connection.close()
    return rows


@pytest.fixture
def old(address: str) -> str:
    """Return where a ledger of version 1 is."""
    if not address.startswith("postgresql://"):
        shutil.copy(WRITTEN, address)
        return address
    open_database(address, steps=STEPS[:1]).close()
    with psycopg.connect(address, options="-c search_path=hfplanner") as connection:
        connection.execute("DELETE FROM meta WHERE name = 'ledger_id'")
        for table in ("meta", "windows", *TABLES):
            names, rows = _rows(WRITTEN, table)
            places = ", ".join(["%s"] * len(names))
            kept = [row for row in rows if table != "meta" or row[0] == "ledger_id"]
            insert = f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608 - as above
            connection.cursor().executemany(insert.encode(), kept)
        for table in ("changes", "entries"):
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'seq'), (SELECT MAX(seq) FROM {table}))".encode()  # noqa: S608 - as above
            )
    return address


def window(start: datetime, end: datetime | None, budget: str = "team", **values: Any) -> BudgetWindow:  # noqa: ANN401 - a field's value
    """Return a window with a limit of $5.00."""
    return BudgetWindow(budget=budget, start=start, end=end, limit_micro_usd=5_000_000, **values)


def test_everything_is_read_back_as_the_old_program_read_it(old: str) -> None:
    """Every submission, every entry, the id of the books; opened again, they are the same."""
    for _ in range(2):
        with open_ledger(old) as ledger:
            assert ledger.ledger_id == AS_READ["ledger_id"]
            assert [one.to_json() for one in ledger.submissions()] == AS_READ["submissions"]
            assert [one.to_json() for one in ledger.entries()] == AS_READ["entries"]
            assert ledger.verify() == ()


def test_what_it_spent_and_holds_counts_on(old: str) -> None:
    """Under the budget's name and another, with counters and without; what was adopted late in the month it was of."""
    november, october = window(NOVEMBER, DECEMBER), window(OCTOBER, NOVEMBER)
    always = window(datetime(1970, 1, 1, tzinfo=UTC), None, "renamed")
    nobody = window(NOVEMBER, DECEMBER, scope=Scope(owners=frozenset({"grace"})))
    expected = [(HELD, POSTED), (799_980, 0), (HELD + 799_980, POSTED), (0, 0)]
    job = terms(timeout_secs=3600)
    with open_ledger(old) as ledger:
        for _ in range(2):
            found = ledger.balances([november, october, always, nobody])
            assert [(one.held_micro_usd, one.posted_micro_usd) for one in found] == expected
            # $0.60 is more than what is left; asking for it makes the counters.
            at = NOVEMBER + timedelta(days=27)
            assert isinstance(ledger.reserve(reservation("new", job, november, always, at=at)), Refused)


def test_what_is_open_goes_on(old: str) -> None:
    """Each of its states leads where it always has, and the money follows in every window."""
    at = NOVEMBER + timedelta(days=25)
    with open_ledger(old) as ledger:
        sids = {one.notes.get("name", ""): one.sid for one in ledger.submissions()}
        for number, state in enumerate((State.RESERVED, State.SENDING, State.UNKNOWN)):
            assert ledger.void(sids[state.lower()], from_state=state, reason="No.", at=at)
            (stands,) = ledger.balances([window(NOVEMBER, DECEMBER)])
            assert stands.held_micro_usd == HELD - (number + 1) * 399_990
        assert ledger.settle(sids["launched"], Settlement(cost_micro_usd=1, evidence="durations", at=at))
        assert ledger.found(sids["presumed"], "job-presumed", "{}", at, "Found by its label.")
        (stands,) = ledger.balances([window(NOVEMBER, DECEMBER)])
        assert (stands.held_micro_usd, stands.posted_micro_usd) == (HELD - 3 * 399_990, POSTED - 399_990 + 1)
        assert ledger.verify() == ()


def test_no_row_is_lost(tmp_path: Path) -> None:
    """All tables of version 1 have the rows they had, the counters under another name; answers are shorter."""
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(WRITTEN, path)
    open_ledger(path).close()
    for table in TABLES[1:]:
        assert _rows(path, table) == _rows(WRITTEN, table), table
    assert _rows(path, "windows_of_version_1") == _rows(WRITTEN, "windows")
    names, before = _rows(WRITTEN, "submissions")
    _, after = _rows(path, "submissions")
    place = names.index("answer")
    assert [(*row[:place], *row[place + 1 : len(names)]) for row in after] == [
        (*row[:place], *row[place + 1 :]) for row in before
    ]


def test_what_its_answers_told_of_the_environment_is_gone(old: str) -> None:
    """From the rows, and from the file to its last byte; whose job it was stays."""
    assert all(secret in WRITTEN.read_bytes() for secret in SECRETS)
    with open_ledger(old) as ledger:
        answers = [ledger.answer(one.sid) for one in ledger.submissions()]
    kept = [json.loads(answer) for answer in answers if answer]
    assert {answer["owner"]["name"] for answer in kept} == {"acme"}
    assert len(kept) == 4
    assert not any(secret.decode() in answer for secret in SECRETS for answer in answers)
    if not old.startswith("postgresql://"):
        assert not any(secret in Path(old).read_bytes() for secret in SECRETS)


def test_a_file_that_others_use_is_cleaned_when_it_is_opened_again(tmp_path: Path) -> None:
    """The rows are reduced at once; what is left between them in the file waits for a moment when nobody reads."""
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(WRITTEN, path)
    database = open_database(path, steps=STEPS)
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("INSERT INTO meta (name, value) VALUES ('cleaning', 'due')")
    connection.execute("CREATE TABLE gone (name TEXT)")
    connection.execute("INSERT INTO gone VALUES ('w4ndb-k3y')")
    connection.execute("DROP TABLE gone")
    connection.commit()
    connection.close()
    assert SECRETS[0] in path.read_bytes()
    open_ledger(path).close()
    assert SECRETS[0] not in path.read_bytes()
