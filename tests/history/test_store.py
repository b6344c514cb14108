"""The store: what is written is read, all at once or not at all, by a version that understands it."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock

from hfplanner.errors import HistoryError
from hfplanner.frames.job_columns import LAYOUT_VERSION
from hfplanner.frames.jobs import JOBS_SCHEMA
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import Added, HistoryStore, default_history_folder
from tests.history.jobs import JANUARY, job, jobs_frame

FEBRUARY = JANUARY + timedelta(days=31)


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    """Return an empty history."""
    return HistoryStore(tmp_path / "history")


def rows(store: HistoryStore) -> pl.DataFrame:
    """Return all that is kept."""
    return store.scan().collect(engine="streaming")


def parquet_files(store: HistoryStore) -> list[str]:
    """Return the Parquet files there are, whether they count or not."""
    return sorted(path.relative_to(store.folder).as_posix() for path in store.folder.glob("*/*.parquet"))


def test_an_empty_history_is_an_empty_frame(store: HistoryStore) -> None:
    """Reading makes no folder."""
    assert (rows(store).schema, rows(store).height, store.sources()) == (JOBS_SCHEMA, 0, ())
    assert not store.folder.exists()


def test_jobs_come_back_as_they_went_in_by_month(store: HistoryStore) -> None:
    """One file a month of creation, UTC; months in order."""
    last = FEBRUARY - timedelta(microseconds=1)
    frame = jobs_frame(job("b", created_at=last), job("c", created_at=FEBRUARY), job("a", flavor="l4x1"))
    assert store.add(frame) == Added(new=3)
    assert rows(store).equals(frame[[2, 0, 1]])
    assert [name.split("/")[0] for name in parquet_files(store)] == ["month=2026-01", "month=2026-02"]


def test_an_addition_counts_what_it_changed(store: HistoryStore) -> None:
    """New, known otherwise, known so already, each job once."""
    store.add(jobs_frame(job("a", stage="running"), job("b")))
    added = store.add(jobs_frame(job("a"), job("a"), job("b", seen=7), job("c")))
    assert added == Added(new=1, updated=1, unchanged=1)


def test_the_same_jobs_again_change_no_file(store: HistoryStore) -> None:
    """Not even the manifest is written."""
    frame, pull = jobs_frame(job("a"), job("b", created_at=FEBRUARY)), a_pull()
    store.add(frame, [pull])
    before = parquet_files(store), (store.folder / "manifest.json").stat().st_ino
    assert store.add(frame, [pull]) == Added(unchanged=2)
    assert (parquet_files(store), (store.folder / "manifest.json").stat().st_ino) == before


def test_an_older_state_does_not_undo_an_end(store: HistoryStore) -> None:
    """A listing that was saved while the job ran, imported afterwards."""
    store.add(jobs_frame(job("a", seen=2)))
    assert store.add(jobs_frame(job("a", stage="running", seen=1))) == Added(unchanged=1)
    assert rows(store)["stage"].to_list() == ["completed"]


@pytest.mark.slow
def test_a_large_month_takes_small_additions_as_files(store: HistoryStore) -> None:
    """Until there are many; a row of a later file replaces that of an earlier one at every time."""
    many = jobs_frame(*(job(f"{number:06}", stage="running") for number in range(1000)))
    large = pl.concat([many.with_columns(pl.col("id") + f"-{part}") for part in range(101)])
    store.add(large)
    counted = []
    for number in range(9):
        assert store.add(jobs_frame(job(f"{number:06}-0"))) == Added(updated=1)
        counted.append(len(store.manifest().files()))
        frame = rows(store)
        assert (frame.height, frame["id"].n_unique(), (frame["stage"] == "completed").sum()) == (
            large.height,
            large.height,
            number + 1,
        )
    assert counted == [2, 3, 4, 5, 6, 7, 8, 1, 2]


def a_pull(source: str = "hub", *, complete: bool = True) -> SourceState:
    """Return what is known of a source."""
    reason = None if complete else "the network went away after 3 pages"
    return SourceState(source, "acme", complete=complete, seen_at=JANUARY, records=5, bad={"no_id": 2}, reason=reason)


def test_a_pull_is_incomplete_until_the_same_source_is_pulled_to_its_end(store: HistoryStore) -> None:
    """With its reason; another source does not mend it."""
    broken = replace(a_pull(complete=False), cursor="page4")
    store.add(jobs_frame(), [broken, a_pull("other")])
    assert store.sources() == (broken, a_pull("other"))
    store.add(jobs_frame(), [a_pull()])
    assert [pull.complete for pull in store.sources()] == [True, True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"version": "1", "months": {}, "pulls": []}', "damaged"),
        ('{"version": 0, "months": {}, "pulls": []}', "damaged"),
        ('{"version": 1, "months": {"2026-01": [{"path": "../../etc/passwd", "rows": 1}]}, "pulls": []}', "damaged"),
        ('{"version": 1, "months": {}, "pulls": [{}]}', "damaged"),
        ('{"version": 9, "everything": "else"}', "layout 9"),
    ],
)
def test_a_history_that_is_not_understood_is_not_touched(store: HistoryStore, text: str, says: str) -> None:
    """Damaged or of a newer version: reading and adding say so, and leave everything as it is."""
    store.folder.mkdir()
    manifest = store.folder / "manifest.json"
    manifest.write_text(text)
    for use in (store.scan, lambda: store.add(jobs_frame(job("a")))):
        with pytest.raises(HistoryError, match=says) as refused:
            use()
        assert refused.value.hint
    assert manifest.read_text() == text
    assert parquet_files(store) == []


def test_the_version_is_written(store: HistoryStore) -> None:
    """So that a later version can tell."""
    store.add(jobs_frame(job("a")))
    assert json.loads((store.folder / "manifest.json").read_bytes())["version"] == LAYOUT_VERSION


def test_a_writer_that_keeps_the_lock_is_waited_for_and_then_named(store: HistoryStore) -> None:
    """Not for ever."""
    store.add(jobs_frame(job("a")))
    with FileLock(store.folder / ".lock"), pytest.raises(HistoryError, match=r"for 0\.1 seconds"):
        HistoryStore(store.folder, lock_wait_secs=0.1).add(jobs_frame(job("b")))


def test_replaced_files_stay_for_an_hour(store: HistoryStore) -> None:
    """Whoever has just read the manifest can still read them; a later writer removes them, and nothing else."""
    store.add(jobs_frame(job("a", stage="running")))
    old = store.scan()
    store.add(jobs_frame(job("a")))
    assert old.collect()["stage"].to_list() == ["running"]
    assert len(parquet_files(store)) == 2
    later = HistoryStore(store.folder, clock=lambda: store.folder.stat().st_mtime + 3700)
    later.add(jobs_frame(job("b")))
    (counting,) = later.manifest().files()
    assert counting in parquet_files(store)
    assert len(parquet_files(store)) == 2, "the one just replaced stays, the one replaced an hour ago is gone"


def test_a_folder_that_cannot_be_made_is_a_known_error(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "history").write_text("x")
    with pytest.raises(HistoryError):
        HistoryStore(tmp_path / "history").add(jobs_frame(job("a")))


def test_the_default_folder_is_in_the_home_of_the_program(tmp_path: Path) -> None:
    """``HFPLANNER_HOME``, or what the platform has for a user's data."""
    assert default_history_folder({"HFPLANNER_HOME": str(tmp_path)}) == tmp_path / "history"
    assert default_history_folder({}).parts[-2:] == ("hfplanner", "history")
