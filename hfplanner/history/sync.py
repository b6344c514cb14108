"""Jobs, schedules and the bill from the Hub into the history: what ``hfplanner sync`` does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hfplanner.api.client import JobsClient
from hfplanner.api.origin import join_path
from hfplanner.errors import HubError, JobsUnreadable
from hfplanner.history.bill_sync import sync_bill
from hfplanner.history.schedules import KeptSchedules, keep_schedules
from hfplanner.history.store import HistoryStore
from hfplanner.history.sync_mark import Mark
from hfplanner.history.sync_result import NamespaceSync, Sync
from hfplanner.history.sync_walk import Walk, Watch

__all__ = ["SyncRequest", "sync_history"]

_INTERRUPTED = "its last sync was interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """What to sync.

    Args:
        namespaces: users and organizations; none is the token's user.
        full: read everything again, not only what can have changed.
        pages_at_once: after so many pages what was read is kept, so that no more than that is read twice.
    """

    namespaces: Sequence[str] = ()
    full: bool = False
    pages_at_once: int = 20


def sync_history(
    client: JobsClient,
    store: HistoryStore,
    request: SyncRequest | None = None,
    *,
    clock: Callable[[], datetime],
    watch: Watch | None = None,
) -> Sync:
    """Bring the history up to date with the Hub.

    What was read stays read whatever happens then: a page that cannot be read, a Hub that is gone or Ctrl-C
    (``KeyboardInterrupt``) leave the namespace marked as incomplete in the history, and the next sync goes on there.

    Args:
        client: of the Hub, with a token.
        store: where jobs and bill go.
        request: what to sync.
        clock: the time, UTC.
        watch: told how far it is.

    Raises:
        HubError: nothing could be read of any namespace.
        JobsUnreadable: the same, since its first page is damaged.
        UsageError: a namespace is none.
        HistoryError: what was read cannot be kept.
    """
    asked = request or SyncRequest()
    for name in asked.namespaces:
        join_path(name)
    account = client.whoami().name
    done: list[NamespaceSync] = []
    for name in dict.fromkeys(asked.namespaces or (account,)):
        done.append(_sync_namespace(client, store, name, asked, clock, watch))
        if done[-1].interrupted:
            return Sync(namespaces=tuple(done), bill=None)
        if done[-1].state is not None:
            done[-1] = _with_schedules(client, store, done[-1], clock())
    failed = [one.error for one in done if one.state is None and one.error]
    if len(failed) == len(done):
        raise failed[0]
    return Sync(namespaces=tuple(done), bill=sync_bill(client, store, account=account, now=clock()))


def _sync_namespace(  # noqa: PLR0913, PLR0917 - the arguments of sync_history, for one namespace
    client: JobsClient,
    store: HistoryStore,
    name: str,
    request: SyncRequest,
    clock: Callable[[], datetime],
    watch: Watch | None,
) -> NamespaceSync:
    mark = Mark() if request.full else _mark(client, store, name)
    walk = Walk(client, store, name, mark, clock=clock, pages_at_once=request.pages_at_once, watch=watch)
    try:
        walk.read()
    except KeyboardInterrupt:
        return _ended(walk, NamespaceSync(namespace=name, state=None, tally=walk.tally, interrupted=True), _INTERRUPTED)
    except (HubError, JobsUnreadable) as error:
        done = NamespaceSync(namespace=name, state=None, tally=walk.tally, error=error)
        return _ended(walk, done, walk.why_not_all(error))
    return _ended(walk, NamespaceSync(namespace=name, state=None, tally=walk.tally), None)


def _ended(walk: Walk, done: NamespaceSync, reason: str | None) -> NamespaceSync:
    """Keep what was read, if anything was; where nothing was, the history knows what it knew before."""
    if not walk.tally.pages:
        return done
    return replace(done, state=walk.save(reason), gone=walk.gone)


def _with_schedules(client: JobsClient, store: HistoryStore, done: NamespaceSync, now: datetime) -> NamespaceSync:
    """Keep the schedules of a namespace; where the Hub does not tell them the jobs are as complete as before."""
    try:
        found = client.scheduled.list(done.namespace)
    except HubError as error:
        return replace(done, schedules_problem=f"The schedules of {done.namespace} are not known: {error.message}")
    kept = KeptSchedules(source=client.endpoint, namespace=done.namespace, seen_at=now, schedules=found)
    keep_schedules(store.folder, kept)
    return replace(done, schedules=len(found))


def _mark(client: JobsClient, store: HistoryStore, name: str) -> Mark:
    """Return what the last sync of a namespace knew."""
    known = (state for state in store.sources() if (state.source, state.namespace) == (client.endpoint, name))
    return Mark.from_text(next((state.cursor for state in known), None))
