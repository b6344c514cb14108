"""What jobs of the history cost a budget that the ledger does not count in it, in one pass over what counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import polars as pl

from hfplanner.budget.ledger.records import SID_LABEL, Submission
from hfplanner.budget.off_ledger import LedgerReader, Spending
from hfplanner.budget.policy import AppliedBudget
from hfplanner.budget.scope import Scope, covers
from hfplanner.catalog.listing import Listing
from hfplanner.catalog.prices import price_book
from hfplanner.estimate.job_costs import cost_jobs
from hfplanner.estimate.price_table import price_table
from hfplanner.frames.job_schema import FINAL_STAGES
from hfplanner.specs.sandbox import SANDBOX_LABEL

__all__ = ["JobEvidence", "StartedOutside", "spending_of_jobs", "started_outside"]

_NAMED_UNKNOWN = 3
N = TypeVar("N", str, str | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvidence:
    """What is known of jobs.

    Args:
        jobs: the history, of the jobs schema.
        listing: today's prices.
        now: the time, UTC.
        bills: what was really billed.
    """

    jobs: pl.LazyFrame
    listing: Listing
    now: datetime
    bills: pl.LazyFrame | None = None


def spending_of_jobs(
    applied: Sequence[AppliedBudget], books: LedgerReader, evidence: JobEvidence
) -> tuple[dict[str, Spending], datetime | None]:
    """Return what each budget has outside the ledger, and when any of its jobs was last seen.

    A job counts where it was created. Whose name is not known may be anybody's, so it counts for every budget that asks
    for one.
    """
    rows = _rows(applied, evidence)
    charges = _Charges(books, [row["id"] for row in rows])
    sums = {budget.budget.name: _Sum() for budget in applied}
    seen_at: datetime | None = None
    for row in rows:
        seen_at = max(filter(None, (seen_at, row["seen_at"])), default=None)
        submission = charges.submission(row["id"], row["sid"])
        for number, budget in enumerate(applied):
            if row[f"in_{number}"] and not (submission is not None and _is_the_ledgers(submission, budget)):
                sums[budget.budget.name].add(row)
    return {name: counted.spending() for name, counted in sums.items()}, seen_at


@dataclass(frozen=True, slots=True)
class StartedOutside:
    """What was started past the ledger in a period, the most first.

    Args:
        people: by who; ``None`` is not known who.
        kinds: by what started it: ``"sandbox"``, ``"schedule"``, ``"webhook"``, ``"duplicate"``, ``"job"``.
    """

    people: tuple[tuple[str | None, Spending], ...] = ()
    kinds: tuple[tuple[str, Spending], ...] = ()


def started_outside(month: AppliedBudget, books: LedgerReader, evidence: JobEvidence) -> StartedOutside:
    """Return what was started past the ledger in a period, by whom and by what.

    Args:
        month: a budget of every job, in the period.
        books: the ledger; a job that it charges is no part of this, whatever period it charges it in.
        evidence: the jobs.
    """
    rows = _rows([month], evidence)
    charges = _Charges(books, [row["id"] for row in rows])
    people: dict[str | None, _Sum] = {}
    kinds: dict[str, _Sum] = {}
    for row in rows:
        if charges.submission(row["id"], row["sid"]) is None:
            people.setdefault(row["submitter"], _Sum()).add(row)
            kinds.setdefault(row["kind"], _Sum()).add(row)
    return StartedOutside(_most_first(people), _most_first(kinds))


def _most_first(sums: Mapping[N, "_Sum"]) -> tuple[tuple[N, Spending], ...]:
    found = ((name, counted.spending()) for name, counted in sums.items())
    return tuple(sorted(found, key=lambda one: (-one[1].total_micro_usd, one[0] or "")))


def _is_the_ledgers(submission: Submission, applied: AppliedBudget) -> bool:
    """Return whether the ledger says what a job costs a budget: it counts it there, or in another period.

    A job that only the Hub tells to be of the budget's scope is counted by its record.
    """
    window, at = applied.window, submission.counts_at
    in_window = window.start <= at and (window.end is None or at < window.end)
    return not in_window or covers(window.scope, submission.terms)


def _rows(applied: Sequence[AppliedBudget], evidence: JobEvidence) -> list[dict[str, Any]]:
    """Return the jobs that any of the budgets is about, the oldest first, with their costs and whose they are."""
    since = min(budget.window.start for budget in applied)
    recent = evidence.jobs.filter(pl.col("created_at") >= since)
    bills = evidence.bills
    if bills is not None:
        # What a job that goes on has been charged so far says nothing of what it may still cost.
        bills = bills.join(recent.filter(_has_ended()), left_on="job_id", right_on="id", how="semi")
    costed = cost_jobs(recent, price_table(price_book(evidence.listing)), now=evidence.now, bills=bills)
    inside = [_is_in(budget).alias(f"in_{number}") for number, budget in enumerate(applied)]
    shown = ("id", "created_at", "seen_at", "cost_low_micro_usd", "cost_high_micro_usd")
    chosen = costed.select(*shown, _sid(), _is_open(), _submitter().alias("submitter"), _kind(), *inside).filter(
        pl.any_horizontal("^in_.*$")
    )
    return chosen.sort("created_at", "id").collect().rows(named=True)


def _is_in(applied: AppliedBudget) -> pl.Expr:
    """Return whether a job is of a budget's period and scope."""
    window, created = applied.window, pl.col("created_at")
    in_window = created >= window.start
    if window.end is not None:
        in_window &= created < window.end
    return in_window & _in_scope(applied.budget.scope)


