"""A frame of jobs gives each row what that row alone would get."""

from dataclasses import fields

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.estimate.memory.frame import estimate_memory_frame
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from tests.properties.jobs import jobs, known, shapes

# Parts are rounded one by one, and a half to the even neighbour or upwards.
ROUNDING = 16


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(shapes(), jobs(), st.integers(1, 131072)), min_size=1, max_size=6))
def test_rows_and_frames_agree(rows: list[tuple[str, MemoryJob, int]]) -> None:
    """Every field of a job may be a column; order is kept."""
    names = [field.name for field in fields(MemoryJob)]
    table = [
        {"model": name, **{f: getattr(job, f) for f in names}, "prompt_len": min(prompt, job.seq_len)}
        for name, job, prompt in rows
    ]
    frame = pl.DataFrame(table, infer_schema_length=None)
    answer = estimate_memory_frame(frame, {name: known(name) for name, _, _ in rows})
    assert answer["problem"].is_null().all()
    for row, (name, _, _) in zip(answer.iter_rows(named=True), rows, strict=True):
        job = MemoryJob(**{f: tuple(row[f]) if f == "lora_targets" else row[f] for f in names})
        alone = estimate_memory(known(name), job).per_gpu_bytes
        for bound in ("low", "likely", "high"):
            assert abs(row[f"{bound}_bytes"] - getattr(alone, bound)) <= ROUNDING
