"""The header of a safetensors file: names, types and sizes of its tensors, without the tensors."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.errors import ModelUnreadable
from hfplanner.models.shape import Parameters

__all__ = ["LENGTH_BYTES", "MAX_HEADER_BYTES", "Tensor", "count_tensors", "header_length", "parse_header"]

# The format: eight bytes with the header's length, little-endian, then a JSON object (huggingface/safetensors README).
LENGTH_BYTES = 8
# The format's own limit is 100 MB; the largest shard header on the Hub is a few MB.
MAX_HEADER_BYTES = 32 * 2**20
_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U8": 8, "U16": 16, "U32": 32, "U64": 64, "BOOL": 8, "F8_E8M0": 8, "F4": 4,
}  # fmt: skip
_WEIGHT_TYPES = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
_DTYPES = {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8", "F8_E5M2": "fp8"}
_VISION = ("vision", "visual", "image_", "mm_projector", "multi_modal_projector", "audio", "vpm", "resampler")
_EMBEDDING = (
    "embed_tokens",
    "wte.",
    "wpe.",
    "word_embeddings.",
    "tok_embeddings",
    "position_embeddings",
    "embed_in",
    "shared.weight",
)
_HEAD = ("lm_head", "embed_out", "output.weight")


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file: its name, its type as the format spells it, its dimensions and its bytes."""

    name: str
    dtype: str
    dims: tuple[int, ...]
    size: int


def header_length(first: bytes) -> int:
    """Return the length of the header that the first eight bytes announce.

    Raises:
        ModelUnreadable: there are no eight bytes, or they announce nonsense.

    >>> header_length((1234).to_bytes(8, "little"))
    1234
    """
    length = int.from_bytes(first[:LENGTH_BYTES], "little")
    if len(first) < LENGTH_BYTES or not LENGTH_BYTES // 4 <= length <= MAX_HEADER_BYTES:
        raise ModelUnreadable("A weight file does not begin as a safetensors file does.")
    return length


def parse_header(raw: bytes) -> tuple[Tensor, ...]:
    """Read a header without its length.

    Raises:
        ModelUnreadable: it is not the JSON of a header.

    >>> parse_header(b'{"w": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}}')
    (Tensor(name='w', dtype='BF16', dims=(2, 3), size=12),)
    """
    try:
        table = loads(raw, max_bytes=MAX_HEADER_BYTES)
    except StrictJsonError as error:
        raise ModelUnreadable(f"The header of a safetensors file cannot be read: {error}.") from error
    if not isinstance(table, Mapping):
        raise ModelUnreadable("The header of a safetensors file is not a JSON object.")
    return tuple(_tensor(name, entry) for name, entry in table.items() if name != "__metadata__")


def _tensor(name: str, entry: Any) -> Tensor:  # noqa: ANN401 - JSON
    dims = entry.get("shape") if isinstance(entry, Mapping) else None
    dtype = entry.get("dtype") if isinstance(entry, Mapping) else None
    if not isinstance(dims, list) or not all(isinstance(d, int) and d >= 0 for d in dims) or dtype not in _BITS:
        raise ModelUnreadable(f"The tensor {name[:80]!r} of a safetensors file has no shape or an unknown type.")
    return Tensor(name, dtype, tuple(dims), math.prod(dims) * _BITS[dtype] // 8)


def count_tensors(tensors: Iterable[Tensor]) -> tuple[Parameters, int, str]:
    """Return the parameters by part, the bytes of all tensors, and the type most of the weights have.

    Packed weights (4 bits in wider integers) are no parameters one can count here; their bytes are.
    """
    counts = {"embedding": 0, "head": 0, "linear": 0, "other": 0, "vision": 0}
    by_type: dict[str, int] = {}
    total = 0
    for tensor in tensors:
        total += tensor.size
        elements = math.prod(tensor.dims)
        if tensor.dtype in _WEIGHT_TYPES or tensor.dtype == "I8":
            counts[_part(tensor)] += elements
            by_type[tensor.dtype] = by_type.get(tensor.dtype, 0) + elements
    commonest = max(by_type, key=lambda dtype: by_type[dtype]) if by_type else "BF16"
    return Parameters(**counts), total, _DTYPES.get(commonest, "bf16")


def _part(tensor: Tensor) -> str:
    name = tensor.name.casefold()
    if any(word in name for word in _VISION):
        return "vision"
    if any(word in name for word in _EMBEDDING):
        return "embedding"
    if any(word in name for word in _HEAD):
        return "head"
    return "linear" if len(tensor.dims) > 1 else "other"
