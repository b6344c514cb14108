"""``python -m tests.benchmarks.convolution_accuracy``: published epochs of ResNet-50 against its convolutions.

The network is that of He et al. 2016 (arXiv:1512.03385) at 224 pixels, its stride in the 3 x 3 convolutions (v1.5); the
rows are pictures per second on one GPU of NVIDIA/DeepLearningExamples (Apache-2.0; channels last, fused norms). They
were in view when the shares of ``operations/convolutions.py`` were chosen, beside the steps of UNets.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from hfplanner.estimate.duration.operations.convolutions import Convolution
from hfplanner.estimate.duration.operations.kernels import Matrix
from hfplanner.estimate.duration.operations.lists import Operation, Pass, Stream, timed
from tests.benchmarks.fit_kernels import bench_card

__all__ = ["ROWS", "ResNetRow", "resnet_operations"]

_BLOCKS = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
_WIDER = 4
# Passes over what a block hands on: norms with their activations, and the sum; backward as for language models.
_PASSES, _KERNELS, _BACKWARD = 4, 7, 1.6


@dataclass(frozen=True, slots=True)
class ResNetRow:
    """A published speed.

    Args:
        accelerator: where.
        precision: of the convolutions.
        batch: pictures side by side.
        kind: training or inference.
        per_second: pictures.
    """

    accelerator: str
    precision: str
    batch: int
    kind: str
    per_second: float

    @property
    def told_over_measured(self) -> float:
        """Seconds that the operations say over those measured."""
        size = 2 if self.precision == "half" else 4
        run = Pass(sequences=1, tokens=1, precision=self.precision, element_bytes=size)
        forward = timed(resnet_operations(self.batch, size), bench_card(self.accelerator), run)
        secs = forward.matrices * 3 + forward.streams * (1 + _BACKWARD) if self.kind == "training" else forward.total
        return secs * self.per_second / self.batch


ROWS = (
    ResNetRow("A100", "half", 256, "training", 2470),
    ResNetRow("A100", "tf32", 256, "training", 938),
    ResNetRow("A100-40GB", "half", 256, "training", 2375),
    ResNetRow("V100", "half", 256, "training", 1200),
    ResNetRow("V100", "fp32", 128, "training", 367),
    ResNetRow("A100-40GB", "half", 256, "inference", 3676),
    ResNetRow("T4", "fp32", 256, "inference", 425.7),
    ResNetRow("V100", "fp32", 64, "inference", 1252),
)


def resnet_operations(pictures: int, element_bytes: float) -> Iterator[Operation]:
    """Yield the operations of a forward pass.

    >>> found = [one for one in resnet_operations(1, 2) if isinstance(one, Convolution)]
    >>> round(sum(2 * one.product.m * one.product.n * one.product.k for one in found) / 1e9, 1)
    8.2
    """
    size = element_bytes
    yield Convolution(pictures, 112, 3, 64, 7, 2, size)
    channels, side = 64, 56
    for blocks, middle, first in _BLOCKS:
        for number in range(blocks):
            stride = first if number == 0 else 1
            before, side = side, side // stride
            yield Convolution(pictures, before, channels, middle, 1, 1, size)
            yield Convolution(pictures, side, middle, middle, 3, stride, size)
            yield Convolution(pictures, side, middle, _WIDER * middle, 1, 1, size)
            if number == 0:
                yield Convolution(pictures, side, channels, _WIDER * middle, 1, stride, size)
            handed = before**2 * middle + side**2 * middle * (1 + _WIDER)
            yield Stream(_PASSES * pictures * handed * size, kernels=_KERNELS)
            channels = _WIDER * middle
    yield Matrix(pictures, 1000, channels, sizes=(size,) * 3)


def main() -> int:
    """Print a table."""
    lines = ["| card | precision | batch | kind | told / measured |", "|---|---|--:|---|--:|"]
    for row in ROWS:
        told = f"{row.told_over_measured:.2f}"
        lines.append(f"| {row.accelerator} | {row.precision} | {row.batch} | {row.kind} | {told} |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
