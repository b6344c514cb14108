"""Durations of jobs that never ran."""

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.first_principles import (
    Work,
    durations_from_work,
)
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.known import find_known

FLAVORS = shipped_listing().by_name()
EIGHT = shape_by_hand(ByHand(params=8 * 10**9))
"""A dense model of 8 billion parameters."""


def likely(flavor: str, kind: str = "full", **work: float) -> int:
    """Return the likely seconds of work on a flavor."""
    asked = Work(shape=EIGHT, kind=kind, **({"tokens": 10**8} | work))
    return durations_from_work(asked, [FLAVORS[flavor]], Workload()).estimates[flavor].likely


def test_full_training_costs_three_forward_passes_and_adapters_two() -> None:
    """6 N and 4 N operations a token; what GPUs achieve of their rates differs by less."""
    assert 1.2 < likely("h200", "full") / likely("h200", "lora") < 2.5


def test_twice_the_tokens_take_twice_as_long() -> None:
    """But for what comes before the first step, and rounding to seconds."""
    one, two, three = (likely("h200", tokens=many * 10**8) for many in (1, 2, 3))
    assert three - two == pytest.approx(two - one, abs=1)
    assert two < 2 * one


def test_it_agrees_with_a_published_run() -> None:
    """MosaicML trained MPT-7B at some 10,000 tokens a second on each of 8 H100; an H200 computes alike."""
    work = Work(shape=shape_by_hand(ByHand(params=6_700_000_000)), kind="full", tokens=10**9)
    span = durations_from_work(work, [FLAVORS["h200"]], Workload()).estimates["h200"]
    assert span.low < 10**9 / 10_000 < span.high


def test_generating_side_by_side_shares_the_reading_of_the_weights() -> None:
    """Sixteen sequences take a small part of what one after the other takes, and no less than the arithmetic."""
    alone, together = (likely("l4x1", "decode", batch_size=batch, tokens=10**6) for batch in (1, 16))
    assert together < alone / 4
    assert likely("l4x1", "decode", batch_size=10**6, tokens=10**6) >= likely("l4x1", "prefill", tokens=10**6) / 2


def test_the_bounds_are_wide_and_say_why() -> None:
    """Nothing was measured: at least a factor of two either way together, and never on a CPU."""
    found = durations_from_work(Work(shape=EIGHT, kind="lora", tokens=10**8), FLAVORS.values(), Workload())
    for span in found.estimates.values():
        assert span.high / span.low > 2
        assert span.basis[0] == "from first principles: nothing was measured"
    assert set(found.unknown) == {"cpu-basic", "cpu-upgrade", "cpu-performance", "cpu-xl"}


@pytest.mark.parametrize("wrong", [{"tokens": 0}, {"seq_len": 0}, {"batch_size": 0}])
def test_work_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    """No tokens take no time, which nobody asks for."""
    with pytest.raises(ValueError, match="not above 0"):
        likely("h200", **wrong)


def test_training_over_several_gpus_shares_the_tokens_between_them() -> None:
    """Eight H200 take less than a sixth of the time of one, on whichever flavor has them: batches keep them busy."""
    flavors = shipped_listing().by_name()

    def secs(gpus: int, name: str) -> int:
        job = MemoryJob(task="lora", sharding="none" if gpus == 1 else "fsdp", gpus=gpus)
        work = Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=10**9, batch_size=8, job=job)
        return durations_from_work(work, [flavors[name]], Workload(phase="train")).estimates[name].likely

    assert secs(8, "h200x8") < secs(1, "h200") / 6
    assert secs(2, "h200x8") == secs(2, "h200x2") > 3 * secs(8, "h200x8")
    job = MemoryJob(task="lora", sharding="fsdp", gpus=8)
    work = Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=10**9, job=job)
    found = durations_from_work(work, [flavors["h200x2"]], Workload(phase="train"))
    assert found.unknown == {"h200x2": "it runs on 8 GPUs"}


@pytest.mark.parametrize(("flavor", "sequences"), [("h200", 1024), ("rtx-pro-6000", 1024), ("a100-large", 256)])
def test_vllm_batches_by_itself_what_it_does_on_the_card(flavor: str, sequences: int) -> None:
    """Its default is 1,024 sequences on cards of 70 GiB and more, 256 on an A100: as if that had been asked for."""
    small = find_known("Qwen/Qwen3-0.6B")
    assert small is not None
    job = MemoryJob(engine="vllm", seq_len=512)

    def seconds(batch: int | None) -> int:
        work = Work(shape=small, kind="decode", tokens=10**8, seq_len=512, batch_size=batch, job=job)
        return durations_from_work(work, [FLAVORS[flavor]], Workload()).estimates[flavor].likely

    assert seconds(None) == seconds(sequences) != seconds(sequences // 2)