def _in_scope(scope: Scope) -> pl.Expr:
    # Who called for a job is in the ledger alone: what was started past it is no agent's.
    found = pl.lit(value=not (scope.agents or scope.sessions))
    for names, column in ((scope.namespaces, pl.col("namespace")), (scope.owners, _submitter())):
        if names:
            found &= column.str.to_lowercase().is_in([name.lower() for name in names]).fill_null(value=True)
    for key, values in scope.labels.items():
        found &= _label(key).is_in(list(values)).fill_null(value=False)
    return found


def _submitter() -> pl.Expr:
    """Return who started a job, null where that is not known."""
    return pl.coalesce(
        "created_by",
        pl.when(pl.col("initiator_type") == "user").then("initiator"),
        pl.when(pl.col("owner_type") == "user").then("owner"),
    )


def _kind() -> pl.Expr:
    """Return what started a job: a sandbox is told by its label, anything else by its initiator."""
    initiators = {"scheduled-job": "schedule", "webhook": "webhook", "duplicated-job": "duplicate"}
    started = pl.col("initiator_type").cast(pl.String).replace_strict(initiators, default="job")
    is_sandbox = (_label(SANDBOX_LABEL) == "1").fill_null(value=False)
    return pl.when(is_sandbox).then(pl.lit("sandbox")).otherwise(started).alias("kind")


def _label(key: str) -> pl.Expr:
    """Return the value of a label, null where a job has no such label."""
    pair = pl.element()
    return pl.col("labels").list.eval(pair.struct.field("value").filter(pair.struct.field("key") == key)).list.first()


def _sid() -> pl.Expr:
    return _label(SID_LABEL).alias("sid")


def _is_open() -> pl.Expr:
    """Return whether a job may go on spending; one never seen to end may not once its longest time is over."""
    return (~_has_ended() & (pl.col("cost_basis").cast(pl.String) != "vanished")).alias("is_open")


def _has_ended() -> pl.Expr:
    return pl.col("finished_at").is_not_null() | pl.col("stage").is_in(FINAL_STAGES).fill_null(value=False)


class _Charges:
    """Which submission holds or has posted a job's money."""

    def __init__(self, books: LedgerReader, job_ids: Sequence[str]) -> None:
        self._books = books
        self._of_job = books.by_jobs(job_ids) if job_ids else {}
        self._claimed: set[str] = set()

    def submission(self, job_id: str, sid: str | None) -> Submission | None:
        """Return it, ``None`` where nothing is charged.

        A submission whose job is not known yet holds money for one job of its label, the oldest; copies are charged to
        nobody yet.
        """
        found = self._of_job.get(job_id)
        if found is not None or sid is None or sid in self._claimed:
            return found
        labelled = self._books.get(sid)
        if labelled is None or labelled.job_id is not None or not labelled.state.holds_money:
            return None
        self._claimed.add(sid)
        return labelled


class _Sum:
    """What is added up of one budget's jobs."""

    def __init__(self) -> None:
        self._micro_usd = {True: 0, False: 0}
        self._jobs = {True: 0, False: 0}
        self._unknown: list[str] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a job at the most it can cost, or at the least where that has no bound."""
        is_open, most = row["is_open"], row["cost_high_micro_usd"]
        self._jobs[is_open] += 1
        self._micro_usd[is_open] += (row["cost_low_micro_usd"] or 0) if most is None else most
        if most is None:
            self._unknown.append(row["id"])

    def spending(self) -> Spending:
        """Return the sums, and one sentence about all jobs without a bound."""
        return Spending(
            spent_micro_usd=self._micro_usd[False],
            held_micro_usd=self._micro_usd[True],
            spent_jobs=self._jobs[False],
            held_jobs=self._jobs[True],
            unknown=(_unbounded(self._unknown),) if self._unknown else (),
        )


def _unbounded(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:_NAMED_UNKNOWN]) + (", ..." if len(ids) > _NAMED_UNKNOWN else "")
    jobs = "1 job" if len(ids) == 1 else f"{len(ids):,} jobs"
    return (
        f"What {jobs} outside the ledger cost at most is not known, for want of a price, an end or a timeout: {named}"
    )
