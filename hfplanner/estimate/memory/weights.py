"""Bytes of weights by precision and quantization, with what quantization really adds."""

from dataclasses import dataclass

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.shape import ModelShape
from hfplanner.models.storage import GGUF_BITS

__all__ = [
    "BITSANDBYTES",
    "QUANTIZATIONS",
    "Stored",
    "bare_experts",
    "check_quantization",
    "compute_bytes",
    "expert_weights",
    "largest_matrix",
    "loading_bytes",
    "runs_as_stored",
    "stored_as",
    "weight_bytes",
]

_DTYPE_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1}


@dataclass(frozen=True, slots=True)
class Stored:
    """How quantized weights lie in memory.

    Args:
        linear: bytes per weight of the layers' matrices, scales included.
        everything: whether embeddings and the output projection are quantized too.
        experts_only: whether only a mixture's experts are.
    """

    linear: float
    everything: bool = False
    experts_only: bool = False


# nf4: a block of 64 shares one fp32 absmax (bitsandbytes functional.quantize_4bit); double quantization keeps it in one
# byte and one fp32 for 256 of them. GPTQ and AWQ: a group of 128 shares an fp16 scale and a zero of the weight's own
# width; GPTQ also keeps one int32 per input (g_idx). int8: one fp32 per row. fp8: one fp32 per block of 128 x 128.
# mxfp4: a block of 32 shares one byte (OCP Microscaling Formats 1.0). nvfp4: a block of 16 shares one byte. Dynamic nf4
# is unsloth's, which keeps a few matrices in bf16: 7.23 GB for 6.54, 8.42 for 7.83 (unsloth.ai/blog/dynamic-4bit).
QUANTIZATIONS = {
    "int8": Stored(1 + 4 / 4096),
    "fp8": Stored(1 + 4 / 128**2),
    "nf4": Stored(0.5 + 1 / 64 + 4 / (64 * 256)),
    "nf4-single": Stored(0.5 + 4 / 64),
    "nf4-dynamic": Stored(0.58),
    "gptq-4bit": Stored(0.5 + 2.5 / 128 + 4 / 8192),
    "gptq-8bit": Stored(1 + 3 / 128 + 4 / 8192),
    "awq-4bit": Stored(0.5 + 2.5 / 128),
    "mxfp4": Stored(0.5 + 1 / 32, experts_only=True),
    "nvfp4": Stored(0.5 + 1 / 16),
}
BITSANDBYTES = ("nf4", "nf4-single", "nf4-dynamic", "int8")
_ACCEPTED = f"auto, none, {', '.join(QUANTIZATIONS)}, gguf:KIND"
# Adapters can be trained over these; other stored weights are unpacked before they are trained (transformers,
# quantizers: is_trainable).
_TRAINED_OVER = (*BITSANDBYTES, "gptq-4bit", "gptq-8bit", "awq-4bit")


def check_quantization(text: str) -> str:
    """Return a quantization as it is spelled here.

    Raises:
        UsageError: it is not known.

    >>> check_quantization("gguf:q4_k_m"), check_quantization("NF4")
    ('gguf:Q4_K_M', 'nf4')
    """
    method, colon, kind = text.lower().partition(":")
    if method == "gguf" and colon:
        if kind.upper() in GGUF_BITS:
            return f"gguf:{kind.upper()}"
        raise UsageError(f"{kind!r} is not a GGUF kind.", hint=f"Accepted: {', '.join(GGUF_BITS)}.")
    if text.lower() in {*QUANTIZATIONS, "auto", "none"}:
        return text.lower()
    raise UsageError(f"{text!r} is not a known quantization.", hint=f"Accepted: {_ACCEPTED}.")


def stored_as(shape: ModelShape, job: MemoryJob) -> str:
    """Return the quantization a job runs with: the asked one, nf4 for qlora, else the stored one for inference.

    >>> from hfplanner.models.known import find_known
    >>> stored_as(find_known("openai/gpt-oss-20b"), MemoryJob())
    'mxfp4'
    """
    if job.quantization != "auto":
        return check_quantization(job.quantization)
    stored = shape.stored_quantization
    if job.task == "qlora":
        return stored if stored in BITSANDBYTES else "nf4"
    if job.task == "lora":
        return stored if stored in _TRAINED_OVER else "none"
    return stored if job.task == "inference" else "none"


def runs_as_stored(shape: ModelShape, job: MemoryJob) -> bool:
    """Whether weights are run quantized as they are stored, so that nothing is quantized while they are loaded.

    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("Qwen/Qwen3-8B-AWQ")
    >>> runs_as_stored(shape, MemoryJob()), runs_as_stored(shape, MemoryJob(task="qlora"))
    (True, False)
    """
    return shape.stored_quantization not in {"none", ""} and stored_as(shape, job) == shape.stored_quantization


