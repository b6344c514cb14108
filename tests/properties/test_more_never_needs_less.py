"""More batch, context, rank or parameters never need less memory."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.models.by_hand import ByHand, shape_by_hand
from tests.properties.jobs import jobs, likely, shapes

FACTORS = st.integers(2, 8)


@given(shapes(), jobs(), FACTORS)
def test_more_sequences_never_need_less(shape: str, job: MemoryJob, factor: int) -> None:
    """A batch of more sequences."""
    assert likely(shape, replace(job, batch_size=job.batch_size * factor)) >= likely(shape, job)


@given(shapes(), jobs(), FACTORS)
def test_longer_sequences_never_need_less(shape: str, job: MemoryJob, factor: int) -> None:
    """A longer context."""
    assert likely(shape, replace(job, seq_len=job.seq_len * factor)) >= likely(shape, job)


@given(shapes(), jobs(), FACTORS)
def test_a_higher_rank_never_needs_less(shape: str, job: MemoryJob, factor: int) -> None:
    """Adapters of a higher rank."""
    assert likely(shape, replace(job, lora_rank=job.lora_rank * factor)) >= likely(shape, job)


@given(st.integers(10**8, 10**12), st.integers(2, 100), jobs())
def test_more_parameters_never_need_less(params: int, percent: int, job: MemoryJob) -> None:
    """A larger model of the same widths."""
    widths = {"layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocab": 128256}
    small = shape_by_hand(ByHand(params=params, **widths))
    large = shape_by_hand(ByHand(params=params + params * percent // 100, **widths))
    assert estimate_memory(large, job).per_gpu_bytes.likely >= estimate_memory(small, job).per_gpu_bytes.likely


@given(st.integers(10**8, 10**12), st.integers(2, 100), jobs())
def test_more_parameters_alone_never_need_less(params: int, percent: int, job: MemoryJob) -> None:
    """A larger model of which nothing else is known, but for a hundredth: one more layer may make each of them smaller.

    Where every second layer is recomputed it also matters whether their number is odd, so those jobs are left out.
    """
    assume(job.checkpointing != "selective")
    small = shape_by_hand(ByHand(params=params))
    large = shape_by_hand(ByHand(params=params + params * percent // 100))
    assert estimate_memory(large, job).per_gpu_bytes.likely >= 0.99 * estimate_memory(small, job).per_gpu_bytes.likely
