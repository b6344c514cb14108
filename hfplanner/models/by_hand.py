"""A shape from numbers that were typed: ``--params 8B``, with as many widths as are known."""

import math
import re
from dataclasses import dataclass, replace

from hfplanner.errors import UsageError
from hfplanner.models.counting import count_parameters
from hfplanner.models.shape import ModelShape, Parameters

__all__ = ["PARAMS_FORMS", "ByHand", "parse_params", "shape_by_hand"]

PARAMS_FORMS = "Accepted numbers of parameters: 8B, 350M, 1.5e9, 7000000000."
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_PARAMS = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:e[0-9]{1,2})?)\s*([kmbt]?)", re.IGNORECASE)
_MOST_PARAMS = 10**15
_LONGEST = 32
# One sigma: what a model of a given size keeps per token varies by this much over the shipped dense decoders.
_DOUBT_WITHOUT_WIDTHS = 0.15
_DOUBT_WITH_WIDTHS = 0.05
_TYPICAL_VOCAB = 128_000
# A gated layer has 12 to 13 times the square of its width; embeddings make it 15 for 8 billion in 32 layers.
_WEIGHTS_PER_LAYER = 14.9
_STEP = 8


def parse_params(text: str) -> int:
    """Read a number of parameters.

    Raises:
        UsageError: it is not one.

    >>> parse_params("8B"), parse_params("350M"), parse_params("1.5e9")
    (8000000000, 350000000, 1500000000)
    """
    stripped = text.strip()
    match = _PARAMS.fullmatch(stripped) if len(stripped) <= _LONGEST else None
    count = round(float(match[1]) * _FACTORS[match[2].lower()]) if match else 0
    if not 1 <= count <= _MOST_PARAMS:
        raise UsageError(f"{stripped[:_LONGEST]!r} is not a number of parameters.", hint=PARAMS_FORMS)
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What was typed; ``None`` was not.

    Args:
        params: parameters in all.
        layers: decoder layers.
        hidden: width of the residual stream.
        heads: query heads.
        kv_heads: key and value heads.
        ffn: inner width of the feed-forward block.
        vocab: tokens.
    """

    params: int
    layers: int | None = None
    hidden: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    ffn: int | None = None
    vocab: int | None = None


def shape_by_hand(given: ByHand) -> ModelShape:
    """Return the shape of a dense decoder with these numbers; what is missing is taken from models of that size.

    >>> shape = shape_by_hand(ByHand(params=8_000_000_000))
    >>> shape.parameters.total, shape.layers, shape.hidden, shape.doubt
    (8000000000, 32, 4096, 0.15)
    """
    hidden = given.hidden or _typical_hidden(given)
    layers = given.layers or max(round(given.params / (_WEIGHTS_PER_LAYER * hidden * hidden)), 1)
    heads = given.heads or max(hidden // 128, 1)
    widths = (given.layers, given.hidden, given.heads, given.kv_heads, given.ffn, given.vocab)
    missing = sum(width is None for width in widths)
    shape = ModelShape(
        name=f"{given.params:,} parameters",
        model_type="",
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=given.kv_heads or heads,
        head_dim=max(hidden // heads, 1),
        ffn=given.ffn or round(3.5 * hidden),
        vocab=given.vocab or _TYPICAL_VOCAB,
        parameters=Parameters(0, 0, 0, 0),
        doubt=_DOUBT_WITHOUT_WIDTHS if missing > 1 else _DOUBT_WITH_WIDTHS,
        notes=(
            "a dense decoder is assumed",
            *((f"{missing} of 6 widths are typical ones of that size",) if missing else ()),
        ),
    )
    return replace(shape, parameters=count_parameters(shape, tied=False).scaled_to(given.params))


def _typical_hidden(given: ByHand) -> int:
    """Return the width of models of a size: 2048 at one billion, 4096 at eight, 8192 at seventy."""
    if given.layers:
        width = math.sqrt(given.params / (_WEIGHTS_PER_LAYER * given.layers))
    else:
        width = 4096 * math.pow(given.params / 8e9, 1 / 3)
    return max(round(width / _STEP) * _STEP, _STEP)
