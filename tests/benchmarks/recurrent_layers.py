"""What a recurrent layer keeps for the backward pass: ``python -m tests.benchmarks.recurrent_layers [delta|mamba]``.

One layer more is traced at several sets of widths with the installed torch and transformers (the extra ``trace``), and
the bytes per token are solved for what they come with. It prints the numbers of
``hfplanner/estimate/memory/recurrent.py``. About two minutes a kind.
"""

import sys
from collections.abc import Mapping
from typing import Any

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.trace.build import build_model
from hfplanner.estimate.memory.trace.recorder import Recorder
from hfplanner.estimate.memory.trace.step import run_training
from hfplanner.models.config import parse_config

__all__ = ["main"]

_TOKENS = 1024
_MODES: dict[str, dict[str, Any]] = {
    "frozen": {"task": "lora", "lora_targets": ("lm_head",)},
    "full": {"task": "full"},
    "amp": {"task": "full", "precision": "bf16-mixed"},
}
# Bytes of weights and optimizer states that come with each layer more.
_PER_WEIGHT = {"frozen": 2, "full": 6, "amp": 12}
_COMMON = {
    "vocab_size": 1000, "intermediate_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
}  # fmt: skip
# hidden, key heads, value heads, key width, value width.
_DELTA = (
    (1024, 4, 8, 128, 128), (2048, 4, 8, 128, 128), (1024, 4, 16, 128, 128), (1024, 8, 8, 128, 128),
    (1024, 4, 8, 64, 128), (1024, 4, 8, 128, 64), (512, 2, 8, 64, 64), (1024, 16, 16, 64, 64),
)  # fmt: skip
# hidden, heads, width of a head, state size, groups.
_MAMBA = (
    (1024, 16, 64, 128, 1), (2048, 16, 64, 128, 1), (1024, 32, 64, 128, 1), (1024, 16, 64, 128, 8),
    (1024, 16, 64, 64, 1), (1024, 32, 32, 128, 1), (512, 16, 64, 256, 2),
)  # fmt: skip


def _delta(widths: tuple[int, ...], layers: int) -> dict[str, Any]:
    hidden, key_heads, value_heads, key, value = widths
    return {
        **_COMMON,
        "model_type": "qwen3_5_text",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "layer_types": ["linear_attention"] * layers,
        "linear_num_key_heads": key_heads,
        "linear_num_value_heads": value_heads,
        "linear_key_head_dim": key,
        "linear_value_head_dim": value,
    }


def _mamba(widths: tuple[int, ...], layers: int) -> dict[str, Any]:
    hidden, heads, width, state, groups = widths
    return {
        **_COMMON,
        "model_type": "nemotron_h",
        "hidden_size": hidden,
        "layers_block_type": ["linear_attention"] * layers,
        "mamba_num_heads": heads,
        "mamba_head_dim": width,
        "ssm_state_size": state,
        "n_groups": groups,
    }


def _features(kind: str, widths: tuple[int, ...]) -> list[float]:
    """Return what bytes come with: hidden, keys, spread keys, values, positions of a chunk, states between chunks."""
    hidden, first, second, third, fourth = widths
    if kind == "delta":
        spread, values = second * third, second * fourth
        return [hidden, first * third, spread, values, second * 64, second * third * fourth / 64]
    values, state = first * second, third
    return [hidden, fourth * state, first * state, values, first * 128, values * state / 128]


def _kept(config: Mapping[str, Any], longer: Mapping[str, Any], mode: str) -> float:
    """Return the bytes per token that two layers more keep."""
    job = MemoryJob(
        batch_size=1, seq_len=_TOKENS, lengths="fixed", loss="chunked", checkpointing="none", **_MODES[mode]
    )
    sizes = []
    for raw in (config, longer):
        recorder = Recorder()
        model = build_model(raw, parse_config(raw, name="layers"), job)
        weights = sum(parameter.numel() for parameter in model.parameters())
        run_training(model, job, recorder)
        sizes.append(recorder.peaks["forward"] - _PER_WEIGHT[mode] * weights)
    return float(sizes[1] - sizes[0]) / _TOKENS


def main(arguments: list[str]) -> int:
    """Trace and solve."""
    import numpy as np  # noqa: PLC0415 - only to solve

    for kind in arguments or ["delta", "mamba"]:
        make, sets = (_delta, _DELTA) if kind == "delta" else (_mamba, _MAMBA)
        features = np.array([_features(kind, widths) for widths in sets])
        for mode in _MODES:
            kept = np.array([_kept(make(widths, 2), make(widths, 4), mode) / 2 for widths in sets])
            solved = np.linalg.lstsq(features, kept, rcond=None)[0]
            worst = abs(features @ solved / kept - 1).max()
            numbers = ", ".join(f"{number:.1f}" for number in solved)
            sys.stdout.write(f"{kind} {mode}: {numbers} (hidden first); worst fit {100 * worst:.1f} %\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
