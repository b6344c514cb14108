"""What any earlier version kept: read by this one as it was written, and nothing of it is lost.

Each folder beside this file is a home that the version of its day wrote (:mod:`tests.stores.make`).
"""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from hfplanner.catalog.cache import ListingCache
from hfplanner.frames.job_columns import JOB_COLUMNS
from hfplanner.history.bills import read_bills
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import HistoryStore
from hfplanner.times import read_json_moment
from tests.history.syncing import store_in
from tests.program import REPOSITORY, Program

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
    kept_then = [
        SourceState(**{**pull, "seen_at": read_json_moment(pull["seen_at"])})
        for pull in json.loads((kept / "pulls.json").read_text())
    ]
    assert list(store.sources()) == kept_then


def test_the_kept_listing_is_read(kept: Path) -> None:
    """Its flavors, its prices and its age."""
    listing = ListingCache(kept / "home" / "cache", "https://huggingface.co").read()
    assert listing is not None
    assert (len(listing.flavors), listing.checked.date().isoformat()) == (26, "2026-09-30")


def test_a_column_is_of_the_layout_that_has_it_first(kept: Path) -> None:
    """Who adds a column says since when there is one: that is how a program of before knows that it cannot read it."""
    version = json.loads((kept / "home" / "history" / "manifest.json").read_bytes())["version"]
    then = json.loads((kept / "jobs.ndjson").read_text().splitlines()[0])
    assert [column.name for column in JOB_COLUMNS if column.since <= version] == list(then)


NEW_COLUMN = """    JobColumn(name="region", kind=_TEXT, said="region", since=LATER),
    JobColumn(name="gpu_hours", kind=_SECONDS, said="durations.gpu_hours", is_state=True, since=LATER),
"""
READ = """
import json, sys
from pathlib import Path
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import HistoryStore
jobs = HistoryStore(Path(sys.argv[1])).scan().collect()
print(json.dumps({row["id"]: [row["region"], row["gpu_hours"]] for row in jobs.iter_rows(named=True)}))
"""
# The second is no job of the usual types, and is read one by one.
NEW_JOBS = [
    {"id": "a", "createdAt": "2026-10-01T00:00:00.000Z", "region": "eu", "durations": {"gpuHours": 2.5}},
    {
        "id": "b",
        "createdAt": "2026-10-01T00:00:00.000Z",
        "region": "us",
        "timeout": "3600",
        "durations": {"gpuHours": 1},
    },
    {"id": "c", "createdAt": "2026-10-01T00:00:00.000Z", "region": 7, "timeout": "3600"},
]


@pytest.fixture
def later(tmp_path: Path) -> Program:
    """Return a later version of the program, which has two more columns and is otherwise this one."""
    sources = tmp_path / "later"
    for name in ("hfplanner", "data"):
        shutil.copytree(REPOSITORY / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    declared = sources / "hfplanner" / "frames" / "job_columns.py"
    text = declared.read_text()
    before, after = text.split('    _state("source"')
    newest = max(column.since for column in JOB_COLUMNS)
    declared.write_text(before + NEW_COLUMN.replace("LATER", str(newest + 1)) + '    _state("source"' + after)
    return Program(tmp_path / "home", environ=(("PYTHONPATH", str(sources)),))


@pytest.mark.process
def test_a_later_version_reads_what_was_kept_and_this_one_leaves_what_it_wrote(
    store: HistoryStore, later: Program, tmp_path: Path
) -> None:
    """One line in one file is a new column, in both decoders; no row is lost; an older program says what to do."""
    ids = set(store.scan().collect()["id"])
    read = ("-c", READ, str(store.folder))
    assert json.loads(later.run_python(*read).out) == {job: [None, None] for job in ids}
    done = later.start("import", "-", "--json", stdin=json.dumps(NEW_JOBS))
    assert json.loads(done.out)["jobs"] == {
        "read": 3,
        "new": 2,
        "updated": 0,
        "unchanged": 0,
        "repeated": 0,
        "bad": 1,
    }
    now = json.loads(later.run_python(*read).out)
    assert (now.pop("a"), now.pop("b"), set(now)) == (["eu", 2.5], ["us", 1.0], ids)
    older = Program(tmp_path / "home").run("report", "--json")
    assert (older.code, json.loads(older.out)["error"]["code"]) == (1, "history")
    assert "Update hfplanner" in older.err