def compute_bytes(job: MemoryJob) -> int:
    """Return the bytes of one element of an activation.

    >>> compute_bytes(MemoryJob(precision="bf16-mixed")), compute_bytes(MemoryJob(precision="fp32"))
    (2, 4)
    """
    return 4 if job.precision == "fp32" else 2


def _plain_bytes(job: MemoryJob) -> int:
    return 4 if job.precision == "fp32" or job.mixed else 2


def weight_bytes(shape: ModelShape, job: MemoryJob) -> float:
    """Return the bytes of all weights, on one GPU without sharding.

    >>> from hfplanner.models.known import find_known
    >>> round(weight_bytes(find_known("meta-llama/Llama-2-7b-hf"), MemoryJob()))
    13476831232
    """
    plain = _plain_bytes(job)
    parameters = shape.parameters
    quantization = stored_as(shape, job)
    if quantization == "none":
        return parameters.total * plain
    if shape.stored_bytes and runs_as_stored(shape, job):
        return float(shape.stored_bytes) + (2.0 * _unquantized(shape, job) if job.upcast else 0.0)
    if quantization.startswith("gguf:") and shape.diffusion:
        # A file holds the denoiser; text encoders and autoencoder stay as they are.
        bits = GGUF_BITS[quantization.removeprefix("gguf:")]
        return shape.diffusion.denoiser * bits / 8 + (parameters.total - shape.diffusion.denoiser) * plain
    if quantization.startswith("gguf:"):
        return parameters.total * GGUF_BITS[quantization.removeprefix("gguf:")] / 8
    plain = 4 if job.upcast else plain
    quantized = parameters.total - _unquantized(shape, job)
    return quantized * QUANTIZATIONS[quantization].linear + _unquantized(shape, job) * plain


def _unquantized(shape: ModelShape, job: MemoryJob) -> int:
    """Return how many weights of a quantized model are not quantized.

    bitsandbytes replaces every linear layer but the output projection, those of an image tower too; whoever
    quantizes for good leaves the tower as it is.
    """
    quantization = stored_as(shape, job)
    parameters = shape.parameters
    quantized = parameters.linear + (parameters.vision if quantization in BITSANDBYTES else 0)
    if QUANTIZATIONS[quantization].experts_only and shape.experts:
        quantized = expert_weights(shape)
    return parameters.total - quantized + bare_experts(shape, job)


def expert_weights(shape: ModelShape) -> int:
    """Return the weights of all experts of a mixture; 0 of any other model."""
    experts = shape.experts
    if experts is None:
        return 0
    width = experts.width or shape.hidden
    return shape.sparse_layers * (3 if shape.gated else 2) * width * experts.count * experts.ffn


def bare_experts(shape: ModelShape, job: MemoryJob) -> int:
    """Return how many of a mixture's weights bitsandbytes leaves as they are.

    transformers 5 stores a layer's experts as one tensor, and bitsandbytes replaces linear layers only
    (bitsandbytes-foundation/bitsandbytes issue 1849, axolotl docs/expert_quantization.qmd, read 2026-11-24).

    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("mistralai/Mixtral-8x7B-v0.1")
    >>> jobs = [MemoryJob(task="qlora", quantized_experts=quantized) for quantized in (False, True)]
    >>> [bare_experts(shape, job) for job in jobs]
    [45097156608, 0]
    """
    if job.quantized_experts or stored_as(shape, job) not in BITSANDBYTES or shape.stored_quantization != "none":
        return 0
    return min(expert_weights(shape), shape.parameters.linear)


def largest_matrix(shape: ModelShape) -> int:
    """Return the elements of a layer's largest matrix: what is unpacked at once where 4-bit weights are multiplied."""
    ffn = shape.experts.ffn if shape.experts and not shape.experts.dense_layers else shape.ffn
    return shape.hidden * max(ffn, shape.query_width, shape.hidden)


def loading_bytes(shape: ModelShape, job: MemoryJob) -> float:
    """Return what loading needs beside the weights: the tensor that is about to be quantized, in half precision.

    Other weights are read straight into their place (transformers, core_model_loading).

    >>> from hfplanner.models.known import find_known
    >>> loading_bytes(find_known("meta-llama/Llama-2-7b-hf"), MemoryJob(quantization="nf4"))
    262144000.0
    """
    if stored_as(shape, job) not in BITSANDBYTES or runs_as_stored(shape, job):
        return 0.0
    return 2.0 * max(shape.vocab * shape.hidden, largest_matrix(shape))
