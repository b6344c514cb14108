"""What tests of the ledger put into it: jobs whose cap can be told at a glance.

Amounts are in cents, so that the half a cent to which a limit is kept decides nothing, and each budget is about the
jobs with a label of its name, which a reservation carries for each of its windows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hfplanner.budget.ledger.changes import Adoption, Reservation, Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.records import Sender, Submission
from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import JobTerms, UsedPrice

__all__ = [
    "CENT",
    "LATER",
    "MONTH",
    "NOW",
    "SENDER",
    "adoption",
    "labels",
    "launch",
    "reservation",
    "reserve",
    "settled",
    "terms",
    "window",
]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CENT = 10_000
"""In micro-USD."""
LATER = NOW + timedelta(hours=1)
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
SENDER = Sender(host="box", boot_id="b00t", pid=4321, lock_path="/run/lock", deadline_boot_secs=71.5)


def terms(cap: int = 100, **changed: object) -> JobTerms:
    """Return the terms of a job that costs at most ``cap`` cents: one minute at that price."""
    price = UsedPrice(micro_usd_per_minute=cap * CENT, source="live", checked=NOW)
    known: dict[str, Any] = {"namespace": "acme", "owner": "ada", "flavor": "l4x1", "price": price, "timeout_secs": 60}
    return JobTerms(**(known | changed))


def window(limit: int = 1000, budget: str = "team", **changed: object) -> BudgetWindow:
    """Return a month of a budget, of so many cents."""
    scope = Scope(labels={budget: frozenset({"yes"})})
    known: dict[str, Any] = {"start": MONTH, "end": MONTH + timedelta(days=30), "scope": scope}
    return BudgetWindow(budget=budget, limit_micro_usd=limit * CENT, **(known | changed))


def labels(windows: Sequence[BudgetWindow]) -> dict[str, str]:
    """Return the labels of a job that these budgets are about."""
    return {window.budget: "yes" for window in windows}


def reservation(sid: str = "s1", cap: int = 100, *windows: BudgetWindow, **changed: Any) -> Reservation:  # noqa: ANN401 - a field's value
    """Return a reservation that lasts ten minutes; of a month of 1,000 cents where no windows are said."""
    named = changed.get("windows", windows or (window(),))
    known: dict[str, Any] = {
        "key": None,
        "spec_hash": "spec",
        "terms": terms(cap, labels=labels(named)),
        "windows": named,
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Reservation(sid=sid, **(known | changed))


def reserve(
    ledger: Ledger,
    sid: str = "s1",
    cap: int = 100,
    *windows: BudgetWindow,
    **changed: Any,  # noqa: ANN401 - a field's value
) -> Submission:
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
    return Settlement(cost_micro_usd=cost * CENT, evidence=evidence, at=LATER)


def adoption(sid: str = "found", job_id: str = "job-found", cap: int = 100, *windows: BudgetWindow) -> Adoption:
    """Return the adoption of a job; in a month of 1,000 cents where no windows are said."""
    known = windows or (window(),)
    reason = "A job with the ledger's label."
    job = terms(cap, labels=labels(known))
    return Adoption(sid=sid, job_id=job_id, terms=job, cap_micro_usd=cap * CENT, windows=known, reason=reason, at=LATER)
