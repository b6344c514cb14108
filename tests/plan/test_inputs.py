"""Where each input of an answer came from, what other choices cost, and what hangs on an interval."""

from typing import Any

import pytest

import hfplanner as hp

_LORA = {"model": "Qwen/Qwen3-8B", "task": "lora", "tokens": 20_000_000, "offline": True}


def inputs(**asked: Any) -> dict[str, tuple[Any, str]]:  # noqa: ANN401 - arguments of the front door
    """Return the inputs of a recommendation by their names: the value, and where it is from."""
    request = hp.recommend(**asked).to_dict()["request"]
    return {one["name"]: (one["value"], one["from"]) for one in request["inputs"]}


def test_every_input_says_where_it_came_from() -> None:
    """Typed, also where it is the default; of the preset; of the model's config; or assumed, with its source."""
    found = inputs(model="Qwen/Qwen3-8B", preset="unsloth", seq_len=2048, samples=1000, offline=True)
    assert found["seq_len"] == (2048, "typed")
    assert found["samples"] == (1000, "typed")
    assert found["batch_size"] == (2, "preset")
    assert found["parameters"] == (8_190_735_360, "config")
    assert found["attention"] == ("sdpa", "assumed")
    assert "offline" not in found
    request = hp.recommend(**_LORA).to_dict()["request"]
    assert all(one["source"] for one in request["inputs"] if one["from"] != "typed")


def test_a_duration_is_an_input_as_it_is_typed() -> None:
    """With the flavor it was measured on."""
    assert inputs(vram="24GB", duration="2h20m@a10g-small", offline=True)["duration"] == (["2h20m@a10g-small"], "typed")


def test_what_is_not_recomputed_needs_more_memory_and_less_time_and_money() -> None:
    """On the recommended flavor, beside the memory, the time and the money of the answer."""
    answer = hp.recommend(**_LORA, checkpointing="full").to_dict()
    toggles = {one["option"]: one for one in answer["toggles"]}
    without = toggles["--checkpointing none"]
    assert without["bytes_more"] > 10**9
    assert without["secs_more"] < -0.1 * answer["options"][0]["duration_secs"]["likely"]
    assert without["micro_usd_more"] < 0
    assert {"--loss standard", "--task qlora", "--attention eager"} <= set(toggles)
    assert toggles["--task qlora"]["bytes_more"] < 0


def test_choices_of_a_model_whose_time_is_not_known_have_no_time() -> None:
    """Unknown is not zero."""
    toggles = hp.recommend(model="Qwen/Qwen3-8B", offline=True).to_dict()["toggles"]
    assert toggles
    assert all(one["secs_more"] is None and one["micro_usd_more"] is None for one in toggles)
    assert hp.recommend(vram="24GB", offline=True).to_dict()["toggles"] == []


def test_the_timeout_of_least_cost_is_of_each_option_whose_time_is_an_interval() -> None:
    """With checkpoints to go on from it is shorter."""

    def least(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - arguments of the front door
        (first, *_) = hp.recommend(**_LORA, **more).to_dict()["options"]
        return dict(first["timeout_least_cost"])

    anew, resumed = least(), least(checkpoint_every="10m")
    assert resumed["timeout_secs"] < anew["timeout_secs"]
    assert resumed["checkpoint_secs"] == 600
    assert anew["expected_cost_micro_usd"] > 0
    exact = hp.recommend(vram="24GB", duration="2h", offline=True).to_dict()["options"][0]
    assert exact["timeout_least_cost"] is None


@pytest.mark.parametrize(("limit", "uncertain"), [("1d", []), ("50m", ["max_time"])])
def test_a_limit_that_hangs_on_the_interval_is_uncertain(limit: str, uncertain: list[str]) -> None:
    """LoRA of 20 million tokens takes about 49 minutes on H200: a day is sure, as much is a coin's toss."""
    answer = hp.recommend(**_LORA, accelerator="h200", max_time=limit).to_dict()
    assert answer["options"][0]["uncertain"] == uncertain


def test_a_long_training_is_told_how_often_to_write_a_checkpoint() -> None:
    """The more a checkpoint takes, the rarer; what generates writes none."""

    def every(**more: Any) -> int | None:  # noqa: ANN401 - arguments of the front door
        (first, *_) = hp.recommend(model="Qwen/Qwen3-8B", offline=True, tokens=2 * 10**9, **more).to_dict()["options"]
        found: int | None = first["suggested_checkpoint_secs"]
        return found

    adapters = every(task="lora")
    weights = every(task="full", sharding="fsdp", gpus=8, accelerator="h200")
    assert adapters is not None
    assert weights is not None
    assert 60 < adapters < weights
    assert every(phase="decode", engine="vllm") is None
