"""Convolutions as the matrix products they are computed as, each pixel of the output a row."""

from dataclasses import dataclass

from hfplanner.estimate.duration.operations.kernels import Card, Matrix, matrix_secs
from hfplanner.estimate.duration.rates import compute_kind

__all__ = ["Convolution", "convolution_secs"]

# What cuDNN's convolutions reach of the products of the same size: on tensor cores, and in plain fp32, where Winograd's
# transforms save multiplications. 13 published steps of UNets (chengzeyi/stable-fast, stochasticai/x-stable-diffusion)
# and 8 epochs of ResNet-50 (NVIDIA/DeepLearningExamples) were in view when these were chosen.
_SHARE, _PLAIN_SHARE = 0.48, 0.9


@dataclass(frozen=True, slots=True)
class Convolution:
    """``count`` convolutions over square pictures.

    Args:
        pictures: side by side.
        side: pixels along one side of the output.
        channels: of the input.
        outputs: channels of the output.
        width: pixels along one side of the filter.
        stride: pixels of the input for one of the output, along one side.
        element_bytes: of one element of the input, the filter and the output.
        count: how many of them there are.
    """

    pictures: float
    side: float
    channels: float
    outputs: float
    width: int = 3
    stride: int = 1
    element_bytes: float = 2
    count: float = 1

    @property
    def product(self) -> Matrix:
        """The matrix product: the filter's pixels and channels are its inner dimension.

        What a filter looks at is read once, though each pixel stands in several rows (implicit GEMM; Chetlur et al.
        2014, arXiv:1410.0759).

        >>> Convolution(1, 64, 320, 640).product.k
        2880
        """
        size = self.element_bytes
        return Matrix(
            self.pictures * self.side**2,
            self.outputs,
            self.channels * self.width**2,
            sizes=(size * self.stride**2 / self.width**2, size, size),
        )


def convolution_secs(card: Card, precision: str, one: Convolution) -> float:
    """Return the seconds of one convolution.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> few, many = (convolution_secs(card_of("A100"), "fp16", Convolution(n, 64, 320, 320)) for n in (1, 16))
    >>> few < many < 17 * few
    True
    """
    plain = compute_kind(card.ops_per_sec, precision) == "fp32"
    return matrix_secs(card, precision, one.product) / (_PLAIN_SHARE if plain else _SHARE)
