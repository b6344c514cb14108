"""What both commands of ``hfplanner budget`` look at: the policy, the books, the history, and the Hub's schedules."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.budget.ledger.open import default_ledger_address, open_ledger
from hfplanner.budget.ledger.records import Balance, BudgetWindow, Running, State, Submission
from hfplanner.budget.outside import Books, Outside, read_outside
from hfplanner.budget.policy import AppliedBudget, Policy
from hfplanner.budget.policy_find import find_policy
from hfplanner.cli.show.output import warn
from hfplanner.errors import HubError
from hfplanner.files import data_folder
from hfplanner.history.manifest import read_manifest

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.api.client import JobsClient
    from hfplanner.api.models import ScheduledJobInfo
    from hfplanner.catalog.listing import Listing

__all__ = ["ask_schedules", "history_bills", "look_outside", "open_books", "the_policy"]

# How long the Hub is asked for schedules: a check that does not count them says so.
_SCHEDULES_SECS = 3.0


class _EmptyBooks:
    """Books in which nothing was ever written: a check makes no ledger."""

    @staticmethod
    def balances(windows: Sequence[BudgetWindow]) -> tuple[Balance, ...]:
        """Return zeros."""
        return tuple(
            Balance(window=window, posted_micro_usd=0, held_micro_usd=0, overrun_micro_usd=0) for window in windows
        )

    @staticmethod
    def running() -> Running:
        """Return nothing."""
        return Running()

    @staticmethod
    def by_jobs(_job_ids: Collection[str]) -> dict[str, Submission]:
        """Return nothing."""
        return {}

    @staticmethod
    def get(_sid: str) -> Submission | None:
        """Return nothing."""
        return None

    @staticmethod
    def by_key(_key: str) -> Submission | None:
        """Return nothing."""
        return None

    @staticmethod
    def submissions(_states: Collection[State]) -> tuple[Submission, ...]:
        """Return nothing."""
        return ()


def the_policy(named: str | Path | None) -> Policy:
    """Return the policy that holds here.

    Raises:
        PolicyError: it cannot be read.
    """
    return find_policy(None if named is None else Path(named), os.environ, Path.cwd())


@contextmanager
def open_books(address: str | None = None) -> Iterator[Books]:
    """Give the ledger of an address, or that of the environment; where there is no file yet, empty books and no file.

    Raises:
        LedgerError: it cannot be used.
    """
    address = address or default_ledger_address(os.environ)
    if "://" not in address and not os.path.lexists(Path(address).expanduser()):
        yield _EmptyBooks()
        return
    with open_ledger(address) as ledger:
        yield ledger


def look_outside(
    applied: Sequence[AppliedBudget],
    books: Books,
    listing: "Listing",
    schedules: "Sequence[ScheduledJobInfo] | None",
    now: datetime,
) -> Outside:
    """Return what budgets have spent or committed outside the ledger: the history, its bills, the Hub's schedules.

    Raises:
        HistoryError: the history or its bills cannot be read.
    """
    if not applied:
        return read_outside(applied, books, now=now, listing=listing, schedules=schedules)
    return read_outside(
        applied,
        books,
        now=now,
        listing=listing,
        jobs=history_jobs(),
        gaps=history_gaps(),
        bills=history_bills(),
        schedules=schedules,
    )


def history_jobs() -> "Callable[[], pl.LazyFrame] | None":
    """Return what gives the history's jobs, ``None`` where it has none: then nothing heavy is loaded.

    Raises:
        HistoryError: it is damaged, or of a newer version.
    """
    folder = data_folder(os.environ) / "history"
    if not any(read_manifest(folder).months.values()):
        return None
    from hfplanner.history.store import HistoryStore  # noqa: PLC0415 - polars, for those who have a history

    return HistoryStore(folder).scan


def history_bills() -> "pl.LazyFrame | None":
    """Return what the service billed, from the bills that `sync` keeps; ``None`` where there are none.

    Raises:
        HistoryError: they cannot be read.
    """
    folder = data_folder(os.environ) / "history"
    if not (folder / "bills").is_dir():
        return None
    from hfplanner.history.bills import read_bills  # noqa: PLC0415 - polars, for those who have bills
    from hfplanner.history.store import HistoryStore  # noqa: PLC0415 - the same

    return read_bills(HistoryStore(folder)).settled()


def history_gaps() -> tuple[str, ...]:
    """Return where the history is known to lack jobs, a sentence each.

    Raises:
        HistoryError: it is damaged, or of a newer version.
    """
    pulls = read_manifest(data_folder(os.environ) / "history").pulls
    return tuple(f"{pull.source}: {pull.reason or 'it was not read to its end'}" for pull in pulls if not pull.complete)


def ask_schedules(client: "JobsClient | None", namespace: str) -> "Sequence[ScheduledJobInfo] | None":
    """Return the schedules of a namespace, ``None`` where the Hub is not asked or gives no usable answer."""
    if client is None or not namespace:
        return None
    try:
        with client.within(_SCHEDULES_SECS):
            return client.scheduled.list(namespace)
    except HubError as error:
        warn(f"The schedules of {namespace} are not known: {error.message}")
        return None
