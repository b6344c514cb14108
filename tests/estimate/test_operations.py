"""Durations from the operations of a model: what makes a step longer, what makes it shorter, and by how much."""

from dataclasses import replace
from statistics import median
from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.first_principles import Work, durations_from_work, seconds_of_work
from hfplanner.estimate.duration.operations.kernels import (
    Attention,
    Matrix,
    attention_secs,
    card_of,
    matrix_secs,
    surface,
)
from hfplanner.estimate.duration.operations.lists import Pass, pass_operations
from hfplanner.estimate.duration.startup import startup_secs
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.span import Estimate
from hfplanner.models.known import find_known
from hfplanner.models.shape import ModelShape
from tests.benchmarks.fit_kernels import read_kernels
from tests.benchmarks.work_rows import read_work_rows

LISTING = shipped_listing()


def model(name: str) -> ModelShape:
    """Return a shipped model."""
    found = find_known(name)
    assert found is not None
    return found


QWEN = model("Qwen/Qwen3-8B")


def seconds(kind: str = "lora", card: str = "A100", workload: Workload | None = None, **how: Any) -> float:  # noqa: ANN401 - a keyword
    """Return the seconds of a million tokens, without what comes before the first step."""
    job, work = MemoryJob(**how.pop("job", {})), {"shape": QWEN, "tokens": 10**6, **how}
    found = card_of(card)
    assert found is not None
    secs = seconds_of_work(Work(kind=kind, job=job, **work), workload or Workload(), found, 1)  # type: ignore[arg-type]
    assert isinstance(secs, float)
    return secs


def test_published_kernels_are_told_within_a_fifth() -> None:
    """Matrix products of five cards, half of them; none of them in a constant of its own card."""
    off: dict[str, list[float]] = {}
    for one in read_kernels():
        if one.kind == "matrix":
            off.setdefault(f"{one.accelerator} {one.precision}", []).append(abs(one.secs / one.told(surface()) - 1))
    assert {name: round(median(found), 2) for name, found in off.items() if median(found) > 0.2} == {}


def test_published_durations_are_told_within_a_quarter() -> None:
    """By engine and kind of work, half of the rows; all were in view when the engines' constants were chosen."""
    off: dict[str, list[float]] = {}
    for one in read_work_rows():
        if one.row["engine"] != "tensorrt" and (one.row["kind"], one.row["source"]) != ("full", "QwenLM/Qwen"):
            off.setdefault(f"{one.row['engine']} {one.row['kind']}", []).append(abs(one.log))
    assert {name: round(median(found), 2) for name, found in off.items() if median(found) > 0.22} == {}


def test_recomputing_makes_training_longer_and_adapters_make_it_shorter() -> None:
    """One forward pass more of three, or of four; the gradients of frozen weights are not computed."""
    for kind in ("full", "lora"):
        plain, again = (seconds(kind, batch_size=4, job={"checkpointing": said}) for said in ("none", "full"))
        assert 1.15 < again / plain < 1.5
    assert seconds("lora", batch_size=4) < 0.85 * seconds("full", batch_size=4)


def test_four_bits_cost_time_in_training_and_save_it_in_serving() -> None:
    """Weights are unpacked before they are trained over; an engine that reads them packed reads a quarter."""
    assert seconds("qlora", batch_size=1) > 1.05 * seconds("lora", batch_size=1)
    whole, packed = (
        seconds("decode", "L4", batch_size=1, job={"engine": "vllm", "quantization": said})
        for said in ("none", "awq-4bit")
    )
    assert packed < 0.5 * whole


def test_generating_in_eager_code_waits_for_python() -> None:
    """A token a forward pass, thirty milliseconds each: no faster on an H200; an engine that replays graphs is."""
    assert seconds("decode", "H200", batch_size=1) > 0.85 * seconds("decode", "A100", batch_size=1)
    serving = {"engine": "vllm"}
    assert seconds("decode", "H200", batch_size=1, job=serving) < 0.3 * seconds("decode", "H200", batch_size=1)


def test_vllm_keeps_as_many_sequences_going_as_fit() -> None:
    """Far more tokens a second than one sequence after the other; fewer fit an L4, and a longer context is fewer."""
    serving = {"engine": "vllm"}
    assert seconds("decode", "H200", job=serving) < seconds("decode", "H200", batch_size=1, job=serving) / 40
    small, large = (seconds("decode", "L4", seq_len=length, job=serving) for length in (512, 8192))
    assert large > 3 * small


