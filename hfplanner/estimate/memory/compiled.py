"""What a compiled layer keeps for the backward pass: a compiler computes again what is cheap, and keeps the rest once.

``torch.compile`` cuts a layer where the fewest bytes cross from its forward to its backward graph
(``min_cut_rematerialization_partition``): inputs of products and of attention stay, norms, casts and activation
functions are computed again, and modules that read one input share it. The counts are those of that partition on
single layers of ten architectures (``tests/benchmarks/compiled_layers.py``, reports/compiled_layers.md).
"""

from hfplanner.models.architectures import Architecture, Kept

__all__ = ["compiled_kept"]

# Queries, keys and values after rotation, and attention's output; a norm or a fused projection before adds its input.
_ATTENTION, _BEFORE_ATTENTION = 4.0, 2.0
# The stream, both norms' results and attention's projection: 2 bytes each. Frozen, only the norms' inputs. Norms after
# a block add one. Under autocast the stream is fp32.
_STREAM = {"frozen": 4.0, "full": 8.0, "amp": 10.0}
_NORM_AFTER = 2.0
_PLAIN_STREAM = 8.0
# Gate, other half and, trained, their product; without a gate what goes into the activation function and comes out.
_BLOCK = {True: {"frozen": 4.0, "full": 6.0, "amp": 6.0}, False: {"frozen": 2.0, "full": 4.0, "amp": 4.0}}


def compiled_kept(architecture: Architecture, mode: str) -> Kept:
    """Return the bytes per token that one compiled layer keeps, by width; never more than a layer of eager code.

    Args:
        architecture: of the layer.
        mode: ``"frozen"``, ``"full"`` or ``"amp"``, as :class:`~hfplanner.models.architectures.Architecture` has them.

    >>> from hfplanner.models.architectures import find_architecture
    >>> compiled_kept(find_architecture("llama", gated=True), "full")
    Kept(hidden=8.0, query=4.0, key_value=4.0, ffn=6.0)
    """
    eager: Kept = getattr(architecture, mode)
    after = _NORM_AFTER if architecture.frozen.hidden > _PLAIN_STREAM else 0.0
    attention = [
        min(width, _ATTENTION + (_BEFORE_ATTENTION if width > _ATTENTION else 0.0))
        for width in (eager.query, eager.key_value)
    ]
    return Kept(
        hidden=min(eager.hidden, _STREAM[mode] + after),
        query=attention[0],
        key_value=attention[1],
        ffn=min(eager.ffn, _BLOCK[architecture.gated][mode]),
    )
