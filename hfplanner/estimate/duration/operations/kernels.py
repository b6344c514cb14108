"""How long one GPU takes for one kernel: a surface for all cards, scaled by what each card sustains.

A matrix product runs in tiles, one for each multiprocessor at a time; its time is that of the fastest choice of tile
and split, beside the time to move its operands, and what every kernel takes to start::

    start + (arithmetic^p + memory^p)^(1/p)

Attention over a prompt is arithmetic, attention of one new token over a cache is reading it, and everything else moves
its operands once. Attention that ran just before finds its keys in the second-level cache: measured kernels do, those
of a model do not, for its other layers ran in between. The numbers of the surface (``data/kernel_surface.csv``)
are fitted on measured kernels by ``python -m tests.benchmarks.fit_kernels``; what a card sustains is
``data/sustained_rates.csv``, and what attention reaches on it beside the surface ``data/kernel_cards.csv``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache

from hfplanner.catalog.accelerators import accelerator_key, facts_of
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.rates import compute_kind, rates_of

__all__ = [
    "Attention",
    "Cached",
    "Card",
    "Matrix",
    "Surface",
    "attention_secs",
    "cached_attention_secs",
    "card_of",
    "matrix_secs",
    "stream_secs",
    "surface",
]

# Rows and columns of a tile, and how many steps it is from the largest: smaller ones reuse less of what they load.
_TILES = (
    (256, 128, 0),
    (128, 256, 0),
    (128, 128, 1),
    (128, 64, 2),
    (64, 128, 2),
    (64, 64, 3),
    (32, 64, 4),
    (16, 64, 5),
)
_SPLITS = (1, 2, 4, 8)
# Later waves of tiles fill the gaps of the ones before.
_WHOLE_WAVES = 8
_KEYS_OF_A_BLOCK = 256
_QUERIES_OF_A_BLOCK = 128
_SHORT_HEAD = 64
# Fused attention is compiled for heads of these widths; others are padded (FlashAttention, hdim templates).
_HEAD_WIDTHS = (64, 96, 128, 192, 256)
# Up to the first share of its size a cache holds everything, beyond the second nothing, when it is read in order.
_HELD, _GONE = 0.7, 1.2
# Few blocks of a long cache still read it from most of the memory channels.
_LEAST_FILLED = 0.3


@dataclass(frozen=True, slots=True)
class Surface:
    """The numbers that all cards share.

    Args:
        start: of any kernel [s].
        exponent: how far arithmetic and memory overlap; infinite is perfectly.
        compute: what matrix products reach of the operations per second that a card sustains.
        memory: what they reach of its bandwidth.
        first_tile: efficiency of the second largest tile, as a share of the largest.
        next_tile: of each smaller one, as a share of the one before.
        split: adding up the parts of a product that was split along its inner dimension [s].
        wave: between one wave of tiles and the next [s].
        eight_bit_start: what a product in 8 bits takes beside, to scale its operands [s].
        attention: what attention over a prompt reaches of the operations per second.
        short_head: the share of that which heads of 64 reach.
        short_prompt: how much longer a prompt of one block takes.
        unfilled: the power of the share of multiprocessors at work.
        cached: what attention over a cache reaches of the bandwidth.
        cached_start: of that kernel [s].
        cache: what it reads of keys and values that the second-level cache still holds, by multiprocessor [byte/s].
        stream: what plain copies and sums reach of the bandwidth.
    """

    start: float
    exponent: float
    compute: float
    memory: float
    first_tile: float
    next_tile: float
    split: float
    wave: float
    eight_bit_start: float
    attention: float
    short_head: float
    short_prompt: float
    unfilled: float
    cached: float
    cached_start: float
    cache: float
    stream: float


@cache
def surface() -> Surface:
    """Return the surface of ``data/kernel_surface.csv``.

    >>> 1e-6 < surface().start < 1e-5
    True
    """
    known = {row["quantity"]: float(row["value"]) for row in read_data_rows("kernel_surface.csv")}
    return Surface(**{one.name: known[one.name] for one in fields(Surface)})


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU.

    Args:
        model: as the Hub's listing spells it.
        ops_per_sec: what it sustains by kind of arithmetic.
        bytes_per_sec: what it reads from its memory.
        multiprocessors: how many it has.
        cache_bytes: of the cache they share.
        attention: how many times the operations per second of the surface attention over a prompt reaches on it.
    """

    model: str
    ops_per_sec: Mapping[str, float] = field(hash=False)
    bytes_per_sec: float
    multiprocessors: int
    cache_bytes: float = 0
    attention: float = 1.0


