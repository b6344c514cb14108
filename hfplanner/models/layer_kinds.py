"""What the layers of a model are, where they are not all the same: windows, states, wider heads, shared caches."""

from collections.abc import Mapping, Sequence
from typing import Any

from hfplanner.models.fields import Fields
from hfplanner.models.shape import Recurrent

__all__ = ["listed_layers", "read_layers"]

_STATELESS = ("linear", "conv", "mamba", "recurrent", "ssm", "lightning", "kda", "moe", "mlp")
_WITH_STATE = ("linear", "mamba", "recurrent", "ssm")
# Nemotron-H writes one letter for each layer (configuration_nemotron_h.py).
_LETTERS = {"M": "mamba", "*": "full_attention", "-": "mlp", "E": "moe"}
# One layer in so many sees everything, where a config does not list its layers (transformers' classes).
_PATTERNS = {"gemma2": 2, "gemma3_text": 6, "gemma3": 6, "gemma4": 6, "gemma4_text": 6, "gemma3n_text": 5, "gpt_oss": 2}
_GATED = ("qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text")
_ALTUP = ("gemma3n", "gemma3n_text")


def read_layers(config: Fields, model_type: str, layers: int, hidden: int) -> Mapping[str, Any]:
    """Return the fields of a shape that say how its layers differ from each other.

    >>> read_layers(Fields({"sliding_window": 512, "sliding_window_pattern": 6}, "x"), "gemma3_text", 26, 1152)
    {'sliding_window': 512, 'sliding_layers': 22}
    """
    kinds = listed_layers(config)
    # The last of them read the keys and values of a layer before them (num_kv_shared_layers).
    shared = min(config.number("num_kv_shared_layers", 0), layers)
    found = dict(_windows(config, model_type, layers, kinds[: layers - shared] if kinds else kinds, shared))
    found |= _states(config, kinds, hidden)
    wide = config.number("global_head_dim", 0) or _widest(config)
    if wide and wide != config.number("head_dim", wide):
        found |= {"global_head_dim": wide, "global_kv_heads": config.number("num_global_key_value_heads", 0)}
    if model_type in _GATED and config.flag("attn_output_gate", default=True):
        found["gated_attention"] = True
    if model_type in _ALTUP:
        found["streams"] = config.number("altup_num_inputs", 4)
    if config.number("hidden_size_per_layer_input", 0):
        found["layer_input"] = config.number("hidden_size_per_layer_input")
    return found


def listed_layers(config: Fields) -> Sequence[str]:
    """Return what each layer is, empty where a config does not say.

    >>> listed_layers(Fields({"hybrid_override_pattern": "M*-E"}, "x"))
    ['mamba', 'full_attention', 'mlp', 'moe']
    """
    kinds = config.raw.get("layer_types") or config.raw.get("layers_block_type")
    if isinstance(kinds, list):
        return [str(kind) for kind in kinds]
    pattern = config.raw.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        return [_LETTERS.get(letter, "") for letter in pattern if letter in _LETTERS]
    step = config.number("full_attention_interval", 0)
    if step > 1:
        count = config.number("layers", 0)
        return ["full_attention" if (layer + 1) % step == 0 else "linear_attention" for layer in range(count)]
    return ()


def _windows(config: Fields, model_type: str, layers: int, kinds: Sequence[str], shared: int) -> Mapping[str, int]:
    """Return how many layers look back a window only, and how many keep no cache that grows."""
    window = config.number("sliding_window", 0)
    if kinds:
        sliding = sum("sliding" in kind or "chunked" in kind for kind in kinds)
        linear = sum(kind.startswith(_STATELESS) for kind in kinds) + shared
        return {"sliding_window": window, "sliding_layers": sliding if window else 0, "linear_layers": linear}
    if isinstance(config.raw.get("full_attn_idxs"), list):
        return {"linear_layers": layers - len(config.raw["full_attn_idxs"])}
    if not window or config.raw.get("use_sliding_window") is False:
        return {}
    pattern = config.number("sliding_window_pattern", 0) or _PATTERNS.get(model_type, 0)
    return {"sliding_window": window, "sliding_layers": layers - layers // pattern if pattern else layers}


def _states(config: Fields, kinds: Sequence[str], hidden: int) -> Mapping[str, Any]:
    """Return the layers with a state, and those with a feed-forward block where not all have one."""
    found: dict[str, Any] = {}
    blocks = sum(kind in {"moe", "mlp"} for kind in kinds)
    if blocks:
        found["feed_forward_layers"] = blocks
    count = sum(kind.startswith(_WITH_STATE) for kind in kinds)
    if count and config.number("linear_num_value_heads", 0):
        found["recurrent"] = _delta_rule(config, count)
    elif count and (config.number("mamba_n_heads", 0) or config.number("mamba_num_heads", 0)):
        found["recurrent"] = _mamba(config, count, hidden)
    return found


def _delta_rule(config: Fields, count: int) -> Recurrent:
    key, value = config.number("linear_key_head_dim", 128), config.number("linear_value_head_dim", 128)
    heads = config.number("linear_num_value_heads")
    return Recurrent(
        layers=count,
        keys=config.number("linear_num_key_heads", heads) * key,
        values=heads * value,
        heads=heads,
        state=heads * key * value,
        kernel=config.number("linear_conv_kernel_dim", 4),
        delta=True,
    )


def _mamba(config: Fields, count: int, hidden: int) -> Recurrent:
    heads = config.number("mamba_n_heads", 0) or config.number("mamba_num_heads")
    state = config.number("mamba_d_state", 0) or config.number("ssm_state_size", 128)
    groups = config.number("mamba_n_groups", 0) or config.number("n_groups", 1)
    width = config.number("mamba_d_head", 0) or config.number("mamba_head_dim", 0)
    values = heads * width if width else config.number("mamba_expand", 2) * hidden
    return Recurrent(
        layers=count,
        keys=groups * state,
        values=values,
        heads=heads,
        state=values * state,
        kernel=config.number("mamba_d_conv", 0) or config.number("conv_kernel", 4),
        delta=False,
    )


def _widest(config: Fields) -> int:
    """Return the head width of layers that are said to be wider (``per_layer_config``), 0 where none is."""
    layers = config.raw.get("per_layer_config")
    if not isinstance(layers, Mapping):
        return 0
    widths = [layer.get("head_dim") for layer in layers.values() if isinstance(layer, Mapping)]
    return max((width for width in widths if isinstance(width, int)), default=0)
