"""What tests of the ledger put into it: jobs whose cap can be told at a glance."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.records import (
    Adoption,
    BudgetWindow,
    Reservation,
    Reserved,
    Sender,
    Settlement,
    Submission,
)
from hfplanner.budget.terms import JobTerms, UsedPrice

__all__ = [
    "LATER",
    "MONTH",
    "NOW",
    "SENDER",
    "adoption",
    "launch",
    "reservation",
    "reserve",
    "settled",
    "terms",
    "window",
]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
SENDER = Sender(host="box", boot_id="b00t", pid=4321, lock_path="/run/lock", deadline_boot_secs=71.5)


def terms(cap: int = 100, **changed: object) -> JobTerms:
    """Return the terms of a job that costs at most ``cap``: one minute at that price."""
    price = UsedPrice(micro_usd_per_minute=cap, source="live", checked=NOW)
    known: dict[str, Any] = {"namespace": "acme", "owner": "ada", "flavor": "l4x1", "price": price, "timeout_secs": 60}
    return JobTerms(**(known | changed))


def window(limit: int = 1000, budget: str = "team", **changed: object) -> BudgetWindow:
    """Return a month of a budget."""
    known: dict[str, Any] = {"start": MONTH, "end": MONTH + timedelta(days=30)}
    return BudgetWindow(budget=budget, limit_micro_usd=limit, **(known | changed))


def reservation(sid: str = "s1", cap: int = 100, *windows: BudgetWindow, **changed: object) -> Reservation:
    """Return a reservation that lasts ten minutes; of a month of 1,000 where no windows are said."""
    known: dict[str, Any] = {
        "key": None,
        "spec_hash": "spec",
        "terms": terms(cap),
        "windows": windows or (window(),),
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Reservation(sid=sid, **(known | changed))


def reserve(ledger: Ledger, sid: str = "s1", cap: int = 100, *windows: BudgetWindow, **changed: object) -> Submission:
    """Reserve what must be left."""
    found = ledger.reserve(reservation(sid, cap, *windows, **changed))
    assert isinstance(found, Reserved), found
    return found.submission


def launch(ledger: Ledger, sid: str = "s1", cap: int = 100, *windows: BudgetWindow) -> None:
    """Bring a new submission to LAUNCHED, with the job ``job-`` and its id."""
    reserve(ledger, sid, cap, *windows)
    assert ledger.mark_sending(sid, SENDER, NOW)
    assert ledger.launched(sid, f"job-{sid}", "{}", NOW)


def settled(cost: int, evidence: str = "durations") -> Settlement:
    """Return a settlement at an hour after the reservation."""
    return Settlement(cost_micro_usd=cost, evidence=evidence, at=LATER)


def adoption(sid: str = "found", job_id: str = "job-found", cap: int = 100, *windows: BudgetWindow) -> Adoption:
    """Return the adoption of a job; in a month of 1,000 where no windows are said."""
    known = windows or (window(),)
    reason = "A job with the ledger's label."
    return Adoption(sid=sid, job_id=job_id, terms=terms(cap), cap_micro_usd=cap, windows=known, reason=reason, at=LATER)
