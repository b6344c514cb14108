"""The books, the Hub and this machine, as the environment and the options name them."""

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.ledger.open import default_ledger_address, open_ledger
from hfplanner.cli.account import open_client
from hfplanner.cli.budget_inputs import history_bills, the_policy
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.errors import LedgerError, TokenError, UsageError
from hfplanner.files import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfplanner.budget.ledger.ledger import Ledger
    from hfplanner.submit.books import Books
    from hfplanner.submit.send import Desk

__all__ = ["get_books", "kept_bills", "open_desk", "open_the_ledger"]


def open_the_ledger(address: str | None) -> "Ledger":
    """Open the ledger that the option names, which must be there, or that of the environment, which is made.

    Raises:
        LedgerError: it is not there, or cannot be used.
    """
    named = address or default_ledger_address(os.environ)
    if address and "://" not in address and not os.path.lexists(Path(address).expanduser()):
        raise LedgerError(f"There is no ledger at {address}.", hint="`hfplanner run --ledger` makes one.")
    return open_ledger(named)


@contextmanager
def open_desk(address: str | None, token: str | None, *, offline: bool = False) -> "Iterator[Desk]":
    """Open everything a submission needs.

    Raises:
        LedgerError: the ledger cannot be used.
        TokenError: there is no token.
        UsageError: the program is told to stay offline.
    """
    from hfplanner.submit.machine import this_machine  # noqa: PLC0415 - after a command line that is understood
    from hfplanner.submit.send import Desk  # noqa: PLC0415 - httpx

    settings = read_hub_settings(os.environ)
    if offline or settings.offline:
        raise UsageError(
            "This asks the Hub, and the program is told to stay offline.",
            hint="Leave out --offline and HF_HUB_OFFLINE.",
        )
    with open_client(settings, token, offline=False) as hub:
        if hub is None:
            raise TokenError("There is no token of the Hub.", hint="Run `hf auth login`, or set HF_TOKEN.")
        with open_ledger(address or default_ledger_address(os.environ)) as ledger:
            machine = this_machine(data_folder(os.environ))
            yield Desk(ledger=ledger, hub=hub, machine=machine, clock=now_utc)


def get_books(policy: str | None, namespaces: tuple[str, ...]) -> "Books":
    """Return what charges jobs nobody reserved money for: the policy, the present prices, and the bills that are kept.

    Raises:
        PolicyError: the policy cannot be read.
        HistoryError: the bills cannot be read.
    """
    from hfplanner.submit.books import books_for  # noqa: PLC0415 - after a command line that is understood

    rules = the_policy(policy)
    listing = get_listing(offline=False, refresh=False, now=now_utc())
    return books_for(rules, listing, bills=kept_bills(), namespaces=namespaces)


def kept_bills() -> dict[str, int]:
    """Return what the service billed for jobs that had ended, in micro-USD, from the bills that `sync` keeps.

    Raises:
        HistoryError: they cannot be read.
    """
    bills = history_bills()
    return {} if bills is None else dict(bills.collect().select("job_id", "bill_micro_usd").iter_rows())
