"""Law: however observations of jobs are ordered, repeated and grouped into imports, the history is the same frame."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.history.merge import merge_jobs
from hfplanner.history.store import HistoryStore
from tests.history.jobs import JANUARY, job, jobs_frame

_SECONDS = st.none() | st.integers(0, 3).map(float)
_MOMENTS = st.none() | st.integers(0, 3).map(lambda hours: JANUARY + timedelta(hours=hours))
_TEXTS = st.none() | st.sampled_from(["", "x", "y"])
_LABELS = st.none() | st.lists(
    st.fixed_dictionaries({"key": st.sampled_from("ab"), "value": st.sampled_from("1 2")}), min_size=1, max_size=2
)
OBSERVATIONS = st.builds(
    job,
    st.sampled_from("abc"),
    seen=st.integers(0, 3),
    stage=st.sampled_from(["running", "scheduling", "completed", "cancelled", "deleted", "unknown"]),
    message=_TEXTS,
    flavor=_TEXTS,
    labels=_LABELS,
    timeout_secs=_SECONDS,
    total_secs=_SECONDS,
    started_at=_MOMENTS,
    finished_at=_MOMENTS,
    failure_count=st.none() | st.integers(0, 2),
)


@given(st.lists(OBSERVATIONS, max_size=8).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_any_order_gives_one_frame(rows: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    """Shuffled."""
    first, second = rows
    assert merge_jobs(jobs_frame(*first)).equals(merge_jobs(jobs_frame(*second)))


@given(st.lists(OBSERVATIONS, max_size=8), st.integers(0, 8))
def test_any_grouping_gives_one_frame(rows: list[dict[str, Any]], at: int) -> None:
    """Merged in two steps, with what was merged already, and again."""
    whole = merge_jobs(jobs_frame(*rows))
    steps = [merge_jobs(jobs_frame(*part)) for part in (rows[:at], rows[at:])]
    assert merge_jobs(pl.concat(steps)).equals(whole)
    assert merge_jobs(pl.concat([whole, *steps, whole])).equals(whole)
    assert whole["id"].is_unique().all()


@given(st.lists(OBSERVATIONS, max_size=8))
def test_an_end_is_never_undone(rows: list[dict[str, Any]]) -> None:
    """A job that any observation saw ended has ended."""
    final = {"completed", "cancelled", "deleted"}
    for row in merge_jobs(jobs_frame(*rows)).iter_rows(named=True):
        stages = {observed["stage"] for observed in rows if observed["id"] == row["id"]}
        assert (row["stage"] in final) == bool(stages & final)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(OBSERVATIONS, max_size=4), max_size=4))
def test_the_store_holds_the_merge_of_all_imports(imports: list[list[dict[str, Any]]]) -> None:
    """Whatever was imported before what."""
    with tempfile.TemporaryDirectory() as folder:
        store = HistoryStore(Path(folder) / "history")
        for rows in imports:
            store.add(jobs_frame(*rows))
        expected = merge_jobs(jobs_frame(*(row for rows in imports for row in rows)))
        assert store.scan().collect().equals(expected)
