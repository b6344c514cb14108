"""What may run at once: open submissions, counted from their rows in the transaction that decides.

Whoever reserves under such a cap takes turns with all others who do, so that two who each find one place left do not
both take it. Open is every submission that holds money: what is reserved may run, and what is unknown may be running.
"""

from collections.abc import Iterator, Sequence

from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.limits import Running, RunningCaps
from hfplanner.budget.ledger.records import State
from hfplanner.budget.ledger.rows import read_terms
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import BudgetBlocked, BudgetRefused, LedgerError, quoted
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.units import MINUTES_PER_HOUR, SECONDS_PER_MINUTE, ceiling_micro_usd, format_usd

__all__ = ["check_caps", "exceeded_caps", "exceeded_together", "running"]

_HOUR_SECS = MINUTES_PER_HOUR * SECONDS_PER_MINUTE
_OPEN = ", ".join(f"'{state}'" for state in State if state.holds_money)
_TERMS = f"SELECT sid, terms FROM submissions WHERE state IN ({_OPEN})"  # noqa: S608 - our own states


def running(tx: Transaction) -> Running:
    """Return what may be running.

    Raises:
        LedgerError: the terms of a submission are damaged.
    """
    owners: dict[str, int] = {}
    per_hour, unpriced = 0, 0
    for sid, text in tx.rows(_TERMS):
        try:
            terms = read_terms(text)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise LedgerError(f"Submission {sid} of the ledger is damaged and cannot be read.") from error
        owner = terms.owner.casefold()
        owners[owner] = owners.get(owner, 0) + 1
        hour = _hour(terms)
        per_hour += hour or 0
        unpriced += hour is None
    return Running(jobs=sum(owners.values()), by_owner=owners, micro_usd_per_hour=per_hour, unpriced_jobs=unpriced)


def _hour(terms: JobTerms) -> int | None:
    """Return what an hour of a job costs, its ports included."""
    if terms.price is None:
        return None
    return worst_case_micro_usd(terms.price.micro_usd_per_minute, _HOUR_SECS, has_ports=terms.has_ports)


def exceeded_caps(caps: RunningCaps, found: Running, terms: JobTerms) -> Iterator[DecisionReason]:
    """Yield each cap on what runs at once that one more job would exceed; what is not known blocks.

    >>> caps, found = RunningCaps(jobs=2), Running(jobs=2, by_owner={"ada": 2}, micro_usd_per_hour=0, unpriced_jobs=0)
    >>> job = JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=None, timeout_secs=60)
    >>> [reason.message for reason in exceeded_caps(caps, found, job)]
    ['2 jobs may be running; 2 is the most (max_running_jobs).']
    """
    if caps.jobs is not None and found.jobs + 1 > caps.jobs:
        sentence = f"{_jobs(found.jobs)} may be running; {caps.jobs:,} is the most (max_running_jobs)."
        yield DecisionReason("over_max_running_jobs", sentence, Effect.REFUSE)
    if caps.jobs_per_owner is not None:
        yield from _of_owner(caps.jobs_per_owner, found, terms.owner)
    if caps.micro_usd_per_hour is not None:
        yield from _per_hour(caps.micro_usd_per_hour, found, terms)


def _of_owner(most: int, found: Running, owner: str) -> Iterator[DecisionReason]:
    if not owner:
        sentence = "Who submits is not known, and max_running_per_owner limits what runs of each."
        yield DecisionReason("running_unknown", sentence, Effect.BLOCK)
        return
    # Whose name is not known may be this one's.
    own = found.by_owner.get(owner.casefold(), 0) + found.by_owner.get("", 0)
    if own + 1 > most:
        sentence = f"{_jobs(own)} of {quoted(owner)} may be running; {most:,} is the most (max_running_per_owner)."
        yield DecisionReason("over_max_running_per_owner", sentence, Effect.REFUSE)


def _per_hour(most: int, found: Running, terms: JobTerms) -> Iterator[DecisionReason]:
    hour = _hour(terms)
    if hour is None or found.unpriced_jobs:
        what = "this job costs" if hour is None else f"{_jobs(found.unpriced_jobs)} that may be running cost"
        sentence = f"What {what} an hour is not known, and max_running_usd_per_hour limits it."
        yield DecisionReason("running_unknown", sentence, Effect.BLOCK)
    elif found.micro_usd_per_hour + hour > ceiling_micro_usd(most):
        sentence = (
            f"What may be running costs {format_usd(found.micro_usd_per_hour)} an hour, this job {format_usd(hour)}; "
            f"{format_usd(most)} an hour is the most (max_running_usd_per_hour)."
        )
        yield DecisionReason("over_max_running_price", sentence, Effect.REFUSE)


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"


def check_caps(tx: Transaction, wanted: Sequence[tuple[RunningCaps, JobTerms]]) -> None:
    """Refuse jobs that would exceed a cap together; the transaction must have taken its turn.

    Raises:
        BudgetRefused: they would.
        BudgetBlocked: it is not known whether they would.
    """
    if not any(caps.is_any for caps, _ in wanted):
        return
    for reason in exceeded_together(wanted, running(tx)):
        error = BudgetBlocked if reason.effect is Effect.BLOCK else BudgetRefused
        raise error(reason.message, hint=_hint(len(wanted)))


def exceeded_together(wanted: Sequence[tuple[RunningCaps, JobTerms]], found: Running) -> Iterator[DecisionReason]:
    """Yield the caps that several jobs would exceed together: those of the first that is one too many."""
    for caps, terms in wanted:
        reasons = tuple(exceeded_caps(caps, found, terms))
        if reasons:
            yield from reasons
            return
        found = _with_job(found, terms)


def _hint(count: int) -> str:
    if count > 1:
        return f"All {count:,} jobs that are reserved together count; fewer at once are within it."
    return "`hfplanner ledger show` lists what is open; a job that ends makes room."


def _with_job(found: Running, terms: JobTerms) -> Running:
    """Return what may be running once this job may be, too."""
    owner, hour = terms.owner.casefold(), _hour(terms)
    return Running(
        jobs=found.jobs + 1,
        by_owner={**found.by_owner, owner: found.by_owner.get(owner, 0) + 1},
        micro_usd_per_hour=found.micro_usd_per_hour + (hour or 0),
        unpriced_jobs=found.unpriced_jobs + (hour is None),
    )
