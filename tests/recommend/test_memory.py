"""What a model needs on every flavor, which flavors do, and what would have to be run instead."""

import json
from dataclasses import replace
from typing import Any

import pytest

import hfplanner as hp
from hfplanner.catalog.listing import Listing, shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.places import places_of
from hfplanner.estimate.memory.report import report_memory
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.known import find_known
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.estimates import Estimates, MemoryNeed
from hfplanner.recommend.memory import alternatives, memory_need
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Recommendation
from hfplanner.recommend.words import describe_needs
from hfplanner.units import GB
from tests.program import Program
from tests.strategies import as_listing

QWEN, LLAMA_70B = "Qwen/Qwen3-8B", "meta-llama/Llama-3.1-70B"
QLORA = MemoryJob(task="qlora", batch_size=4, checkpointing="full", loss="standard")
AT_MOST_2_USD = {"max_price_micro_usd_per_hour": 2_000_000}
FULL = {"task": "full", "checkpointing": "full", "loss": "chunked"}
PLACES = places_of(shipped_listing().flavors)


def need_of(model: str, job: MemoryJob, listing: Listing | None = None, *, spread: bool = False) -> MemoryNeed:
    """Return the need of a shipped model on every flavor of a listing."""
    places = PLACES if listing is None else places_of(listing.flavors)
    return memory_need(find_known(model), job, places, spread=spread)


def ask(need: MemoryNeed, **values: Any) -> Recommendation:  # noqa: ANN401 - the fields of the needs
    """Return what the shipped listing answers."""
    return recommend(Needs(**values), shipped_listing(), Estimates(memory=need))


def names(answer: Recommendation) -> list[str]:
    """Return the options' names, best first."""
    return [option.flavor.name for option in answer.options]


def test_two_changes_are_found_where_one_is_not_enough() -> None:
    """13B in full at eight sequences: no GPU holds it, nor does any one change; sharded and recomputed it fits."""
    shape = shape_by_hand(ByHand(params=13 * 10**9))
    job = MemoryJob(task="full", batch_size=8, checkpointing="none", loss="standard")
    need = memory_need(shape, job, places_of(shipped_listing().flavors))
    answer = recommend(Needs(gpus=1), shipped_listing(), Estimates(memory=need))
    assert answer.options == ()
    near = answer.nearest_miss
    assert near is not None
    assert near.flavor.name == "h200x2"
    assert near.options[0].startswith("--checkpointing full")
    assert "--sharding fsdp --gpus 2" in near.options
    assert recommend(near.changed, shipped_listing(), near.estimates).options[0].flavor.name == near.flavor.name


def test_only_what_surely_fits_is_recommended() -> None:
    """26 GB, at most 32, do not go into 23.65 GB; the chance stands beside what is needed and what there is."""
    answer = ask(need_of(QWEN, QLORA))
    assert names(answer)[0] == "l40sx1"
    [reason] = next(no.reasons for no in answer.rejected if no.name == "l4x1")
    there = need_of(QWEN, QLORA).by_flavor["l4x1"]
    assert (reason.code, reason.need, reason.have) == ("memory", there.per_gpu_bytes.high, there.usable_bytes)
    assert reason.probability == pytest.approx(there.probability, abs=1e-4)
    assert "probability" in reason.to_json()
    assert all(option.memory.verdict == "yes" for option in answer.options)


def test_every_listed_flavor_is_answered_once() -> None:
    """A CPU flavor lacks the GPU, and says that once."""
    answer = ask(need_of(QWEN, QLORA))
    assert sorted(names(answer) + [no.name for no in answer.rejected]) == sorted(shipped_listing().by_name())
    [reason] = next(no.reasons for no in answer.rejected if no.name == "cpu-xl")
    assert (reason.code, reason.need, reason.have) == ("gpus", 1, 0)


