"""Bytes of weights by precision and quantization, with what quantization really adds."""

from dataclasses import dataclass

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.shape import ModelShape

__all__ = [
    "BITSANDBYTES",
    "GGUF_BITS",
    "QUANTIZATIONS",
    "Stored",
    "bare_experts",
    "check_quantization",
    "compute_bytes",
    "largest_matrix",
    "loading_bytes",
    "stored_as",
    "weight_bytes",
]

_DTYPE_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1}

# Bits per weight over a whole file, as llama.cpp's tools/quantize/README.md (MIT) prints them for Llama-3.1-8B; where
# it prints none, those of the block itself (gguf-py/gguf/constants.py, GGML_QUANT_SIZES: bytes over weights).
GGUF_BITS = {
    "IQ1_S": 2.0042, "IQ1_M": 2.146, "IQ2_XXS": 2.3824, "IQ2_XS": 2.5882, "IQ2_S": 2.7403, "IQ2_M": 2.9294,
    "IQ3_XXS": 3.2548, "IQ3_XS": 3.4977, "IQ3_S": 3.6606, "IQ3_M": 3.7628, "IQ4_XS": 4.4597, "IQ4_NL": 4.6818,
    "Q2_K_S": 2.9697, "Q2_K": 3.1593, "Q3_K_S": 3.6429, "Q3_K_M": 3.9960, "Q3_K_L": 4.2979,
    "Q4_0": 4.6, "Q4_1": 5.1, "Q4_K_S": 4.6672, "Q4_K_M": 4.8944, "Q5_0": 5.6, "Q5_1": 6.1, "Q5_K_S": 5.5704,
    "Q5_K_M": 5.7036, "Q6_K": 6.5633, "Q8_0": 8.5008, "F16": 16.0005, "BF16": 16.0005, "F32": 32.001, "MXFP4": 4.25,
}  # fmt: skip


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
# mxfp4: a block of 32 shares one byte (OCP Microscaling Formats 1.0).
QUANTIZATIONS = {
    "int8": Stored(1 + 4 / 4096),
    "fp8": Stored(1 + 4 / 128**2),
    "nf4": Stored(0.5 + 1 / 64 + 4 / (64 * 256)),
    "nf4-single": Stored(0.5 + 4 / 64),
    "gptq-4bit": Stored(0.5 + 2.5 / 128 + 4 / 8192),
    "gptq-8bit": Stored(1 + 3 / 128 + 4 / 8192),
    "awq-4bit": Stored(0.5 + 2.5 / 128),
    "mxfp4": Stored(0.5 + 1 / 32, experts_only=True),
}
BITSANDBYTES = ("nf4", "nf4-single", "int8")
_ACCEPTED = "auto, none, int8, fp8, nf4, nf4-single, gptq-4bit, gptq-8bit, awq-4bit, mxfp4, gguf:KIND"


def check_quantization(text: str) -> str:
    """Return a quantization as it is spelled here.

    Raises:
        UsageError: it is not known.

    >>> check_quantization("gguf:q4_k_m")
    'gguf:Q4_K_M'
    """
    method, colon, kind = text.partition(":")
    if method == "gguf" and colon:
        if kind.upper() in GGUF_BITS:
            return f"gguf:{kind.upper()}"
        raise UsageError(f"{kind!r} is not a GGUF kind.", hint=f"Accepted: {', '.join(GGUF_BITS)}.")
    if text in QUANTIZATIONS or text in {"auto", "none"}:
        return text
    raise UsageError(f"{text!r} is not a known quantization.", hint=f"Accepted: {_ACCEPTED}.")


def stored_as(shape: ModelShape, job: MemoryJob) -> str:
    """Return the quantization a job runs with: the asked one, nf4 for qlora, else the stored one for inference.

    >>> from hfplanner.models.known import find_known
    >>> stored_as(find_known("openai/gpt-oss-20b"), MemoryJob())
    'mxfp4'
    """
    if job.quantization != "auto":
        return check_quantization(job.quantization)
    if job.task == "qlora":
        return "nf4"
    return shape.stored_quantization if job.task == "inference" else "none"


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
    if quantization.startswith("gguf:"):
        return parameters.total * GGUF_BITS[quantization.removeprefix("gguf:")] / 8
    stored = QUANTIZATIONS[quantization]
    # bitsandbytes replaces every linear layer but the output projection, those of an image tower too.
    quantized = parameters.linear + parameters.vision
    if stored.experts_only and shape.experts:
        quantized = _expert_weights(shape)
    quantized -= bare_experts(shape, job)
    return quantized * stored.linear + (parameters.total - quantized) * plain


def _expert_weights(shape: ModelShape) -> int:
    experts = shape.experts
    if experts is None:
        return 0
    return (shape.layers - experts.dense_layers) * 3 * shape.hidden * experts.count * experts.ffn


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
    return min(_expert_weights(shape), shape.parameters.linear)


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
    if stored_as(shape, job) not in BITSANDBYTES:
        return 0.0
    return 2.0 * max(shape.vocab * shape.hidden, largest_matrix(shape))
