"""A frame of jobs: no row vanishes, and a row that cannot be estimated says why."""

import polars as pl
import pytest

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.frame import estimate_memory_frame
from tests.properties.jobs import known

LLAMA = {"llama": known("meta-llama/Llama-3.1-8B")}


def test_bad_rows_keep_their_place_and_say_why() -> None:
    """A number out of range, a model nobody gave, a task that does not exist."""
    frame = pl.DataFrame(
        {
            "model": ["llama", "llama", "ghost", "llama", None],
            "task": ["full", "full", "full", "sleep", "full"],
            "batch_size": [4, 0, 4, 4, 4],
        }
    )
    answer = estimate_memory_frame(frame, LLAMA)
    assert answer.select(frame.columns).equals(frame)
    assert answer["likely_bytes"].is_null().to_list() == [False, True, True, True, True]
    first, *problems = answer["problem"].to_list()
    assert first is None
    assert [word in said for word, said in zip(("batch_size", "ghost", "sleep", "None"), problems, strict=True)] == [
        True
    ] * 4


def test_an_empty_frame_has_the_same_columns() -> None:
    """No rows in, no rows out, with the columns an answer has."""
    frame = pl.DataFrame({"model": ["llama"], "seq_len": [1024]})
    full, empty = (estimate_memory_frame(rows, LLAMA) for rows in (frame, frame.clear()))
    assert empty.schema == full.schema
    assert empty.is_empty()


@pytest.mark.parametrize("columns", [{"seq_len": [1]}, {"model": ["llama"], "colour": ["red"]}])
def test_columns_that_mean_nothing_are_refused(columns: dict[str, list[object]]) -> None:
    """A model is needed, and a misspelt option would silently be its default."""
    with pytest.raises(UsageError):
        estimate_memory_frame(pl.DataFrame(columns), LLAMA)
