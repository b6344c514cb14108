"""A plan's jobs are reserved together exactly where each could be, one after the other; or nothing is held for them."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.budget.ledger.changes import Existing, Refused, Reservation, Reserved
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import RunningCaps
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State
from hfplanner.errors import BudgetRefused
from tests.budget.books import LATER, reservation, window
from tests.budget.postgres_server import quick_folder

LIMITS = {"a": 300, "b": 150, "c": 60}
jobs = st.tuples(st.integers(1, 60), st.sets(st.sampled_from(sorted(LIMITS))), st.integers(0, 12))
plans = st.lists(st.lists(jobs, min_size=1, max_size=6, unique_by=lambda job: job[2]), min_size=1, max_size=6)
caps = st.sampled_from([RunningCaps(), RunningCaps(jobs=7), RunningCaps(jobs_per_owner=9, micro_usd_per_hour=10**8)])


def wanted(number: int, plan: list[tuple[int, set[str], int]], at_once: RunningCaps) -> list[Reservation]:
    """Return the reservations of a plan; a key stands for one job in all plans."""
    return [
        reservation(
            f"{number}-{key}", cap, windows=tuple(window(LIMITS[name], name) for name in sorted(names)), key=f"k{key}",
            caps=at_once,
        )
        for cap, names, key in plan
    ]  # fmt: skip


def together(ledger: Ledger, asked: list[Reservation]) -> list[tuple[type, str]] | None:
    """Return what became of each job, ``None`` where nothing is held."""
    try:
        found = ledger.reserve_all(asked)
    except BudgetRefused:
        return None
    return None if isinstance(found, Refused) else [(type(one), one.submission.sid) for one in found]


def one_by_one(ledger: Ledger, asked: list[Reservation]) -> list[tuple[type, str]] | None:
    """Return the same of one reservation after the other; where one is refused, the earlier ones are let go again."""
    done: list[tuple[type, str]] = []
    for one in asked:
        try:
            found = ledger.reserve(one)
        except BudgetRefused:
            found = None
        if isinstance(found, Reserved | Existing):
            done.append((type(found), found.submission.sid))
            continue
        for kind, sid in done:
            if kind is Reserved:
                assert ledger.void(sid, from_state=State.RESERVED, reason="The plan does not fit.", at=LATER)
        return None
    return done


@given(plans, caps)
def test_a_plan_is_reserved_whole_or_not_at_all(
    asked: list[list[tuple[int, set[str], int]]], at_once: RunningCaps
) -> None:
    """Two ledgers, the same plans: the decisions and the balances agree, no limit is exceeded, the books add up."""
    folder = Path(tempfile.mkdtemp(prefix="hfplanner-law-", dir=quick_folder()))
    windows = [window(limit, name) for name, limit in LIMITS.items()]
    try:
        with open_ledger(folder / "plans.sqlite3") as ledger, open_ledger(folder / "jobs.sqlite3") as other:
            for number, plan in enumerate(asked):
                reservations = wanted(number, plan, at_once)
                before = list(ledger.entries())
                found = together(ledger, reservations)
                assert found == one_by_one(other, reservations)
                if found is None:
                    assert list(ledger.entries()) == before
                assert ledger.balances(windows) == other.balances(windows)
                assert all(balance.left_micro_usd >= 0 for balance in ledger.balances(windows))
            assert ledger.verify() == ()
    finally:
        shutil.rmtree(folder)
