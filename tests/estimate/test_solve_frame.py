"""A frame of inverse questions says what each question says alone."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Place
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.solve import Unknown, solve
from hfplanner.estimate.memory.solve_frame import solve_memory_frame
from hfplanner.units import GB
from tests.properties.jobs import known

SHAPES = {name: known(name) for name in ("Qwen/Qwen3-8B", "google/gemma-3-27b-it")}
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(list(SHAPES)),
            "task": st.sampled_from(["inference", "lora", "qlora", "full"]),
            "batch_size": st.integers(1, 16),
            "seq_len": st.integers(64, 8192),
            "usable_bytes": st.integers(8, 150).map(lambda size: size * GB),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15)
@given(ROWS, st.sampled_from(["batch-size", "seq-len"]))
def test_each_row_is_the_question_alone(rows: list[dict[str, object]], unknown: Unknown) -> None:
    """Whatever stands beside it."""
    answer = solve_memory_frame(pl.DataFrame(rows), SHAPES, unknown)
    for row in answer.iter_rows(named=True):
        job = MemoryJob(task=row["task"], batch_size=row["batch_size"], seq_len=row["seq_len"])
        job = replace(job, **({"batch_size": 1} if unknown == "batch-size" else {}))
        [alone] = solve(SHAPES[row["model"]], job, unknown, [Place("", 1, row["usable_bytes"])])
        assert (row["surely"], row["likely"], row["problem"]) == (alone.surely, alone.likely, None)


def test_a_rank_is_solved_and_what_has_none_says_so() -> None:
    """Adapters have one; the rest of the frame stays as it is."""
    frame = pl.DataFrame(
        {
            "model": ["Qwen/Qwen3-8B", "Qwen/Qwen3-8B", "x"],
            "task": ["lora", "full", "lora"],
            "usable_bytes": [40 * GB] * 3,
        }
    )
    answer = solve_memory_frame(frame, SHAPES, "lora-rank")
    assert answer.drop("surely", "likely", "problem").equals(frame)
    assert answer["surely"][0] > 16
    assert answer["problem"].to_list() == [None, "--solve lora-rank needs adapters.", "The model 'x' is not known."]


def test_a_frame_without_room_is_refused() -> None:
    """What can be used of a GPU is the question."""
    with pytest.raises(UsageError, match="usable_bytes"):
        solve_memory_frame(pl.DataFrame({"model": ["Qwen/Qwen3-8B"]}), SHAPES, "batch-size")