def test_a_lower_confidence_takes_what_is_likely_and_says_so() -> None:
    """A run of one in six is lost: that is for the user to choose."""
    need = memory_need(shape_by_hand(ByHand(params=8 * 10**9)), MemoryJob(), PLACES)
    sure, unsure = ask(need), ask(need, confidence=0.5)
    assert "l4x1" not in names(sure)
    assert names(unsure)[0] == "l4x1"
    assert unsure.options[0].notes[0].startswith("likely to fit: ")
    assert set(names(sure)) <= set(names(unsure))


def test_recommend_and_estimate_memory_say_the_same_to_the_byte() -> None:
    """Need, usable memory, verdict, probability, main memory and disk, for every flavor."""
    job = MemoryJob(task="full", precision="bf16-mixed", sharding="zero3", gpus=4)
    report, need = report_memory(find_known(QWEN), job, PLACES), need_of(QWEN, job)
    assert len(report.fits) == len(need.by_flavor) == 26
    for fit in report.fits:
        there = need.by_flavor[fit.flavor]
        assert there.per_gpu_bytes == report.estimate.per_gpu_bytes
        assert (there.usable_bytes, there.verdict, there.probability) == (
            fit.usable_bytes,
            fit.verdict,
            fit.probability,
        )
        assert (there.ram_bytes, there.disk_bytes) == (report.ram_bytes, report.disk_bytes)


def test_a_run_over_several_gpus_needs_a_flavor_that_has_them() -> None:
    """Four GPUs: what has two is rejected for that, not for its memory."""
    answer = ask(need_of(QWEN, MemoryJob(task="full", sharding="zero3", gpus=4)))
    assert {option.flavor.gpus for option in answer.options} == {4, 8}
    assert all(option.placement == "sharded" and option.memory.gpus == 4 for option in answer.options)
    reasons = {no.name: [reason.code for reason in no.reasons] for no in answer.rejected}
    assert reasons["h200x2"] == ["gpus"]


def test_a_model_that_may_be_spread_stays_on_one_gpu_where_it_fits_one() -> None:
    """70 billion parameters go over two GPUs of 96 GB; 8 billion stay on one of them."""
    large, small = ask(need_of(LLAMA_70B, MemoryJob(), spread=True)), ask(need_of(QWEN, MemoryJob(), spread=True))
    assert names(ask(need_of(LLAMA_70B, MemoryJob()))) == []
    by_name = {option.flavor.name: option for option in large.options}
    assert names(large)[0] == "rtx-pro-6000x2"
    assert (by_name["rtx-pro-6000x2"].placement, by_name["rtx-pro-6000x2"].memory.gpus) == ("sharded", 2)
    assert {option.placement for option in small.options} == {"single"}


def test_training_is_spread_over_all_gpus_and_must_say_how() -> None:
    """Nothing is known about a run whose GPUs share nothing."""
    with pytest.raises(UsageError, match="nothing says what the GPUs of a training run share") as caught:
        need_of(QWEN, QLORA, spread=True)
    assert "--sharding fsdp" in caught.value.hint
    need = need_of(QWEN, MemoryJob(task="full", sharding="fsdp"), spread=True)
    assert {name: need.by_flavor[name].gpus for name in ("h200", "h200x2", "h200x8")} == {
        "h200": 1,
        "h200x2": 2,
        "h200x8": 8,
    }


def test_main_memory_and_disk_follow_from_the_model() -> None:
    """141 GB of weights do not go on 110 GB of disk; what somebody asks for beyond that counts too."""
    need = need_of(LLAMA_70B, MemoryJob(quantization="nf4"))
    reasons = {no.name: {reason.code: reason for reason in no.reasons} for no in ask(need).rejected}
    assert reasons["a10g-small"]["disk"].need == need.by_flavor["a10g-small"].disk_bytes.likely
    assert reasons["a10g-small"]["disk"].have == 110 * GB
    more = {no.name: {reason.code for reason in no.reasons} for no in ask(need, disk_bytes=500 * GB).rejected}
    assert "disk" in more["l40sx1"] - set(reasons.get("l40sx1", ()))


