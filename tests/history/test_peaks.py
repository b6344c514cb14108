"""What runs took of a GPU's memory is kept beside the history: from people, from labels, for every later version."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hfplanner.errors import HistoryError, UsageError
from hfplanner.history.measured import add_peaks, remove_peaks
from hfplanner.history.peaks import KeptPeak, merge_peaks, read_peaks
from hfplanner.history.store import HistoryStore
from tests.estimate.like_jobs import history, job

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SAID = {"model": "Qwen/Qwen3-8B", "task": "lora", "batch-size": "4"}


def entry(name: str, size: int | None = 19_300_000_000, source: str = "typed") -> KeptPeak:
    """Return an entry."""
    return KeptPeak(
        id=name,
        flavor="a10g-large",
        peak_bytes=size,
        metric="total",
        source=source,  # type: ignore[arg-type] # a test's
        seen_at=NOW,
        settings={"model": "Qwen/Qwen3-8B", "batch_size": 4},
    )


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    """Return a history in which nothing is."""
    return HistoryStore(tmp_path / "history")


def test_what_is_added_is_read_back(store: HistoryStore) -> None:
    """Entry by entry, in the order of their addition, in a file that nobody else may read."""
    add_peaks(store, [entry("a")])
    add_peaks(store, [entry("b", None)])
    assert read_peaks(store.folder) == (entry("a"), entry("b", None))
    assert (store.folder / "peaks.json").stat().st_mode & 0o077 == 0


def test_nothing_is_read_where_nothing_is_kept(store: HistoryStore) -> None:
    """Reading makes no folder."""
    assert read_peaks(store.folder) == ()
    assert not store.folder.exists()


def test_of_one_id_the_greatest_counts_in_any_order() -> None:
    """Samples of a running job rise; that it ran out of memory in the end says more than any of them."""
    seven, nine, out = entry("j", 7), entry("j", 9), entry("j", None)
    assert merge_peaks([], [seven, nine]) == merge_peaks([nine], [seven]) == (nine,)
    assert merge_peaks([out], [nine]) == merge_peaks([nine], [out]) == (out,)


def test_what_is_removed_is_gone_and_the_rest_stays(store: HistoryStore) -> None:
    """All that are named, or none."""
    add_peaks(store, [entry("a"), entry("b"), entry("c")])
    with pytest.raises(UsageError, match="no measured peak 'x'"):
        remove_peaks(store, ["a", "x"])
    assert [one.id for one in read_peaks(store.folder)] == ["a", "b", "c"]
    assert [one.id for one in remove_peaks(store, ["a", "c"])] == ["a", "c"]
    assert [one.id for one in read_peaks(store.folder)] == ["b"]


def test_a_job_says_its_peak_in_a_label(store: HistoryStore) -> None:
    """Imported or synced, once or again: one entry, with how it was run; a label that cannot be meant is none."""
    jobs = [
        job(1, 60, flavor="a10g-large", labels={"peak": "19.3GB", "name": "tune", **SAID}),
        job(2, 60, flavor="l4x1", labels={"peak": "OOM", **SAID}),
        job(3, 60, flavor="l4x1", labels={"peak": "much"}),
        job(4, 60, flavor="l4x1", labels={"team": "nlp"}),
    ]
    for _ in range(2):
        store.add(history(*jobs).collect())
    said, out = read_peaks(store.folder)
    assert (said.flavor, said.peak_bytes, said.name, said.source) == ("a10g-large", 19_300_000_000, "tune", "label")
    assert dict(said.settings) == {"model": "Qwen/Qwen3-8B", "task": "lora", "batch_size": "4"}
    assert (out.flavor, out.peak_bytes) == ("l4x1", None)


def test_a_file_of_version_1_is_read(store: HistoryStore) -> None:
    """As it was written on 2026-11-30; what a later entry says besides is left alone."""
    store.folder.mkdir()
    kept = {
        "id": "4f1d20aa",
        "flavor": "l4x1",
        "peak_bytes": 5,
        "metric": "reserved",
        "source": "log",
        "seen_at": "2026-11-30T12:00:00Z",
        "name": None,
        "job_id": None,
        "settings": {"model": "a/b", "gpus": 2},
        "said_by": "somebody",
    }
    (store.folder / "peaks.json").write_text(json.dumps({"version": 1, "peaks": [kept]}))
    [found] = read_peaks(store.folder)
    assert (found.id, found.peak_bytes, found.metric, found.seen_at) == ("4f1d20aa", 5, "reserved", NOW)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"version": 2, "peaks": []}', "layout 2"),
        ('{"version": 1, "peaks": [{}]}', "damaged"),
        ('{"version": 1, "peaks": [{"id": "a", "flavor": "b", "peak_bytes": -1}]}', "damaged"),
        ("[]", "damaged"),
        ("", "damaged"),
    ],
)
def test_what_cannot_be_read_is_said_and_stays(store: HistoryStore, content: str, says: str) -> None:
    """Neither is it taken for nothing, nor is it written over."""
    store.folder.mkdir()
    path = store.folder / "peaks.json"
    path.write_text(content)
    with pytest.raises(HistoryError, match=says):
        add_peaks(store, [entry("a")])
    assert path.read_text() == content
