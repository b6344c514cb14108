"""Training on pairs and on a model's own answers: what it needs beside training on texts, and where it fits."""

import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Place, fit_into
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import MemoryEstimate, estimate_memory
from hfplanner.models.config import parse_config
from hfplanner.models.known import find_known
from hfplanner.plan.presets import preset_source, preset_values
from hfplanner.units import GB, MiB
from tests.benchmarks.traced_preference import read_traced
from tests.estimate.test_traced_memory import CONFIG
from tests.properties.jobs import known

SHAPE = known("Qwen/Qwen3-4B")
LORA = MemoryJob(task="lora", batch_size=4, seq_len=1024)
FULL = replace(LORA, task="full")


def need(job: MemoryJob) -> int:
    """Return what a job likely needs."""
    return estimate_memory(SHAPE, job).per_gpu_bytes.likely


def test_the_formulas_say_what_trl_needs() -> None:
    """Steps of TRL's own losses, traced at full depth: the median within 1 %, every one within 9 % (QLoRA of 0.6B)."""
    errors = [abs(row.error) for row in read_traced()]
    assert len(errors) >= 20
    assert statistics.median(errors) <= 0.01
    assert max(errors) <= 0.09


@pytest.mark.process  # importing TRL starts ldconfig
@pytest.mark.parametrize(
    "job",
    [
        MemoryJob(task="lora", method="dpo", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="full", method="dpo", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="full", method="dpo", reference="precomputed", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="full", method="reward", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="lora", method="reward", checkpointing="none", batch_size=2, seq_len=512, lengths="fixed"),
    ],
)
def test_a_step_of_the_installed_trl_agrees(job: MemoryJob) -> None:
    """A small model, whose constant parts weigh more: within 12 %."""
    pytest.importorskip("trl")
    from hfplanner.estimate.memory.trace.traced import traced_estimate  # noqa: PLC0415 - where torch is installed

    shape = parse_config(CONFIG, name="small")
    tensors = traced_estimate(CONFIG, shape, job).parts["tensors"] - 16 * MiB
    assert estimate_memory(shape, job).as_metric("allocated").likely == pytest.approx(tensors, rel=0.12)


@given(st.integers(1, 64), st.integers(64, 8192), st.sampled_from(["dpo", "reward"]))
def test_pairs_are_twice_as_many_sequences(pairs: int, length: int, method: str) -> None:
    """With adapters, of which the reference is the rest: DPO needs what twice the texts need, rewards no more."""
    job = replace(LORA, batch_size=pairs, seq_len=length)
    texts = need(replace(job, batch_size=2 * pairs))
    both = need(replace(job, method=method))  # type: ignore[arg-type] # one of the two
    assert both == pytest.approx(texts, rel=0.01) if method == "dpo" else both <= texts


def test_a_copy_of_the_model_is_there_all_the_time() -> None:
    """Full training compares with one, unless its log probabilities were computed before."""
    copied, before = (replace(FULL, method="dpo", reference=one) for one in ("model", "precomputed"))
    assert need(replace(FULL, method="dpo")) == need(copied)
    assert need(copied) - need(before) == pytest.approx(2 * SHAPE.parameters.total, rel=0.02)
    assert estimate_memory(SHAPE, copied).parts["reference"] == 2 * SHAPE.parameters.total


def test_shards_hold_their_part_of_the_copy() -> None:
    """Of zero3 and FSDP; the others hold all of it."""
    job = replace(FULL, method="dpo", gpus=4)
    parts = [
        estimate_memory(SHAPE, replace(job, sharding=how)).parts["reference"] for how in ("zero2", "zero3", "fsdp")
    ]
    assert [round(2 * SHAPE.parameters.total / part) for part in parts] == [1, 4, 4]


def test_a_model_of_rewards_has_no_output_projection() -> None:
    """Llama 3.1's is a gigabyte."""
    llama = find_known("meta-llama/Llama-3.1-8B")
    assert llama is not None
    texts, rewards = (estimate_memory(llama, replace(LORA, method=one)).parts["weights"] for one in ("sft", "reward"))
    assert texts - rewards == 2 * llama.parameters.head


def grpo(**how: object) -> MemoryEstimate:
    """Return what GRPO on eight answers needs."""
    return estimate_memory(SHAPE, replace(LORA, method="grpo", batch_size=8, prompt_len=512, **how))  # type: ignore[arg-type] # a test's


def test_answers_of_the_model_itself_are_written_all_at_once() -> None:
    """Those of all micro-batches of a step: with many, their cache is the peak."""
    few, many = grpo(), grpo(accumulation=64)
    assert "kv_cache" not in few.parts
    assert many.parts["kv_cache"] > 0
    assert few.generator is many.generator is None


def test_trainer_and_generator_are_told_apart() -> None:
    """Each with its own peak; vLLM holds the weights once more."""
    answer = grpo(generator="server")
    assert answer.generator is not None
    assert answer.generator.parts["weights"] == 2 * SHAPE.parameters.total
    told = answer.to_json()["generator"]
    assert (told["placement"], told["sleeps"]) == ("other_gpu", False)
    assert told["per_gpu_bytes"]["likely"] == sum(told["parts"].values())


@pytest.mark.parametrize("usable", [GB * size for size in range(8, 160, 8)])
def test_beside_vllm_less_is_left(usable: int) -> None:
    """Never more than where it runs elsewhere; asleep it leaves as much as it needs, or more."""
    place = Place("card", 1, usable)
    share = {"gpu_memory_utilization": 0.4}
    awake, asleep, elsewhere = (
        fit_into(grpo(generator=generator, vllm_sleep=sleeps, **share), place).probability
        for generator, sleeps in (("colocate", False), ("colocate", True), ("server", False))
    )
    assert awake <= asleep + 1e-6
    assert asleep <= elsewhere


def test_a_share_too_small_for_the_weights_never_fits() -> None:
    """A tenth of 80 GB does not hold 8 GB of weights and a cache, however much the trainer has."""
    answer = grpo(generator="colocate", gpu_memory_utilization=0.1)
    assert fit_into(answer, Place("card", 1, 80 * GB)).verdict == "no"
    assert fit_into(grpo(generator="colocate", gpu_memory_utilization=0.3), Place("card", 1, 80 * GB)).verdict == "yes"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"task": "inference", "method": "dpo"}, "--method dpo trains"),
        ({"task": "full", "method": "sft", "reference": "model"}, "compares with nothing"),
        ({"task": "full", "method": "dpo", "reference": "adapters-off"}, "needs adapters"),
        ({"task": "full", "method": "dpo", "generator": "server"}, "which --method dpo does not"),
        ({"task": "full", "method": "grpo", "generator": "server", "vllm_sleep": True}, "on the same GPU"),
    ],
)
def test_what_contradicts_itself_is_refused(how: dict[str, object], says: str) -> None:
    """With what to say instead."""
    with pytest.raises(UsageError, match=says):
        MemoryJob(**how)  # type: ignore[arg-type] # a test's


def test_the_preset_of_dpo_is_dpo() -> None:
    """Eight pairs, as TRL counts them."""
    values = preset_values("trl-dpo")
    assert (values["method"], values["batch_size"]) == ("dpo", 8)
    assert "DPOTrainer" in str(preset_source("trl-dpo", "method"))
