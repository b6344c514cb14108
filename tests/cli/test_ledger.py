"""``hfplanner ledger``: books that are wrong, damaged or elsewhere, as a person meets them."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.budget.test_ledger_of_version_1 import WRITTEN
from tests.program import Program


@pytest.fixture
def books(program: Program) -> Path:
    """Return the file of the program's ledger: one that version 1 has written."""
    path = program.home / "ledger.sqlite3"
    shutil.copy(WRITTEN, path)
    return path


def test_a_wrong_counter_is_named_and_made_anew_on_request(program: Program, books: Path) -> None:
    """Found by verify; mended by --repair, which says how many; the third time nothing is wrong."""
    assert program.run("ledger", "verify").code == 0
    connection = sqlite3.connect(books)
    connection.execute("UPDATE charges SET held_micro_usd = 7 WHERE sid LIKE 'launched%'")
    connection.commit()
    connection.close()
    found = program.run("ledger", "verify", "--json")
    assert (found.code, json.loads(found.out)["problems"][0]["code"]) == (1, "counter")
    mended = program.run("ledger", "verify", "--repair", "--json")
    assert (mended.code, json.loads(mended.out)["repaired"]) == (0, 1)
    assert "Counters made anew: 1." in mended.err
    assert json.loads(program.run("ledger", "verify", "--repair", "--json").out)["repaired"] == 0


def test_the_job_of_a_submission_is_shown_at_80_columns(program: Program, books: Path) -> None:
    """Its id is what every other command asks for."""
    shown = replace(program, width=80).run("ledger", "show")
    assert (shown.code, books.exists()) == (0, True)
    assert "JOB" in shown.out
    assert "job-launched" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _one_byte(path: Path) -> None:
    path.write_bytes(b"\n")


def _a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _a_damaged_schema(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE submissions", b"\xff\xfe\x80\x81TE TABLE submissions"))


@pytest.mark.parametrize("damage", [_emptied, _one_byte, _a_link_to_itself, _a_damaged_schema])
@pytest.mark.parametrize("line", [("ledger", "show"), ("ledger", "verify"), ("ledger", "verify", "--repair")])
def test_books_that_cannot_be_read_are_a_known_error(
    program: Program, books: Path, damage: Callable[[Path], None], line: tuple[str, ...]
) -> None:
    """One sentence with the path, and a hint; the file stays as it is."""
    damage(books)
    before = None if books.is_symlink() else books.read_bytes()
    done = program.run(*line)
    assert done.code in {1, 3}
    assert "Traceback" not in done.err
    assert "ledger.sqlite3" in done.err
    assert "Hint:" in done.err
    assert before is None or books.read_bytes() == before


@pytest.mark.parametrize("scheme", ["mysql", "postgresqll", "https"])
def test_no_output_repeats_the_password_of_an_address(program: Program, scheme: str) -> None:
    """Typed as an option or set in the environment, in either format."""
    address = f"{scheme}://ada:hunter2@db.example/books"
    named = replace(program, environ=(*program.environ, ("HFPLANNER_LEDGER", address)))
    for done in (
        program.run("ledger", "show", "--ledger", address),
        program.run("ledger", "show", "--ledger", address, "--json"),
        named.run("ledger", "verify"),
        named.run("budget", "show"),
    ):
        assert "hunter2" not in done.out + done.err
