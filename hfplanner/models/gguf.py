"""The header of a GGUF file: its metadata and the exact bytes of its tensors."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hfplanner.errors import ModelUnreadable
from hfplanner.models.config import parse_config
from hfplanner.models.shape import ModelShape

__all__ = ["GgufHeader", "NeedMoreBytes", "parse_gguf", "shape_of_gguf"]

_MAGIC = b"GGUF"
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_BOOL, _STRING, _ARRAY = 7, 8, 9
_MOST_LAYERS = 1024
_MOST_ENTRIES = 10**6
_LONGEST_STRING = 2**24
# Block size and bytes per block of each type (ggml: GGML_QUANT_SIZES in gguf-py/gguf/constants.py).
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_KINDS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K", 11: "Q3_K_M", 12: "Q4_K_M",
    13: "Q5_K_M", 14: "Q6_K", 20: "IQ4_NL", 23: "IQ4_XS", 30: "BF16", 39: "MXFP4",
}  # fmt: skip
_ARCHITECTURES = {
    "qwen2moe": "qwen2_moe",
    "qwen3moe": "qwen3_moe",
    "gemma3": "gemma3_text",
    "gpt-oss": "gpt_oss",
    "deepseek2": "deepseek_v2",
}


class NeedMoreBytes(Exception):
    """The piece of the file ends before the header does."""


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a header says.

    Args:
        metadata: values by key; an array is its length.
        parameters: elements of all tensors.
        tensor_bytes: bytes of all tensors.
        kind: type of most of the weights, as llama.cpp names the file.
    """

    metadata: Mapping[str, Any]
    parameters: int
    tensor_bytes: int
    kind: str


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def take(self, count: int) -> bytes:
        piece = self.raw[self.at : self.at + count]
        if len(piece) < count:
            raise NeedMoreBytes
        self.at += count
        return piece

    def number(self, code: str) -> Any:  # noqa: ANN401 - a scalar of the format
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def text(self) -> str:
        length = self.number("<Q")
        if length > _LONGEST_STRING:
            raise ModelUnreadable("A GGUF file holds a string of impossible length.")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Any:  # noqa: ANN401 - a value of the format
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY or depth:
            raise ModelUnreadable("A GGUF file holds a value of unknown type.")
        inner, count = self.number("<I"), self.number("<Q")
        if inner in _SCALARS:
            # Only how long it is matters, but for the few numbers per layer.
            piece = self.take(count * struct.calcsize(_SCALARS[inner]))
            short = 0 < count <= _MOST_LAYERS and inner != _BOOL
            return max(struct.unpack(f"<{count}{_SCALARS[inner][1]}", piece)) if short else count
        for _ in range(count):
            self.value(inner, depth + 1)
        return count


def parse_gguf(raw: bytes) -> GgufHeader:
    """Read the header at the beginning of a file.

    Raises:
        NeedMoreBytes: the piece is too short.
        ModelUnreadable: it is not a GGUF file of version 2 or 3.
    """
    reader = _Reader(raw)
    if reader.take(4) != _MAGIC or reader.number("<I") not in {2, 3}:
        raise ModelUnreadable("The file is not a GGUF file of version 2 or 3.")
    tensors, entries = reader.number("<Q"), reader.number("<Q")
    if max(tensors, entries) > _MOST_ENTRIES:
        raise ModelUnreadable("A GGUF file announces an impossible number of tensors.")
    metadata = {}
    for _ in range(entries):
        key = reader.text()
        metadata[key] = reader.value(reader.number("<I"))
    elements, size, by_type = 0, 0, dict[int, int]()
    for _ in range(tensors):
        reader.text()
        dims = [reader.number("<Q") for _ in range(reader.number("<I"))]
        kind, _ = reader.number("<I"), reader.number("<Q")
        if kind not in _BLOCKS:
            raise ModelUnreadable(f"A GGUF file holds a tensor of unknown type {kind}.")
        count = math.prod(dims)
        block, block_bytes = _BLOCKS[kind]
        elements += count
        size += count // block * block_bytes
        by_type[kind] = by_type.get(kind, 0) + count
    commonest = max(by_type, key=lambda kind: by_type[kind]) if by_type else 1
    return GgufHeader(metadata, elements, size, _KINDS.get(commonest, "Q4_K_M"))


def shape_of_gguf(header: GgufHeader, *, name: str) -> ModelShape:
    """Return the shape a header describes, with its exact bytes.

    Raises:
        ModelUnreadable: the header names no widths.
    """
    said = header.metadata
    architecture = str(said.get("general.architecture", ""))

    def number(key: str) -> Any:  # noqa: ANN401 - a value of the format, checked by the reader of configs
        return said.get(f"{architecture}.{key}")

    config = {
        "model_type": _ARCHITECTURES.get(architecture, architecture),
        "hidden_size": number("embedding_length"),
        "num_hidden_layers": number("block_count"),
        "num_attention_heads": number("attention.head_count"),
        "num_key_value_heads": number("attention.head_count_kv"),
        "head_dim": number("attention.key_length"),
        "intermediate_size": number("feed_forward_length"),
        "vocab_size": number("vocab_size") or said.get("tokenizer.ggml.tokens"),
        "max_position_embeddings": number("context_length"),
        "num_experts": number("expert_count"),
        "num_experts_per_tok": number("expert_used_count"),
        "moe_intermediate_size": number("expert_feed_forward_length"),
        "sliding_window": number("attention.sliding_window"),
        "kv_lora_rank": number("attention.kv_lora_rank"),
        "q_lora_rank": number("attention.q_lora_rank"),
    }
    shape = parse_config(config, name=name)
    return replace(
        shape,
        parameters=shape.parameters.scaled_to(header.parameters),
        counted=True,
        stored_bytes=header.tensor_bytes,
        stored_quantization=f"gguf:{header.kind}",
    )
