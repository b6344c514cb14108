"""What budgets have spent or committed that their ledger does not know: the history, its bills, the Hub's schedules."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from hfplanner.budget.ledger.limits import Balance, BudgetWindow, Running
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.budget.off_ledger import OffLedger
from hfplanner.budget.off_ledger_reading import read_off_ledger
from hfplanner.budget.policy import AppliedBudget
from hfplanner.errors import HubError

if TYPE_CHECKING:
    from hfplanner.api.client import JobsClient
    from hfplanner.api.models import ScheduledJobInfo
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.workspace import Workspace

__all__ = ["EMPTY_BOOKS", "Schedules", "ask_schedules", "kept_bills", "look_off_ledger"]


# A Hub that does not answer keeps nobody waiting for what is only counted.
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
    def approval_of(_digest: str, _cost_micro_usd: int, _now: datetime) -> "Approval | None":
        """Return nothing."""
        return None

    @staticmethod
    def open_approvals(_now: datetime) -> "tuple[Approval, ...]":
        """Return nothing."""
        return ()

    @staticmethod
    def submissions(_states: Collection[State]) -> tuple[Submission, ...]:
        """Return nothing."""
        return ()


EMPTY_BOOKS = _EmptyBooks()
"""A ledger that is not there yet."""


@dataclass(frozen=True, slots=True)
class Schedules:
    """What the Hub will start by itself.

    Args:
        found: the schedules; ``None`` where the Hub was not asked, or gave no usable answer.
        problem: why it gave none, a sentence; ``None`` where it did, or was not asked.
    """

    found: "Sequence[ScheduledJobInfo] | None" = None
    problem: str | None = None

    def without(self, schedule_id: str | None) -> "Schedules":
        """Return the same without the one of an id."""
        if self.found is None or schedule_id is None:
            return self
        return replace(self, found=[schedule for schedule in self.found if schedule.id != schedule_id])


def ask_schedules(hub: "JobsClient | None", namespace: str) -> Schedules:
    """Return the schedules of a namespace; nobody is asked without a client or a name."""
    if hub is None or not namespace:
        return Schedules()
    try:
        with hub.within(_SCHEDULES_SECS):
            return Schedules(hub.scheduled.list(namespace))
    except HubError as error:
        return Schedules(problem=f"The schedules of {namespace} are not known: {error.message}")


def look_off_ledger(
    workspace: "Workspace", applied: Sequence[AppliedBudget], listing: "Listing", schedules: Schedules
) -> OffLedger:
    """Return what budgets have spent or committed outside the ledger; nothing is read where no budget applies.

    Raises:
        HistoryError: the history or its bills cannot be read.
        LedgerError: the ledger cannot be asked.
    """
    books, now = workspace.books(), workspace.now()
    if not applied:
        return read_off_ledger(applied, books, now=now, listing=listing, schedules=schedules.found)
    found = schedules.found
    if found is not None:
        from hfplanner.submit.kept_schedules import with_kept_schedules  # noqa: PLC0415 - pydantic

        found = with_kept_schedules(found, books)
    return read_off_ledger(
        applied,
        books,
        now=now,
        listing=listing,
        jobs=workspace.history_jobs(),
        gaps=workspace.history_gaps(),
        bills=workspace.history_bills(),
        schedules=found,
    )


def kept_bills(workspace: "Workspace") -> dict[str, int]:
    """Return what the service billed for jobs that had ended, in micro-USD, from the bills that a sync keeps.

    Raises:
        HistoryError: they cannot be read.
    """
    bills = workspace.history_bills()
    return {} if bills is None else dict(bills.collect().select("job_id", "bill_micro_usd").iter_rows())
