"""Reading numbers out of a ``config.json`` that somebody else wrote."""

from collections.abc import Mapping
from typing import Any

from hfplanner.errors import ModelUnreadable

__all__ = ["Fields"]

_NAMES = {
    "hidden": ("hidden_size", "n_embd", "d_model", "dim"),
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "multi_query_group_num"),
    "ffn": ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "ffn_hidden_size", "hidden_dim", "decoder_ffn_dim"),
    "vocab": ("vocab_size", "padded_vocab_size"),
    "positions": ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len"),
    "experts": ("num_local_experts", "n_routed_experts", "num_experts"),
    "per_token": ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "top_k_experts"),
    "expert_ffn": ("moe_intermediate_size", "expert_ffn_hidden_size"),
    "shared_ffn": (
        "shared_expert_intermediate_size",
        "moe_shared_expert_intermediate_size",
        "shared_intermediate_size",
    ),
    "dense_layers": ("first_k_dense_replace", "num_dense_layers"),
}
# Wider than any model: what is larger is a damaged file.
_LARGEST = 10**7


class Fields:
    """The dict of a config, read by any of the spellings that libraries use."""

    def __init__(self, raw: Mapping[str, Any], name: str) -> None:
        self.raw = raw
        self.name = name

    def number(self, what: str, default: int | None = None) -> int:
        """Return a count by any of its spellings.

        Raises:
            ModelUnreadable: it is missing and has no default, or is not a sensible count.
        """
        for key in _NAMES.get(what, (what,)):
            value = self.raw.get(key)
            if value is None or isinstance(value, bool):
                continue
            if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
                value = max(value)
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if not isinstance(value, int) or not 0 <= value <= _LARGEST:
                raise ModelUnreadable(f"The config of {self.name} has {key} = {str(value)[:40]!r}, which is no count.")
            return value
        if default is None:
            raise ModelUnreadable(
                f"The config of {self.name} names no {_NAMES.get(what, (what,))[0]}.",
                hint="Give the numbers by hand: --params 8B --layers 32 --hidden 4096 ...",
            )
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a truth value."""
        value = self.raw.get(key)
        return default if value is None else bool(value)
