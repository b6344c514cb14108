"""The lists of operations of one pass through a model: what a layer multiplies, attends to and moves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hfplanner.estimate.duration.operations.convolutions import Convolution, convolution_secs
from hfplanner.estimate.duration.operations.kernels import (
    Attention,
    Cached,
    Card,
    Matrix,
    attention_secs,
    cached_attention_secs,
    matrix_secs,
    stream_secs,
)
from hfplanner.models.shape import Encoder, ModelShape

__all__ = ["Operation", "Pass", "Stream", "Times", "pass_operations", "timed"]

_HALF = 2
# What plain eager code moves of each token beside its products, in passes over a width: norms and the sums around them,
# the activation, turning heads round, rotating positions. Engines with fused kernels move the residual stream alone.
_NORM_PASSES, _SUM_PASSES, _ACTIVATION_PASSES, _TURN_PASSES, _ROTATION_PASSES = 2.7, 3, 2, 2, 8
# A root-mean-square norm written in Python goes to fp32 and back, in six kernels; torch's layer norm is one.
_RMS_PASSES, _RMS_KERNELS = 16, 6
_FUSED_PASSES = 3
_ROTATION_KERNELS = 6
# Whisper reads 30 seconds of sound as 3,000 frames of up to 128 bands, and attends to half as many positions (Radford
# et al. 2022, arXiv:2212.04356).
_AUDIO_POSITIONS, _AUDIO_BANDS, _AUDIO_FILTER = 1500, 128, 3
_SOFTMAX_PASSES, _MASK_PASSES = 2.5, 4


@dataclass(frozen=True, slots=True)
class Stream:
    """``count`` kernels that move so many bytes each."""

    moved_bytes: float
    count: float = 1
    kernels: float = 1


Operation = Matrix | Attention | Cached | Convolution | Stream


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass through a model.

    Args:
        sequences: side by side.
        tokens: of each that are new.
        cached: tokens of each that were there before.
        precision: of the arithmetic.
        element_bytes: of what is handed from one operation to the next.
        weight_bytes: of one weight of the layers' matrices.
        cache_element_bytes: of the cache.
        fused: whether the engine fuses what lies between the products; else it runs as plain eager code.
        scores: whether attention keeps the matrix of its scores, as eager attention does.
        causal: whether a token looks back only.
        logits: tokens of which the output projection is computed.
        split: GPUs that share every matrix.
        source: tokens that the encoder of an encoder-decoder reads; 0 is as many as are new, or as were there before.
    """

    sequences: float
    tokens: float
    precision: str
    cached: float = 0
    element_bytes: float = 2
    weight_bytes: float = 2
    cache_element_bytes: float = 2
    fused: bool = False
    scores: bool = False
    causal: bool = True
    logits: float = 0
    split: int = 1
    source: float = 0

    @property
    def rows(self) -> float:
        """New tokens of all sequences."""
        return self.sequences * self.tokens

    @property
    def sizes(self) -> tuple[float, float, float]:
        """Bytes of one element of what a product reads, of a weight, and of what it writes."""
        first = 1 if self.precision in {"fp8", "int8"} else self.element_bytes
        return first, self.weight_bytes, self.element_bytes


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of operations by what they are, and how many kernels they were."""

    matrices: float = 0.0
    attention: float = 0.0
    streams: float = 0.0
    kernels: float = 0.0

    @property
    def total(self) -> float:
        """All of it, one kernel after the other [s]."""
        return self.matrices + self.attention + self.streams

    def __add__(self, other: "Times") -> "Times":
        """Return both."""
        return Times(
            self.matrices + other.matrices,
            self.attention + other.attention,
            self.streams + other.streams,
            self.kernels + other.kernels,
        )


def timed(operations: Iterable[Operation], card: Card, run: Pass) -> Times:
    """Return the seconds of operations on a card.

    >>> from hfplanner.estimate.duration.operations.kernels import Matrix, card_of
    >>> run = Pass(sequences=1, tokens=1024, precision="bf16")
    >>> timed([Matrix(1024, 4096, 4096, count=2)], card_of("L4"), run).kernels
    2.0
    """
    matrices = attention = streams = kernels = 0.0
    for one in operations:
        if isinstance(one, Matrix):
            matrices += one.count * matrix_secs(card, run.precision, one)
            kernels += one.count
        elif isinstance(one, Convolution):
            matrices += one.count * convolution_secs(card, run.precision, one)
            kernels += one.count
        elif isinstance(one, Attention):
            attention += one.count * attention_secs(card, run.precision, one)
            kernels += one.count
        elif isinstance(one, Cached):
            attention += one.count * cached_attention_secs(card, one)
            kernels += one.count
        else:
            streams += one.count * (stream_secs(card, one.moved_bytes) + (one.kernels - 1) * stream_secs(card, 0))
            kernels += one.count * one.kernels
    return Times(matrices, attention, streams, kernels)


def pass_operations(shape: ModelShape, run: Pass) -> list[Operation]:
    """Return the operations of one pass: the layers, and the output projection of the tokens that have one.

    >>> from hfplanner.estimate.duration.operations.kernels import Matrix
    >>> from hfplanner.models.known import find_known
    >>> run = Pass(sequences=1, tokens=512, precision="bf16", fused=True, logits=1)
    >>> products = [one for one in pass_operations(find_known("Qwen/Qwen3-8B"), run) if isinstance(one, Matrix)]
    >>> round(sum(2 * one.m * one.n * one.k * one.count for one in products) / 512 / 1e9, 1)
    13.9
    """
    found = [*_projections(shape, run), *_attention(shape, run), *_feed_forward(shape, run), *_between(shape, run)]
    if shape.kind == "encoder-decoder" and shape.encoder is not None:
        found += _second_stack(shape, shape.encoder, run)
    if run.logits and shape.vocab:
        head = max(run.weight_bytes, _HALF)
        sizes = (run.element_bytes, head, run.element_bytes)
        found.append(Matrix(run.logits, shape.vocab / run.split, shape.hidden, sizes=sizes))
    return found


def _second_stack(shape: ModelShape, encoder: Encoder, run: Pass) -> Iterator[Operation]:
    """Return the decoder's attention to what the encoder read, and before any token is generated the encoder itself."""
    layers, hidden, heads = shape.layers, shape.hidden, shape.heads
    source = _AUDIO_POSITIONS if shape.model_type == "whisper" else run.source or run.cached or run.tokens
    yield _product(run, hidden, hidden, 2 * layers)
    width = max(shape.query_width // max(heads, 1), 1)
    if run.cached:
        yield Cached(run.sequences, source, heads, width, run.cache_element_bytes, layers)
        return
    read = run.sequences * source
    yield Matrix(read, hidden, hidden, count=2 * layers, sizes=run.sizes)
    yield Attention(run.sequences, run.tokens, heads, heads, width, source, causal=False, count=layers)
    if shape.model_type == "whisper":
        # Two convolutions over the frames of a spectrogram, the second of which halves them.
        yield Matrix(2 * read, hidden, _AUDIO_BANDS * _AUDIO_FILTER, sizes=run.sizes)
        yield Matrix(read, hidden, hidden * _AUDIO_FILTER, sizes=run.sizes)
    wide, heads = encoder.hidden, encoder.heads
    stack = replace(
        shape, kind="encoder", layers=encoder.layers, hidden=wide, heads=heads, kv_heads=heads,
        head_dim=max(wide // heads, 1), ffn=encoder.ffn, encoder=None, vocab=0,
    )  # fmt: skip
    yield from pass_operations(stack, replace(run, tokens=source, source=0, logits=0, causal=False))


def _product(run: Pass, n: float, k: float, count: float) -> Matrix:
    return Matrix(run.rows, n, k, count=count, sizes=run.sizes)


def _projections(shape: ModelShape, run: Pass) -> Iterator[Operation]:
    layers, hidden, split = shape.layers, shape.hidden, run.split
    query, keys, values = shape.query_width / split, shape.kv_width / split, shape.value_width / split
    if run.fused:
        yield _product(run, query + 2 * keys, hidden, layers)
    else:
        yield _product(run, query, hidden, layers)
        yield _product(run, keys, hidden, 2 * layers)
    yield _product(run, hidden, values, layers)


def _attention(shape: ModelShape, run: Pass) -> Iterator[Operation]:
    heads, kv_heads = max(shape.heads // run.split, 1), max(shape.kv_heads // run.split, 1)
    width = max(shape.query_width // max(shape.heads, 1), 1)
    growing = max(shape.layers - shape.sliding_layers - shape.linear_layers, 0)
    everything = run.cached + run.tokens
    window = min(everything, shape.sliding_window) if shape.sliding_window else everything
    for layers, seen in ((growing, everything), (shape.sliding_layers, window)):
        if not layers:
            continue
        if run.cached:
            if shape.latent:
                # The latent of a token is one vector that all heads share.
                latent = (shape.latent.kv_rank + shape.latent.rope) / 2
                yield Cached(run.sequences, seen, 1, round(latent), run.cache_element_bytes, layers)
            else:
                yield Cached(run.sequences, seen, kv_heads, width, run.cache_element_bytes, layers)
        elif run.scores:
            yield from _scores(run, heads, width, layers)
        else:
            yield Attention(run.sequences, run.tokens, heads, kv_heads, width, seen, run.causal, layers)


def _scores(run: Pass, heads: int, width: int, layers: int) -> Iterator[Operation]:
    """Return attention that writes its scores: two products, the mask and the softmax over all of them."""
    side = run.sequences * heads
    sizes = (run.element_bytes,) * 3
    yield Matrix(run.tokens, run.tokens, width, count=layers, batch=side, sizes=sizes)
    yield Matrix(run.tokens, width, run.tokens, count=layers, batch=side, sizes=sizes)
    elements = side * run.tokens * run.tokens * run.element_bytes
    passes = _SOFTMAX_PASSES + (0 if run.fused else _MASK_PASSES)
    yield Stream(passes * elements, layers, 1 if run.fused else 3)


def _feed_forward(shape: ModelShape, run: Pass) -> Iterator[Operation]:
    experts, hidden = shape.experts, shape.hidden
    dense = shape.layers if experts is None else experts.dense_layers
    if dense:
        yield from _block(shape, run, shape.ffn, dense)
    if experts is None or shape.layers <= dense:
        return
    layers = shape.layers - dense
    if experts.shared_ffn:
        yield from _block(shape, run, experts.shared_ffn, layers)
    # A token visits few; together the tokens of a batch touch more of them, each of which is read once.
    untouched = (1 - experts.per_token / experts.count) ** run.rows
    touched = max(experts.count * (1 - untouched), experts.per_token if run.rows >= 1 else 1)
    rows, inner = run.rows * experts.per_token / touched, experts.ffn / run.split
    up = 2 * inner if shape.gated else inner
    yield Matrix(rows, up, hidden, count=layers, batch=touched, sizes=run.sizes)
    yield Matrix(rows, hidden, inner, count=layers, batch=touched, sizes=run.sizes)
    visits = run.rows * experts.per_token * hidden * run.element_bytes
    yield Stream(4 * visits, layers, 4)
    if not run.fused:
        # Plain code loops over the experts: three products, an activation and a sum in as many kernels each.
        yield Stream(0, layers * max(touched - 1, 0), 8)


def _block(shape: ModelShape, run: Pass, inner: float, layers: float) -> Iterator[Operation]:
    inner = inner / run.split
    if run.fused:
        yield _product(run, 2 * inner if shape.gated else inner, shape.hidden, layers)
    else:
        yield _product(run, inner, shape.hidden, (2 if shape.gated else 1) * layers)
    yield _product(run, shape.hidden, inner, layers)


def _between(shape: ModelShape, run: Pass) -> Iterator[Operation]:
    """Return what lies between the products: norms, sums, activations, heads turned round, positions."""
    layers, residual = shape.layers, run.rows * shape.hidden * run.element_bytes
    if run.fused:
        yield Stream(_FUSED_PASSES * residual, 2 * layers)
        return
    if shape.gated and shape.kind == "decoder":
        yield Stream(_RMS_PASSES * residual, 2 * layers, _RMS_KERNELS)
    else:
        yield Stream(_NORM_PASSES * residual, 2 * layers)
    yield Stream(_SUM_PASSES * residual, 2 * layers)
    ffn = shape.ffn if shape.experts is None else shape.experts.per_token * shape.experts.ffn + shape.experts.shared_ffn
    inner = run.rows * ffn * run.element_bytes / run.split
    yield Stream(_ACTIVATION_PASSES * inner, (2 if shape.gated else 1) * layers)
    turned = run.rows * shape.query_width * run.element_bytes / run.split
    yield Stream(_TURN_PASSES * turned, 2 * layers)
    if shape.kind == "decoder":
        rotated = run.rows * (shape.query_width + shape.kv_width) * run.element_bytes / run.split
        yield Stream(_ROTATION_PASSES * rotated, layers, _ROTATION_KERNELS)
