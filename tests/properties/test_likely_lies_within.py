"""An interval is one: low, likely and high stand in that order, and wide where little is known."""

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import Metric, estimate_memory
from hfplanner.models.by_hand import ByHand, shape_by_hand
from tests.properties.jobs import jobs, known, shapes


@given(shapes(), jobs(), st.sampled_from(["allocated", "reserved", "total"]))
def test_likely_lies_between_low_and_high(shape: str, job: MemoryJob, metric: Metric) -> None:
    """By every instrument."""
    estimate = estimate_memory(known(shape), job).as_metric(metric)
    assert 0 <= estimate.low < estimate.likely < estimate.high
    assert estimate.basis


@given(st.integers(10**9, 10**11), jobs())
def test_numbers_by_hand_are_less_sure(params: int, job: MemoryJob) -> None:
    """``--params`` alone is wider than ``--params`` with all widths."""
    alone = shape_by_hand(ByHand(params=params))
    widths = {"layers": alone.layers, "hidden": alone.hidden, "heads": alone.heads}
    told = shape_by_hand(ByHand(params=params, kv_heads=alone.kv_heads, ffn=alone.ffn, vocab=alone.vocab, **widths))
    wide, narrow = (estimate_memory(shape, job).per_gpu_bytes for shape in (alone, told))
    assert wide.likely == narrow.likely
    assert wide.high - wide.low > narrow.high - narrow.low
