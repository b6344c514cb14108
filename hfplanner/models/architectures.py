"""What is known about an architecture: how its parameters are laid out and what its layers keep for the backward pass.

The bytes were measured: the tensors autograd saves in one layer of each model class, at eight sets of widths,
solved for the widths (``python -m tests.benchmarks.saved_tensors`` measures them again). A fit leaves no residue: what
a layer keeps is a sum over its widths.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from hfplanner.catalog.shipped import read_data_rows

__all__ = ["FUSED_GATES", "FUSED_QKV", "Architecture", "Kept", "architectures", "find_architecture"]

# One projection makes the gate and what it gates.
FUSED_GATES = ("phi3", "chatglm", "glm4", "gpt_oss")
# One projection makes queries, keys and values.
FUSED_QKV = (
    "baichuan", "bloom", "chatglm", "codegen", "dbrx", "falcon", "gpt2", "gpt_bigcode", "gpt_neox", "internlm2", "mpt",
    "phi3", "qwen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes per token that one layer keeps for the backward pass, by the width they come with.

    Args:
        hidden: times the width of the residual stream.
        query: times the width of all query heads.
        key_value: times the width of all key heads.
        ffn: times the inner width of the feed-forward block.
    """

    hidden: float
    query: float
    key_value: float
    ffn: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One row of ``data/architectures.csv``.

    Args:
        model_type: as ``transformers`` names it.
        kind: decoder, encoder or encoder-decoder.
        gated: whether the feed-forward block has a gate.
        norms: vectors of the hidden width in a layer, weights and biases of norms.
        bias: which projections have one: none, qkv or all.
        qk_norm: 1 where queries and keys are normed per head, 2 where over their whole width.
        tied: whether the output projection is the embedding where a config does not say.
        frozen: kept in bf16 where the weights are not trained.
        full: kept in bf16 where they are.
        amp: kept under autocast to bf16 over fp32 weights, without the weights' own copies.
        scores: bytes per head and pair of positions that eager attention keeps.
        fp32_share: what part of twice the bf16 bytes of norms is kept in plain fp32.
    """

    model_type: str
    kind: str
    gated: bool
    norms: int
    bias: str
    qk_norm: int
    tied: bool
    frozen: Kept
    full: Kept
    amp: Kept
    scores: float
    fp32_share: float


def _kept(row: Mapping[str, str], mode: str) -> Kept:
    return Kept(*(float(row[f"{mode}_{width}"]) for width in ("hidden", "query", "kv", "ffn")))


@cache
def architectures() -> Mapping[str, Architecture]:
    """Return the architectures of ``data/architectures.csv`` by model type.

    >>> architectures()["llama"].full
    Kept(hidden=16.0, query=4.0, key_value=4.0, ffn=8.0)
    """
    return MappingProxyType(
        {
            row["model_type"]: Architecture(
                model_type=row["model_type"],
                kind=row["kind"],
                gated=row["gated"] == "1",
                norms=int(row["norms"]),
                bias=row["bias"],
                qk_norm=int(row["qk_norm"]),
                tied=row["tied"] == "1",
                frozen=_kept(row, "frozen"),
                full=_kept(row, "full"),
                amp=_kept(row, "amp"),
                scores=float(row["scores"]),
                fp32_share=float(row["fp32_share"]),
            )
            for row in read_data_rows("architectures.csv")
        }
    )


def find_architecture(model_type: str, *, gated: bool = True) -> Architecture:
    """Return the architecture of a model type, or the nearest: llama with a gate, gpt_neox without one.

    >>> find_architecture("something_new").model_type
    'llama'
    """
    known = architectures()
    return known.get(model_type) or known["llama" if gated else "gpt_neox"]
