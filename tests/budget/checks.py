"""Jobs, prices, budgets and books for tests: only what a test is about is said."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hfplanner.budget.ledger.changes import Reservation
from hfplanner.budget.ledger.limits import Balance, BudgetWindow
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.budget.policy import Budget, Policy, with_defaults
from hfplanner.budget.terms import JobTerms, UsedPrice

__all__ = ["NOW", "PRICE", "Figures", "budget", "policy", "reservation", "terms"]

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
# Round, so that a test's sums can be done in the head: one dollar an hour would be 16667.
PRICE = UsedPrice(micro_usd_per_minute=10_000, source="live", checked=NOW)


def terms(**values: Any) -> JobTerms:  # noqa: ANN401 - a field's value
    """Return a job of an hour at $0.60."""
    given = {"namespace": "acme", "owner": "ada", "flavor": "l4x1", "price": PRICE, "timeout_secs": 3600}
    return JobTerms(**(given | values))


def budget(name: str = "team", limit: int = 1_000_000, **values: Any) -> Budget:  # noqa: ANN401 - a field's value
    """Return a budget of a month."""
    return Budget(name=name, limit_micro_usd=limit, source="hfplanner.toml", **values)


def policy(*budgets: Budget, **values: Any) -> Policy:  # noqa: ANN401 - a field's value
    """Return a policy of a file, its limits completed."""
    given = {"sources": ("hfplanner.toml",), **values}
    if "limits" in given:
        given["limits"] = with_defaults(given["limits"])
    return Policy(budgets=budgets, **given)


def reservation(sid: str, job: JobTerms, *windows: BudgetWindow, at: datetime = NOW) -> Reservation:
    """Return what is asked of a ledger for a job."""
    return Reservation(
        sid=sid,
        key=None,
        spec_hash="spec",
        terms=job,
        windows=windows,
        created_at=at,
        expires_at=at + timedelta(hours=1),
    )


@dataclass(frozen=True)
class Figures:
    """Books that say what they are given: the figures are the input of the arithmetic under test.

    Args:
        posted: by budget, micro-USD.
        held: by budget, micro-USD.
    """

    posted: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)

    def balances(self, windows: Sequence[BudgetWindow]) -> tuple[Balance, ...]:
        """Return the figures."""
        return tuple(
            Balance(
                window=window,
                posted_micro_usd=self.posted.get(window.budget, 0),
                held_micro_usd=self.held.get(window.budget, 0),
                overrun_micro_usd=0,
            )
            for window in windows
        )

    @staticmethod
    def by_jobs(_job_ids: Collection[str]) -> dict[str, Submission]:
        """Return nothing: no job is in these books."""
        return {}

    @staticmethod
    def submissions(_states: Collection[State]) -> tuple[Submission, ...]:
        """Return nothing."""
        return ()

    @staticmethod
    def get(_sid: str) -> Submission | None:
        """Return nothing."""
        return None

    @staticmethod
    def by_key(_key: str) -> Submission | None:
        """Return nothing."""
        return None
