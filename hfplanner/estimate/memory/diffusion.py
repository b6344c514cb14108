"""The memory of making pictures: a denoiser's attention, and the autoencoder's last convolutions."""

from collections.abc import Mapping

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.weights import compute_bytes, weight_bytes
from hfplanner.models.shape import Diffusion, ModelShape

__all__ = ["diffusion_parts", "latent_tokens"]

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
    return {
        "weights": weight_bytes(shape, job),
        "activations": float(images * max(_GUIDANCE * step, decode)),
    }
