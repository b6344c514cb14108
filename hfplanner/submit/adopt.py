"""What a job is charged for which nobody reserved money."""

from collections.abc import Callable
from datetime import datetime
from math import ceil

from hfplanner.api.models import JobInfo
from hfplanner.api.said import most_attempts, said_timeout_secs
from hfplanner.budget.ledger.records import Adoption
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.submit.charging import Charging
from hfplanner.units import MAX_DURATION_SECS, MAX_MICRO_USD

__all__ = ["adoption_of", "terms_of"]


def adoption_of(job: JobInfo, sid: str, charging: Charging, *, reason: str, at: datetime) -> Adoption | None:
    """Return what charges a job; ``None`` where no price at all is known.

    Args:
        job: as the Hub tells it.
        sid: the id it is kept under.
        charging: its price, and the budgets it falls under.
        reason: how it was found, a sentence.
        at: now, UTC.
    """
    terms = terms_of(job, charging.price_of)
    cap = _cap(terms, charging.dearest)
    if cap is None:
        return None
    created = job.created_at or at
    return Adoption(
        sid=sid,
        job_id=job.id,
        terms=terms,
        cap_micro_usd=cap,
        windows=charging.windows_of(terms, created),
        reason=reason,
        at=at,
        created_at=created,
    )


def terms_of(job: JobInfo, price_of: Callable[[str], UsedPrice | None]) -> JobTerms:
    """Return the terms of a job as the Hub tells them.

    >>> job = JobInfo.model_validate({"id": "a", "flavor": "l4x1", "owner": {"name": "acme"}, "retry": 1})
    >>> terms = terms_of(job, lambda flavor: None)
    >>> terms.namespace, terms.attempts, terms.cap_micro_usd
    ('acme', 2, None)
    """
    flavor = "" if job.flavor is None else str(job.flavor)
    started_by = job.created_by or job.owner
    return JobTerms(
        namespace=(job.owner and job.owner.name) or "",
        owner=(started_by and started_by.name) or "",
        labels=job.labels or {},
        flavor=flavor,
        price=price_of(flavor),
        timeout_secs=_timeout(job),
        attempts=most_attempts(job),
        has_ports=bool(job.expose),
    )


def _timeout(job: JobInfo) -> int | None:
    """Return the timeout in whole seconds; ``None`` where it is not said, or cannot be one."""
    try:
        said = said_timeout_secs(job)
    except ValueError:
        return None
    return None if said is None or said > MAX_DURATION_SECS else ceil(said)


def _cap(terms: JobTerms, dearest: UsedPrice | None) -> int | None:
    """Return what is held for a job: the most it can cost, as far as that is known.

    An unknown price is taken as the dearest there is, an unknown timeout as the service's own. ``None`` where no price
    at all is known.
    """
    price = terms.price or dearest
    if price is None:
        return None
    worst = worst_case_micro_usd(
        price.micro_usd_per_minute,
        terms.timeout_secs or BillingPolicy().default_timeout_secs,
        attempts=terms.attempts,
        has_ports=terms.has_ports,
    )
    return min(worst, MAX_MICRO_USD)
