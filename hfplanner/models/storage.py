"""How a repository's weights are stored: as its ``quantization_config`` says, or as its name does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["GGUF_BITS", "Spelling", "read_name", "read_quantization_config"]

# A GGUF repository whose file is not named: llama.cpp's own choice for `-hf OWNER/NAME` (common/arg.cpp).
DEFAULT_GGUF_KIND = "Q4_K_M"
# What is appended to a name without changing widths or storage.
_TRAINED = re.compile(
    r"[-.](instruct(-v0\.[0-9])?|chat|it|base|hf|pt|sft|dpo|qat|unsloth|python|v0\.[0-9]|quantized|diffusers)$"
)
# Endings that say how weights are stored, and what `--quantization` calls it. The longest comes first where one ends
# in another. Read from the names that Qwen, RedHatAI, nvidia, unsloth, hugging-quants and TheBloke publish under.
_STORAGES = tuple(
    (re.compile(rf"[-.]({ending})$"), quantization)
    for ending, quantization in (
        (r"bf16|fp16|f16|bfloat16|float16|dequantized|(qat-(q4\.0|int4)-)?unquantized", "none"),
        (r"fp32|float32", "none:fp32"),
        (r"(bnb-|bitsandbytes-)?(8bit|8bits)|bnb-int8", "int8"),
        (r"unsloth-bnb-4bit", "nf4-dynamic"),
        (r"(bnb-|bitsandbytes-)?(4bit|4bits|nf4)", "nf4"),
        (r"(awq|int4-awq|4bit-awq|awq-int4|awq-4bit|awq-w4a16|awq-g128)(-128g)?", "awq-4bit"),
        (r"(gptq-int8|gptq-8bit|int8-gptq|8bit-gptq|w8a16)(-128g)?", "gptq-8bit"),
        (
            r"(gptq|gptq-4b|gptq-int4|gptq-4bit|int4-gptq|4bit-gptq|gptq-w4a16|w4a16|w4a16-asym|w4a16-g128)(-128g)?",
            "gptq-4bit",
        ),
        (r"int4|4bit-int4|autoround|int4-autoround", "gptq-4bit"),
        (r"w8a8|w8a8-int8|int8|int8-dynamic", "int8"),
        (r"fp8(-(dynamic|block|static|kv|e4m3|tensorwise))*|float8|w8a8-fp8", "fp8"),
        (r"nvfp4|nvfp4a16|nvfp4-fp8|fp4", "nvfp4"),
        (r"mxfp4", "mxfp4"),
    )
)
_GGUF = re.compile(r"[-.]gguf$")
_GGUF_KIND = re.compile(r"[-.](?:ud[-.])?(i?q[1-8](?:\.(?:0|1|k|nl|xs|xxs|s|m)){0,2}(?:\.(?:s|m|l|xl))?|f16|bf16|f32)$")
# What transformers and compressed-tensors call a method, where its name alone decides.
_METHODS = {
    "fp8": "fp8",
    "fbgemm_fp8": "fp8",
    "mxfp4": "mxfp4",
    "eetq": "int8",
    "modelopt_fp4": "nvfp4",
    "nvfp4": "nvfp4",
}
_BITS_OF_BYTE, _BITS_OF_NIBBLE = 8, 4


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
class Spelling:
    """A name taken apart.

    Args:
        stem: what decides the widths, in lower case and without its owner.
        quantization: how the weights are stored, as ``--quantization`` spells it; ``None`` where the name does not say.
        dtype: of the weights that are not quantized; ``""`` where the name does not say.
        assumed: what had to be assumed; ``""`` for nothing.
    """

    stem: str
    quantization: str | None = None
    dtype: str = ""
    assumed: str = ""


def read_name(name: str) -> Spelling:
    """Take the name of a repository apart: what it is of, and how its weights are stored.

    >>> read_name("Qwen/Qwen3-8B-AWQ")
    Spelling(stem='qwen3-8b', quantization='awq-4bit', dtype='', assumed='')
    >>> read_name("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic").quantization
    'fp8'
    >>> read_name("unsloth/gpt-oss-20b-BF16").quantization, read_name("unsloth/gpt-oss-20b").quantization
    ('none', None)
    >>> read_name("bartowski/Qwen3-8B-Q6_K-GGUF").quantization
    'gguf:Q6_K'
    """
    stem = name.casefold().rpartition("/")[2].replace("_", ".").removeprefix("meta-")
    if _GGUF.search(stem):
        return _read_gguf(_GGUF.sub("", stem))
    said: str | None = None
    while True:
        shorter = _TRAINED.sub("", stem)
        if shorter == stem:
            shorter, found = _strip_storage(stem)
            said = said or found
        if shorter == stem:
            break
        stem = shorter
    quantization, _, dtype = (said or "").partition(":")
    return Spelling(stem, quantization or None, dtype)


def _strip_storage(stem: str) -> tuple[str, str | None]:
    """Return the stem without the longest ending that says how weights are stored, and what it says."""
    matches = [(match.start(), quantization) for ending, quantization in _STORAGES if (match := ending.search(stem))]
    if not matches:
        return stem, None
    start, quantization = min(matches)
    return stem[:start], quantization


def _read_gguf(stem: str) -> Spelling:
    found = _GGUF_KIND.search(stem)
    rest = read_name(stem[: found.start()] if found else stem)
    if found is None:
        assumed = f"its file is not named: {DEFAULT_GGUF_KIND}, which llama.cpp takes"
        return Spelling(rest.stem, f"gguf:{DEFAULT_GGUF_KIND}", "", assumed)
    named = found[1].upper().replace(".", "_")
    kind = _nearest_kind(named)
    return Spelling(rest.stem, f"gguf:{kind}", "", "" if kind == named else f"{named} is taken as {kind}")


def _nearest_kind(named: str) -> str:
    """Return a GGUF kind, for a mixture that has no row (Q4_K_XL) the one of its bits."""
    if named in GGUF_BITS:
        return named
    bits = named.lstrip("IQ")[:1]
    return next((kind for kind in (f"Q{bits}_K_M", f"Q{bits}_K", f"Q{bits}_0") if kind in GGUF_BITS), DEFAULT_GGUF_KIND)


def read_quantization_config(raw: Mapping[str, Any]) -> str:
    """Return how the weights of a ``config.json`` are stored, as ``--quantization`` spells it.

    >>> read_quantization_config({"quantization_config": {"quant_method": "gptq", "bits": 8}})
    'gptq-8bit'
    >>> weights = {"num_bits": 8, "type": "float"}
    >>> groups = {"config_groups": {"group_0": {"weights": weights}}, "quant_method": "compressed-tensors"}
    >>> read_quantization_config({"quantization_config": groups})
    'fp8'
    """
    section = raw.get("quantization_config")
    if not isinstance(section, Mapping):
        return "none"
    method = str(section.get("quant_method", "")).casefold()
    read = _READERS.get(method)
    return read(section) if read else _METHODS.get(method, "none")


def _bitsandbytes(section: Mapping[str, Any]) -> str:
    if section.get("load_in_8bit") or str(section.get("quant_method")).endswith("8bit"):
        return "int8"
    return "nf4" if section.get("bnb_4bit_use_double_quant", True) else "nf4-single"


def _gptq(section: Mapping[str, Any]) -> str:
    return "gptq-8bit" if section.get("bits") == _BITS_OF_BYTE else "gptq-4bit"


def _awq(section: Mapping[str, Any]) -> str:
    return "gptq-8bit" if section.get("bits") == _BITS_OF_BYTE else "awq-4bit"


def _modelopt(section: Mapping[str, Any]) -> str:
    return "nvfp4" if "FP4" in str(section.get("quant_algo", "")).upper() else "fp8"


def _compressed(section: Mapping[str, Any]) -> str:
    """Read compressed-tensors: bits and kind of the first group's weights."""
    groups = section.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, Mapping) else None
    weights = first.get("weights") if isinstance(first, Mapping) else None
    if not isinstance(weights, Mapping):
        return "none"
    bits, is_float = weights.get("num_bits"), weights.get("type") == "float"
    if bits == _BITS_OF_BYTE:
        grouped = str(weights.get("strategy", "")) == "group"
        return "fp8" if is_float else "gptq-8bit" if grouped else "int8"
    if bits == _BITS_OF_NIBBLE:
        return "nvfp4" if is_float else "gptq-4bit"
    return "none"


def _by_words(section: Mapping[str, Any]) -> str:
    """Read the methods that name a kind in words or as nested settings: torchao, quanto, HQQ."""
    words = str(dict(section)).casefold()
    if "float8" in words:
        return "fp8"
    if "int4" in words or "'nbits': 4" in words:
        return "gptq-4bit"
    return "int8" if "int8" in words or "'nbits': 8" in words else "none"


_READERS = {
    "auto-round": _gptq,
    "auto_round": _gptq,
    "awq": _awq,
    "bitsandbytes": _bitsandbytes,
    "bitsandbytes_4bit": _bitsandbytes,
    "bitsandbytes_8bit": _bitsandbytes,
    "compressed-tensors": _compressed,
    "gptq": _gptq,
    "hqq": _by_words,
    "modelopt": _modelopt,
    "quanto": _by_words,
    "torchao": _by_words,
}
