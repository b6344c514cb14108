"""What a layer keeps where it recomputes by operation: the results of what is expensive to compute.

The policy is that of torchtitan's SelectiveAC, for torch's ``create_selective_checkpoint_contexts``: attention's result
and those of products with a bias are kept, of plain matrix products (``aten::mm``) every second one. So it matters in
which order a layer multiplies, which the names of its modules say.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hfplanner.estimate.memory.activations import is_eager
from hfplanner.estimate.memory.adapters import adapted_matrices
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.architectures import FUSED_GATES, FUSED_QKV, find_architecture
from hfplanner.models.shape import ModelShape

__all__ = ["kept_operations"]

# Their projections of attention have no bias, those of the block have.
_BIAS_IN_BLOCK = ("gptj", "codegen", "gpt_neo")
# An exponent of the softmax for each head and position, in fp32.
_EXPONENT = 4


class _Matrix(NamedTuple):
    """One product of a layer: its name, the width of its result, and whether it adds a bias."""

    name: str
    width: int
    biased: bool


def kept_operations(shape: ModelShape, job: MemoryJob) -> Any:  # noqa: ANN401 - a number, or a column as `columns` says
    """Return the bytes per token that one layer keeps beside its input.

    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(task="full", checkpointing="selective-op")
    >>> kept_operations(find_known("meta-llama/Llama-3.2-1B"), job) == 2 * (2048 + 512 + 8192 + 2048 + 2048) + 4 * 32
    True
    """
    size = 4 if job.precision == "fp32" else 2
    adapted = adapted_matrices(shape, job)
    plain, kept = 0, 0
    for matrix in _matrices(shape):
        products = [matrix]
        if matrix.name in adapted:
            products += [_Matrix("into", job.lora_rank, biased=False), matrix._replace(biased=False)]
        for product in products:
            plain += not product.biased
            if product.biased or plain % 2:
                kept += product.width
    return size * (kept + shape.value_width) + _softmax(shape, job, size)


def _softmax(shape: ModelShape, job: MemoryJob, size: int) -> Any:  # noqa: ANN401 - as above
    """Return the bytes of attention's exponents, or of the scores that a product of two tensors makes."""
    return shape.heads * (size * job.seq_len if is_eager(shape, job) else _EXPONENT)


def _matrices(shape: ModelShape) -> Iterator[_Matrix]:
    """Yield the products of a layer with weights, in the order in which they run."""
    bias = find_architecture(shape.model_type, gated=shape.gated).bias
    attends = bias == "all" and shape.model_type not in _BIAS_IN_BLOCK
    yield from _attention(shape, biased=attends or bias == "qkv")
    yield _Matrix("o_proj", shape.hidden, attends)
    experts = shape.experts
    if experts is None:
        yield from _block(shape, shape.ffn, biased=bias == "all")
        return
    # Experts are computed in groups by kernels of their own, whose results are recomputed.
    yield _Matrix("router", experts.count, bias == "all")
    if experts.shared_ffn:
        yield from _block(shape, experts.shared_ffn, biased=False)


def _attention(shape: ModelShape, *, biased: bool) -> Iterator[_Matrix]:
    latent = shape.latent
    query = shape.query_width * (2 if shape.gated_attention else 1)
    if latent:
        if latent.q_rank:
            yield _Matrix("q_a_proj", latent.q_rank, biased)
        yield _Matrix("q_proj", shape.query_width, biased)
        yield _Matrix("k_a_proj", latent.kv_rank + latent.rope, biased)
        yield _Matrix("k_b_proj", shape.heads * (latent.nope + latent.value), biased)
    elif shape.model_type in FUSED_QKV:
        yield _Matrix("q_proj", query + 2 * shape.kv_width, biased)
    else:
        yield _Matrix("q_proj", query, biased)
        yield _Matrix("k_proj", shape.kv_width, biased)
        yield _Matrix("v_proj", shape.kv_width, biased)


def _block(shape: ModelShape, ffn: int, *, biased: bool) -> Iterator[_Matrix]:
    if not shape.gated:
        yield _Matrix("up_proj", ffn, biased)
    elif shape.model_type in FUSED_GATES:
        yield _Matrix("gate_proj", 2 * ffn, biased)
    else:
        yield _Matrix("gate_proj", ffn, biased)
        yield _Matrix("up_proj", ffn, biased)
    yield _Matrix("down_proj", shape.hidden, biased)
