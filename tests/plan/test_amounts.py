"""How much work a job is, as people count it, and what a preset says for what is not typed."""

from typing import Any

import pytest

import hfplanner as hp
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.asked import AskedModel, AskedTime, JobNeeds
from hfplanner.plan.presets import preset_source, preset_values

_SFT = AskedModel(model="Qwen/Qwen3-8B", task="lora", seq_len=1000)
_SERVED = AskedModel(model="Qwen/Qwen3-8B", engine="vllm")


def counted(model: AskedModel, **time: Any) -> JobNeeds:  # noqa: ANN401 - the fields of what is asked of the time
    """Return needs with their tokens counted."""
    return JobNeeds(model=model, time=AskedTime(**time)).counted()


def test_samples_are_tokens_at_most_unless_they_are_packed() -> None:
    """50,000 samples of up to 1,000 tokens, three times."""
    found = counted(_SFT, samples=50_000, epochs=3)
    assert found.time.tokens == 150_000_000
    assert found.time.tokens_words == "at most 150,000,000 tokens (50,000 samples x 3 epochs of up to 1,000)"
    packed = counted(AskedModel(model="Qwen/Qwen3-8B", task="lora", seq_len=1000, packed=True), samples=50_000)
    assert packed.time.tokens_words == "50,000,000 tokens (50,000 samples of 1,000)"


def test_requests_have_a_prompt_and_an_answer_each() -> None:
    """Read 1,500 and generate 300, ten thousand times: what is generated is counted, what is read comes with it."""
    found = counted(_SERVED, samples=10_000, input_tokens=1500, output_tokens=300)
    assert (found.time.tokens, found.time.phase) == (3_000_000, "decode")
    assert (found.model.seq_len, found.model.prompt_len) == (1800, 1500)


def test_totals_of_prompts_and_answers_keep_the_length_of_a_sequence() -> None:
    """Without samples both are totals: five of six tokens of each sequence are its prompt."""
    found = counted(_SERVED, input_tokens=10_000_000, output_tokens=2_000_000)
    assert (found.time.tokens, found.model.seq_len, found.model.prompt_len) == (2_000_000, 2048, 1707)


def test_prompts_alone_are_prefill() -> None:
    """Nothing is generated."""
    found = counted(_SERVED, samples=1000, input_tokens=512)
    assert (found.time.tokens, found.time.phase, found.model.seq_len) == (512_000, "prefill", 512)


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ({"epochs": 3}, "no samples are counted"),
        ({"samples": 10, "tokens": 1000}, "count it too"),
        ({"input_tokens": 10}, "this one is trained"),
    ],
)
def test_counts_that_contradict_are_refused(time: dict[str, int], words: str) -> None:
    """One sentence names what is wrong."""
    with pytest.raises(UsageError, match=words):
        counted(_SFT, **time)


def test_longer_answers_take_longer() -> None:
    """Twice the tokens to generate, and prompts that are read too, take longer on every flavor."""

    def secs(**asked: Any) -> int:  # noqa: ANN401 - arguments of the front door
        how = {"model": "Qwen/Qwen3-8B", "preset": "vllm-batch", "flavor": "l40sx1", "offline": True}
        return hp.estimate_duration(**how, **asked).estimates[0].duration_secs.likely

    short = secs(samples=5000, input_tokens=500, output_tokens=200)
    assert secs(samples=5000, input_tokens=500, output_tokens=400) > short
    assert secs(samples=5000, input_tokens=4000, output_tokens=200) > short


@pytest.mark.parametrize("name", sorted({row["preset"] for row in read_data_rows("presets.csv")}))
def test_a_preset_is_arguments_with_values_they_take_and_a_source(name: str) -> None:
    """Every preset of the table can be asked for, and every value says where it is from."""
    assert name in find_arguments("preset")[0].words
    values = preset_values(name)
    assert values
    assert all(preset_source(name, argument) for argument in values)


def test_what_is_typed_wins_over_a_preset_also_where_it_is_the_default() -> None:
    """2048 is the usual length of a sequence, and 1024 that of TRL."""
    preset = hp.recommend(model="Qwen/Qwen3-8B", preset="trl-sft", offline=True).to_dict()["request"]["model"]
    assert (preset["task"], preset["seq_len"], preset["batch_size"]) == ("full", 1024, 8)
    typed = hp.recommend(model="Qwen/Qwen3-8B", preset="trl-sft", task="lora", seq_len=2048, offline=True).to_dict()
    assert (typed["request"]["model"]["task"], typed["request"]["model"]["seq_len"]) == ("lora", 2048)


def test_a_preset_is_of_a_model() -> None:
    """Without one there is nothing to run."""
    with pytest.raises(UsageError, match="no model is named"):
        hp.recommend(vram="40GB", preset="unsloth", offline=True)
