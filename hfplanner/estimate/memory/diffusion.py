"""The memory of making pictures: a denoiser's attention, and the autoencoder's last convolutions."""

from collections.abc import Mapping
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.states import States
from hfplanner.estimate.memory.weights import compute_bytes, weight_bytes
from hfplanner.models.shape import Diffusion, ModelShape

__all__ = ["decode_bytes", "denoise_bytes", "diffusion_parts", "latent_tokens", "picture_moments"]

# The autoencoder ends with convolutions of 256 channels at full resolution, three such tensors at once: traced on
# AutoencoderKL in three pipelines (reports/traced_pipelines.md).
_DECODER_ELEMENTS = 768
# What cuDNN takes beside, which no trace sees: Stable Diffusion 1 shows 1.1 GB per picture of 512 x 512 in fp16
# (LambdaLabsML/lambda-diffusers), 2048 elements per pixel in all.
_WORKSPACE_ELEMENTS = 1280
# A UNet's finest level holds about as many channel maps at once, skip connections included (SD 1: 12 of 320 channels).
_SKIP_MAPS = 16
_PROMPT_TOKENS = 512
# What a UNet keeps for the backward pass, in channel maps of its finest level: five residual and five attention blocks
# there (8 and 55 maps, counted as in data/architectures.csv), and as much again in the coarser levels together.
_UNET_KEPT_MAPS = 570
_UNET_CHECKPOINTED_MAPS = 60
# A transformer block keeps about what a ViT's does: 16 widths and 4 inner ones of four times the width, two bytes each.
_BLOCK_KEPT = 32
_COLORS = 3
# UNets made for pictures of this size are SDXL's.
_XL_RESOLUTION = 1024


def latent_tokens(pipeline: Diffusion, job: MemoryJob) -> int:
    """Return the positions that attention sees at the finest level.

    >>> latent_tokens(Diffusion(denoiser=1, text_encoders=1, vae=1), MemoryJob(resolution=512))
    4096
    """
    side = (job.resolution or pipeline.resolution) // pipeline.downscale // pipeline.patch
    return side * side * pipeline.latent_frames(job.frames)


def diffusion_parts(shape: ModelShape, job: MemoryJob) -> Mapping[str, float]:
    """Return the bytes of each part at the peak: the denoiser's step, or the decoding of all pictures at once.

    Raises:
        UsageError: the shape is not that of a pipeline.
    """
    pipeline = shape.diffusion
    if pipeline is None:
        raise UsageError(f"{shape.name} makes no pictures.")
    size = compute_bytes(job)
    images = job.batch_size
    step = denoise_bytes(shape, job)
    weights = weight_bytes(shape, job)
    if _upcasts(pipeline):
        # SDXL's autoencoder overflows in fp16 and is made fp32 (AutoencoderKL, force_upcast).
        weights += pipeline.vae * (4 - size)
    decode = decode_bytes(pipeline, job)
    if not pipeline.decoder:
        decode *= 1 + _WORKSPACE_ELEMENTS / _DECODER_ELEMENTS
    return {
        "weights": weights,
        "activations": images * float(max(step, decode)),
    }


def denoise_bytes(shape: ModelShape, job: MemoryJob) -> float:
    """Return what the denoiser holds at once for one picture or video, with what it sees of guidance at once.

    Raises:
        UsageError: the shape is not that of a pipeline.
    """
    pipeline = shape.diffusion
    if pipeline is None:
        raise UsageError(f"{shape.name} makes no pictures.")
    size = compute_bytes(job)
    tokens = latent_tokens(pipeline, job)
    if pipeline.transformer:
        tokens += _PROMPT_TOKENS
        step = tokens * pipeline.block * pipeline.hidden * size
    else:
        step = tokens * _SKIP_MAPS * pipeline.hidden * size
    if job.attention == "eager":
        # Scores and their softmax, one layer at a time.
        step += 2 * pipeline.heads * tokens**2 * size
    return float(pipeline.copies * step)


def decode_bytes(pipeline: Diffusion, job: MemoryJob) -> float:
    """Return what the tensors of decoding one picture or video need, without cuDNN's workspaces.

    >>> decode_bytes(Diffusion(denoiser=1, text_encoders=1, vae=1), MemoryJob(resolution=512)) / 2**20
    384.0
    """
    pixels = (job.resolution or pipeline.resolution) ** 2
    size = 4 if _upcasts(pipeline) else compute_bytes(job)
    return float(pixels * (_decoder_elements(pipeline, job) or _DECODER_ELEMENTS) * size)


def _decoder_elements(pipeline: Diffusion, job: MemoryJob) -> float:
    """Return the elements per pixel of decoding: those of the frames that are decoded at once, and of the video so far.

    Autoencoders for videos go over one latent frame after the other, or over tiles of several; LTX's takes all at once.
    """
    made_for, asked = pipeline.frames, pipeline.latent_frames(job.frames)
    most = pipeline.decoded or max(made_for, asked)
    video = _COLORS * pipeline.temporal if made_for > 1 else 0
    at_once = pipeline.decoder - video * made_for
    return at_once * min(asked, most) / min(made_for, most) + video * asked


def _upcasts(pipeline: Diffusion) -> bool:
    return not pipeline.transformer and pipeline.resolution >= _XL_RESOLUTION


def picture_moments(shape: ModelShape, job: MemoryJob, states: States) -> list[dict[str, Any]]:
    """Return the moments of a training step: the end of the forward pass, and the optimizer's step.

    Raises:
        UsageError: the shape is not that of a pipeline.
    """
    pipeline = shape.diffusion
    if pipeline is None:
        raise UsageError(f"{shape.name} makes no pictures.")
    size = 4 if job.precision == "fp32" else 2
    tokens = (latent_tokens(pipeline, job) + (_PROMPT_TOKENS if pipeline.transformer else 0)) * job.batch_size
    if pipeline.transformer:
        whole, kept = pipeline.layers * _BLOCK_KEPT, pipeline.layers + _BLOCK_KEPT
    else:
        whole, kept = _UNET_KEPT_MAPS, _UNET_CHECKPOINTED_MAPS
    halfway = (whole + kept) / 2
    maps = {"none": whole, "selective": halfway, "selective-op": halfway, "full": kept}[job.checkpointing]
    earlier = states.gradients if job.accumulation > 1 else 0.0
    return [
        {"gradients": earlier, "activations": tokens * pipeline.hidden * size * maps},
        {"gradients": states.gradients, "optimizer_step": states.step},
    ]
