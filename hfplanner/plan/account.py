"""Who pays and who submits, as far as it was said and the Hub tells."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfplanner.errors import BudgetBlocked, HubError, UsageError

if TYPE_CHECKING:
    from hfplanner.api.client import JobsClient
    from hfplanner.budget.policy import Policy

__all__ = ["Account", "account_for", "find_account"]


@dataclass(frozen=True, slots=True)
class Account:
    """Names; empty where they are not known.

    Args:
        namespace: the user or organization that pays.
        owner: the user who submits.
        problem: why the Hub did not tell, a sentence.
    """

    namespace: str = ""
    owner: str = ""
    problem: str | None = None


def find_account(hub: "JobsClient | None", namespace: str | None, *, needs_owner: bool = True) -> Account:
    """Return who pays and submits; the Hub is asked only for what is not given.

    Args:
        hub: ``None`` where the Hub is not asked.
        namespace: as given.
        needs_owner: whether it matters who submits.

    Raises:
        HubError: the Hub was asked and gave no usable answer.

    >>> find_account(None, "acme")
    Account(namespace='acme', owner='', problem=None)
    """
    if hub is None or (namespace and not needs_owner):
        return Account(namespace or "")
    name = hub.whoami().name
    return Account(namespace or name, name)


def account_for(policy: "Policy", hub: "JobsClient | None", namespace: str | None) -> Account:
    """Return who pays and submits, as far as the policy depends on it.

    Raises:
        UsageError: who pays decides, and nobody says it.
        BudgetBlocked: the same, because the Hub gave no usable answer.
    """
    try:
        account = find_account(hub, namespace, needs_owner=policy.needs_owner)
    except HubError as error:
        if policy.needs_namespace and not namespace:
            raise BudgetBlocked(f"Who pays is not known: {error.message}", hint="Give --namespace NAME.") from error
        account = Account(namespace or "", problem=f"Who submits is not known: {error.message}")
    if policy.needs_namespace and not account.namespace:
        raise UsageError(
            "A budget depends on who pays, and that is not known without asking the Hub with a token.",
            hint="Give --namespace NAME, or run `hf auth login`.",
        )
    return account