def test_what_leaves_no_room_for_a_sequence_has_no_duration() -> None:
    """70 billion parameters in 16 bits on one GPU of 80 GB."""
    work = Work(shape=model("meta-llama/Llama-3.1-70B"), kind="decode", tokens=10**6, job=MemoryJob(engine="vllm"))
    found = durations_from_work(work, LISTING.flavors, Workload())
    assert found.unknown["a100-large"] == "the weights leave no room for a sequence"


def test_reading_the_prompts_is_part_of_the_work_where_their_length_is_said() -> None:
    """Four thousand tokens are read for a hundred that are written."""
    written, read = (
        seconds("decode", seq_len=4196, job={"engine": "vllm", "seq_len": 4196, "prompt_len": said})
        for said in (None, 4096)
    )
    assert read > 2 * written


def test_sharing_every_matrix_helps_less_over_pcie() -> None:
    """Two all-reduces a layer: on NVLink two GPUs are nearly twice as fast, on PCIe much less for large batches."""
    work = Work(shape=QWEN, kind="prefill", tokens=10**7, batch_size=4, job=MemoryJob(engine="vllm"))
    gains = {}
    for name in ("H200", "L4"):
        card = card_of(name)
        assert card is not None
        one, two = (
            seconds_of_work(replace(work, job=MemoryJob(engine="vllm", gpus=gpus)), Workload(), card, 2)
            for gpus in (1, 2)
        )
        assert isinstance(one, float)
        assert isinstance(two, float)
        gains[name] = one / two
    assert 1.4 < gains["H200"] < 2
    assert gains["L4"] < gains["H200"]


def test_training_on_several_gpus_pays_for_what_they_tell_each_other() -> None:
    """Sharded weights are gathered twice for every micro-batch: eight L40S lose more than eight A100.

    Eight GPUs also share the optimizer's step, so that eight times as fast is no bound.
    """
    spread = Workload(scales_with_gpus=True)
    job = {"sharding": "fsdp", "checkpointing": "full"}
    for name, least, most in (("A100", 5.0, 9.0), ("L40S", 0.5, 5.0)):
        card = card_of(name)
        assert card is not None
        work = Work(shape=QWEN, kind="full", tokens=10**6, batch_size=1, job=MemoryJob(**job))  # type: ignore[arg-type]
        one, eight = (seconds_of_work(work, load, card, gpus) for load, gpus in ((Workload(), 1), (spread, 8)))
        assert isinstance(one, float)
        assert isinstance(eight, float)
        assert least < one / eight < most


def test_of_a_mixture_only_the_experts_that_are_visited_are_read() -> None:
    """One token visits 4 of 32; a batch of 64 touches nearly all, each once."""
    shape = model("openai/gpt-oss-20b")
    for sequences, least, most in ((1, 4, 4), (64, 31, 32)):
        run = Pass(sequences=sequences, tokens=1, cached=512, precision="bf16", fused=True)
        touched = {one.batch for one in pass_operations(shape, run) if isinstance(one, Matrix) and one.batch > 1}
        assert all(least <= batch <= most for batch in touched)
        assert touched


def test_a_window_bounds_what_a_layer_looks_back_at() -> None:
    """Half of gpt-oss' layers see 128 tokens."""
    shape = model("openai/gpt-oss-20b")
    run = Pass(sequences=1, tokens=8192, precision="bf16", fused=True)
    seen = {one.keys for one in pass_operations(shape, run) if isinstance(one, Attention)}
    assert seen == {8192, shape.sliding_window}


def test_bf16_on_a_card_without_it_is_computed_in_fp32_and_says_so() -> None:
    """Where nobody chose, 16 bits of the other kind are taken."""
    work = Work(shape=model("Qwen/Qwen3-0.6B"), kind="lora", tokens=10**6)
    usual, chosen = (
        durations_from_work(work, LISTING.flavors, Workload(precision=said)).estimates["t4-small"]
        for said in (None, "bf16")
    )
    assert chosen.likely > 2 * usual.likely
    assert any("fp16, which would do" in sentence for sentence in chosen.basis)


