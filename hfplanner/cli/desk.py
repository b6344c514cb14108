"""The books, the Hub and this machine, as the environment and the options name them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import default_ledger_address, open_ledger
from hfplanner.cli.options import now_utc
from hfplanner.errors import TokenError, UsageError
from hfplanner.submit.machine import this_machine
from hfplanner.submit.send import Desk

__all__ = ["LedgerOption", "TokenOption", "open_books", "open_desk", "open_hub"]

LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger", metavar="PATH|URL", help="The ledger: a file, or postgresql://...  [default: HFPLANNER_LEDGER]"
    ),
]
TokenOption = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help="A token of the Hub.  [default: HF_TOKEN, or `hf auth`]")
]


def open_hub(token: str | None, *, offline: bool) -> JobsClient:
    """Return a client of the Hub with a token.

    Raises:
        UsageError: the program is told to stay offline.
        TokenError: there is no token.
    """
    from hfplanner.api.auth import Token, find_token  # noqa: PLC0415 - httpx, for what asks the Hub
    from hfplanner.api.client import JobsClient  # noqa: PLC0415 - the same

    settings = read_hub_settings(os.environ)
    if offline or settings.offline:
        raise UsageError("This asks the Hub, and the program is told to stay offline.", hint="Unset HF_HUB_OFFLINE.")
    found = Token(token.strip()) if token is not None else find_token()
    if found is None:
        raise TokenError("There is no token of the Hub.", hint="Run `hf auth login`, or set HF_TOKEN.")
    return JobsClient(settings.endpoint, token=found)


@contextmanager
def open_books(ledger: str | None) -> Iterator[Ledger]:
    """Open the ledger that is named, by the option or by the environment.

    Raises:
        LedgerError: it cannot be used.
    """
    with open_ledger(ledger or default_ledger_address(os.environ)) as books:
        yield books


@contextmanager
def open_desk(ledger: str | None, token: str | None, *, offline: bool = False) -> Iterator[Desk]:
    """Open everything a submission needs.

    Raises:
        LedgerError: the ledger cannot be used.
        TokenError: there is no token.
        UsageError: the program is told to stay offline.
    """
    with open_hub(token, offline=offline) as hub, open_books(ledger) as books:
        yield Desk(ledger=books, hub=hub, machine=this_machine(home_folder(os.environ)), clock=now_utc)


def get_books(policy: Path | None, namespaces: tuple[str, ...]) -> Books:
    """Return what charges jobs nobody reserved money for: the policy, the present prices, and the bills that are kept.

    Raises:
        PolicyError: the policy cannot be read.
    """
    listing = get_listing(offline=False, refresh=False, now=now_utc())
    return books_for(read_policies(policy), listing, bills=kept_bills(), namespaces=namespaces)
