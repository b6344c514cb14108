"""Bring a database's tables to the version this program knows, in the transaction that it is called in."""

import secrets
from collections.abc import Sequence

from hfplanner.budget.ledger.dialect import Dialect, Transaction
from hfplanner.budget.ledger.schema import Step
from hfplanner.errors import LedgerError

__all__ = ["check_version", "take_steps"]


def check_version(version: int, steps: Sequence[Step], where: str) -> bool:
    """Return whether the tables are those this program knows; ``False`` where steps are missing.

    Raises:
        LedgerError: they are newer.
    """
    if version > len(steps):
        raise LedgerError(
            f"{where} is of version {version}, and this hfplanner knows versions up to {len(steps)}.",
            hint="Update hfplanner; nothing is sent until then.",
        )
    return version == len(steps)


def take_steps(tx: Transaction, dialect: Dialect, version: int, steps: Sequence[Step]) -> None:
    """Take the steps that are missing; with the first one the books get their id."""
    for number, step in enumerate(steps[version:], start=version):
        for part in step(dialect):
            if isinstance(part, str):
                tx.define(part)
            else:
                part(tx)
        if number == 0:
            tx.change("INSERT INTO meta (name, value) VALUES ('ledger_id', ?)", secrets.token_hex(16))
