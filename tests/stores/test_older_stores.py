"""What any earlier version kept: read by this one as it was written, and nothing of it is lost.

Each folder beside this file is a home that the version of its day wrote (:mod:`tests.stores.make`).
"""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from hfplanner.catalog.cache import ListingCache
from hfplanner.history.bills import read_bills
from hfplanner.history.store import HistoryStore
from tests.history.syncing import store_in

STORES = sorted(path.parent for path in Path(__file__).parent.glob("*/home"))


@pytest.fixture(params=STORES, ids=lambda folder: folder.name)
def kept(request: pytest.FixtureRequest) -> Path:
    """Return the folder of one version: its home, and what is in it."""
    folder = request.param
    assert isinstance(folder, Path)
    return folder


@pytest.fixture
def store(kept: Path, tmp_path: Path) -> HistoryStore:
    """Return a copy of that version's history."""
    shutil.copytree(kept / "home", tmp_path / "home")
    return store_in(tmp_path / "home")


def said(frame: pl.DataFrame, then: str) -> pl.DataFrame:
    """Return a frame's columns of then, as text that was written then is read."""
    columns = list(json.loads(then.splitlines()[0]))
    return pl.read_ndjson(frame.select(columns).write_ndjson().encode())


def test_every_job_is_read_as_it_was_written(kept: Path, store: HistoryStore) -> None:
    """Every row and every column that there was."""
    then = (kept / "jobs.ndjson").read_text()
    assert said(store.scan().collect(), then).equals(pl.read_ndjson(then.encode()))


def test_bills_and_sources_are_read_as_they_were_written(kept: Path, store: HistoryStore) -> None:
    """Also how far each listing had been read."""
    then = (kept / "bills.ndjson").read_text()
    assert said(read_bills(store).rows, then).equals(pl.read_ndjson(then.encode()))
    assert [pull.to_json() for pull in store.pulls()] == json.loads((kept / "pulls.json").read_text())


def test_the_kept_listing_is_read(kept: Path) -> None:
    """Its flavors, its prices and its age."""
    listing = ListingCache(kept / "home" / "cache", "https://huggingface.co").read()
    assert listing is not None
    assert (len(listing.flavors), listing.checked.date().isoformat()) == (26, "2026-09-30")
