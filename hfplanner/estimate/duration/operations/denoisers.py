"""The operations of one step of a denoiser: a UNet's convolutions and attention, or the blocks of a transformer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from hfplanner.estimate.duration.operations.convolutions import Convolution
from hfplanner.estimate.duration.operations.kernels import Attention, Matrix
from hfplanner.estimate.duration.operations.lists import Operation, Stream
from hfplanner.models.shape import Diffusion

__all__ = ["Level", "decoder_operations", "denoiser_operations", "levels_of"]

# CLIP reads prompts of 77 tokens; its states are what the UNet's layers look at.
_PROMPT, _PROMPT_WIDTH = 77, 768
# UNets made for pictures of this size are SDXL's, whose two text encoders give wider states.
_XL_RESOLUTION, _XL_PROMPT_WIDTH = 1024, 2048
_SD_LEVELS = ((320, 1), (640, 1), (1280, 1), (1280, 0))
_XL_LEVELS = ((320, 0), (640, 2), (1280, 10))
_BLOCKS = 2
# SD 1's UNet has eight heads everywhere; all later ones heads of 64.
_EIGHT_HEADS, _HEAD = 8, 64
# Of eager code, passes over the channels: normalizing, activating and adding around each convolution; the kernels these
# are. Tensors that lie channel by channel are turned round for the tensor cores and back.
_RESIDUAL_PASSES, _RESIDUAL_KERNELS = 14, 12
_TURNED_PASSES, _TURNED_KERNELS = 4, 2
_BLOCK_PASSES, _BLOCK_KERNELS = 18, 14
# Fused code passes over the channels once to read and once to write around each convolution and product.
_FUSED_PASSES = 6
# A transformer's denoiser: norms that the timestep scales and shifts, gates; and where text and picture attend together
# norms of queries and keys, rotations in fp32, and putting the two together.
_CROSS_PASSES, _JOINT_PASSES, _MODULATED_KERNELS = 34, 75, 30
_FUSED_MODULATED_PASSES = 10
# More matrices of one width than this in a layer: text and picture have weights of their own, and attend together.
_JOINT_MATRICES, _JOINT_VISITED, _CROSS_NOT_VISITED = 20, 12, 2
# Two streams have 36 matrices a layer; where the picture attends to itself once more (MM-DiT-X), seven more.
_TWO_STREAMS, _SECOND_ATTENTION = 36, 7
# AutoencoderKL's decoder, from the latents to the pixels: channels of its levels, three residual blocks in each.
_DECODER_LEVELS = (512, 512, 256, 128)
_DECODER_BLOCKS, _LATENT_CHANNELS = 3, 4


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of a UNet.

    Args:
        channels: of its maps.
        transformers: transformer layers after each of its residual blocks; 0 without attention.
    """

    channels: int
    transformers: int