@pytest.mark.parametrize(
    "name", ["Qwen/Qwen3-8B", "openai/gpt-oss-20b", "deepseek-ai/DeepSeek-V3", "google/gemma-3-27b-it"]
)
@pytest.mark.parametrize("kind", ["full", "qlora", "prefill", "decode"])
def test_every_shape_has_a_duration_that_is_an_interval(name: str, kind: str) -> None:
    """Dense, experts, latent attention, windows; on every flavor with a GPU."""
    work = Work(shape=model(name), kind=kind, tokens=10**6)  # type: ignore[arg-type]
    found = durations_from_work(work, LISTING.flavors, Workload())
    assert len(found.estimates) == sum(flavor.gpus > 0 for flavor in LISTING.flavors)
    assert all(
        isinstance(span, Estimate) and 0 < span.low < span.likely < span.high for span in found.estimates.values()
    )


def test_longer_sequences_cost_more_for_each_token() -> None:
    """Attention grows with the square of the sequence."""
    short, long = (seconds("full", batch_size=8192 // length * 4, seq_len=length) for length in (1024, 8192))
    assert long > 1.1 * short


def test_attention_looks_back_only_where_it_is_causal() -> None:
    """Half of the work."""
    card = card_of("A100")
    assert card is not None
    back, both = (
        attention_secs(card, "bf16", Attention(4, 8192, 32, 8, 128, 8192, causal=said)) for said in (True, False)
    )
    assert both / back == pytest.approx(2, rel=0.05)


def test_a_larger_product_never_takes_less_time() -> None:
    """In any direction, on any card."""
    for name in ("T4", "L4", "L40S", "H200"):
        card = card_of(name)
        assert card is not None
        times = [matrix_secs(card, "half", Matrix(m, 4096, 4096)) for m in (1, 16, 128, 1024, 8192)]
        assert times == sorted(times)


def test_an_encoder_decoder_reads_with_one_stack_and_writes_with_the_other() -> None:
    """Training goes through both; a generated token looks at what the encoder read, and leaves it alone."""
    both = model("google/flan-t5-large")
    assert both.encoder is not None
    alone = replace(both, kind="decoder", encoder=None)
    card = card_of("A100")
    assert card is not None

    def secs(shape: ModelShape, kind: str) -> float:
        work = Work(shape=shape, kind=kind, tokens=10**6, seq_len=512, batch_size=16, job=MemoryJob())  # type: ignore[arg-type]
        found = seconds_of_work(work, Workload(), card, 1)
        assert isinstance(found, float)
        return found

    assert 1.6 < secs(both, "full") / secs(alone, "full") < 3
    assert 1.0 < secs(both, "decode") / secs(alone, "decode") < 1.7


def test_compiled_training_moves_less_between_its_products() -> None:
    """Fused, fewer kernels; what is compiled is compiled before the first step."""
    plain, fused = (seconds("full", batch_size=4, job={"compiled": said}) for said in (False, True))
    assert 0.6 < fused / plain < 0.95
    work = Work(shape=QWEN, kind="full", tokens=10**6, job=MemoryJob(compiled=True))
    assert startup_secs(work).likely == startup_secs(replace(work, job=MemoryJob())).likely + 60


def test_weights_that_are_gathered_module_by_module_keep_the_host_busy() -> None:
    """ZeRO-3 on a small model: published steps of Qwen-1.8B took 0.26 s however short the sequence."""
    small = {"shape": model("Qwen/Qwen-1_8B"), "batch_size": 1, "seq_len": 256}
    usual, gathered = (seconds("full", job={"sharding": said}, **small) for said in ("none", "zero3"))
    assert 2 < gathered / usual < 4


def test_serving_many_sequences_waits_for_their_texts() -> None:
    """40 microseconds for the next token of each, on whatever card."""
    serving = {"engine": "vllm"}
    few, many = (seconds("decode", "H200", batch_size=batch, seq_len=64, job=serving) for batch in (64, 512))
    assert many > 10**6 * 40e-6
    assert many > few / 4


def test_attention_reaches_on_a_card_what_its_own_kernels_do() -> None:
    """In parts of what products sustain: more on L40S than on A100, and L4 takes that of L40S."""
    shares = {name: found.attention for name in ("A100", "L40S", "L4", "T4") if (found := card_of(name))}
    assert shares["A100"] < shares["T4"] == 1 < shares["L40S"] == shares["L4"]