@cache
def card_of(model: str | None) -> Card | None:
    """Return the card of a listing's accelerator, ``None`` where its rates or its multiprocessors are not known.

    >>> card_of("A100").multiprocessors, card_of("X1")
    (108, None)
    """
    rates, facts = rates_of(model), facts_of(model)
    if rates is None or facts is None or facts.multiprocessors is None:
        return None
    own = _own_attention().get(accelerator_key(rates.model), 1.0)
    held = facts.cache_bytes or 0
    return Card(rates.model, rates.ops_per_sec, rates.bytes_per_sec, facts.multiprocessors, held, own)


@cache
def _own_attention() -> Mapping[str, float]:
    rows = read_data_rows("kernel_cards.csv")
    return {accelerator_key(row["accelerator"]): float(row["factor"]) for row in rows if row["kernel"] == "attention"}


def _rate(card: Card, precision: str) -> float:
    return card.ops_per_sec[compute_kind(card.ops_per_sec, precision)]


@dataclass(frozen=True, slots=True)
class Matrix:
    """``count`` products of ``m x k`` with ``k x n``, ``batch`` of them side by side in one kernel.

    ``sizes`` are the bytes of one element of the first operand, of the second, and of the result.
    """

    m: float
    n: float
    k: float
    count: float = 1
    batch: float = 1
    sizes: tuple[float, float, float] = (2, 2, 2)


@dataclass(frozen=True, slots=True)
class Attention:
    """``count`` fused attentions over whole sequences, each token looking back at ``keys`` of them.

    ``heads`` are of the query, ``kv_heads`` of keys and values, ``width`` that of one. Attention that is ``causal``
    looks back only, which is half of the work where it sees the whole sequence.
    """

    sequences: float
    tokens: float
    heads: int
    kv_heads: int
    width: int
    keys: float
    causal: bool = True
    count: float = 1


@dataclass(frozen=True, slots=True)
class Cached:
    """``count`` attentions of one new token of each sequence over ``cached`` ones.

    ``resident`` says that the same kernel ran just before, so that the second-level cache holds what fits into it.
    """

    sequences: float
    cached: float
    kv_heads: int
    width: int
    element_bytes: float = 2
    count: float = 1
    resident: bool = False


def matrix_secs(card: Card, precision: str, matrix: Matrix, numbers: Surface | None = None) -> float:
    """Return the seconds of one kernel that multiplies matrices.

    Args:
        card: where.
        precision: of the arithmetic.
        matrix: what is multiplied.
        numbers: the surface; the shipped one by default.

    >>> big = matrix_secs(card_of("A100"), "bf16", Matrix(8192, 8192, 8192))
    >>> 200e12 < 2 * 8192**3 / big < 260e12
    True
    >>> thin = matrix_secs(card_of("A100"), "bf16", Matrix(1, 8192, 8192))
    >>> 1.2e12 < 2 * 8192**2 / thin < 1.7e12
    True
    """
    know = numbers or surface()
    m, n, k, sizes = matrix.m, matrix.n, matrix.k, matrix.sizes
    per = _rate(card, precision) * know.compute / card.multiprocessors
    arithmetic = _arithmetic_secs(know, per, card.multiprocessors, matrix)
    moved = (m * k * sizes[0] + k * n * sizes[1] + m * n * sizes[2]) * matrix.batch
    memory = moved / (card.bytes_per_sec * know.memory)
    longer, shorter = max(arithmetic, memory), min(arithmetic, memory)
    start = know.start + (know.eight_bit_start if sizes[0] == 1 else 0.0)
    return start + longer * math.pow(1 + math.pow(shorter / longer, know.exponent), 1 / know.exponent)


def _from_cache(card: Card, rate: float, moved: float) -> float:
    """Return how many times as fast bytes come that were there just before: those that the cache still holds."""
    if not card.cache_bytes:
        return 1.0
    held = min(max(_GONE - moved / card.cache_bytes, 0.0) / (_GONE - _HELD), 1.0)
    gain = max(rate * card.multiprocessors / card.bytes_per_sec, 1.0)
    return 1 / (1 - held + held / gain)


