"""What charges a job that nobody reserved money for: the policy's budgets, the listing's prices, the bill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.policy import NO_POLICY, Policy, applied_budgets
from hfplanner.budget.price import find_price
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.catalog.listing import Listing, shipped_listing

__all__ = ["Charging", "charging_for", "shipped_price"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """What charges a job that nobody reserved money for.

    Args:
        windows_of: the budgets a job falls under that was created at a moment.
        price_of: the price of a flavor, ``None`` where it is not known.
        dearest: the dearest price there is, for a flavor whose own is not known.
        bills: what the service billed, by job, in micro-USD; it wins over what was computed.
        namespaces: to be swept beside those of the ledger.
    """

    windows_of: Callable[[JobTerms, datetime], tuple[BudgetWindow, ...]]
    price_of: Callable[[str], UsedPrice | None]
    dearest: UsedPrice | None
    bills: Mapping[str, int] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ()

    def worst_price_of(self, flavor: str) -> UsedPrice | None:
        """Return the price of a flavor, the dearest there is where that is not known."""
        return self.price_of(flavor) or self.dearest


def shipped_price(flavor: str) -> UsedPrice | None:
    """Return the price of a flavor as this version ships it, the dearest where it does not know the flavor.

    >>> shipped_price("l4x1").micro_usd_per_minute < shipped_price("tpu-v9").micro_usd_per_minute
    True
    """
    return charging_for(NO_POLICY, shipped_listing()).worst_price_of(flavor)


def charging_for(
    policy: Policy, listing: Listing, *, bills: Mapping[str, int] | None = None, namespaces: tuple[str, ...] = ()
) -> Charging:
    """Return what charges jobs under a policy at the prices of a listing.

    >>> from hfplanner.budget.policy import NO_POLICY
    >>> from hfplanner.catalog.listing import shipped_listing
    >>> books = charging_for(NO_POLICY, shipped_listing())
    >>> books.price_of("l4x1").micro_usd_per_minute, books.price_of("tpu-v9")
    (13333, None)
    """
    found = ((flavor.name, find_price(listing, flavor.name)) for flavor in listing.flavors)
    priced = {name: price for name, price in found if isinstance(price, UsedPrice)}
    dearest = max(priced.values(), key=lambda price: price.micro_usd_per_minute, default=None)

    def windows_of(terms: JobTerms, at: datetime) -> tuple[BudgetWindow, ...]:
        return tuple(applied.window for applied in applied_budgets(policy, terms, at))

    return Charging(
        windows_of=windows_of, price_of=priced.get, dearest=dearest, bills=bills or {}, namespaces=namespaces
    )
