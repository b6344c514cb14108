"""Make a history and a cache as this version of hfplanner writes them, and note what is in them.

    python -m tests.stores.make tests/stores/2026-11-30

What was made is committed and never made again: ``test_older_stores.py`` reads it with every later version. A
version that changes what is kept adds a folder of its own.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hfplanner.catalog.cache import ListingCache
from hfplanner.catalog.listing import shipped_listing
from hfplanner.catalog.shipped import read_data_text
from hfplanner.history.bills import read_bills
from hfplanner.history.files import import_jobs
from hfplanner.history.manifest import write_manifest
from hfplanner.history.store import HistoryStore
from hfplanner.history.sync_mark import Mark
from hfplanner.history.sync_walk import Progress
from tests.history.syncing import store_in, sync
from tests.hub.control import Fate, Hub, running_hub

_SEPTEMBER = datetime(2026, 9, 20, 8, tzinfo=UTC)
_PORT_AND_LABELS: dict[str, Any] = {"expose": {"ports": [8080]}, "labels": {"team": "nlp", "name": "sft-0a1b2c3d"}}
_FATES = (
    Fate(running_secs=3601),
    Fate(running_secs=60, outcome="oom"),
    Fate(running_secs=None),
    Fate(scheduling_secs=None, outcome="canceled", cancel_reason="NO_CREDITS"),
    Fate(running_secs=30, outcome="error", failures=1),
)


def _fill(hub: Hub) -> None:
    """Put jobs of three months into the Hub, some of which go on beyond the last sync."""
    hub.configure(page_size=10)
    hub.set_clock(_SEPTEMBER + timedelta(days=60))
    for number, fate in enumerate(_FATES):
        first = _SEPTEMBER + timedelta(hours=number)
        hub.add_jobs(7, fate=fate, first=first, every_secs=8 * 86_400, flavor="l4x1", timeoutSeconds=7200)
    hub.add_jobs(3, flavor="a10g-small", attempts=3, **_PORT_AND_LABELS)
    hub.add_jobs(4, namespace="acme", fate=Fate(running_secs=600), flavor="h200", spaceId="acme/demo", dockerImage=None)
    hub.add_jobs(2, fate=Fate(running_secs=90_000), flavor="cpu-xl", timeoutSeconds=100_000)
    hub.advance(4000)


def _interrupt_after(pages: int) -> Callable[[Progress], None]:
    """Return a watcher that ends a sync as Ctrl-C does."""

    def watch(progress: Progress) -> None:
        if progress.jobs >= pages * 10:
            raise KeyboardInterrupt

    return watch


def _make_history(home: Path) -> HistoryStore:
    store = store_in(home)
    with running_hub() as hub:
        _fill(hub)
        sync(hub, store, "acme", "alice")
        hub.add_jobs(45, fate=Fate(running_secs=120), flavor="t4-small")
        hub.advance(7000)
        sync(hub, store, "alice", watch=_interrupt_after(3))
        listing = home / "jobs.json"
        listing.write_text(json.dumps([*hub.jobs("alice")[:3], {"id": "broken"}]))
        import_jobs([str(listing)], store, stdin=sys.stdin.buffer, now=datetime.now(UTC))
        listing.unlink()
    _split_a_month(store)
    return store


def _split_a_month(store: HistoryStore) -> None:
    """Leave a month in two files, as a small addition to a month of more than 100,000 jobs does."""
    manifest = store.manifest()
    month, files = max(manifest.months.items())
    newer = store._scan_month(files).tail(5).collect()  # noqa: SLF001 - a month that large would be no fixture
    both = (*files, store._write(month, newer))  # noqa: SLF001
    write_manifest(store.folder, replace(manifest, months={**manifest.months, month: both}))


def _make_cache(home: Path) -> None:
    rows = json.dumps(json.loads(read_data_text("hardware.json"))["listing"]).encode()
    ListingCache(home / "cache", "https://huggingface.co").write(rows, shipped_listing().checked + timedelta(days=30))


def main(folder: Path) -> None:
    """Write ``home``, and beside it the jobs, the bills' rows and the manifest's sources that are in it."""
    home = folder / "home"
    home.mkdir(parents=True)
    store = _make_history(home)
    _make_cache(home)
    store.scan().collect().write_ndjson(folder / "jobs.ndjson")
    read_bills(store).rows.write_ndjson(folder / "bills.ndjson")
    sources = [pull.to_json() for pull in store.sources()]
    if not any(Mark.from_text(pull.cursor).gaps for pull in store.sources()):
        raise RuntimeError("no sync was interrupted")
    (folder / "pulls.json").write_text(json.dumps(sources, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
