"""Law: whatever is asked of a ledger in whatever order, it answers, and holds and posts, what a few dicts would.

The oracle below knows nothing of SQL: a submission is a small record, a budget's counters are sums over them. The
ledger is a real SQLite file. Whole runs are proved by ``verify`` at their end.

``HFPLANNER_LEDGER_STEPS`` says how many steps to take in all.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hfplanner.budget.ledger.changes import Adoption, Existing, Refused, Reserved
from hfplanner.budget.ledger.limits import BudgetWindow, Waiver
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State
from hfplanner.errors import KeyConflict, LedgerError
from tests.budget.books import CENT, LATER, NOW, SENDER, adoption, labels, reservation, settled, terms, window
from tests.budget.postgres_server import quick_folder

STEPS_PER_RUN = 50
# Hypothesis ends some runs early.
LEAST_PER_RUN = 40
STEPS = int(os.environ.get("HFPLANNER_LEDGER_STEPS", "50000"))

BUDGETS = ("a", "b", "c")
amounts = st.integers(1, 120)
limits = st.sampled_from([0, 50, 100, 200, 1000])
evidence = st.sampled_from(["durations", "bill"])
budget_sets = st.lists(st.sampled_from(BUDGETS), unique=True, max_size=3)
keys = st.sampled_from([None, None, "k1", "k2"])
specs = st.sampled_from(["x", "y"])
waivers = st.sampled_from(
    [
        None,
        None,
        None,
        Waiver(reason="why", author="who", expires=LATER),
        Waiver(reason="why", author="who", expires=NOW),
    ]
)


@dataclass
class Known:
    """A submission as the oracle knows it: the budgets it was decided in, and those that are about it; in cents."""

    state: State
    cap: int
    budgets: tuple[str, ...]
    labels: tuple[str, ...]
    spec: str = ""
    key: str | None = None
    posted: int | None = None
    presumed: bool = False
    evidence: str = ""
    job: str | None = None
    asked: int = 0
    is_given_up: bool = False

    def __post_init__(self) -> None:
        """Its terms cost what it holds, until it is adopted at another cap."""
        self.asked = self.cap

    @property
    def held(self) -> int:
        """What it holds of each of its budgets."""
        return self.cap if self.state.holds_money else 0


@dataclass
class Oracle:
    """Everything that is known: submissions by id, and the limit each budget was last given."""

    known: dict[str, Known] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)

    def spent(self, budget: str) -> tuple[int, int]:
        """Return what is posted and held of a budget, by the submissions it is about."""
        mine = [one for one in self.known.values() if budget in one.labels]
        return sum(one.posted or 0 for one in mine), sum(one.held for one in mine)

    def has_job(self, job: str) -> str | None:
        """Return the submission that has a job."""
        return next((sid for sid, one in self.known.items() if one.job == job), None)


def in_cents(amount: int | None) -> int | None:
    """Return an amount in micro-USD."""
    return None if amount is None else amount * CENT


class LedgerMachine(RuleBasedStateMachine):
    """Asks the ledger and the oracle the same."""

    steps_taken: ClassVar[int] = 0

    @initialize()
    def open(self) -> None:
        """Begin with empty books."""
        self.folder = Path(tempfile.mkdtemp(prefix="hfplanner-law-", dir=quick_folder()))
        self.path = self.folder / "ledger.sqlite3"
        self.ledger = open_ledger(self.path)
        self.oracle = Oracle()

    def teardown(self) -> None:
        """Prove the books, in the eyes of a new connection."""
        if hasattr(self, "ledger"):
            self.ledger.close()
            with open_ledger(self.path) as ledger:
                problems = ledger.verify()
            shutil.rmtree(self.folder)
            assert problems == ()

    def window(self, budget: str, limit: int, waiver: Waiver | None = None, other: int = 0) -> BudgetWindow:
        """Return a budget's month."""
        return window(limit, budget, waiver=waiver, other_micro_usd=other * CENT)

    def pick(self, number: int) -> str:
        """Return one of the submissions there are, or one there is not."""
        sids = [*self.oracle.known, "nobody"]
        return sids[number % len(sids)]

    @rule(
        cap=amounts, budgets=budget_sets, limit=limits, key=keys, spec=specs, waiver=waivers, other=st.integers(0, 30)
    )
    def reserve(  # noqa: PLR0913, PLR0917 - all that decides
        self, cap: int, budgets: list[str], limit: int, key: str | None, spec: str, waiver: Waiver | None, other: int
    ) -> None:
        """All budgets or none; a key stands for one job unless nothing came of it."""
        sid = f"s{len(self.oracle.known)}"
        windows = [self.window(budget, limit, waiver, other) for budget in budgets]
        wanted = reservation(sid, cap, windows=tuple(windows), key=key, spec_hash=spec)
        owner = next((name for name, one in self.oracle.known.items() if key and one.key == key), None)
        before = self.oracle.known.get(owner or "")
        if before is not None and before.state is not State.VOID:
            if before.spec != spec:
                try:
                    self.ledger.reserve(wanted)
                except KeyConflict:
                    return
                raise AssertionError(wanted)
            found = self.ledger.reserve(wanted)
            assert isinstance(found, Existing)
            assert found.submission.sid == owner
            return
        over = [name for name in budgets if sum(self.oracle.spent(name)) + other + cap > limit]
        is_waived = waiver is not None and waiver.expires > NOW
        found = self.ledger.reserve(wanted)
        if over and not is_waived:
            assert isinstance(found, Refused)
            assert sorted(found.over) == sorted(over)
            held = [self.oracle.spent(budget)[1] * CENT for budget in budgets]
            assert [balance.held_micro_usd for balance in found.balances] == held
            return
        assert isinstance(found, Reserved)
        if before is not None:
            before.key = None
        self.oracle.known[sid] = Known(State.RESERVED, cap, tuple(budgets), tuple(budgets), spec, key)
        self.oracle.limits.update(dict.fromkeys(budgets, limit))

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), late=st.booleans())
    def send(self, number: int, late: bool) -> None:  # noqa: FBT001 - drawn
        """Once, before the expiry."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        due = one is not None and one.state is State.RESERVED and not late
        at = NOW + timedelta(minutes=10 if late else 1)
        assert self.ledger.mark_sending(sid, SENDER, at) == due
        if one is not None and due:
            one.state = State.SENDING

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), job=st.integers(0, 9), how=st.sampled_from(["launched", "found"]))
    def job_is_there(self, number: int, job: int, how: str) -> None:
        """An answer, or evidence found later."""
        sid, job_id = self.pick(number), f"j{job}"
        one = self.oracle.known.get(sid)
        due = one is not None and self._gets_job(one, job_id, how)
        call: Callable[..., bool] = getattr(self.ledger, how)
        assert call(sid, job_id, "{}", LATER, "Seen.") == due

    def _gets_job(self, one: Known, job_id: str, how: str) -> bool:
        with_job = {State.LAUNCHED, State.ADOPTED, State.SETTLED}
        if one.state in with_job and one.job == job_id:
            return True
        is_open = one.state in {State.SENDING, State.UNKNOWN}
        if how == "found":
            is_open = is_open or one.presumed or one.state is State.VOID
        if not is_open or self.oracle.has_job(job_id) is not None:
            return False
        one.state = State.ADOPTED if one.state is State.VOID else State.LAUNCHED
        one.job, one.posted, one.presumed = job_id, None, False
        return True

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0))
    def lose(self, number: int) -> None:
        """No answer."""
        self._move(number, State.SENDING, State.UNKNOWN, lambda sid: self.ledger.unknown(sid, "Lost.", LATER))

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), source=st.sampled_from([State.RESERVED, State.SENDING, State.UNKNOWN]))
    def release(self, number: int, source: State) -> None:
        """It will not run."""
        self._move(
            number, source, State.VOID, lambda sid: self.ledger.void(sid, from_state=source, reason="No.", at=LATER)
        )

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0))
    def presume(self, number: int) -> None:
        """Taken as spent."""
        one = self._move(number, State.UNKNOWN, State.SETTLED, lambda sid: self.ledger.presume(sid, "Old.", LATER))
        if one is not None:
            one.posted, one.presumed = one.cap, True

    def _move(self, number: int, source: State, target: State, call: Callable[[str], bool]) -> Known | None:
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        due = one is not None and one.state is source
        assert call(sid) == due
        if one is None or not due:
            return None
        one.state = target
        return one

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), cost=amounts, source=evidence)
    def settle(self, number: int, cost: int, source: str) -> None:
        """Once."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        due = one is not None and one.state in {State.LAUNCHED, State.ADOPTED}
        assert self.ledger.settle(sid, settled(cost, source)) == due
        if one is not None and due:
            one.state, one.posted, one.evidence = State.SETTLED, cost, source

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), cost=amounts, cap=amounts, budgets=budget_sets, limit=limits, in_earnest=st.booleans())
    def replace(  # noqa: PLR0913, PLR0917 - all that decides
        self,
        number: int,
        cost: int,
        cap: int,
        budgets: list[str],
        limit: int,
        in_earnest: bool,  # noqa: FBT001 - drawn
    ) -> None:
        """One that has ended is settled and another reserved in its place, or neither; only rehearsed, neither."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        windows = tuple(self.window(budget, limit) for budget in budgets)
        wanted = reservation(f"s{len(self.oracle.known)}", cap, windows=windows)
        call = self.ledger.settle_and_reserve if in_earnest else self.ledger.rehearse_replacement
        if one is None or one.state not in {State.LAUNCHED, State.ADOPTED, State.SETTLED}:
            with pytest.raises(LedgerError):
                call(sid, settled(cost), wanted)
            return
        before = (one.state, one.posted, one.evidence)
        if one.state is not State.SETTLED:
            one.state, one.posted, one.evidence = State.SETTLED, cost, "durations"
        over = [name for name in budgets if sum(self.oracle.spent(name)) + cap > limit]
        found = call(sid, settled(cost), wanted)
        assert isinstance(found, Refused if over else Reserved)
        if over or not in_earnest:
            one.state, one.posted, one.evidence = before
            return
        self.oracle.known[wanted.sid] = Known(State.RESERVED, cap, tuple(budgets), tuple(budgets), "spec")
        self.oracle.limits.update(dict.fromkeys(budgets, limit))

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0))
    def give_up(self, number: int) -> None:
        """Noted where there is a job whose money is held, and nothing else changes."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        due = one is not None and one.state in {State.LAUNCHED, State.ADOPTED}
        assert self.ledger.give_up(sid, "It waited.", LATER) == due
        if one is not None and due:
            one.is_given_up = True

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), runs=amounts, cap=amounts, limit=limits)
    def reserve_beside(self, number: int, runs: int, cap: int, limit: int) -> None:
        """A schedule that was held when somebody looked costs its runs where the ledger has let go of it since."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        more = runs if one is not None and one.state is State.SETTLED else 0
        seen = dataclass_replace(self.window("a", limit), held_schedules=((sid, runs * CENT),))
        wanted = reservation(f"s{len(self.oracle.known)}", cap, windows=(seen,))
        fits = sum(self.oracle.spent("a")) + more + cap <= limit
        assert isinstance(self.ledger.reserve(wanted), Reserved if fits else Refused)
        if fits:
            self.oracle.known[wanted.sid] = Known(State.RESERVED, cap, ("a",), ("a",), "spec")
            self.oracle.limits["a"] = limit

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), cost=amounts, source=evidence)
    def correct(self, number: int, cost: int, source: str) -> None:
        """The bill wins."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        due = (
            one is not None
            and one.state is State.SETTLED
            and not (one.evidence == "bill" and source != "bill")
            and (one.posted != cost or one.presumed)
        )
        assert self.ledger.correct(sid, settled(cost, source)) == due
        if one is not None and due:
            one.posted, one.evidence, one.presumed = cost, source, False

    @rule(number=st.integers(0), job=st.integers(0, 9), cap=amounts, budgets=budget_sets, limit=limits)
    def adopt(self, number: int, job: int, cap: int, budgets: list[str], limit: int) -> None:
        """A job is charged once, to the submission it belongs to if that has none."""
        job_id = f"j{job}"
        sid = [*self.oracle.known, f"s{len(self.oracle.known)}"][number % (len(self.oracle.known) + 1)]
        windows = tuple(self.window(budget, limit) for budget in budgets)
        wanted: Adoption = adoption(sid, job_id, cap)
        found = self.ledger.adopt(
            Adoption(
                **{name: getattr(wanted, name) for name in Adoption.__slots__}
                | {"windows": windows, "terms": terms(cap, labels=labels(windows))}
            )
        )
        owner = self.oracle.has_job(job_id)
        if owner is not None:
            assert found.sid == owner
            return
        one = self.oracle.known.get(sid)
        if one is not None and (one.state in {State.SENDING, State.UNKNOWN} or one.presumed):
            assert found.sid == sid
            assert self._gets_job(one, job_id, "found")
            return
        if one is not None and one.state is State.VOID:
            one.state, one.cap, one.budgets, one.job = State.ADOPTED, cap, tuple(budgets), job_id
        else:
            self.oracle.known[found.sid] = Known(State.ADOPTED, cap, tuple(budgets), tuple(budgets), job=job_id)
        assert (found.sid == sid) == (one is None or (one.state is State.ADOPTED and one.job == job_id))
        self.oracle.limits.update(dict.fromkeys(budgets, limit))

    @precondition(lambda self: self.oracle.known)
    @rule(number=st.integers(0), more=st.integers(-5, 120), budgets=budget_sets)
    def grant(self, number: int, more: int, budgets: list[str]) -> None:
        """The Hub grants more than was asked for, or makes it a job of others too; less changes nothing."""
        sid = self.pick(number)
        one = self.oracle.known.get(sid)
        if one is None:
            assert not self.ledger.raise_hold(sid, terms(1), "More.", LATER)
            return
        cap, wider = max(one.cap + more, 1), tuple(sorted({*one.labels, *budgets}))
        same = cap == one.asked and set(wider) == set(one.labels)
        due = one.state in {State.LAUNCHED, State.ADOPTED} and cap >= one.cap and not same
        granted = terms(cap, labels=dict.fromkeys(wider, "yes"))
        assert self.ledger.raise_hold(sid, granted, "More.", LATER) == due
        if due:
            one.cap, one.asked, one.labels = cap, cap, wider

    @rule()
    def open_again(self) -> None:
        """A new process."""
        self.ledger.close()
        self.ledger = open_ledger(self.path)

    @invariant()
    def balances_are_sums(self) -> None:
        """Posted, held and overrun of every budget, under the limit it was last given."""
        if not hasattr(self, "ledger"):
            return
        type(self).steps_taken += 1
        windows = [self.window(budget, self.oracle.limits.get(budget, 0)) for budget in BUDGETS]
        for budget, balance in zip(BUDGETS, self.ledger.balances(windows), strict=True):
            posted, held = self.oracle.spent(budget)
            assert (balance.posted_micro_usd, balance.held_micro_usd) == (posted * CENT, held * CENT)
            assert balance.overrun_micro_usd == max(0, (posted + held) * CENT - balance.window.limit_micro_usd)

    @invariant()
    def submissions_are_as_known(self) -> None:
        """Each in its state, with its amounts, job and budgets."""
        if not hasattr(self, "ledger"):
            return
        found = {
            one.sid: (
                (one.state, one.cap_micro_usd, one.posted_micro_usd, one.presumed),
                (one.job_id, len(one.budgets), one.is_given_up),
            )
            for one in self.ledger.submissions()
        }
        assert found == {
            sid: (
                (one.state, one.cap * CENT, in_cents(one.posted), one.presumed),
                (one.job, len(one.budgets), one.is_given_up),
            )
            for sid, one in self.oracle.known.items()
        }


def test_ledger_equals_its_oracle() -> None:
    """As many runs of fifty steps as make the number."""
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=-(-STEPS // LEAST_PER_RUN),
            stateful_step_count=STEPS_PER_RUN,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert LedgerMachine.steps_taken >= STEPS
