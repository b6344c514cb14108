"""Law: however a budget is renamed or moved, no reservation takes what counts in its window beyond the limit.

And none is refused that fits. Moved: to another period, another time zone, another scope. The oracle is a list of
jobs: what counts in a window is what lies in its stretch of time and is of its scope.
"""

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.budget.ledger.changes import Reserved, Settlement
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import Sender, State
from hfplanner.budget.period import Period
from hfplanner.budget.policy import Budget, applied_budgets
from hfplanner.budget.scope import Scope, covers
from hfplanner.budget.terms import JobTerms
from hfplanner.units import ceiling_micro_usd
from tests.budget.checks import PRICE, policy, reservation, terms
from tests.budget.postgres_server import quick_folder

SENDER = Sender(host="h", boot_id="b", pid=1, lock_path="/lock", deadline_boot_secs=1.0)
# Hours around the end of a month, a week and, in some zones, a day: each moves jobs from one window to another.
BEGIN = datetime(2026, 11, 27, tzinfo=UTC)


@dataclass
class Job:
    """What the oracle knows of one: when, for whom, and what it holds or has cost."""

    at: datetime
    terms: JobTerms
    micro_usd: int


budgets = st.builds(
    Budget,
    name=st.sampled_from(["team", "research"]),
    limit_micro_usd=st.sampled_from([0, 1_000_000, 2_000_000]),
    period=st.sampled_from(Period),
    zone=st.sampled_from([ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Pacific/Kiritimati")]),
    scope=st.builds(
        Scope,
        owners=st.sampled_from([frozenset(), frozenset({"ada"}), frozenset({"ada", "grace"})]),
        labels=st.sampled_from([{}, {"team": frozenset({"nlp"})}]),
    ),
)
jobs = st.builds(
    terms,
    owner=st.sampled_from(["ada", "Grace", "eve", ""]),
    labels=st.sampled_from([{}, {"team": "nlp"}]),
    timeout_secs=st.sampled_from([600, 1800, 3600]),
)
hours = st.integers(0, 7 * 24).map(lambda hour: BEGIN + timedelta(hours=hour))
steps = st.one_of(
    st.tuples(st.just("reserve"), budgets, jobs, hours),
    st.tuples(st.just("settle"), st.integers(0, 20), st.integers(0, 100)),
    st.tuples(st.just("void"), st.integers(0, 20)),
)


def counted(known: dict[str, Job], window: BudgetWindow, scope: Scope) -> int:
    """Return what counts in a window."""
    return sum(
        job.micro_usd
        for job in known.values()
        if window.start <= job.at and (window.end is None or job.at < window.end) and covers(scope, job.terms)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25))
def test_what_was_spent_stays_spent(taken: list[tuple[object, ...]]) -> None:
    """On a real file; the books prove themselves at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hfplanner-law-", dir=quick_folder()))
    known: dict[str, Job] = {}
    try:
        with open_ledger(folder / "ledger.sqlite3") as ledger:
            for number, step in enumerate(taken):
                match step:
                    case ("reserve", Budget() as rule, JobTerms() as job, datetime() as at):
                        sid, price = f"s{number}", replace(PRICE, checked=at)
                        job = replace(job, price=price)
                        found = [applied.window for applied in applied_budgets(policy(rule), job, at)]
                        before = [counted(known, window, rule.scope) for window in found]
                        cost = job.cap_micro_usd or 0
                        fits = all(amount + cost <= ceiling_micro_usd(rule.limit_micro_usd) for amount in before)
                        stands = ledger.balances(found)
                        assert [one.posted_micro_usd + one.held_micro_usd for one in stands] == before
                        answer = ledger.reserve(reservation(sid, job, *found, at=at))
                        assert isinstance(answer, Reserved) == fits
                        if fits:
                            known[sid] = Job(at, job, cost)
                    case ("settle", int() as which, int() as percent) if known:
                        sid = list(known)[which % len(known)]
                        cost = known[sid].micro_usd * percent // 100
                        done = Settlement(cost_micro_usd=cost, evidence="durations", at=known[sid].at)
                        ledger.mark_sending(sid, SENDER, known[sid].at)
                        ledger.launched(sid, f"job-{sid}", "{}", known[sid].at)
                        if ledger.settle(sid, done):
                            known[sid].micro_usd = cost
                    case ("void", int() as which) if known:
                        sid = list(known)[which % len(known)]
                        if ledger.void(sid, from_state=State.RESERVED, reason="No.", at=known[sid].at):
                            del known[sid]
            assert ledger.verify() == ()
    finally:
        shutil.rmtree(folder)
