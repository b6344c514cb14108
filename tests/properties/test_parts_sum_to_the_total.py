"""The parts of an estimate add up to its likely value, byte by byte."""

from hypothesis import given

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from tests.properties.jobs import jobs, known, shapes


@given(shapes(), jobs())
def test_parts_add_up(shape: str, job: MemoryJob) -> None:
    """Every part is positive and no byte is left over."""
    estimate = estimate_memory(known(shape), job)
    assert sum(estimate.parts.values()) == estimate.per_gpu_bytes.likely
    assert all(size > 0 for size in estimate.parts.values())
