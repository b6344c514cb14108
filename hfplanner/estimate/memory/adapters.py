"""Low-rank adapters: how many weights they add, and what they keep for the backward pass."""

from collections.abc import Iterator

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.architectures import FUSED_GATES, FUSED_QKV
from hfplanner.models.shape import ModelShape, Recurrent

__all__ = [
    "adapted_matrices",
    "adapter_inputs",
    "adapter_parameters",
    "expert_adapters",
    "expert_deltas",
    "target_widths",
]

_QUERY = {"q_proj", "query", "q", "wq", "to_q", "q_lin"}
_KEY_VALUE = {"k_proj", "v_proj", "key", "value", "k", "v", "wk", "wv", "to_k", "to_v", "k_lin", "v_lin"}
_FUSED = {"query_key_value", "c_attn", "qkv_proj", "w_pack", "wqkv", "qkv", "in_proj", "attn_qkv"}
_OUTPUT = {"o_proj", "out_proj", "o", "dense", "projection", "wo", "to_out", "out_lin", "attn_output"}
_UP = {
    "gate_proj",
    "up_proj",
    "w1",
    "w3",
    "fc1",
    "fc_in",
    "c_fc",
    "dense_h_to_4h",
    "wi",
    "wi_0",
    "wi_1",
    "fc_1",
    "lin1",
}
_DOWN = {"down_proj", "fc2", "fc_out", "dense_4h_to_h", "lin2"}
# peft 0.21, utils/transformers_weight_conversion.py over transformers' conversion_mapping.py; traced on four of them.
_CONVERTED = {
    "afmoe", "deepseek_v2", "deepseek_v3", "glm4_moe", "glm4_moe_lite", "minimax", "minimax_m2", "mixtral", "qwen3_moe",
    "qwen3_next",
}  # fmt: skip
# Names of projections that only recurrent layers have.
_INTO_STATE = {"in_proj", "in_proj_qkv", "in_proj_z", "in_proj_b", "in_proj_a", "out_proj"}
_SHORTHANDS = {
    "attention": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}


def target_widths(shape: ModelShape, target: str) -> tuple[int, int]:
    """Return the input and output width of the matrix a target means.

    Raises:
        UsageError: no architecture names a module so.

    >>> from hfplanner.models.known import find_known
    >>> target_widths(find_known("meta-llama/Llama-3.2-3B"), "k_proj")
    (3072, 1024)
    """
    name = target.strip().rpartition(".")[2].casefold()
    experts = shape.experts
    ffn = experts.shared_ffn or experts.ffn if experts else shape.ffn
    for names, widths in (
        (_QUERY, (shape.hidden, (2 if shape.gated_attention else 1) * shape.query_width)),
        (_KEY_VALUE, (shape.hidden, shape.kv_width)),
        (_FUSED, (shape.hidden, shape.query_width + 2 * shape.kv_width)),
        (_OUTPUT, (shape.value_width, shape.hidden)),
        (_UP, (shape.hidden, ffn)),
        ({"gate_up_proj"}, (shape.hidden, 2 * ffn)),
        (_DOWN, (ffn, shape.hidden)),
        # Qwen's first generation and GPT-2 call both the attention's and the block's last matrix so.
        ({"c_proj"}, (max(shape.value_width, ffn), shape.hidden)),
        ({"w2"}, (shape.hidden, ffn) if shape.model_type == "qwen" else (ffn, shape.hidden)),
    ):
        if name in names:
            return widths
    accepted = "all-linear, attention, mlp, q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"
    raise UsageError(f"{target!r} is not a module that adapters go on.", hint=f"Accepted: {accepted}.")


def _linears(shape: ModelShape) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the matrices of attention and of the block, by llama's names; some models have several in one."""
    attention, block = _SHORTHANDS["attention"], _SHORTHANDS["mlp"]
    if shape.model_type in FUSED_QKV:
        attention = ("qkv_proj", "o_proj")
    if not shape.gated:
        block = ("up_proj", "down_proj")
    elif shape.model_type in FUSED_GATES:
        block = ("gate_up_proj", "down_proj")
    return attention, () if shape.experts and not shape.experts.shared_ffn else block


def _targets(shape: ModelShape, job: MemoryJob) -> tuple[str, ...]:
    attention, block = _linears(shape)
    named: list[str] = []
    for target in job.lora_targets:
        if target.casefold() in {"all-linear", "true"}:
            named += (*attention, *block)
        elif target.casefold() == "mlp":
            named += block
        elif target.casefold() in _SHORTHANDS:
            named += _SHORTHANDS[target.casefold()]
        elif target.casefold() not in {"lm_head", "head", "embed_tokens", "experts"}:
            named.append(target)
    return tuple(dict.fromkeys(named))


def adapted_matrices(shape: ModelShape, job: MemoryJob) -> frozenset[str]:
    """Return which matrices of a layer have adapters, by llama's names for them, whatever the model calls them.

    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(task="lora", lora_targets=("query_key_value", "dense_h_to_4h"))
    >>> sorted(adapted_matrices(find_known("EleutherAI/pythia-1b"), job))
    ['q_proj', 'up_proj']
    """
    if job.task not in {"lora", "qlora"}:
        return frozenset()
    names = {target.strip().rpartition(".")[2].casefold() for target in _targets(shape, job)}
    return frozenset(llamas for name in names for llamas in _llamas_names(name))


def _llamas_names(name: str) -> Iterator[str]:
    if name in _QUERY | _FUSED:
        yield "q_proj"
    elif name in _KEY_VALUE:
        yield "v_proj" if "v" in name else "k_proj"
    elif name in {"gate_proj", "gate_up_proj", "w1"}:
        yield "gate_proj"
    else:
        yield "o_proj" if name in _OUTPUT else "down_proj" if name in _DOWN else "up_proj"


