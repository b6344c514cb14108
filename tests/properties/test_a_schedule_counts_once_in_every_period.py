"""Law: whatever becomes of a schedule, its runs count once in the period that is, whenever somebody looks."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.budget.ledger.changes import Reservation, Settlement
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import SID_LABEL, Sender
from hfplanner.budget.off_ledger_reading import read_off_ledger
from hfplanner.budget.policy import Budget, Period, Policy, applied_budgets
from hfplanner.budget.schedule_cost import runs_as_one_job
from hfplanner.budget.schedules import count_runs
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.catalog.listing import shipped_listing
from hfplanner.submit.kept_schedules import with_kept_schedules
from hfplanner.submit.timetable import Timetable, When
from tests.budget.postgres_server import quick_folder

START = datetime(2026, 9, 15, tzinfo=UTC)
PRICE = UsedPrice(micro_usd_per_minute=167, source="hub", checked=START)
ONE = JobTerms(namespace="alice", owner="alice", flavor="cpu-basic", price=PRICE, timeout_secs=60)
SENDER = Sender(host="h", boot_id="b", pid=1, lock_path="/lock", deadline_boot_secs=1.0)
LISTING = shipped_listing()
SID, OWN_ID = "5" * 32, "687fb701029421ae5549d999"

minutes = st.integers(1, 3 * 24 * 60)
schedules = st.sampled_from(["@hourly", "@daily", "*/10 * * * *", "30 23 * * *"])


@given(
    made=st.integers(1, 24 * 60 - 1),
    later=minutes,
    schedule=schedules,
    period=st.sampled_from([Period.DAY, Period.MONTH]),
    state=st.sampled_from(["UNKNOWN", "LAUNCHED", "SETTLED"]),
    listed=st.booleans(),
)
def test_a_schedule_counts_once_in_every_period(  # noqa: PLR0913, PLR0917 - all that differs
    made: int,
    later: int,
    schedule: str,
    period: Period,
    state: str,
    listed: bool,  # noqa: FBT001 - drawn
) -> None:
    """What is held for it counts in the period it was made in; in each later one its runs do, listed or not.

    Only what the Hub lists is let go, and then the listing counts it.
    """
    listed = listed or state == "SETTLED"
    at, now = START + timedelta(minutes=made), START + timedelta(minutes=made + later)
    rules = Policy(budgets=(Budget(name="b", limit_micro_usd=10**9, period=period),))
    (then,), (here,) = applied_budgets(rules, None, at), applied_budgets(rules, None, now)
    end = then.window.end or at
    held = runs_as_one_job(ONE, schedule, count_runs(schedule, at, end), overlap=False, start=at, end=end) or ONE
    timetable = Timetable(when=When(schedule=schedule), one=ONE, held=held)
    wanted = Reservation(
        sid=SID, key=None, spec_hash="s", terms=held, windows=(then.window,), created_at=at,
        expires_at=at + timedelta(minutes=5), notes=timetable.notes(),
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(dir=quick_folder()) as name,
        open_ledger(Path(name) / "ledger.sqlite3") as ledger,
    ):
        ledger.reserve(wanted)
        ledger.mark_sending(SID, SENDER, at)
        if state == "UNKNOWN":
            ledger.unknown(SID, "Lost.", at)
        else:
            ledger.launched(SID, OWN_ID, "{}", at)
        if state == "SETTLED":
            ledger.settle(SID, Settlement(cost_micro_usd=0, evidence="listed", at=at))
        seen = with_kept_schedules([_listed(schedule)] if listed else [], ledger)
        found = read_off_ledger([here], ledger, now=now, listing=LISTING, schedules=seen).of("b")
        (stands,) = ledger.balances([replace(here.window, held_schedules=found.held_schedules)])

    runs = count_runs(schedule, now, here.window.end or now)
    due = runs_as_one_job(ONE, schedule, runs, overlap=False, start=now, end=here.window.end or now) if runs else None
    cost = (due and due.cap_micro_usd) or 0
    is_held = state != "SETTLED" and here.window.start == then.window.start
    assert len(seen) == 1
    assert found.unknown == ()
    assert stands.held_micro_usd == ((held.cap_micro_usd or 0) if is_held else 0)
    assert (found.scheduled_micro_usd, len(found.held_schedules)) == ((0, 1) if is_held else (cost, 0))


def _listed(schedule: str) -> ScheduledJobInfo:
    """Return the schedule as the Hub lists it."""
    spec = {"flavor": "cpu-basic", "timeout": 60, "labels": {SID_LABEL: SID}}
    return ScheduledJobInfo.model_validate(
        {
            "id": OWN_ID,
            "schedule": schedule,
            "suspend": False,
            "concurrency": False,
            "owner": {"name": "alice"},
            "initiator": {"name": "alice"},
            "jobSpec": spec,
        }
    )
