"""What about a job decides its money: who pays, the price, how long and how often."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from hfplanner.budget.caller import PERSON, Caller
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.units import MAX_DURATION_SECS

if TYPE_CHECKING:
    from hfplanner.api.models import JobContents
    from hfplanner.api.new_job import NewJob

__all__ = ["JobTerms", "UsedPrice", "terms_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPrice:
    """A price, where it is from and when it was seen.

    Args:
        micro_usd_per_minute: of the flavor, above 0.
        source: ``"live"``, asked for just now; ``"kept"``, as the Hub said earlier; ``"shipped"`` with this version.
        checked: when it was seen, UTC.
    """

    micro_usd_per_minute: int
    source: str
    checked: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTerms:
    """A job as a budget sees it.

    Args:
        namespace: the user or organization that pays.
        owner: who submits it, a user's name.
        labels: of the job.
        flavor: its name, known or not.
        price: ``None`` is not known, which blocks.
        timeout_secs: of one attempt [s]; ``None`` is not said, which blocks.
        attempts: how often it may be tried.
        has_ports: whether ports are exposed, at a surcharge.
        also: other names that the Hub gives for who pays or submits: budgets of theirs count it, too.
        caller: who called this program for it: a person, or an agent in one of its sessions.

    >>> from datetime import UTC
    >>> price = UsedPrice(micro_usd_per_minute=13333, source="live", checked=datetime(2026, 9, 1, tzinfo=UTC))
    >>> terms = JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=price, timeout_secs=3600)
    >>> terms.cap_micro_usd
    799980
    """

    namespace: str
    owner: str
    labels: Mapping[str, str] = field(default_factory=dict)
    flavor: str
    price: UsedPrice | None
    timeout_secs: int | None
    attempts: int = 1
    has_ports: bool = False
    also: frozenset[str] = frozenset()
    caller: Caller = PERSON

    @property
    def cap_micro_usd(self) -> int | None:
        """The most it can cost; ``None`` where the price or the timeout is not known."""
        if self.price is None or self.timeout_secs is None:
            return None
        return worst_case_micro_usd(
            self.price.micro_usd_per_minute, self.timeout_secs, attempts=self.attempts, has_ports=self.has_ports
        )


def terms_of(  # noqa: PLR0913 - whose job it is, and what of it is not in the job
    job: "NewJob | JobContents",
    *,
    namespace: str,
    owner: str,
    price_of: Callable[[str], UsedPrice | None],
    default_timeout_secs: int | None = None,
    caller: Caller = PERSON,
) -> JobTerms:
    """Return what decides the money of a job: one that is to be sent, one that exists, or one run of a schedule.

    A timeout is whole seconds, rounded up; attempts that are no whole number count as the next one.

    Args:
        job: as it will be sent, or as the Hub tells it.
        namespace: who pays.
        owner: who submits it.
        price_of: the price of a flavor, ``None`` where it is not known.
        default_timeout_secs: what holds where no timeout is said [s]; ``None`` for not known.
        caller: who called this program for it.

    >>> from hfplanner.api.models import JobSpec
    >>> spec = JobSpec.model_validate({"flavor": "l4x1", "timeout": 59.5, "retry": 1.5, "expose": [8080]})
    >>> terms = terms_of(spec, namespace="acme", owner="ada", price_of=lambda flavor: None)
    >>> terms.timeout_secs, terms.attempts, terms.has_ports
    (60, 3, True)
    """
    from hfplanner.api.new_job import NewJob  # noqa: PLC0415 - pydantic, for those who have a job
    from hfplanner.api.said import most_attempts  # noqa: PLC0415 - as above

    flavor = "" if job.flavor is None else str(job.flavor)
    return JobTerms(
        namespace=namespace,
        owner=owner,
        labels=job.all_labels if isinstance(job, NewJob) else job.labels or {},
        flavor=flavor,
        price=price_of(flavor),
        timeout_secs=job.timeout_secs if isinstance(job, NewJob) else _timeout_secs(job, default_timeout_secs),
        attempts=job.attempts or 1 if isinstance(job, NewJob) else most_attempts(job),
        has_ports=job.has_ports if isinstance(job, NewJob) else bool(job.expose),
        caller=caller,
    )


def _timeout_secs(job: "JobContents", default_secs: int | None) -> int | None:
    """Return the timeout in whole seconds; ``None`` where it cannot be one."""
    from hfplanner.api.said import said_timeout_secs  # noqa: PLC0415 - as above

    try:
        said = said_timeout_secs(job)
    except ValueError:
        return None
    if said is None:
        return default_secs
    return None if said > MAX_DURATION_SECS else ceil(said)
