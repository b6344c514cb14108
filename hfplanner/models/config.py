"""From a ``config.json`` to a shape."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hfplanner.errors import ModelUnreadable
from hfplanner.models.architectures import architectures, find_architecture
from hfplanner.models.counting import count_parameters, count_tower
from hfplanner.models.fields import Fields
from hfplanner.models.layer_kinds import listed_layers, read_layers
from hfplanner.models.shape import Encoder, Experts, Latent, ModelShape, Parameters
from hfplanner.models.storage import read_quantization_config

__all__ = ["parse_config"]

_LEARNED_POSITIONS = {
    "gpt2",
    "gpt_bigcode",
    "gpt_neo",
    "opt",
    "bert",
    "roberta",
    "xlm-roberta",
    "distilbert",
    "electra",
    "bart",
}
_DTYPES = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "float8_e4m3fn": "fp8"}
_T5_FAMILY = {"t5", "mt5", "umt5"}
_BESIDE = {"gemma4", "gemma4_text"}


def parse_config(raw: Mapping[str, Any], *, name: str) -> ModelShape:
    """Read the dict of a ``config.json``; a model of several towers is read as its language model with the rest beside.

    Raises:
        ModelUnreadable: widths or counts are missing or are no counts.

    >>> shape = parse_config({"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
    ...     "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 32000}, name="llama-2-7b")
    >>> shape.parameters.total, shape.head_dim
    (6738415616, 128)
    """
    if not isinstance(raw, Mapping):
        raise ModelUnreadable(f"The config of {name} is not a JSON object.")
    inner = next(
        (raw[key] for key in ("text_config", "llm_config", "language_config", "thinker_config") if _has(raw, key)), None
    )
    if inner is None:
        return _text_model(raw, name)
    outer = {
        key: raw[key] for key in ("dtype", "torch_dtype", "quantization_config", "tie_word_embeddings") if key in raw
    }
    shape = _text_model({**outer, **inner}, name)
    return _with_vision(shape, raw)


def _has(raw: Mapping[str, Any], key: str) -> bool:
    return isinstance(raw.get(key), Mapping)


def _text_model(raw: Mapping[str, Any], name: str) -> ModelShape:
    config = Fields(raw, name)
    model_type = str(raw.get("model_type") or "")
    gated = _is_gated(raw, model_type)
    if model_type in _T5_FAMILY:
        # Flan-T5 calls itself t5 and has the gate of mt5.
        model_type = "mt5" if gated else "t5"
    known = model_type in architectures()
    architecture = find_architecture(model_type, gated=gated)
    hidden, heads = config.number("hidden"), config.number("heads")
    if not hidden or not heads:
        raise ModelUnreadable(f"The config of {name} has no width or no heads.")
    layers = config.number("decoder_layers", 0) or config.number("layers", len(listed_layers(config)) or None)
    experts = _experts(config, model_type)
    shape = ModelShape(
        name=name,
        model_type=model_type,
        kind=_kind(raw, architecture.kind),
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=_kv_heads(config, model_type, heads),
        head_dim=config.number("head_dim", 0) or config.number("d_kv", 0) or hidden // heads,
        ffn=_ffn(config, model_type, hidden),
        vocab=config.number("vocab", 0),
        parameters=Parameters(0, 0, 0, 0),
        gated=gated,
        experts=experts,
        latent=_latent(config),
        encoder=_encoder(config, hidden, heads),
        position_limit=config.number("positions", 0),
        stored_dtype=_DTYPES.get(str(raw.get("dtype") or raw.get("torch_dtype")).removeprefix("torch."), "bf16"),
        stored_quantization=read_quantization_config(raw),
        doubt=0.0 if known else 0.05,
        notes=()
        if known
        else (f"{model_type or 'its architecture'} is not known here: taken as {architecture.model_type}",),
        **read_layers(config, model_type, layers, hidden),
    )
    positions = shape.position_limit if model_type in _LEARNED_POSITIONS else 0
    tied = config.flag("tie_word_embeddings", default=architecture.tied)
    has_head = shape.kind != "encoder"
    return replace(shape, parameters=count_parameters(shape, tied=tied or not has_head, positions=positions))


def _is_gated(raw: Mapping[str, Any], model_type: str) -> bool:
    if model_type in _T5_FAMILY:
        return str(raw.get("feed_forward_proj", "gated" if model_type != "t5" else "relu")).startswith("gated")
    if model_type in architectures():
        return find_architecture(model_type).gated
    return "n_inner" not in raw and "ffn_dim" not in raw


def _kind(raw: Mapping[str, Any], kind: str) -> Any:  # noqa: ANN401 - one of the kinds, from a table
    return "encoder-decoder" if raw.get("is_encoder_decoder") is True else kind


def _kv_heads(config: Fields, model_type: str, heads: int) -> int:
    if model_type == "falcon" and not config.flag("new_decoder_architecture", default=False):
        return 1 if config.flag("multi_query", default=True) else heads
    if model_type == "gpt_bigcode":
        return 1 if config.flag("multi_query", default=True) else heads
    attention = config.raw.get("attn_config")
    if isinstance(attention, Mapping) and isinstance(attention.get("kv_n_heads"), int):
        return int(attention["kv_n_heads"])
    return config.number("kv_heads", heads) or heads


def _ffn(config: Fields, model_type: str, hidden: int) -> int:
    ratio = config.raw.get("expansion_ratio", 4)
    width = config.number("ffn", 0) or int(hidden * (ratio if isinstance(ratio, int | float) else 4))
    # Qwen's first generation writes down the two halves of its gated block together.
    return width // 2 if model_type == "qwen" else width


def _experts(config: Fields, model_type: str) -> Experts | None:
    count = config.number("experts", 0)
    if count <= 1:
        return None
    ffn = config.number("expert_ffn", 0) or config.number("ffn", 0)
    shared = config.number("shared_ffn", 0) or config.number("n_shared_experts", 0) * ffn
    shared = shared or config.number("num_shared_experts", 0) * ffn
    if model_type in _BESIDE:
        # Every layer has a plain block beside its experts.
        shared = config.number("ffn", 0)
    dense = config.number("dense_layers", 0)
    if model_type == "nemotron_h":
        kinds = listed_layers(config)
        dense = sum(kind == "mlp" for kind in kinds)
    step = max(config.number("decoder_sparse_step", 1), 1)
    if model_type in {"qwen2_moe", "qwen3_moe"} and step > 1:
        dense = config.number("layers") - config.number("layers") // step
    return Experts(count, config.number("per_token", 2), ffn, shared, dense, config.number("moe_latent_size", 0))


def _latent(config: Fields) -> Latent | None:
    rank = config.number("kv_lora_rank", 0)
    if not rank:
        return None
    return Latent(
        kv_rank=rank,
        q_rank=config.number("q_lora_rank", 0),
        nope=config.number("qk_nope_head_dim", 128),
        rope=config.number("qk_rope_head_dim", 64),
        value=config.number("v_head_dim", 128),
    )


def _encoder(config: Fields, hidden: int, heads: int) -> Encoder | None:
    if config.raw.get("is_encoder_decoder") is not True and config.raw.get("model_type") not in {
        "t5",
        "mt5",
        "umt5",
        "bart",
    }:
        return None
    layers = config.number("encoder_layers", 0) or config.number("layers")
    ffn = config.number("encoder_ffn_dim", 0) or config.number("ffn", 4 * hidden)
    return Encoder(layers, hidden, heads, ffn)


def _with_vision(shape: ModelShape, raw: Mapping[str, Any]) -> ModelShape:
    section = next((raw[key] for key in ("vision_config", "vit_config", "vision_tower_config") if _has(raw, key)), None)
    if section is None:
        return shape
    tower = Fields(section, shape.name)
    hidden = tower.number("hidden", 0) or 1024
    layers = tower.number("layers", 0) or tower.number("depth", 0) or 24
    heads = tower.number("heads", 0) or 16
    ffn = tower.number("ffn", 0) or 4 * hidden
    patch, image = tower.number("patch_size", 14) or 14, tower.number("image_size", 0) or 448
    encoder = Encoder(layers, hidden, heads, ffn, tokens=(image // patch) ** 2)
    vision = count_tower(encoder, gated="silu" in str(section.get("hidden_act", ""))) + hidden * 3 * patch * patch
    projector = (hidden + shape.hidden) * shape.hidden
    parameters = replace(shape.parameters, vision=vision + projector)
    note = "the image tower is counted from its config, its projector as a two-layer block"
    return replace(
        shape, parameters=parameters, encoder=encoder, doubt=max(shape.doubt, 0.02), notes=(*shape.notes, note)
    )
