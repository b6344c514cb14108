"""Who pays and who submits, as far as the options and the Hub tell."""

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfplanner.api.settings import HubSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfplanner.api.client import JobsClient

__all__ = ["Account", "find_account", "open_client"]


@dataclass(frozen=True, slots=True)
class Account:
    """Names; empty where they are not known.

    Args:
        namespace: the user or organization that pays.
        owner: the user who submits.
    """

    namespace: str = ""
    owner: str = ""


@contextmanager
def open_client(settings: HubSettings, token: str | None, *, offline: bool) -> "Iterator[JobsClient | None]":
    """Give a client of the Hub, or ``None`` where it must not or cannot be asked: offline, or without a token.

    Raises:
        TokenError: there is a token that cannot be sent.
        UsageError: the endpoint is not one to talk to.
    """
    if offline or settings.offline:
        yield None
        return
    from hfplanner.api.auth import Token, find_token  # noqa: PLC0415 - httpx

    found = Token(token) if token else find_token()
    if found is None:
        yield None
        return
    from hfplanner.api.client import JobsClient  # noqa: PLC0415 - httpx

    with JobsClient(settings.endpoint, token=found) as client:
        yield client


def find_account(client: "JobsClient | None", namespace: str | None, *, needs_owner: bool = True) -> Account:
    """Return who pays and submits; the Hub is asked only for what is not given.

    Args:
        client: ``None`` where the Hub is not asked.
        namespace: as given.
        needs_owner: whether it matters who submits.

    Raises:
        HubError: the Hub was asked and gave no usable answer.

    >>> find_account(None, "acme")
    Account(namespace='acme', owner='')
    """
    if client is None or (namespace and not needs_owner):
        return Account(namespace or "")
    name = client.whoami().name
    return Account(namespace or name, name)
