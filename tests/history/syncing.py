"""Syncing with the emulator: a client that gives up quickly, and what the history should hold then."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.retry import RetryPolicy
from hfplanner.frames.job_schema import JOBS_SCHEMA
from hfplanner.frames.jobs import job_frames
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import HistoryStore
from hfplanner.history.sync import SyncRequest, sync_history
from hfplanner.history.sync_result import Sync
from hfplanner.history.sync_walk import Watch
from tests.hub.control import Hub

__all__ = ["asking", "hub_jobs", "kept_jobs", "listings", "pull_of", "store_in", "sync"]

ONCE = RetryPolicy(attempts=1)


def store_in(folder: Path) -> HistoryStore:
    """Return the history that the program keeps in a home."""
    return HistoryStore(folder / "history")


@contextmanager
def asking(hub: Hub, retry: RetryPolicy = ONCE) -> Iterator[JobsClient]:
    """Return a client of the emulator as alice."""
    with JobsClient(hub.url, token=Token(hub.token), retry=retry) as client:
        yield client


def sync(  # noqa: PLR0913 - what a test varies
    hub: Hub,
    store: HistoryStore,
    *namespaces: str,
    full: bool = False,
    pages_at_once: int = 2,
    watch: Watch | None = None,
    retry: RetryPolicy = ONCE,
) -> Sync:
    """Sync with the emulator, at its time."""
    request = SyncRequest(namespaces=namespaces, full=full, pages_at_once=pages_at_once)
    with asking(hub, retry) as client:
        return sync_history(client, store, request, clock=lambda: datetime.fromtimestamp(hub.now(), UTC), watch=watch)


def pull_of(store: HistoryStore, namespace: str = "alice") -> SourceState:
    """Return what the history knows of a namespace's listing."""
    (pull,) = (one for one in store.sources() if one.namespace == namespace)
    return pull


def _comparable(jobs: pl.DataFrame) -> pl.DataFrame:
    return jobs.drop("source", "seen_at").sort("created_at", "id")


def kept_jobs(store: HistoryStore) -> pl.DataFrame:
    """Return the jobs of the history, without who saw them when."""
    return _comparable(store.scan().collect())


def hub_jobs(hub: Hub, namespaces: Sequence[str] = ("alice",)) -> pl.DataFrame:
    """Return the jobs of the emulator as they are now, as the history should hold them."""
    frames = [
        job_frames(json.dumps(hub.jobs(name)).encode(), source="hub", seen_at=datetime.now(UTC), namespace=name).jobs
        for name in namespaces
    ]
    return _comparable(pl.concat([JOBS_SCHEMA.to_frame(), *frames]))


def listings(hub: Hub, since: int = 0) -> int:
    """Return how many pages of a listing were asked for."""
    return sum(one.path in {"/api/jobs/alice", "/api/jobs/acme"} for one in hub.requests(since))
