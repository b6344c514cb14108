"""What a training learns from changes how long it takes, as it changes what memory it needs."""

from typing import Any

import pytest

import hfplanner as hp
from hfplanner.estimate.duration.operations.kernels import card_of
from hfplanner.estimate.duration.operations.methods import step_secs
from hfplanner.estimate.duration.operations.phases import Run, prefill_secs, train_secs
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.known import find_known

SHAPE = find_known("Qwen/Qwen3-8B")
RUN = {"model": "Qwen/Qwen3-8B", "task": "lora", "batch_size": 4, "flavor": "h200", "offline": True}
LENGTH = 2048


def step(epochs: int = 1, **job: Any) -> float:  # noqa: ANN401 - the fields of a job
    """Return the seconds of a step of Qwen3-8B on one H200."""
    card = card_of("H200")
    assert card is not None
    how = MemoryJob(**{"task": "lora", **job})
    return step_secs(card, Run(shape=SHAPE, job=how, precision="bf16"), LENGTH, epochs=epochs)


def secs(**ask: Any) -> Any:  # noqa: ANN401 - an estimate
    """Return how long a run takes there."""
    return hp.estimate_duration(**{**RUN, **ask}).estimates[0].duration_secs


def test_a_pair_is_two_sequences_and_a_reference_that_reads_both() -> None:
    """A step of DPO is a training step of twice the batch and one forward pass of it."""
    card = card_of("H200")
    assert card is not None
    run = Run(shape=SHAPE, job=MemoryJob(task="lora", method="dpo", batch_size=2, logits="all"), precision="bf16")
    twice = train_secs(card, run, 4, LENGTH) + prefill_secs(card, run, 4, LENGTH)
    assert step(method="dpo", batch_size=2) == pytest.approx(twice)


def test_a_reference_that_is_read_before_is_read_once_for_all_epochs() -> None:
    """Over three epochs a third of it falls on each step."""
    always, once = step(method="dpo"), step(epochs=3, method="dpo", reference="precomputed")
    without = step(method="reward")
    assert without < once < always
    assert step(method="dpo", reference="precomputed") == pytest.approx(always)


def test_a_reward_model_has_no_logits() -> None:
    """So that a pair takes less than two texts."""
    assert step(method="reward", batch_size=2) < step(method="sft", batch_size=4)


def test_answers_are_written_before_they_are_trained_on() -> None:
    """By the model itself slowest; written together with those of other micro-batches each takes less."""
    alone = {name: step(method="grpo", generator=name, batch_size=4) for name in ("transformers", "colocate")}
    assert alone["transformers"] > alone["colocate"] > 2 * step(batch_size=4)
    together = step(method="grpo", generator="colocate", batch_size=4, accumulation=8)
    assert together < 0.6 * alone["colocate"]


def test_the_estimate_says_what_a_step_consists_of() -> None:
    """And takes longer for the same tokens, in wider bounds where answers may end early."""
    texts, pairs, answers = secs(tokens="20M"), secs(tokens="20M", method="dpo"), secs(tokens="20M", method="grpo")
    assert texts.likely < pairs.likely < answers.likely
    assert "and read by the reference as well" in pairs.basis
    assert any("the answers are written by the model itself" in words for words in answers.basis)
    assert answers.likely / answers.low > texts.likely / texts.low


@pytest.mark.parametrize(("method", "sequences"), [("sft", 1), ("dpo", 2), ("reward", 2), ("grpo", 8)])
def test_samples_are_counted_as_the_trainer_sees_them(method: str, sequences: int) -> None:
    """A pair has two answers, and to a prompt TRL writes eight."""
    counted = secs(samples=1000, seq_len=512, method=method)
    assert counted.likely == secs(tokens=1000 * 512 * sequences, seq_len=512, method=method).likely
