"""How a number is written changes nothing: 8B, 8000M, 8e9 and 8000000000 are one model."""

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.models.by_hand import ByHand, parse_params, shape_by_hand
from tests.properties.jobs import jobs


@given(st.integers(1, 900), jobs())
def test_the_unit_of_parameters_changes_nothing(billions: int, job: MemoryJob) -> None:
    """Every spelling of a count gives the same estimate, to the byte."""
    spellings = (f"{billions}B", f"{billions}b", f"{billions * 1000}M", f"{billions}e9", f"{billions * 10**9}")
    counts = {parse_params(text) for text in spellings}
    assert counts == {billions * 10**9}
    answers = {estimate_memory(shape_by_hand(ByHand(params=count)), job).per_gpu_bytes for count in counts}
    assert len(answers) == 1