def test_a_disk_that_is_not_listed_is_pointed_out_and_not_taken_for_too_small() -> None:
    """The need is an estimate: nobody asked for a disk."""
    card = {"type": "gpu", "model": "L40S", "quantity": "1", "vram": "48 GB"}
    row = {"name": "new", "cpu": "8 vCPU", "ram": "62 GB", "accelerator": card}
    listing = as_listing([row | {"unitCostMicroUSD": 30000, "unitLabel": "minute"}])
    answer = recommend(Needs(), listing, Estimates(memory=need_of(QWEN, MemoryJob(), listing)))
    assert any("does not state its disk" in note for note in answer.options[0].notes)


def test_an_accelerator_that_is_no_gpu_never_fits_a_model_by_being_named() -> None:
    """What a program can use of it is not known."""
    row = {"name": "inf2", "accelerator": {"type": "neuron", "model": "Inferentia2", "quantity": "2", "vram": "64 GB"}}
    sizes = {"cpu": "8 vCPU", "ram": "64 GB", "unitCostMicroUSD": 100, "unitLabel": "minute"}
    listing = as_listing([row | sizes])
    job = MemoryJob(task="inference")
    answer = recommend(Needs(accelerators=("Inferentia2",)), listing, Estimates(memory=need_of(QWEN, job, listing)))
    assert answer.options == ()
    assert [reason.code for reason in answer.rejected[0].reasons] == ["memory"]


def test_memory_of_which_nothing_is_known_never_fits() -> None:
    """A model of accelerator that the facts lack, and one that is no GPU."""
    card = {"type": "gpu", "model": "X1", "quantity": "1", "vram": "900 GB"}
    row = {"cpu": "8 vCPU", "ram": "62 GB", "unitCostMicroUSD": 1000, "unitLabel": "minute"}
    listing = as_listing(
        [
            row | {"name": "new", "accelerator": card},
            row | {"name": "inf2", "accelerator": card | {"type": "neuron", "model": "Inferentia2"}},
        ]
    )
    answer = recommend(Needs(), listing, Estimates(memory=need_of(QWEN, MemoryJob(), listing)))
    reasons = {no.name: [(reason.code, reason.have) for reason in no.reasons] for no in answer.rejected}
    assert reasons == {"new": [("memory", None)], "inf2": [("accelerator_type", "neuron")]}
    assert answer.nearest_miss is None


@pytest.mark.parametrize(
    ("model", "job", "values", "message"),
    [
        (LLAMA_70B, {}, {}, "rtx-pro-6000x2 fits if the model is sharded over 2 GPUs: --shard ($5.50 an hour)"),
        (QWEN, FULL, AT_MOST_2_USD, "a100-large fits with --max-price 2.50 ($2.50 an hour)"),
        (LLAMA_70B, FULL, {}, "h200x8 fits with --sharding fsdp --gpus 8 ($40.00 an hour)"),
    ],
)  # fmt: skip
def test_where_nothing_fits_the_one_change_that_would_is_named(
    model: str, job: dict[str, Any], values: dict[str, Any], message: str
) -> None:
    """First what computes the same, then a larger budget, then another way to run the model."""
    answer = ask(need_of(model, MemoryJob(**job)), **values)
    assert answer.options == ()
    assert answer.nearest_miss.message == message
    changed = recommend(answer.nearest_miss.changed, shipped_listing(), answer.nearest_miss.estimates)
    assert changed.options[0].flavor == answer.nearest_miss.flavor


def test_beside_a_recommendation_only_a_change_that_computes_the_same_is_named() -> None:
    """Chunked logits do; adapters over 4-bit weights are another job."""
    answer = ask(need_of(QWEN, replace(QLORA, batch_size=8)))
    assert (answer.nearest_miss.flavor.name, answer.nearest_miss.options) == ("l40sx1", ("--loss chunked",))
    full = ask(need_of(QWEN, MemoryJob(**FULL, optimizer="adamw-8bit")))
    assert full.nearest_miss is None or "--task" not in full.nearest_miss.options[0]


