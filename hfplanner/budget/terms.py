"""What about a job decides its money: who pays, the price, how long and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hfplanner.estimate.cost import worst_case_micro_usd

if TYPE_CHECKING:
    from hfplanner.api.new_job import NewJob

__all__ = ["JobTerms", "UsedPrice", "terms_of_new_job"]


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

    @property
    def cap_micro_usd(self) -> int | None:
        """The most it can cost; ``None`` where the price or the timeout is not known."""
        if self.price is None or self.timeout_secs is None:
            return None
        return worst_case_micro_usd(
            self.price.micro_usd_per_minute, self.timeout_secs, attempts=self.attempts, has_ports=self.has_ports
        )


def terms_of_new_job(job: "NewJob", *, namespace: str, owner: str, price: UsedPrice | None) -> JobTerms:
    """Return the terms of a job that is to be sent.

    Args:
        job: as it will be sent.
        namespace: who pays.
        owner: who submits it.
        price: of its flavor; ``None`` where that is not known.
    """
    return JobTerms(
        namespace=namespace,
        owner=owner,
        labels=job.all_labels,
        flavor=job.flavor or "",
        price=price,
        timeout_secs=job.timeout_secs,
        attempts=job.attempts or 1,
        has_ports=job.has_ports,
    )
