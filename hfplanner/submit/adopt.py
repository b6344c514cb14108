"""What a job is charged for which nobody reserved money."""

from collections.abc import Callable
from datetime import datetime

from hfplanner.api.models import JobInfo
from hfplanner.budget.caller import PERSON
from hfplanner.budget.ledger.changes import Adoption
from hfplanner.budget.terms import JobTerms, UsedPrice, terms_of
from hfplanner.estimate.billing import BillingPolicy
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.submit.charging import Charging
from hfplanner.submit.identity import caller_of
from hfplanner.submit.labelled_jobs import is_copy
from hfplanner.units import MAX_MICRO_USD

__all__ = ["adoption_of", "terms_of_job"]


def adoption_of(job: JobInfo, sid: str, charging: Charging, *, reason: str, at: datetime) -> Adoption | None:
    """Return what charges a job; ``None`` where no price at all is known.

    Args:
        job: as the Hub tells it.
        sid: the id it is kept under.
        charging: its price, and the budgets it falls under.
        reason: how it was found, a sentence.
        at: now, UTC.
    """
    terms = terms_of_job(job, charging.price_of)
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


def terms_of_job(job: JobInfo, price_of: Callable[[str], UsedPrice | None]) -> JobTerms:
    """Return the terms of a job as the Hub tells them.

    >>> job = JobInfo.model_validate({"id": "a", "flavor": "l4x1", "owner": {"name": "acme"}, "retry": 1})
    >>> terms = terms_of_job(job, lambda flavor: None)
    >>> terms.namespace, terms.attempts, terms.cap_micro_usd
    ('acme', 2, None)
    """
    started_by = job.created_by or job.owner
    return terms_of(
        job,
        namespace=(job.owner and job.owner.name) or "",
        owner=(started_by and started_by.name) or "",
        price_of=price_of,
        # Who copies a job is not who sent it, though the labels come with the copy.
        caller=PERSON if is_copy(job) else caller_of(job.labels or {}),
    )


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
