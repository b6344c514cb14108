"""The smallest set of changes that fits a flavor is one: it fits, none of it can be left out, and none is milder."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hfplanner as hp
from hfplanner.errors import NothingFits, UsageError
from hfplanner.estimate.memory.fits import Place, fit_into
from hfplanner.estimate.memory.fitting import fit_flavor
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.units import GB
from tests.properties.jobs import known

SHAPE = known("Qwen/Qwen3-8B")
JOBS = st.builds(
    MemoryJob,
    task=st.sampled_from(["inference", "full", "lora", "qlora"]),
    batch_size=st.integers(1, 32),
    seq_len=st.integers(256, 16384),
    checkpointing=st.sampled_from(["none", "full"]),
    attention=st.sampled_from(["sdpa", "eager"]),
)
PLACES = st.builds(
    Place, flavor=st.just("it"), gpus=st.sampled_from([1, 4]), usable_bytes=st.integers(10 * GB, 80 * GB)
)


@settings(max_examples=40)
@given(JOBS, PLACES)
def test_what_is_found_fits_and_nothing_of_it_is_idle(job: MemoryJob, place: Place) -> None:
    """With any one of its changes undone it does not surely fit."""
    estimate = estimate_memory(SHAPE, job)
    found = fit_flavor(estimate, place)
    if found is None:
        assert fit_into(estimate, place).verdict != "yes"
        return
    assert found.fit.verdict == "yes"
    assert (not found.changes) == (fit_into(estimate, place).verdict == "yes")
    if len(found.changes) == 1 and found.changes[0].code == "batch":
        more = replace(job, batch_size=found.estimate.job.batch_size + 1)
        assert fit_into(estimate_memory(SHAPE, more), place).verdict != "yes"


@settings(max_examples=40)
@given(JOBS, PLACES)
def test_changes_differ_in_kind_and_are_named_once(job: MemoryJob, place: Place) -> None:
    """Each as it is typed."""
    found = fit_flavor(estimate_memory(SHAPE, job), place)
    changes = found.changes if found else ()
    assert len({change.code for change in changes}) == len(changes)
    assert all(one.option != other.option for one, other in combinations(changes, 2))
    assert all(change.option.startswith("--") for change in changes)


def test_what_keeps_the_result_comes_first() -> None:
    """A copy of the reference is given up before the training of all weights is."""
    job = MemoryJob(task="full", method="dpo", batch_size=2, precision="bf16")
    usable = estimate_memory(SHAPE, job).pressed_bytes.high - 10 * GB
    found = fit_flavor(estimate_memory(SHAPE, job), Place("it", 1, usable))
    assert found is not None
    assert [change.option for change in found.changes] == ["--reference precomputed"]


def test_the_flavor_is_named_and_known() -> None:
    """What cannot be made to fit is said with the exit code of nothing fits."""
    ask = {"model": "Qwen/Qwen3-8B", "task": "full", "batch_size": 8, "offline": True}
    found = hp.estimate_memory(**ask, fit="l4x1").to_dict()["fitted"]
    assert (found["flavor"], found["fits"]) == ("l4x1", "yes")
    assert "--task lora" in [change["option"] for change in found["changes"]]
    assert hp.estimate_memory(**ask).to_dict()["fitted"] is None
    with pytest.raises(UsageError, match="no flavor 'l4x'"):
        hp.estimate_memory(**ask, fit="l4x")
    with pytest.raises(NothingFits, match="surely fit t4-small"):
        hp.estimate_memory(model="meta-llama/Llama-3.1-70B", task="full", fit="t4-small", offline=True)


def test_a_change_that_needs_more_than_a_milder_one_hides_it_not() -> None:
    """Sharded QLoRA on a mixture keeps its experts in fp32 and needs more than LoRA, which fits."""
    ask = {"model": "Qwen/Qwen3-235B-A22B", "task": "full", "offline": True}
    found = hp.estimate_memory(**ask, fit="h200x8").to_dict()["fitted"]
    assert found is not None
    assert "--task lora" in [change["option"] for change in found["changes"]]
    assert any(change["option"] == "--sharding fsdp --gpus 8" for change in found["changes"])
