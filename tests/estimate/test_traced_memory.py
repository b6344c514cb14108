"""The formulas against steps of the real code on fake tensors: those that were traced, and one that is traced here."""

import json
import statistics
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.estimate.memory.trace.allocator import Allocator, OutOfMemory
from hfplanner.models.config import parse_config
from hfplanner.models.known import find_known
from hfplanner.units import MiB
from tests.benchmarks.traced_memory import read_traced
from tests.benchmarks.traced_pipelines import read_pipelines
from tests.program import Program

CONFIG = {
    "model_type": "qwen3", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "head_dim": 64,
    "num_key_value_heads": 2, "intermediate_size": 1536, "vocab_size": 40_000, "tie_word_embeddings": False,
    "max_position_embeddings": 4096,
}  # fmt: skip

VIDEOS = ("Wan-AI/Wan2.2-T2V-A14B-Diffusers", "Lightricks/LTX-Video", "hunyuanvideo-community/HunyuanVideo")


def test_the_formulas_say_what_was_traced() -> None:
    """At full depth, sixty architectures and more: the median within 3 %, p95 within 8 %, none beyond 15 %."""
    rows = read_traced()
    errors = sorted(abs(row.error) for row in rows)
    assert len({row.model for row in rows}) >= 60
    assert statistics.median(errors) <= 0.03
    assert errors[int(0.95 * len(errors))] <= 0.08
    assert errors[-1] <= 0.15


def test_pipelines_say_what_was_traced() -> None:
    """Denoiser and autoencoder of nine pipelines, SD3 and PixArt among them: within 8 %, weights and all.

    The three that make videos with three numbers of frames each.
    """
    rows = read_pipelines()
    assert {"stabilityai/stable-diffusion-3-medium-diffusers", "PixArt-alpha/PixArt-Sigma-XL-2-1024-MS"} <= {
        row.model for row in rows
    }
    assert max(abs(row.error) for row in rows) <= 0.08


@pytest.mark.process  # triton asks ldconfig for its libraries
@pytest.mark.parametrize(
    "job",
    [
        MemoryJob(task="full", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="lora", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="qlora", batch_size=2, seq_len=512, lengths="fixed"),
        MemoryJob(task="full", batch_size=2, seq_len=512, lengths="fixed", checkpointing="none", loss="standard"),
        MemoryJob(task="full", batch_size=2, seq_len=512, lengths="fixed", checkpointing="selective-op"),
        MemoryJob(task="lora", batch_size=2, seq_len=512, lengths="fixed", checkpointing="selective"),
        MemoryJob(batch_size=4, seq_len=1024, prompt_len=512),
    ],
)
def test_a_step_of_the_installed_code_agrees(job: MemoryJob) -> None:
    """A small model, whose constant parts weigh more: within 12 %."""
    pytest.importorskip("torch")
    pytest.importorskip("peft")
    from hfplanner.estimate.memory.trace.traced import traced_estimate  # noqa: PLC0415 - where torch is installed

    shape = parse_config(CONFIG, name="small")
    traced = traced_estimate(CONFIG, shape, job)
    tensors = traced.parts["tensors"] - 16 * MiB
    assert estimate_memory(shape, job).as_metric("allocated").likely == pytest.approx(tensors, rel=0.12)
    assert traced.per_gpu_bytes.low <= traced.per_gpu_bytes.likely <= traced.per_gpu_bytes.high
    assert traced.per_gpu_bytes.basis[0].startswith("Traced")


@pytest.mark.process
def test_a_step_of_ones_own_is_followed() -> None:
    """Weight, product, and at the end the product's and the weight's gradients: four squares of 4 MiB."""
    torch = pytest.importorskip("torch")
    from hfplanner.estimate.memory.trace.session import trace_memory  # noqa: PLC0415 - where torch is installed

    with trace_memory() as peak:
        weight = torch.nn.Parameter(torch.empty(1024, 1024))
        (weight @ weight).sum().backward()
    assert 12 * MiB <= peak.allocated_bytes <= 20 * MiB
    assert peak.reserved_bytes() >= peak.allocated_bytes


