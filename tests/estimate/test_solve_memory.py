"""The inverse question: what is found fits, and the next larger value does not."""

from dataclasses import replace

import pytest

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Place, fit_into
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.estimate.memory.solve import solve
from tests.properties.jobs import known

PLACES = [Place("l4x1", 1, 23_654_532_383), Place("a100-large", 1, 84_980_000_000), Place("cpu", 0, None)]


@pytest.mark.parametrize(
    ("unknown", "field", "step"),
    [("batch-size", "batch_size", 1), ("seq-len", "seq_len", 64), ("lora-rank", "lora_rank", 1)],
)
@pytest.mark.parametrize("name", ["Qwen/Qwen3-8B", "openai/gpt-oss-20b", "google/gemma-2-2b"])
def test_the_largest_that_fits_is_found(name: str, unknown: str, field: str, step: int) -> None:
    """Surely and likely, on each flavor; a flavor without a GPU fits nothing."""
    shape, job = known(name), MemoryJob(task="qlora", batch_size=2)
    for solution, place in zip(solve(shape, job, unknown, PLACES), PLACES, strict=True):
        assert 0 <= solution.surely <= solution.likely
        if solution.surely:
            fits = fit_into(estimate_memory(shape, replace(job, **{field: solution.surely})), place)
            assert fits.verdict == "yes"
        if not solution.is_at_most and place.gpus:
            more = fit_into(estimate_memory(shape, replace(job, **{field: solution.likely + step})), place)
            assert more.verdict not in {"yes", "likely"}
    assert solution.likely == 0


def test_what_cannot_be_solved_for_is_refused() -> None:
    """A rank without adapters, and an input that is no number."""
    shape = known("Qwen/Qwen3-8B")
    with pytest.raises(UsageError):
        solve(shape, MemoryJob(), "lora-rank", PLACES)
    with pytest.raises(UsageError):
        solve(shape, MemoryJob(), "optimizer", PLACES)  # type: ignore[arg-type] # that is what is tested
