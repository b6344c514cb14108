"""What recurrent layers keep for the backward pass, and their states while text is generated.

transformers computes the gated delta rule and Mamba-2 in chunks of the sequence, in fp32, with operations of torch
where the kernels of flash-linear-attention and mamba-ssm are not installed. The bytes were traced at eight sets of
widths and solved for them (``python -m tests.benchmarks.recurrent_layers`` does it again); kernels keep much less.
"""

from dataclasses import dataclass

from hfplanner.models.shape import ModelShape, Recurrent

__all__ = ["recurrent_kept", "recurrent_passing", "state_bytes"]

_CHUNK = {True: 64, False: 128}
_FP32 = 4
# Of what a layer keeps with frozen weights, what is there at once without gradients: traced prefills of Qwen3.5-9B and
# Nemotron-3-Nano-30B-A3B.
_HELD = {True: 0.6, False: 1.2}


@dataclass(frozen=True, slots=True)
class _Kept:
    """Bytes per token, by what they come with.

    Args:
        keys: times the width of all keys.
        spread: times the width of keys where each head of the values has its own copy.
        values: times the width of all values.
        chunk: times the positions of a chunk, for each head.
        states: times the elements of the states between chunks.
    """

    keys: float
    spread: float
    values: float
    chunk: float
    states: float


# Traced on transformers 5.24: weights frozen, trained in bf16, trained in fp32 under autocast.
_DELTA = {
    "frozen": _Kept(8, 40, 32, 13, 6.4),
    "full": _Kept(8, 35, 37, 18.5, 2),
    "amp": _Kept(10, 27, 30, 27, 15),
}
_MAMBA = {
    "frozen": _Kept(8, 6, 20, 14, 16),
    "full": _Kept(8, 11.3, 30.6, 20.9, 25.9),
    "amp": _Kept(10, 3, 27.8, 16.6, 21),
}


def recurrent_kept(recurrent: Recurrent, mode: str) -> float:
    """Return the bytes per token that one recurrent layer keeps beside what it shares with layers of attention.

    Args:
        recurrent: the layers.
        mode: ``"frozen"``, ``"full"`` or ``"amp"``.
    """
    kept = (_DELTA if recurrent.delta else _MAMBA)[mode]
    chunk = _CHUNK[recurrent.delta]
    spread = recurrent.state * recurrent.heads / max(recurrent.values, 1)
    return (
        kept.keys * recurrent.keys
        + kept.spread * spread
        + kept.values * recurrent.values
        + kept.chunk * chunk * recurrent.heads
        + kept.states * recurrent.state / chunk
    )


def recurrent_passing(recurrent: Recurrent) -> float:
    """Return the bytes per token that one layer holds at once where nothing is kept: the first prompt's."""
    return _HELD[recurrent.delta] * recurrent_kept(recurrent, "frozen")


def state_bytes(shape: ModelShape, size: int) -> float:
    """Return the bytes of one sequence's states in all recurrent layers: the last positions, and the state in fp32.

    >>> from hfplanner.models.shape import Parameters
    >>> layers = Recurrent(layers=24, keys=2048, values=4096, heads=32, state=524288, kernel=4, delta=True)
    >>> shape = ModelShape(name="x", model_type="", hidden=1, layers=32, heads=1, kv_heads=1, head_dim=1, ffn=1,
    ...     vocab=1, parameters=Parameters(0, 0, 0, 0), recurrent=layers)
    >>> round(state_bytes(shape, 2) / 2**20, 1)
    49.5
    """
    recurrent = shape.recurrent
    if recurrent is None:
        return 0.0
    return float(recurrent.layers * (recurrent.channels * recurrent.kernel * size + recurrent.state * _FP32))