@dataclass(frozen=True, slots=True)
class _Maps:
    """What all operations of a step have in common."""

    pictures: float
    element_bytes: float
    fused: bool
    heads: int
    prompt: int
    prompt_width: int

    def heads_of(self, channels: int) -> int:
        """Attention heads of maps with so many channels."""
        return self.heads if self.heads == _EIGHT_HEADS else max(channels // _HEAD, 1)


def levels_of(pipeline: Diffusion) -> tuple[Level, ...]:
    """Return the levels of a UNet, the finest first: those of its config, else those of Stable Diffusion or SDXL.

    >>> [level.channels for level in levels_of(Diffusion(denoiser=1, text_encoders=1, vae=1))]
    [320, 640, 1280, 1280]
    """
    if pipeline.channels:
        return tuple(Level(*pair) for pair in zip(pipeline.channels, pipeline.transformers, strict=True))
    known = _XL_LEVELS if pipeline.resolution >= _XL_RESOLUTION else _SD_LEVELS
    return tuple(Level(*pair) for pair in known)


def denoiser_operations(
    pipeline: Diffusion, copies: float, side: float, *, element_bytes: float = 2, fused: bool = False
) -> tuple[Operation, ...]:
    """Return the operations of one step of the denoiser.

    Args:
        pipeline: whose.
        copies: pictures side by side, both halves of guidance counted.
        side: latents along one side.
        element_bytes: of what is handed from one operation to the next.
        fused: whether the code is compiled.

    >>> unet = Diffusion(denoiser=860_000_000, text_encoders=1, vae=1)
    >>> found = denoiser_operations(unet, 1, 64)
    >>> products = [one.product if isinstance(one, Convolution) else one for one in found]
    >>> of = lambda one: 2 * one.m * one.n * one.k * one.batch
    >>> counted = sum(of(one) * old.count for one, old in zip(products, found) if isinstance(one, Matrix))
    >>> 0.5e12 < counted < 0.8e12
    True
    """
    return _denoiser(pipeline, copies, side, element_bytes, fused)


@lru_cache(maxsize=64)
def _denoiser(pipeline: Diffusion, copies: float, side: float, size: float, fused: bool) -> tuple[Operation, ...]:  # noqa: FBT001 - of a cache
    if pipeline.transformer:
        return tuple(_transformer(pipeline, copies, side, size, fused=fused))
    xl = pipeline.resolution >= _XL_RESOLUTION
    width = _XL_PROMPT_WIDTH if xl else _PROMPT_WIDTH
    maps = _Maps(copies, size, fused, pipeline.heads, _PROMPT, width)
    return _merged(_unet(levels_of(pipeline), side, maps))


def _merged(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the same operations, those that are alike as one with their number."""
    counts: dict[Operation, float] = {}
    for one in operations:
        key = replace(one, count=1)
        counts[key] = counts.get(key, 0) + one.count
    return tuple(replace(one, count=count) for one, count in counts.items())


def decoder_operations(
    pictures: float, side: float, *, element_bytes: float = 2, fused: bool = False
) -> tuple[Operation, ...]:
    """Return the operations of the autoencoder's decoder (AutoencoderKL, that of nearly all pipelines).

    Args:
        pictures: side by side.
        side: latents along one side.
        element_bytes: of one element.
        fused: whether the code is compiled.

    >>> sum(one.count for one in decoder_operations(1, 64) if isinstance(one, Convolution)) > 30
    True
    """
    return _decoder_of(pictures, side, element_bytes, fused)


@lru_cache(maxsize=64)
def _decoder_of(pictures: float, side: float, size: float, fused: bool) -> tuple[Operation, ...]:  # noqa: FBT001 - of a cache
    return _merged(_decoder(side, _Maps(pictures, size, fused, 1, 0, 0)))


def _decoder(side: float, maps: _Maps) -> Iterator[Operation]:
    before = _DECODER_LEVELS[0]
    yield from _convolution(maps, side, _LATENT_CHANNELS, before)
    for _ in range(2):
        yield from _residual(maps, side, before, before)
    yield Matrix(maps.pictures * side**2, before, before, count=4, sizes=(maps.element_bytes,) * 3)
    yield Attention(maps.pictures, side**2, 1, 1, before, side**2, causal=False)
    for index, channels in enumerate(_DECODER_LEVELS):
        for block in range(_DECODER_BLOCKS):
            yield from _residual(maps, side, before if block == 0 else channels, channels)
        before = channels
        if index < len(_DECODER_LEVELS) - 1:
            side *= 2
            yield from _convolution(maps, side, channels, channels)
    yield from _convolution(maps, side, before, 3)


def _unet(levels: Sequence[Level], side: float, maps: _Maps) -> Iterator[Operation]:
    first, last = levels[0], levels[-1]
    yield from _convolution(maps, side, _LATENT_CHANNELS, first.channels)
    kept, before = [first.channels], first.channels
    for index, level in enumerate(levels):
        for _ in range(_BLOCKS):
            yield from _residual(maps, side, before, level.channels)
            yield from _transformers(maps, side, level)
            before = level.channels
            kept.append(before)
        if index < len(levels) - 1:
            side /= 2
            yield from _convolution(maps, side, before, before, (3, 2))
            kept.append(before)
    middle = Level(last.channels, max(last.transformers, 1))
    yield from _residual(maps, side, before, before)
    yield from _transformers(maps, side, middle)
    yield from _residual(maps, side, before, before)
    for index, level in enumerate(reversed(levels)):
        for _ in range(_BLOCKS + 1):
            yield from _residual(maps, side, before + kept.pop(), level.channels)
            yield from _transformers(maps, side, level)
            before = level.channels
        if index < len(levels) - 1:
            side *= 2
            yield from _convolution(maps, side, before, before)
    yield from _convolution(maps, side, before, _LATENT_CHANNELS)


def _convolution(
    maps: _Maps, side: float, channels: float, outputs: float, how: tuple[int, int] = (3, 1)
) -> Iterator[Operation]:
    """Return a convolution with a filter of some width and stride, and what turns its operands round."""
    width, stride = how
    yield Convolution(maps.pictures, side, channels, outputs, width, stride, maps.element_bytes)
    if not maps.fused:
        moved = maps.pictures * side**2 * (channels * stride**2 + outputs) / 2 * maps.element_bytes
        yield Stream(_TURNED_PASSES * moved, kernels=_TURNED_KERNELS)


def _residual(maps: _Maps, side: float, channels: float, outputs: float) -> Iterator[Operation]:
    """Return a residual block: two convolutions, the norms and activations before them, and the sum."""
    yield from _convolution(maps, side, channels, outputs)
    yield from _convolution(maps, side, outputs, outputs)
    if channels != outputs:
        yield from _convolution(maps, side, channels, outputs, (1, 1))
    moved = maps.pictures * side**2 * (channels + outputs) / 2 * maps.element_bytes
    passes, kernels = (_FUSED_PASSES, 3) if maps.fused else (_RESIDUAL_PASSES, _RESIDUAL_KERNELS)
    yield Stream(passes * moved, kernels=kernels)


def _transformers(maps: _Maps, side: float, level: Level) -> Iterator[Operation]:
    """Return the transformer layers behind a residual block: attention to itself and the prompt, and a gated block."""
    if not level.transformers:
        return
    width, heads, layers = level.channels, maps.heads_of(level.channels), level.transformers
    tokens, sizes = side**2, (maps.element_bytes,) * 3
    rows, read = maps.pictures * tokens, maps.pictures * maps.prompt
    yield Matrix(rows, width, width, count=2, sizes=sizes)
    yield Matrix(rows, width, width, count=6 * layers, sizes=sizes)
    yield Matrix(read, width, maps.prompt_width, count=2 * layers, sizes=sizes)
    yield Matrix(rows, 8 * width, width, count=layers, sizes=sizes)
    yield Matrix(rows, width, 4 * width, count=layers, sizes=sizes)
    yield Attention(maps.pictures, tokens, heads, heads, width // heads, tokens, causal=False, count=layers)
    yield Attention(maps.pictures, tokens, heads, heads, width // heads, maps.prompt, causal=False, count=layers)
    passes, kernels = (_FUSED_PASSES, 5) if maps.fused else (_BLOCK_PASSES, _BLOCK_KERNELS)
    # The gate reads eight widths and writes four.
    yield Stream((passes + 12) * rows * width * maps.element_bytes, layers, kernels)


def _transformer(pipeline: Diffusion, copies: float, side: float, size: float, *, fused: bool) -> Iterator[Operation]:
    """Return the blocks of a transformer, whose text and picture attend together (MM-DiT) or one to the other.

    A token of a joint transformer visits twelve matrices of its width in a layer: queries, keys, values, the output and
    a block four times as wide (Esser et al. 2024, arXiv:2403.03206); those that make scales of the timestep see one
    token a picture. Elsewhere a token of the picture visits all but what turns the prompt into keys and values.
    """
    width, layers = pipeline.hidden, max(pipeline.layers, 1)
    picture = (side / pipeline.patch) ** 2 * pipeline.frames
    matrices = pipeline.denoiser / pipeline.experts / layers / width**2
    joint = matrices > _JOINT_MATRICES
    tokens = picture + (pipeline.prompt if joint else 0)
    visited = _JOINT_VISITED if joint else max(matrices - _CROSS_NOT_VISITED, 1)
    rows, sizes, head = copies * tokens, (size,) * 3, max(width // pipeline.heads, 1)
    yield Matrix(rows, width, width, count=4 * layers, sizes=sizes)
    inner = max(visited - 4, 1) / 2 * width
    yield Matrix(rows, inner, width, count=layers, sizes=sizes)
    yield Matrix(rows, width, inner, count=layers, sizes=sizes)
    yield Attention(copies, tokens, pipeline.heads, pipeline.heads, head, tokens, causal=False, count=layers)
    if not joint:
        yield Matrix(copies * pipeline.prompt, width, width, count=2 * layers, sizes=sizes)
        prompt = pipeline.prompt
        yield Attention(copies, tokens, pipeline.heads, pipeline.heads, head, prompt, causal=False, count=layers)
    twice = min(max(matrices - _TWO_STREAMS, 0) / _SECOND_ATTENTION, 1) * layers
    if twice >= 1:
        alone = copies * picture
        yield Matrix(alone, width, width, count=4 * twice, sizes=sizes)
        yield Attention(copies, picture, pipeline.heads, pipeline.heads, head, picture, causal=False, count=twice)
    plain = _JOINT_PASSES if joint else _CROSS_PASSES
    passes, kernels = (_FUSED_MODULATED_PASSES, 8) if fused else (plain, _MODULATED_KERNELS)
    yield Stream(passes * rows * width * size, layers, kernels)
