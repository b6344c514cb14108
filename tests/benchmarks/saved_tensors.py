"""What one layer keeps for the backward pass: ``python -m tests.benchmarks.saved_tensors [MODEL_TYPE ...]``.

Needs torch and transformers, which nothing else here does. A model of one and of two layers runs forward on the CPU
under hooks that see every tensor autograd saves; the difference is one layer. At eight sets of widths a least-squares
fit gives the bytes per token and width of ``data/architectures.csv``; its residue says whether anything else is kept.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import transformers

__all__ = ["fit", "main"]

DENSE = ("llama", "qwen2", "qwen3", "gemma", "gemma3_text", "phi3", "olmo2", "cohere", "starcoder2", "phi")
MODES = ("frozen", "full", "amp")
_TOKENS, _BATCH = 48, 2
_COLUMNS = ("hidden", "query", "kv", "ffn", "head", "constant")


@dataclass(frozen=True, slots=True)
class Widths:
    """The widths of one trial."""

    hidden: int
    heads: int
    head_dim: int
    kv_heads: int
    ffn: int

    def row(self) -> list[int]:
        """Return what the bytes per token are a sum over."""
        return [self.hidden, self.heads * self.head_dim, self.kv_heads * self.head_dim, self.ffn, self.heads, 1]


_TRIALS = [
    Widths(256, 4, 64, 2, 320),
    Widths(256, 4, 32, 2, 320),
    Widths(256, 4, 64, 4, 320),
    Widths(384, 4, 64, 1, 704),
    Widths(512, 8, 64, 2, 320),
    Widths(512, 8, 32, 8, 704),
    Widths(256, 8, 64, 2, 512),
    Widths(384, 6, 32, 3, 512),
]


def _model(model_type: str, layers: int, widths: Widths, dtype: torch.dtype) -> Any:  # noqa: ANN401 - any model class
    config = transformers.CONFIG_MAPPING[model_type](
        num_hidden_layers=layers,
        hidden_size=widths.hidden,
        num_attention_heads=widths.heads,
        num_key_value_heads=widths.kv_heads,
        head_dim=widths.head_dim,
        intermediate_size=widths.ffn,
        vocab_size=64,
        pad_token_id=0,
        use_cache=False,
    )
    return transformers.AutoModel.from_config(config, attn_implementation="sdpa", dtype=dtype).train()


def _saved(model: Any, *, autocast: bool) -> int:  # noqa: ANN401 - any model class
    """Return the bytes of every storage that autograd saves and that is no weight."""
    weights = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    sizes: dict[int, int] = {}
    alive: list[torch.Tensor] = []

    def see(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
            # What is freed could give its address to another storage.
            alive.append(tensor)
        return tensor

    tokens = torch.randint(1, 60, (_BATCH, _TOKENS))
    with (
        torch.autograd.graph.saved_tensors_hooks(see, lambda tensor: tensor),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast),
    ):
        model(input_ids=tokens)
    return sum(sizes.values())


def _one_layer(model_type: str, mode: str, widths: Widths) -> float:
    """Return the bytes per token of one layer; autocast's copies of the weights are taken off."""
    seen = []
    for layers in (1, 2):
        model = _model(model_type, layers, widths, torch.float32 if mode == "amp" else torch.bfloat16)
        if mode == "frozen":
            model.requires_grad_(requires_grad=False)
            model.get_input_embeddings().register_forward_hook(lambda _m, _i, out: out.requires_grad_())
        matrices = sum(weight.numel() for weight in model.parameters() if weight.dim() > 1)
        seen.append(_saved(model, autocast=mode == "amp") - (2 * matrices if mode == "amp" else 0))
    return float(seen[1] - seen[0]) / (_BATCH * _TOKENS)


def fit(model_type: str, mode: str) -> tuple[dict[str, float], float]:
    """Return the bytes per token by width, and the largest residue of the fit."""
    table = np.array([widths.row() for widths in _TRIALS], float)
    bytes_per_token = np.array([_one_layer(model_type, mode, widths) for widths in _TRIALS])
    solved, *_ = np.linalg.lstsq(table, bytes_per_token, rcond=None)
    residue = float(np.abs(table @ solved - bytes_per_token).max())
    return dict(zip(_COLUMNS, np.round(solved, 2).tolist(), strict=True)), residue


def main(names: Sequence[str]) -> int:
    """Print one line for each architecture and mode."""
    sys.stdout.write(f"transformers {transformers.__version__}, torch {torch.__version__}\n")
    for model_type in names or DENSE:
        for mode in MODES:
            widths, residue = fit(model_type, mode)
            said = ", ".join(f"{name} {value:g}" for name, value in widths.items())
            sys.stdout.write(f"{model_type} {mode}: {said}; residue {residue:.2f} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