def adapter_parameters(shape: ModelShape, job: MemoryJob) -> int:
    """Return how many weights the adapters have: rank x (inputs + outputs) of each target in each layer.

    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(task="lora", lora_rank=32, lora_targets=("q_proj", "v_proj"))
    >>> adapter_parameters(find_known("meta-llama/Llama-3.2-3B"), job)
    9175040
    """
    if job.task not in {"lora", "qlora"}:
        return 0
    stacked = sum(layers * (inputs + outputs) for inputs, outputs, layers in _placed(shape, job))
    head = shape.hidden + shape.vocab if {"lm_head", "head"} & {t.casefold() for t in job.lora_targets} else 0
    return job.lora_rank * (stacked + head + expert_adapters(shape, job))


def _placed(shape: ModelShape, job: MemoryJob) -> Iterator[tuple[int, int, int]]:
    """Yield the input and output width of each matrix with adapters, and in how many layers it is."""
    second = shape.encoder.layers if shape.kind == "encoder-decoder" and shape.encoder else 0
    for target in _targets(shape, job):
        name = target.strip().rpartition(".")[2].casefold()
        into_state = shape.recurrent is not None and name in _INTO_STATE
        block = name in _UP or name in _DOWN or name == "gate_up_proj"
        if not into_state:
            layers = (shape.block_layers if block else shape.attention_layers) + second
            yield (*target_widths(shape, target), layers)
    if shape.recurrent:
        yield from _recurrent_placed(shape, shape.recurrent, job)


def _recurrent_placed(shape: ModelShape, recurrent: Recurrent, job: MemoryJob) -> Iterator[tuple[int, int, int]]:
    """Yield the same of recurrent layers; peft 0.21 puts none on a Mamba layer's convolution and output."""
    names = {target.casefold().rpartition(".")[2] for target in job.lora_targets}
    every = bool(names & {"all-linear", "true"})
    if not recurrent.delta:
        if every or "in_proj" in names:
            yield shape.hidden, recurrent.projected, recurrent.layers
        if every or "out_proj" in names:
            yield recurrent.values, shape.hidden, recurrent.layers
        return
    widths = (
        ("in_proj_qkv", shape.hidden, recurrent.channels),
        ("in_proj_z", shape.hidden, recurrent.values),
        ("in_proj_b", shape.hidden, recurrent.heads),
        ("in_proj_a", shape.hidden, recurrent.heads),
        ("out_proj", recurrent.values, shape.hidden),
    )
    for name, inputs, outputs in widths:
        if every or name in names:
            yield inputs, outputs, recurrent.layers


def expert_adapters(shape: ModelShape, job: MemoryJob) -> int:
    """Return the weights that adapters have on a mixture's experts, for a rank of one.

    transformers 5 keeps a layer's experts as two tensors; peft 0.21 puts adapters on both for ``"all-linear"`` where
    its table of converted architectures has the model's, of twice the rank on the one that is gate and up projection
    together. A target ``experts`` means the same for any.

    >>> from hfplanner.models.known import find_known
    >>> expert_adapters(find_known("allenai/OLMoE-1B-7B-0924"), MemoryJob(task="lora"))
    11534336
    """
    experts = shape.experts
    named = {target.casefold() for target in job.lora_targets}
    by_name = "experts" in named
    if experts is None or not (by_name or (named & {"all-linear", "true"} and shape.model_type in _CONVERTED)):
        return 0
    return shape.sparse_layers * experts.count * (3 * shape.hidden + 5 * experts.ffn)


def expert_deltas(shape: ModelShape, job: MemoryJob) -> int:
    """Return the elements of the largest product of adapters on experts, which is made whole."""
    experts = shape.experts
    if experts is None or not job.trains or not expert_adapters(shape, job):
        return 0
    return experts.count * 2 * experts.ffn * shape.hidden if job.task in {"lora", "qlora"} else 0


def adapter_inputs(shape: ModelShape, job: MemoryJob) -> float:
    """Return the widths that a layer's adapters keep per token, on average: each target's input, and its rank.

    A compiler keeps an input once that several targets read: query, key and value, or gate and up projection.
    """
    if job.task not in {"lora", "qlora"}:
        return 0
    if job.compiled:
        return _shared_inputs(shape, job)
    if not shape.recurrent and not shape.feed_forward_layers:
        return sum(target_widths(shape, target)[0] + job.lora_rank for target in _targets(shape, job))
    return sum(layers * (inputs + job.lora_rank) for inputs, _, layers in _placed(shape, job)) / shape.layers


def _shared_inputs(shape: ModelShape, job: MemoryJob) -> float:
    """Return the widths that adapters of a compiled layer keep per token: each input once, and every rank."""
    read: dict[str, float] = {}
    ranks = 0.0
    for target in _targets(shape, job):
        name = target.strip().rpartition(".")[2].casefold()
        block = name in _UP or name in _DOWN or name == "gate_up_proj"
        share = (shape.block_layers if block else shape.attention_layers) / max(shape.layers, 1)
        source = "down" if name in _DOWN else "block" if block else "output" if name in _OUTPUT else "attention"
        read[source] = max(read.get(source, 0.0), share * target_widths(shape, target)[0])
        ranks += share * job.lora_rank
    if shape.recurrent:
        placed = tuple(_recurrent_placed(shape, shape.recurrent, job))
        read["state"] = sum(layers * inputs for inputs, _, layers in placed) / max(shape.layers, 1)
        ranks += sum(layers for *_, layers in placed) * job.lora_rank / max(shape.layers, 1)
    return sum(read.values()) + ranks
