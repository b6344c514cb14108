"""A job that the Hub granted more than was asked for: what it can really cost is held, and what no longer fits is told.

Whatever made the answer differ (a default of the Hub, a field it does not know, somebody who edited the job), the job
runs on the terms of the answer. So the hold follows them, in every budget that they fall under.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from math import ceil

from hfplanner.api.models import JobInfo
from hfplanner.api.said import most_attempts, said_timeout_secs
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.records import Submission
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.submit.identity import OUR_LABELS
from hfplanner.units import LIMIT_TOLERANCE_MICRO_USD, MAX_DURATION_SECS, MAX_MICRO_USD, format_usd

__all__ = ["granted_terms", "hold_what_was_granted"]


def granted_terms(job: JobInfo, asked: JobTerms, price_of: Callable[[str], UsedPrice | None]) -> JobTerms | None:
    """Return the terms a job has, where it may cost more on them or count for others too; ``None`` where it does not.

    What the answer leaves out is as it was asked for, and a label that it lost still counts.

    Args:
        job: as the Hub tells it.
        asked: what is held for.
        price_of: the price of a flavor, the dearest where that is not known.

    >>> from datetime import UTC
    >>> price = UsedPrice(micro_usd_per_minute=13333, source="live", checked=datetime(2026, 9, 1, tzinfo=UTC))
    >>> asked = JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=price, timeout_secs=1800)
    >>> job = JobInfo.model_validate({"id": "a", "flavor": "l4x1", "timeout": 3600, "owner": {"name": "umbrella"}})
    >>> granted = granted_terms(job, asked, lambda flavor: price)
    >>> granted.cap_micro_usd == 2 * asked.cap_micro_usd, sorted(granted.also)
    (True, ['umbrella'])
    """
    granted = replace(asked, also=asked.also | frozenset(_other_names(job, asked)), labels=_labels(job, asked))
    dearer = _money(job, granted, price_of)
    if (dearer.cap_micro_usd or 0) > (asked.cap_micro_usd or 0):
        granted = dearer
    return None if granted == asked else granted


def hold_what_was_granted(
    ledger: Ledger, submission: Submission, granted: JobTerms, windows: tuple[BudgetWindow, ...], at: datetime
) -> tuple[str, ...]:
    """Raise the hold of a submission to the terms its job has; return what somebody should look at, a sentence each.

    Args:
        ledger: the books.
        submission: with its job.
        granted: of :func:`granted_terms`.
        windows: the budgets it falls under on these terms.
        at: now, UTC.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    if not ledger.raise_hold(submission.sid, granted, "The Hub granted more than was asked for.", at):
        return ()
    job, cap = f"job {submission.job_id}", granted.cap_micro_usd or submission.cap_micro_usd
    told = [f"The Hub granted {job} more than was asked for: {', '.join(_more(submission.terms, granted))}"]
    if cap > submission.cap_micro_usd:
        told[0] += f"; {format_usd(cap)} are held for it, not {format_usd(submission.cap_micro_usd)}"
    over = (one for one in ledger.balances(windows) if one.left_micro_usd < -LIMIT_TOLERANCE_MICRO_USD)
    told += [
        f"Budget {one.window.budget!r} no longer has room for {job}: it is {format_usd(-one.left_micro_usd)} over its"
        f" limit of {format_usd(one.window.limit_micro_usd)}"
        for one in over
    ]
    return tuple(f"{text}." for text in told)


def _other_names(job: JobInfo, asked: JobTerms) -> Iterator[str]:
    """Yield who pays or submits by the answer, where that is another than was asked for."""
    for said, ours in ((job.owner, asked.namespace), (job.created_by, asked.owner)):
        if said is not None and said.name and ours and said.name.casefold() != ours.casefold():
            yield said.name


def _labels(job: JobInfo, asked: JobTerms) -> dict[str, str]:
    added = {key: value for key, value in (job.labels or {}).items() if key not in OUR_LABELS}
    return {**added, **asked.labels}


def _money(job: JobInfo, asked: JobTerms, price_of: Callable[[str], UsedPrice | None]) -> JobTerms:
    """Return terms with the flavor, the time and the attempts of the answer, as far as they can be counted."""
    flavor = asked.flavor if job.flavor is None else str(job.flavor)
    price = asked.price if flavor == asked.flavor else price_of(flavor)
    try:
        said = said_timeout_secs(job)
    except ValueError:
        said = None
    one = replace(
        asked,
        flavor=flavor,
        price=price,
        timeout_secs=asked.timeout_secs if said is None else min(ceil(said), MAX_DURATION_SECS),
        attempts=1,
        has_ports=asked.has_ports or bool(job.expose),
    )
    tried = job.retry is not None or (job.model_extra or {}).get("attempts") is not None
    attempts = most_attempts(job) if tried else asked.attempts
    cap = one.cap_micro_usd
    return one if cap is None else replace(one, attempts=max(min(attempts, MAX_MICRO_USD // cap), 1))


def _more(asked: JobTerms, granted: JobTerms) -> Iterator[str]:
    if granted.flavor != asked.flavor:
        yield f"flavor {granted.flavor}, not {asked.flavor}"
    if granted.timeout_secs != asked.timeout_secs:
        yield f"a timeout of {granted.timeout_secs} s, not {asked.timeout_secs} s"
    if granted.attempts != asked.attempts:
        yield f"{granted.attempts} attempts, not {asked.attempts}"
    if granted.has_ports and not asked.has_ports:
        yield "exposed ports"
    for name in sorted(granted.also - asked.also):
        yield f"{name} owns it, not {asked.namespace}"
    for key in sorted(granted.labels.keys() - asked.labels.keys()):
        yield f"the label {key}"