@given(st.integers(2, 40).map(lambda latents: 8 * latents + 1), st.sampled_from(VIDEOS))
def test_a_longer_video_needs_no_less(frames: int, model: str) -> None:
    """Of memory and of latents, which hold several frames each; a picture's pipeline makes no video."""
    shape, pictures = find_known(model), find_known("black-forest-labs/FLUX.1-dev")
    assert shape is not None
    assert pictures is not None
    shorter, longer = (
        estimate_memory(shape, MemoryJob(frames=count)).per_gpu_bytes.likely for count in (frames, frames + 8)
    )
    assert shorter <= longer
    with pytest.raises(UsageError, match="not videos"):
        estimate_memory(pictures, MemoryJob(frames=frames))


@pytest.mark.process
def test_the_program_traces_and_says_nothing_beside_its_answer(program: Program) -> None:
    """Libraries that torch brings write nothing on stderr, not even at the end."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    done = program.start("estimate", "memory", "--model", "HuggingFaceTB/SmolLM2-135M", "--trace", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["per_gpu_bytes"]["basis"][0].startswith("Traced")


SIZES = st.lists(st.integers(1, 64 * MiB), min_size=1, max_size=40)


@given(SIZES, st.booleans())
def test_reserved_holds_what_is_allocated(sizes: list[int], expandable: bool) -> None:  # noqa: FBT001 - hypothesis
    """At every moment; what was reserved stays so when all is given back, until the cache is emptied."""
    allocator = Allocator(expandable=expandable)
    held = [(size, allocator.take(size), allocator.reserved) for size in sizes]
    assert sum(sizes) <= allocator.allocated <= allocator.reserved
    for _, address, reserved in held:
        assert reserved <= allocator.reserved
        allocator.give(address)
    assert allocator.allocated == 0
    assert allocator.reserved == held[-1][2] == allocator.most_reserved
    allocator.empty_cache()
    assert expandable or allocator.reserved == 0


@given(SIZES, st.booleans(), st.randoms(use_true_random=False))
def test_more_is_reserved_only_where_no_free_block_is_large_enough(
    sizes: list[int],
    expandable: bool,  # noqa: FBT001 - hypothesis
    random: Random,
) -> None:
    """What was given back last is a free block of at least its size: the same request again reserves nothing."""
    allocator = Allocator(expandable=expandable)
    held: list[tuple[int, int]] = []
    for size in sizes:
        if held and random.random() < 0.5:
            given, address = held.pop(random.randrange(len(held)))
            allocator.give(address)
            before = allocator.reserved
            held.append((given, allocator.take(given)))
            assert allocator.reserved == before
        held.append((size, allocator.take(size)))


@given(SIZES, st.integers(20, 400))
def test_a_full_card_gives_back_before_it_fails(sizes: list[int], capacity: int) -> None:
    """What is reserved never exceeds the card; a request that fails would not fit what is left."""
    allocator = Allocator(capacity * MiB)
    for size in sizes:
        try:
            allocator.give(allocator.take(size))
        except OutOfMemory:
            assert size > (capacity - 22) * MiB
        assert allocator.reserved <= capacity * MiB


def test_lengths_that_vary_widen_the_high_side_and_segments_that_grow_undo_it() -> None:
    """What the allocator may hold unused is no reason not to fit: a full card gets it back."""
    shape = parse_config(CONFIG, name="small")
    job = MemoryJob(task="lora", batch_size=8, seq_len=2048, checkpointing="none", loss="standard")
    varying, fixed, growing = (
        estimate_memory(shape, changed)
        for changed in (job, replace(job, lengths="fixed"), replace(job, expandable_segments=True))
    )
    assert varying.per_gpu_bytes.high > 1.1 * fixed.per_gpu_bytes.high
    assert growing.per_gpu_bytes.high < varying.per_gpu_bytes.high
    assert varying.pressed_bytes.high < varying.per_gpu_bytes.high
