"""Durations of making pictures and of training on them: steps, guidance, resolution, batches."""

from dataclasses import replace
from statistics import median
from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.first_principles import Work, durations_from_work
from hfplanner.estimate.duration.operations.convolutions import Convolution
from hfplanner.estimate.duration.operations.denoisers import decoder_operations, denoiser_operations, levels_of
from hfplanner.estimate.duration.operations.kernels import Matrix, card_of
from hfplanner.estimate.duration.operations.phases import Run
from hfplanner.estimate.duration.operations.pictures import denoise_secs, picture_secs, picture_train_secs
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.known import find_known
from hfplanner.models.shape import Diffusion, ModelShape
from tests.benchmarks.convolution_accuracy import ROWS
from tests.benchmarks.work_rows import read_work_rows

LISTING = shipped_listing()
SD, XL, FLUX = "stable-diffusion-v1-5/stable-diffusion-v1-5", "stabilityai/stable-diffusion-xl-base-1.0", (
    "black-forest-labs/FLUX.1-dev"
)  # fmt: skip


def model(name: str) -> ModelShape:
    """Return a shipped pipeline."""
    found = find_known(name)
    assert found is not None
    return found


def run(name: str = XL, **how: Any) -> Run:  # noqa: ANN401 - fields of the job
    """Return a pipeline in 16 bits."""
    return Run(shape=model(name), job=MemoryJob(**how), precision="half")


def multiplied(operations: list[Any]) -> float:
    """Return the multiplications and additions of products and convolutions."""
    products = [(one.product if isinstance(one, Convolution) else one, one.count) for one in operations
                if isinstance(one, Matrix | Convolution)]  # fmt: skip
    return sum(2 * one.m * one.n * one.k * one.batch * count for one, count in products)


A100 = card_of("A100")
assert A100 is not None


@pytest.mark.parametrize(("name", "side", "tera"), [(SD, 64, 0.68), (XL, 128, 5.8)])
def test_a_step_of_a_unet_multiplies_what_counters_of_operations_print(name: str, side: int, tera: float) -> None:
    """Stable Diffusion 1 and SDXL: 0.34 and 2.9 tera multiply-accumulates a step, scores not counted."""
    pipeline = model(name).diffusion
    assert pipeline is not None
    assert multiplied(denoiser_operations(pipeline, 1, side)) / 1e12 == pytest.approx(tera, rel=0.15)


def test_decoding_a_picture_of_512_pixels_multiplies_as_much_as_three_steps() -> None:
    """AutoencoderKL's decoder: some 1.2 tera multiply-accumulates."""
    assert multiplied(decoder_operations(1, 64)) / 1e12 == pytest.approx(2.5, rel=0.15)


def test_published_pictures_are_told_within_a_quarter() -> None:
    """By engine and kind, half of the rows; all were in view when the constants were chosen."""
    off: dict[str, list[float]] = {}
    for one in read_work_rows():
        if one.row["kind"] in {"denoise", "pipeline"}:
            off.setdefault(f"{one.row['engine']} {one.row['kind']}", []).append(abs(one.log))
    assert len(off) == 4
    assert {name: round(median(found), 2) for name, found in off.items() if median(found) > 0.22} == {}


def test_twice_the_steps_take_nearly_twice_as_long() -> None:
    """Prompts are read and latents decoded once."""
    few, many = (picture_secs(A100, run(denoising_steps=steps), 1) for steps in (20, 40))
    assert 1.8 < many / few < 2


def test_guidance_doubles_a_step() -> None:
    """The denoiser sees every picture with its prompt and without; FLUX is told how strongly as a number."""
    xl, flux = model(XL), model(FLUX)
    assert xl.diffusion is not None
    assert flux.diffusion is not None
    assert (xl.diffusion.guided, flux.diffusion.guided) == (True, False)
    free = replace(xl, diffusion=replace(xl.diffusion, guided=False))
    guided = denoise_secs(A100, run(), 4)
    assert 1.7 < guided / denoise_secs(A100, replace(run(), shape=free), 4) < 2.1


def test_a_small_picture_waits_for_python_and_many_do_not() -> None:
    """One step of Stable Diffusion launches some 900 kernels, which takes an A100 as long as an H200."""
    h200 = card_of("H200")
    assert h200 is not None
    one, many = (denoise_secs(A100, run(SD), n) / denoise_secs(h200, run(SD), n) for n in (1, 32))
    assert one < 1.4 < many
    assert denoise_secs(h200, run(SD, compiled=True), 1) < 0.7 * denoise_secs(h200, run(SD), 1)


def test_more_pixels_take_longer() -> None:
    """Four times as many, and attention grows with their square."""
    small, large = (denoise_secs(A100, run(resolution=pixels), 4) for pixels in (512, 1024))
    assert 3.5 < large / small < 8


def test_training_costs_three_passes_and_adapters_two() -> None:
    """The parts that encode are frozen; recomputing adds a pass."""
    full, lora, again = (
        picture_train_secs(A100, run(task=task, checkpointing=said), 8)
        for task, said in (("full", "none"), ("lora", "none"), ("lora", "full"))
    )
    assert 1.15 < full / lora < 2
    assert 1.15 < again / lora < 1.5


@pytest.mark.parametrize("name", [SD, XL, FLUX, "Wan-AI/Wan2.1-T2V-14B-Diffusers", "Qwen/Qwen-Image"])
@pytest.mark.parametrize("kind", ["decode", "lora", "full"])
def test_every_pipeline_has_a_duration_on_every_flavor_with_a_gpu(name: str, kind: str) -> None:
    """Pictures and videos, made and trained on; the first step waits for the download."""
    work = Work(shape=model(name), kind=kind, tokens=1000, seq_len=1)  # type: ignore[arg-type]
    found = durations_from_work(work, LISTING.flavors, Workload())
    assert len(found.estimates) == sum(flavor.gpus > 0 for flavor in LISTING.flavors)
    assert all(0 < one.low < one.likely < one.high for one in found.estimates.values())


def test_a_config_that_names_its_levels_beats_those_that_are_usual() -> None:
    """Distilled UNets have fewer levels, or fewer transformer layers."""
    usual = Diffusion(denoiser=1, text_encoders=1, vae=1)
    small = replace(usual, channels=(320, 640), transformers=(0, 1))
    assert [level.channels for level in levels_of(small)] == [320, 640]
    assert multiplied(denoiser_operations(small, 1, 64)) < multiplied(denoiser_operations(usual, 1, 64))


def test_a_language_model_makes_no_pictures() -> None:
    """Refused, not told as if it did."""
    with pytest.raises(UsageError, match=r"Qwen/Qwen3-8B makes no pictures\."):
        picture_secs(A100, run("Qwen/Qwen3-8B"), 1)


def test_published_epochs_of_a_convolutional_network_are_told_within_a_third() -> None:
    """ResNet-50 trained and run in three precisions on three generations; the worst within a factor of 1.7."""
    off = [max(told, 1 / told) for told in (row.told_over_measured for row in ROWS)]
    assert median(off) < 1.33
    assert max(off) < 1.7