def test_changes_are_options_as_they_are_typed() -> None:
    """Each begins with one, and a change of task names the precision that goes with it."""
    need = need_of(QWEN, MemoryJob(task="full", precision="fp32", batch_size=2))
    found = {change.flavor: change.options for change in alternatives(need, need.by_flavor)}
    assert any("--precision bf16" in option for options in found.values() for option in options)
    assert all(option.startswith("--") and ":" not in option for options in found.values() for option in options)


@pytest.mark.parametrize(
    "job",
    [
        {"task": "lora", "batch_size": 64, "seq_len": 8192},
        {"task": "full", "batch_size": 8, "checkpointing": "none"},
        {"task": "qlora", "batch_size": 512},
    ],
)
def test_the_nearest_miss_is_what_fit_says_of_its_flavor(job: dict[str, Any]) -> None:
    """`recommend` and `estimate memory --fit FLAVOR` name the same changes."""
    answer = ask(need_of(QWEN, MemoryJob(**job)), gpus=1)
    assert answer.options == ()
    near = answer.nearest_miss
    assert near is not None
    fitted = hp.estimate_memory(model=QWEN, **job, fit=near.flavor.name, offline=True).to_dict()["fitted"]
    assert list(near.options) == [change["option"] for change in fitted["changes"]]


def test_the_request_says_which_model_is_run_and_how() -> None:
    """In words, and in the document."""
    answer = ask(need_of(QWEN, QLORA))
    assert describe_needs(answer.needs, answer.estimates) == "QLoRA on Qwen/Qwen3-8B (4 x 2048 tokens)"
    pairs = ask(need_of(QWEN, replace(QLORA, method="dpo")))
    assert describe_needs(pairs.needs, pairs.estimates) == "DPO, QLoRA on Qwen/Qwen3-8B (8 x 2048 tokens)"
    document = json.loads(json.dumps(answer.to_json(answer.listing.checked)))
    model = document["request"]["model"]
    assert (model["name"], model["task"], model["batch_size"], model["gpus"]) == (QWEN, "qlora", 4, 1)
    assert document["options"][0]["memory"]["fits"] == "yes"


def test_the_command_agrees_with_estimate_memory(program: Program) -> None:
    """The same options, the same need, the same flavors that surely fit."""
    options = ["--model", QWEN, "--task", "lora", "--batch-size", "2", "--gpus", "2", "--sharding", "zero2", "--json"]
    asked = json.loads(program.run("recommend", *options).out)
    estimated = json.loads(program.run("estimate", "memory", *options).out)
    assert asked["options"][0]["memory"]["per_gpu_bytes"] == estimated["per_gpu_bytes"]
    sure = {fit["flavor"] for fit in estimated["fits"] if fit["fits"] == "yes"}
    assert {option["flavor"] for option in asked["options"]} == sure


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--seq-len", "8192"), "--seq-len says how a model is run, and no model is named"),
        (("--task", "lora", "--vram", "24GB"), "--task says how a model is run"),
        (("--model", QWEN, "--params", "8B"), "both are there"),
        (("--model", QWEN, "--task", "full", "--shard"), "nothing says what the GPUs of a training run share"),
        (("--model", QWEN, "--gpus", "16"), "The number of GPUs is 16"),
        (("--model", QWEN, "--confidence", "1"), "'1' is not a confidence"),
        (("--model", QWEN, "--confidence", "-0.5"), "is not a confidence"),
        (("--model", QWEN, "--confidence", "sure"), "'sure' is not a confidence"),
    ],
)
def test_options_about_a_model_that_cannot_be_meant_are_refused(
    args: tuple[str, ...], said: str, program: Program
) -> None:
    """With exit code 2, one sentence and a hint."""
    done = program.run("recommend", *args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "\nHint: " in done.err
