"""The seconds of making pictures with a diffusion pipeline, and of training its denoiser.

A batch of pictures is the prompts read once, the denoiser at every step (twice over with classifier-free guidance), and
the latents decoded. Published steps that these were compared with: ``python -m tests.benchmarks.picture_accuracy``.
"""

from dataclasses import replace
from functools import lru_cache

from hfplanner.errors import UsageError
from hfplanner.estimate.duration.operations.denoisers import decoder_operations, denoiser_operations
from hfplanner.estimate.duration.operations.engines import Engine, engine_named, with_host
from hfplanner.estimate.duration.operations.kernels import Card, Matrix
from hfplanner.estimate.duration.operations.lists import Operation, Pass, Times, timed
from hfplanner.estimate.duration.operations.phases import (
    ATTENTION_BACKWARD,
    STREAMS_BACKWARD,
    Run,
    attention_share,
    optimizer_secs,
    training_slowdown,
)
from hfplanner.estimate.memory.job import settle
from hfplanner.models.shape import Diffusion

__all__ = ["denoise_secs", "picture_secs", "picture_train_secs"]

_GUIDANCE = 2
# Text encoders as one matrix of this width that their tokens are multiplied with.
_TEXT_WIDTH = 4096
_UNET_PROMPT = 77
# An autoencoder's encoder has two residual blocks a level where its decoder has three.
_ENCODER_OF_DECODER = 2 / 3
# Twice as many kernels run backward as forward, less what is fused: as for language models (phases).
_TRAIN_KERNELS = 2.6


def picture_secs(card: Card, run: Run, pictures: float) -> float:
    """Return the seconds of one batch of so many pictures.

    Raises:
        UsageError: the model makes no pictures.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.estimate.memory.job import MemoryJob
    >>> from hfplanner.models.known import find_known
    >>> xl = Run(shape=find_known("stabilityai/stable-diffusion-xl-base-1.0"), job=MemoryJob(), precision="fp16")
    >>> 4 < picture_secs(card_of("A100"), xl, 1) < 8
    True
    """
    pipeline, side = _pipeline(run), _side(run)
    steps = run.job.denoising_steps or pipeline.steps
    text = _secs(card, run, (_text(pipeline, pictures * (_GUIDANCE if pipeline.guided else 1)),))
    decoded = decoder_operations(pictures * pipeline.frames, side * pipeline.downscale / 8, fused=run.is_compiled)
    return text + steps * denoise_secs(card, run, pictures) + _secs(card, run, decoded)


def denoise_secs(card: Card, run: Run, pictures: float) -> float:
    """Return the seconds of one step of denoising so many pictures, both halves of guidance counted.

    Raises:
        UsageError: the model makes no pictures.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.estimate.memory.job import MemoryJob
    >>> from hfplanner.models.known import find_known
    >>> flux = Run(shape=find_known("black-forest-labs/FLUX.1-dev"), job=MemoryJob(), precision="bf16")
    >>> 0.15 < denoise_secs(card_of("H200"), flux, 1) < 0.3
    True
    """
    pipeline = _pipeline(run)
    copies = pictures * (_GUIDANCE if pipeline.guided else 1)
    return _secs(card, run, denoiser_operations(pipeline, copies, _side(run), fused=run.is_compiled))


def picture_train_secs(card: Card, run: Run, pictures: float) -> float:
    """Return the seconds of training on one micro-batch of pictures, with its share of the optimizer's step.

    The pictures are encoded and their captions read by frozen parts; the denoiser sees each at one random step.

    Raises:
        UsageError: the model makes no pictures.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.estimate.memory.job import MemoryJob
    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("stable-diffusion-v1-5/stable-diffusion-v1-5")
    >>> how = {task: Run(shape=shape, job=MemoryJob(task=task), precision="fp16") for task in ("full", "lora")}
    >>> picture_train_secs(card_of("A100"), how["lora"], 8) < picture_train_secs(card_of("A100"), how["full"], 8)
    True
    """
    pipeline, side = _pipeline(run), _side(run)
    job = settle(run.job, run.shape.kind)
    again = {"none": 0.0, "selective": 0.5, "full": 1.0}[job.checkpointing]
    adapters = job.task in {"lora", "qlora"}
    one = _pass(run)
    forward = _timed(denoiser_operations(pipeline, pictures, side, fused=run.is_compiled), card, one)
    trained = Times(
        forward.matrices * (1 + again + (1 if adapters else 2)) * training_slowdown(card, run),
        forward.attention * (1 + again + ATTENTION_BACKWARD) / attention_share(card, run),
        forward.streams * (1 + again + STREAMS_BACKWARD),
        forward.kernels * (_TRAIN_KERNELS + again),
    )
    encoded = _timed(decoder_operations(pictures, side, fused=run.is_compiled), card, one)
    frozen = _part(encoded, _ENCODER_OF_DECODER) + timed([_text(pipeline, pictures)], card, one)
    step = optimizer_secs(card, run) / job.accumulation
    return with_host(trained + frozen, _engine(run), 0) + step


def _pipeline(run: Run) -> Diffusion:
    pipeline = run.shape.diffusion
    if pipeline is None:
        raise UsageError(f"{run.shape.name} makes no pictures.")
    return replace(pipeline, frames=pipeline.latent_frames(run.job.frames))


def _side(run: Run) -> float:
    pipeline = _pipeline(run)
    return (run.job.resolution or pipeline.resolution) / pipeline.downscale


def _text(pipeline: Diffusion, prompts: float) -> Matrix:
    """Return the reading of prompts: all weights of the text encoders for each of their tokens."""
    tokens = pipeline.prompt if pipeline.transformer else _UNET_PROMPT
    return Matrix(prompts * tokens, _TEXT_WIDTH, max(pipeline.text_encoders / _TEXT_WIDTH, 1))


def _pass(run: Run) -> Pass:
    return Pass(sequences=1, tokens=1, precision=run.precision, fused=run.is_compiled, causal=False)


def _engine(run: Run) -> Engine:
    return engine_named("compiled" if run.is_compiled else "diffusers")


@lru_cache(maxsize=1024)
def _timed(operations: tuple[Operation, ...], card: Card, run: Pass) -> Times:
    """Return :func:`timed`, once for every flavor that has the card."""
    return timed(operations, card, run)


def _secs(card: Card, run: Run, operations: tuple[Operation, ...]) -> float:
    times = _timed(operations, card, _pass(run))
    slower = 1.0 if run.is_compiled else training_slowdown(card, run)
    told = replace(times, matrices=times.matrices * slower, attention=times.attention / attention_share(card, run))
    return with_host(told, _engine(run), 0)


def _part(times: Times, share: float) -> Times:
    return Times(times.matrices * share, times.attention * share, times.streams * share, times.kernels * share)
