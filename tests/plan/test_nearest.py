"""Where nothing fits, the whole answer to the question that would have been answered."""

import pytest

from hfplanner.plan.asked import AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.readers import MeasuredDuration
from hfplanner.plan.recommending import recommend_for
from hfplanner.plan.workspace import Workspace
from hfplanner.recommend.words import nothing_fits

LLAMA_70B = AskedModel(model="meta-llama/Llama-3.1-70B-Instruct", engine="vllm")
MEASURED = (MeasuredDuration(seconds=10_800, flavor="l4x1"),)
QUESTIONS = {
    "a model too large for one GPU": JobNeeds(model=LLAMA_70B, time=AskedTime(tokens=10**7)),
    "too much memory": JobNeeds(machine=AskedMachine(vram=3_000 * 10**9)),
    "too little money": JobNeeds(time=AskedTime(duration=MEASURED), limits=AskedLimits(max_cost=10_000)),
    "too little time": JobNeeds(time=AskedTime(duration=MEASURED), limits=AskedLimits(deadline="1m", max_time=60)),
    "two changes": JobNeeds(model=AskedModel(params=13 * 10**9, task="full", batch_size=8, checkpointing="none")),
    "too cheap": JobNeeds(machine=AskedMachine(cpu=12, ram=60 * 10**9), limits=AskedLimits(max_price=100_000)),
}


@pytest.mark.parametrize("needs", QUESTIONS.values(), ids=QUESTIONS)
def test_the_nearest_miss_is_answered_like_any_question(needs: JobNeeds) -> None:
    """The flavor that the hint names is the recommendation of the answer that is shown; the exit code stays 4."""
    answer = recommend_for(needs, Workspace(offline=True))
    assert not answer.options
    assert answer.nearest_miss is not None
    assert answer.nearest_answer is not None
    best = answer.nearest_answer.options[0]
    assert best.flavor == answer.nearest_miss.flavor
    hint = nothing_fits(answer).hint
    assert hint is not None
    assert hint.startswith(f"{best.flavor.name} fits ")
    assert all(option in hint for option in answer.nearest_miss.options)


def test_a_model_spread_over_gpus_is_answered_with_its_time() -> None:
    """What 10 million tokens through a 70B cost is said at once, though the question forgot to allow several GPUs."""
    answer = recommend_for(QUESTIONS["a model too large for one GPU"], Workspace(offline=True))
    assert answer.nearest_answer is not None
    best = answer.nearest_answer.options[0]
    assert best.placement == "sharded"
    assert best.duration_secs is not None
    assert best.cost_micro_usd is not None
    assert best.cost_micro_usd.likely < 50_000_000


def test_what_fits_needs_no_other_question() -> None:
    """A recommendation has no second answer beside it."""
    answer = recommend_for(JobNeeds(machine=AskedMachine(vram=40 * 10**9)), Workspace(offline=True))
    assert answer.options
    assert answer.nearest_answer is None


def test_who_names_a_card_is_told_how_to_run_the_model_on_it() -> None:
    """LoRA of 8B fits no T4: another card would do, and so would QLoRA on a T4; both are said."""
    model = AskedModel(model="Qwen/Qwen3-8B", task="lora", batch_size=4)
    answer = recommend_for(JobNeeds(model=model, machine=AskedMachine(accelerator=("T4",))), Workspace(offline=True))
    assert answer.nearest_miss is not None
    assert answer.nearest_miss.flavor.accelerator != "T4"
    assert answer.nearest_on_asked is not None
    assert answer.nearest_on_asked.flavor.accelerator == "T4"
    assert "--task qlora" in answer.nearest_on_asked.options
    error = nothing_fits(answer)
    assert error.hint == f"{answer.nearest_miss.message}, or {answer.nearest_on_asked.message}."


def test_a_card_is_named_once_where_the_nearest_is_on_it() -> None:
    """Where the nearest miss is on the card that was asked for, there is no second one."""
    machine = AskedMachine(vram=3_000 * 10**9, accelerator=("H200",))
    answer = recommend_for(JobNeeds(machine=machine), Workspace(offline=True))
    assert answer.nearest_miss is not None
    assert answer.nearest_miss.flavor.accelerator == "H200"
    assert answer.nearest_on_asked is None
