"""Weight files made in a test: a safetensors file and a GGUF file with headers and hardly any weights."""

import json
import struct
from collections.abc import Mapping, Sequence

__all__ = ["CONFIG", "TENSORS", "gguf_bytes", "safetensors_bytes"]

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}

_LAYER = {
    "self_attn.q_proj.weight": (64, 64),
    "self_attn.k_proj.weight": (32, 64),
    "self_attn.v_proj.weight": (32, 64),
    "self_attn.o_proj.weight": (64, 64),
    "mlp.gate_proj.weight": (128, 64),
    "mlp.up_proj.weight": (128, 64),
    "mlp.down_proj.weight": (64, 128),
    "input_layernorm.weight": (64,),
    "post_attention_layernorm.weight": (64,),
}
TENSORS: dict[str, tuple[int, ...]] = {
    "model.embed_tokens.weight": (1000, 64),
    **{f"model.layers.{layer}.{name}": dims for layer in range(2) for name, dims in _LAYER.items()},
    "model.norm.weight": (64,),
    "lm_head.weight": (1000, 64),
}


def safetensors_bytes(tensors: Mapping[str, Sequence[int]], dtype: str = "BF16") -> bytes:
    """Return a file whose header names the tensors; their data is left out, as nothing may read it."""
    header = {name: {"dtype": dtype, "shape": list(dims), "data_offsets": [0, 0]} for name, dims in tensors.items()}
    raw = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(raw).to_bytes(8, "little") + raw


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf_bytes(tokens: int = 1000, kind: int = 12) -> bytes:
    """Return a GGUF file of a two-layer llama whose matrices are of one type (12 is Q4_K)."""
    numbers = {
        "block_count": 2,
        "embedding_length": 256,
        "feed_forward_length": 512,
        "attention.head_count": 4,
        "attention.head_count_kv": 2,
        "context_length": 4096,
    }
    entries = [_text("general.architecture") + struct.pack("<I", 8) + _text("llama")]
    entries += [_text(f"llama.{key}") + struct.pack("<II", 4, value) for key, value in numbers.items()]
    words = b"".join(_text(f"t{number}") for number in range(tokens))
    entries.append(_text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, tokens) + words)
    tensors = [("token_embd.weight", (256, tokens), kind), ("output_norm.weight", (256,), 0)]
    described = b"".join(
        _text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, of, 0) for name, dims, of in tensors
    )
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries) + described
