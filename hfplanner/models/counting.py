"""How many parameters a shape has, part by part."""

from hfplanner.models.architectures import Architecture, find_architecture
from hfplanner.models.shape import Encoder, ModelShape, Parameters

__all__ = [
    "attention_matrices",
    "count_parameters",
    "count_tower",
    "expert_matrices",
    "feed_forward_matrices",
    "recurrent_matrices",
]


def attention_matrices(shape: ModelShape) -> int:
    """Return the elements of one layer's projections: query, key, value and output."""
    latent = shape.latent
    if latent is None:
        gate = shape.query_width if shape.gated_attention else 0
        return shape.hidden * (2 * shape.query_width + 2 * shape.kv_width + gate)
    query = shape.hidden * shape.query_width
    if latent.q_rank:
        query = latent.q_rank * (shape.hidden + shape.query_width)
    down = shape.hidden * (latent.kv_rank + latent.rope)
    up = latent.kv_rank * shape.heads * (latent.nope + latent.value)
    return query + down + up + shape.value_width * shape.hidden


def feed_forward_matrices(shape: ModelShape) -> int:
    """Return the elements of one layer's plain feed-forward block."""
    return (3 if shape.gated else 2) * shape.hidden * shape.ffn


def expert_matrices(shape: ModelShape) -> int:
    """Return the elements of one layer's experts, routed and shared."""
    experts = shape.experts
    if experts is None:
        return 0
    matrices = 3 if shape.gated else 2
    routed = matrices * (experts.width or shape.hidden) * experts.count * experts.ffn
    return routed + matrices * shape.hidden * experts.shared_ffn + 2 * shape.hidden * experts.width


def recurrent_matrices(shape: ModelShape) -> int:
    """Return the elements of one recurrent layer's projections: into the state and out of it."""
    recurrent = shape.recurrent
    return shape.hidden * (recurrent.projected + recurrent.values) if recurrent else 0


def count_tower(encoder: Encoder, *, gated: bool = False) -> int:
    """Return the parameters of an encoder's layers without embeddings.

    >>> count_tower(Encoder(layers=12, hidden=768, heads=12, ffn=3072))
    85054464
    """
    matrices = 4 * encoder.hidden**2 + (3 if gated else 2) * encoder.hidden * encoder.ffn
    return encoder.layers * (matrices + 9 * encoder.hidden + encoder.ffn)


def count_parameters(shape: ModelShape, *, tied: bool, positions: int = 0) -> Parameters:
    """Count the parameters of a shape.

    Args:
        shape: its own ``parameters`` are not looked at.
        tied: whether the output projection shares the embedding's weights, or there is none.
        positions: learned position embeddings.
    """
    architecture = find_architecture(shape.model_type, gated=shape.gated)
    embedding = (shape.vocab + positions) * shape.hidden + shape.vocab * shape.layers * shape.layer_input
    if shape.kind == "encoder":
        # Token types of the BERT family.
        embedding += 2 * shape.hidden
    sparse = shape.sparse_layers
    linear = shape.attention_layers * attention_matrices(shape)
    linear += (shape.recurrent.layers if shape.recurrent else 0) * recurrent_matrices(shape)
    linear += (shape.block_layers - sparse) * feed_forward_matrices(shape) + sparse * expert_matrices(shape)
    # From the layers' own embedding, and the gate and projection that add it to the stream.
    linear += 3 * shape.layers * shape.layer_input * shape.hidden
    # The last norm has a bias where it is a layer norm, and none where it upcasts (RMS norm).
    last_norm = shape.hidden if architecture.fp32_share < 1 else 2 * shape.hidden
    other = shape.layers * _vectors(shape, architecture) + last_norm
    if shape.kind == "encoder":
        # The pooler or the classifier's first layer.
        other += shape.hidden * (shape.hidden + 1)
    if shape.experts:
        other += sparse * shape.hidden * shape.experts.count
    if shape.kind == "encoder-decoder" and shape.encoder:
        encoder_shape_linear = attention_matrices(shape) + feed_forward_matrices(shape)
        # Each decoder layer has a second attention, over the encoder's output.
        linear += shape.encoder.layers * encoder_shape_linear + shape.layers * attention_matrices(shape)
        other += shape.encoder.layers * _vectors(shape, architecture) + shape.layers * shape.hidden
    return Parameters(embedding, 0 if tied else shape.vocab * shape.hidden, linear, other)


def _vectors(shape: ModelShape, architecture: Architecture) -> int:
    """Return one layer's norms and biases."""
    count = architecture.norms * shape.hidden
    if architecture.qk_norm == 1:
        count += 2 * shape.head_dim
    if architecture.qk_norm == 2:  # noqa: PLR2004 - the column's second kind
        count += shape.query_width + shape.kv_width
    if architecture.bias in {"qkv", "all"}:
        count += shape.query_width + 2 * shape.kv_width
    if architecture.bias == "all":
        count += 2 * shape.hidden + (0 if shape.experts else shape.ffn)
        if shape.experts:
            count += shape.experts.count * (2 * shape.experts.ffn + shape.hidden + 1) - shape.hidden
    return count + (shape.latent.kv_rank + shape.latent.q_rank if shape.latent else 0)
