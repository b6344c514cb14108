"""The memory of making pictures: a denoiser's attention, and the autoencoder's last convolutions."""

from collections.abc import Mapping
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.states import States
from hfplanner.estimate.memory.weights import compute_bytes, weight_bytes
from hfplanner.models.shape import Diffusion, ModelShape

__all__ = ["diffusion_parts", "latent_tokens", "picture_moments"]

# Classifier-free guidance runs the denoiser on two copies of the batch.
_GUIDANCE = 2
# The autoencoder ends with convolutions of 256 channels at full resolution, some eight such tensors and workspaces at
# once: 2048 elements per pixel (AutoencoderKL, block_out_channels 128, 256, 512, 512; the last upsampling block enters
# with 256). Stable Diffusion 1 shows 1.1 GB per picture of 512 x 512 in fp16 (LambdaLabsML/lambda-diffusers).
_DECODER_ELEMENTS = 2048
# A transformer block of a denoiser holds its stream, three projections, and the halves of a block four times as wide.
_BLOCK_WIDTHS = 16
# A UNet's finest level holds about as many channel maps at once, skip connections included (SD 1: 12 of 320 channels).
_SKIP_MAPS = 16
_PROMPT_TOKENS = 512
# What a UNet keeps for the backward pass, in channel maps of its finest level: five residual and five attention blocks
# there (8 and 55 maps, counted as in data/architectures.csv), and as much again in the coarser levels together.
_UNET_KEPT_MAPS = 570
_UNET_CHECKPOINTED_MAPS = 60
# A transformer block keeps about what a ViT's does: 16 widths and 4 inner ones of four times the width, two bytes each.
_BLOCK_KEPT = 32
# UNets made for pictures of this size are SDXL's.
_XL_RESOLUTION = 1024


def latent_tokens(pipeline: Diffusion, job: MemoryJob) -> int:
    """Return the positions that attention sees at the finest level.

    >>> latent_tokens(Diffusion(denoiser=1, text_encoders=1, vae=1), MemoryJob(resolution=512))
    4096
    """
    side = (job.resolution or pipeline.resolution) // pipeline.downscale // pipeline.patch
    return side * side


def diffusion_parts(shape: ModelShape, job: MemoryJob) -> Mapping[str, float]:
    """Return the bytes of each part at the peak: the denoiser's step, or the decoding of all pictures at once.

    Raises:
        UsageError: the shape is not that of a pipeline.
    """
    pipeline = shape.diffusion
    if pipeline is None:
        raise UsageError(f"{shape.name} makes no pictures.")
    size = compute_bytes(job)
    tokens = latent_tokens(pipeline, job)
    images = job.batch_size
    if pipeline.transformer:
        tokens += _PROMPT_TOKENS
        step = tokens * _BLOCK_WIDTHS * pipeline.hidden * size
    else:
        step = tokens * _SKIP_MAPS * pipeline.hidden * size
    if job.attention == "eager":
        # Scores and their softmax, one layer at a time.
        step += 2 * pipeline.heads * tokens**2 * size
    pixels = (job.resolution or pipeline.resolution) ** 2
    decode = pixels * _DECODER_ELEMENTS * size
    weights = weight_bytes(shape, job)
    if _upcasts(pipeline):
        # SDXL's autoencoder overflows in fp16 and is made fp32 (AutoencoderKL, force_upcast).
        decode = pixels * _DECODER_ELEMENTS * 4
        weights += pipeline.vae * (4 - size)
    return {
        "weights": weights,
        "activations": images * float(max(_GUIDANCE * step, decode)),
    }


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
    maps = {"none": whole, "selective": (whole + kept) / 2, "full": kept}[job.checkpointing]
    earlier = states.gradients if job.accumulation > 1 else 0.0
    return [
        {"gradients": earlier, "activations": tokens * pipeline.hidden * size * maps},
        {"gradients": states.gradients, "optimizer_step": states.step},
    ]