def _arithmetic_secs(know: Surface, per: float, processors: int, matrix: Matrix) -> float:
    """Return the seconds of the arithmetic with the best tile; those that could not win if full are not tried."""
    full = 2.0 * matrix.m * matrix.n * matrix.k * matrix.batch / (per * processors)
    best = math.inf
    for tile in _useful_tiles(matrix.m):
        efficiency = 1.0 if tile[2] == 0 else know.first_tile * know.next_tile ** (tile[2] - 1)
        if full / efficiency < best:
            best = min(best, _tiled(know, per * efficiency, processors, matrix, tile))
    return best


def _useful_tiles(rows: float) -> tuple[tuple[int, int, int], ...]:
    """Return the tiles that are not mostly empty; the smallest where all are."""
    useful = tuple(tile for tile in _TILES if tile[0] < 2 * rows + tile[1])
    return useful or _TILES[-1:]


def _tiled(know: Surface, per: float, processors: int, matrix: Matrix, tile: tuple[int, int, int]) -> float:
    """Return the seconds of the arithmetic with one tile and its best split."""
    rows, columns, _ = tile
    tiles = math.ceil(matrix.m / rows) * math.ceil(matrix.n / columns) * matrix.batch
    best = math.inf
    for split in _SPLITS:
        waves = tiles * split / processors
        waves = math.ceil(waves) if waves < _WHOLE_WAVES else waves + 0.5
        secs = waves * (2.0 * rows * columns * (matrix.k / split) / per + know.wave)
        best = min(best, secs + (know.split if split > 1 else 0.0))
    return best


def attention_secs(card: Card, precision: str, one: Attention, numbers: Surface | None = None) -> float:
    """Return the seconds of one kernel of fused attention over whole sequences.

    Args:
        card: where.
        precision: of the arithmetic; attention runs in 16 bits where the products run in 8.
        one: over what.
        numbers: the surface; the shipped one by default.

    >>> short, long = (Attention(1, tokens, 32, 8, 128, keys=tokens) for tokens in (4096, 8192))
    >>> 3 < attention_secs(card_of("A100"), "bf16", long) / attention_secs(card_of("A100"), "bf16", short) < 4.1
    True
    """
    know = numbers or surface()
    seen = min(one.keys, one.tokens)
    half = 0.5 if one.causal and seen == one.tokens else 1.0
    padded = next((width for width in _HEAD_WIDTHS if width >= one.width), one.width)
    operations = 4.0 * one.sequences * one.heads * padded * one.tokens * seen * half
    rate = _rate(card, "half" if precision in {"fp8", "int8"} else precision) * know.attention
    rate *= know.short_head if one.width <= _SHORT_HEAD else 1.0
    rate *= card.attention
    blocks = one.sequences * one.heads * math.ceil(one.tokens / _QUERIES_OF_A_BLOCK)
    filled = min(1.0, blocks / card.multiprocessors)
    short = 1 + know.short_prompt * _QUERIES_OF_A_BLOCK / one.tokens
    moved = 2.0 * one.sequences * one.tokens * one.width * (2 * one.heads + 2 * one.kv_heads)
    return know.start + max(operations / rate * short / math.pow(filled, know.unfilled), moved / card.bytes_per_sec)


def cached_attention_secs(card: Card, one: Cached, numbers: Surface | None = None) -> float:
    """Return the seconds of one kernel of attention of one new token of each sequence over its cache.

    >>> cached_attention_secs(card_of("H200"), Cached(64, 4096, 8, 128)) > 64 * 4096 * 8 * 128 * 2 * 2 / 4.9e12
    True
    """
    know = numbers or surface()
    moved = 2.0 * one.sequences * one.cached * one.kv_heads * one.width * one.element_bytes
    blocks = one.sequences * one.kv_heads * math.ceil(max(one.cached, 1) / _KEYS_OF_A_BLOCK)
    filled = max(min(1.0, blocks / card.multiprocessors), _LEAST_FILLED)
    faster = _from_cache(card, know.cache, moved) if one.resident else 1.0
    return know.cached_start + moved / (card.bytes_per_sec * know.cached * filled * faster)


def stream_secs(card: Card, moved_bytes: float, numbers: Surface | None = None) -> float:
    """Return the seconds of a kernel that only moves its operands.

    >>> stream_secs(card_of("L4"), 10**9) > 10**9 / 300e9
    True
    """
    know = numbers or surface()
    return know.start + moved_bytes / (card.bytes_per_sec * know.stream)
