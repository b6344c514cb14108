"""Tables of other versions: brought forward in a transaction, or left alone."""

from collections.abc import Sequence

import pytest

from hfplanner.budget.ledger.dialect import Dialect
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import open_database, open_ledger
from hfplanner.budget.ledger.schema import STEPS
from hfplanner.errors import LedgerError
from tests.budget.books import reserve


def later(dialect: Dialect) -> Sequence[str]:
    """Return what some later version may do: a column, and a table."""
    return [
        "ALTER TABLE counters ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        dialect.definition("CREATE TABLE teams (name TEXT PRIMARY KEY, size {integer} NOT NULL){end}"),
    ]


def failing(dialect: Dialect) -> Sequence[str]:
    """Return a step that fails half-way."""
    return [*later(dialect), "CREATE TABLE counters (budget TEXT)"]


def test_a_later_version_takes_the_books_as_they_are(address: str) -> None:
    """What was reserved under this version is there under the next, with the same id; the step is taken once."""
    with open_ledger(address) as ledger:
        before = reserve(ledger)
        ledger_id = ledger.ledger_id
    for _ in range(2):
        with Ledger(open_database(address, steps=(*STEPS, later))) as ledger:
            assert (ledger.get("s1"), ledger.ledger_id) == (before, ledger_id)
            assert ledger.verify() == ()


def test_a_version_that_is_newer_than_this_program_is_left_alone(address: str) -> None:
    """Nothing is sent until hfplanner is updated."""
    open_database(address, steps=(*STEPS, later)).close()
    with pytest.raises(LedgerError, match=rf"is of version {len(STEPS) + 1}.*up to {len(STEPS)}") as caught:
        open_ledger(address)
    assert "Update hfplanner" in str(caught.value.hint)


def test_a_step_that_fails_changes_nothing(address: str) -> None:
    """Not even its first half; the program of before goes on."""
    with open_ledger(address) as ledger:
        before = reserve(ledger)
    with pytest.raises(LedgerError):
        open_database(address, steps=(*STEPS, failing))
    with open_ledger(address) as ledger:
        assert ledger.get("s1") == before
    open_database(address, steps=(*STEPS, later)).close()
