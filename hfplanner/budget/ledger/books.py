"""The books, to be looked at: each call is one transaction that reads, as they stand then."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hfplanner.budget.ledger import queries
from hfplanner.budget.ledger.dialect import Database, Transaction
from hfplanner.budget.ledger.limits import Balance, BudgetWindow, Running
from hfplanner.budget.ledger.records import Entry, Problem, State, Submission
from hfplanner.budget.ledger.rows import to_us
from hfplanner.budget.ledger.running import running
from hfplanner.budget.ledger.windows import balance, in_lock_order, is_slow, open_window
from hfplanner.errors import LedgerError

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval

__all__ = ["Books"]


class Books:
    """What a ledger has and says; :class:`~hfplanner.budget.ledger.ledger.Ledger` also changes it.

    Args:
        database: where it is kept.

    Raises:
        LedgerError: it cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ledger_id = database.read(queries.ledger_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; money that is held stays held."""
        self._database.close()

    @property
    def place(self) -> str:
        """Where the books are, for people: a path, or a server without user and password."""
        return self._database.place

    def get(self, sid: str) -> Submission | None:
        """Return a submission, ``None`` where there is none of this id."""
        return self._database.read(lambda tx: queries.by_sid(tx, sid))

    def by_key(self, key: str) -> Submission | None:
        """Return the submission that a key belongs to."""
        return self._database.read(lambda tx: queries.by_key(tx, key))

    def by_job(self, job_id: str) -> Submission | None:
        """Return the submission of a job."""
        return self._database.read(lambda tx: queries.by_job(tx, job_id))

    def by_jobs(self, job_ids: Collection[str]) -> dict[str, Submission]:
        """Return the submissions of jobs by the jobs' ids; jobs without one are left out."""
        wanted = sorted(set(job_ids))
        found = self._database.read(lambda tx: queries.by_jobs(tx, wanted))
        return {submission.job_id: submission for submission in found if submission.job_id is not None}

    def answer(self, sid: str) -> str:
        """Return what was kept of the Hub's answer to a submission, as JSON; ``""`` where there is none."""
        return self._database.read(lambda tx: queries.answer(tx, sid))

    def submissions(self, states: Collection[State] | None = None, limit: int | None = None) -> Iterator[Submission]:
        """Return submissions, the newest first: all, or those in some states; at most ``limit``.

        They are read in pages, each as the books stand when it is read.
        """
        return queries.submissions(self._database, states, limit)

    def balances(self, windows: Sequence[BudgetWindow]) -> tuple[Balance, ...]:
        """Return what windows stand at, all at the same moment.

        That is what all submissions of their periods and scopes have spent and hold, whatever budgets those were
        reserved in.
        """
        slow = self._database.read(lambda tx: [window for window in windows if is_slow(tx, window)])
        if slow:
            # Only to be quicker, now and the next time: books that cannot be written are read all the same.
            with suppress(LedgerError):
                self._open(slow)
        return self._database.read(lambda tx: tuple(balance(tx, window) for window in windows))

    def running(self) -> Running:
        """Return what may be running: every submission that holds money."""
        return self._database.read(running)

    def entries(self, sid: str | None = None) -> Iterator[Entry]:
        """Return the entries in the order they were made: all, or those of a submission."""
        return queries.entries(self._database, sid)

    def verify(self) -> tuple[Problem, ...]:
        """Return everything that does not add up; nothing where the books are right."""
        from hfplanner.budget.ledger.verify import verify  # noqa: PLC0415 - for who looks after the books

        return verify(self._database)

    def approval(self, code: str) -> "Approval | None":
        """Return an approval, whatever became of it; ``None`` where there is none of this code."""
        from hfplanner.budget.ledger import approving  # noqa: PLC0415 - for jobs of agents

        return self._database.read(lambda tx: approving.by_code(tx, code))

    def approval_of(self, digest: str, cost_micro_usd: int, now: datetime) -> "Approval | None":
        """Return the approval of a job, for this cost or more, that can still be used or else given."""
        from hfplanner.budget.ledger import approving  # noqa: PLC0415 - for jobs of agents

        return self._database.read(lambda tx: approving.find_approval(tx, digest, cost_micro_usd, to_us(now)))

    def open_approvals(self, now: datetime) -> "tuple[Approval, ...]":
        """Return all approvals that can still be given or used, the oldest first."""
        from hfplanner.budget.ledger import approving  # noqa: PLC0415 - for jobs of agents

        return self._database.read(lambda tx: approving.open_approvals(tx, to_us(now)))

    def _open(self, windows: Sequence[BudgetWindow]) -> None:
        """Make the counters of windows that have none: once for each window, from everything that counts in it."""

        def work(tx: Transaction) -> None:
            for window in in_lock_order(windows):
                open_window(tx, window)

        self._database.write(work, lambda _: None, alone=True)
