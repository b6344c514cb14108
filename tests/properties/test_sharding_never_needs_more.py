"""Sharding over more GPUs never needs more memory on each."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.estimate.memory.job import MemoryJob
from tests.properties.jobs import jobs, likely, shapes


@given(shapes(), jobs(gpus=st.integers(2, 4)), st.sampled_from(["zero1", "zero2", "zero3", "fsdp"]))
def test_twice_the_gpus_never_need_more_each(shape: str, job: MemoryJob, sharding: str) -> None:
    """Twice the GPUs of a sharded run; the batch is counted per GPU and stays."""
    sharded = replace(job, sharding=sharding)
    assert likely(shape, replace(sharded, gpus=2 * job.gpus)) <= likely(shape, sharded)


@given(shapes(), jobs(gpus=st.just(2)))
def test_sharding_more_of_the_state_never_needs_more(shape: str, job: MemoryJob) -> None:
    """ZeRO's second stage shares what the first does, and the gradients."""
    first, second = (likely(shape, replace(job, sharding=stage)) for stage in ("zero1", "zero2"))
    assert second <= first


@given(shapes(), jobs(gpus=st.integers(1, 4)))
def test_inference_over_more_gpus_never_needs_more_each(shape: str, job: MemoryJob) -> None:
    """Weights and cache spread over twice the GPUs, once there are several."""
    served = replace(job, task="inference", gpus=2 * job.gpus)
    assert likely(shape, replace(served, gpus=min(2 * served.gpus, 8))) <= likely(shape, served)
