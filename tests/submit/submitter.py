"""A submitter at the emulator: a real ledger in a file, a real client, the emulated moment as the time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.limits import Limits
from hfplanner.api.new_job import NewJob
from hfplanner.api.retry import RetryPolicy
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.budget.terms import UsedPrice
from hfplanner.submit.charging import Charging
from hfplanner.submit.machine import SendingMachine
from hfplanner.submit.send import JobOrder, Submitter
from hfplanner.submit.timetable import Timetable, When
from tests.hub.control import Hub

__all__ = [
    "CAP",
    "HELD",
    "LIMIT",
    "PRICE",
    "START",
    "at_submitter",
    "balance",
    "charging",
    "machine",
    "order",
    "posts",
    "posts_of_schedules",
    "scheduled",
    "window",
]

START = datetime(2026, 9, 1, tzinfo=UTC)
PRICE = UsedPrice(micro_usd_per_minute=167, source="hub", checked=START)
CAP = 60 * 167
"""What the job of :func:`order` may cost: an hour of cpu-basic; more than the half a cent a limit is kept to."""
LIMIT = 3 * CAP
HELD = 2 * CAP
"""What the schedule of :func:`scheduled` holds: two runs."""
# A stalled answer ends soon, and a question is asked once: an emulator on this machine answers at once or never.
_LIMITS = Limits(connect_secs=1.0, read_secs=0.5, total_secs=1.0)
_ONCE = RetryPolicy(attempts=1)


def window(**changes: Any) -> BudgetWindow:  # noqa: ANN401 - the fields of BudgetWindow
    """Return the window of a budget of one month that three jobs fit."""
    month = BudgetWindow(budget="team", start=START, end=datetime(2026, 10, 1, tzinfo=UTC), limit_micro_usd=LIMIT)
    return replace(month, **changes)


@dataclass(frozen=True)
class _Clock:
    hub: Hub

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.hub.now(), UTC)


def machine(folder: Path, **changes: Any) -> SendingMachine:  # noqa: ANN401 - the fields of SendingMachine
    """Return this machine, its locks in a folder."""
    return SendingMachine(**({"host": "here", "boot_id": "1", "folder": folder / "sending"} | changes))


@contextmanager
def at_submitter(hub: Hub, folder: Path, **changes: Any) -> Iterator[Submitter]:  # noqa: ANN401 - the fields of Submitter
    """Open a submitter whose ledger is in a folder."""
    client = JobsClient(hub.url, token=Token(hub.token), limits=_LIMITS, retry=_ONCE)
    with client, open_ledger(folder / "ledger.sqlite3") as ledger:
        submitter = Submitter(ledger=ledger, hub=client, machine=machine(folder), clock=_Clock(hub))
        yield replace(submitter, **changes)


def order(key: str | None = None, windows: tuple[BudgetWindow, ...] | None = None, **spec: Any) -> JobOrder:  # noqa: ANN401 - the fields of NewJob
    """Return an order of a job of an hour on cpu-basic in alice's namespace."""
    asked: dict[str, Any] = {
        "image": "python:3.12",
        "command": ["python", "-V"],
        "flavor": "cpu-basic",
        "timeout_secs": 3600,
        "attempts": 1,
    } | spec
    windows = (window(),) if windows is None else windows
    return JobOrder(job=NewJob(**asked), namespace="alice", owner="alice", price=PRICE, windows=windows, key=key)


def scheduled(key: str | None = None, beside: tuple[tuple[BudgetWindow, int], ...] = ()) -> JobOrder:
    """Return an order of a schedule of which two runs are held."""
    job = order(key)
    timetable = Timetable(
        when=When(schedule="@hourly"), one=job.terms, held=replace(job.terms, attempts=2), beside=beside
    )
    return replace(job, timetable=timetable)


def charging(bills: Mapping[str, int] | None = None) -> Charging:
    """Return what charges a job nobody reserved money for: the same window and price."""
    return Charging(
        windows_of=lambda _terms, _at: (window(),),
        price_of=lambda _flavor: PRICE,
        dearest=PRICE,
        bills=bills or {},
        namespaces=("alice",),
    )


def balance(submitter: Submitter) -> tuple[int, int]:
    """Return what the window holds and what it has posted."""
    (found,) = submitter.ledger.balances([window()])
    return found.held_micro_usd, found.posted_micro_usd


def posts(hub: Hub) -> int:
    """Return how many requests for a job the Hub has got."""
    return sum(asked.method == "POST" and asked.path == "/api/jobs/alice" for asked in hub.requests())


def posts_of_schedules(hub: Hub) -> int:
    """Return how many requests for a schedule the Hub has got."""
    return sum(asked.method == "POST" and asked.path == "/api/scheduled-jobs/alice" for asked in hub.requests())


def only(submitter: Submitter) -> Submission:
    """Return the ledger's one submission."""
    (submission,) = submitter.ledger.submissions()
    return submission


def states(submitter: Submitter) -> list[State]:
    """Return the states of all submissions, the newest first."""
    return [submission.state for submission in submitter.ledger.submissions()]
